/// Why a message about who may act for an account was refused.
public enum AuthorizationRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// Nothing was to be moved, or a number is outside its limits.
    case invalidNumber = 1
}
