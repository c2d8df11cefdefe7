/// Why a message about subscriptions, time passes and trials was refused.
public enum PassRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// Nothing was to be moved, or a number is outside its limits.
    case invalidNumber = 1
}
