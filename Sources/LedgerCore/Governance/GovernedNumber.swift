public import CanonicalCoding
import MarketTypes

/// A number of the rules that a vote can change, within bounds that no vote can leave.
///
/// Each component declares its own; the numbers are append-only, `100 × component + n` as for
/// refusals.
public struct GovernedNumber: Hashable, Sendable {
    /// How the state names it.
    public let id: UInt16
    /// How people name it, with its unit, such as `escrows.deliveryBlocksMax`.
    public let name: String
    /// What it is until a vote changes it.
    public let standard: UInt64
    /// What a vote may make of it.
    public let bounds: ClosedRange<UInt64>

    /// Declares a number.
    public init(_ id: UInt16, _ name: String, standard: UInt64, bounds: ClosedRange<UInt64>) {
        self.id = id
        self.name = name
        self.standard = standard
        self.bounds = bounds
    }
}

extension StateKey {
    /// Where a number stands that a vote has changed.
    public static func governedNumber(_ number: GovernedNumber) -> StateKey {
        StateKey(.governedNumber) { $0.encode(number.id) }
    }
}

/// A number as an entry of its own.
public struct StoredNumber: CanonicalCodable, Hashable {
    /// The number.
    public let value: UInt64

    public func encode(into encoder: inout CanonicalEncoder) { encoder.encode(value) }

    init(_ value: UInt64) { self.value = value }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        value = try decoder.decodeUInt64()
    }
}

extension StagedState {
    /// What a number of the rules is now.
    func value(of number: GovernedNumber) -> UInt64 {
        read(StoredNumber.self, .governedNumber(number))?.value ?? number.standard
    }
}
