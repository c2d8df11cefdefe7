/// Why a seller serves no call under a plan's included offer; told to buyers by providers, never
/// by the ledger (PAS-40).
///
/// The numbers follow those of ``PassRefusal`` at a distance, as part of the same component.
public enum PassCallRefusal: UInt32, Hashable, CaseIterable, Sendable {
    /// The payer has no pass of the plan, or none that runs.
    case noPass = 90
    /// What is left of the period's units is less than the call could use.
    case unitsUsed = 91

    /// The number for the wire.
    public var code: UInt32 { 1200 + rawValue }

    /// The refusal with this number, or nil.
    public init?(code: UInt32?) {
        guard let code, code >= 1200 else { return nil }
        self.init(rawValue: code - 1200)
    }
}
