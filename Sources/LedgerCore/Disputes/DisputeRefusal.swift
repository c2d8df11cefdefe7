/// Why a message about juries and their verdicts was refused.
public enum DisputeRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// Nothing was to be moved, or a number is outside its limits.
    case invalidNumber = 1
}
