/// Why a message about proposals, votes and the treasury was refused.
public enum GovernanceRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// Nothing was to be moved, or a number is outside its limits.
    case invalidNumber = 1
}
