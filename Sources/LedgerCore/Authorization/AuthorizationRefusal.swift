/// Why a message about who may act for an account was refused.
public enum AuthorizationRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// The period has no block, or the session would end in the past or too far ahead.
    case invalidNumber = 1
    /// The scope is empty, names messages that are never delegated, or names payees together with
    /// messages whose payee cannot be told beforehand.
    case invalidScope = 2
    /// The limits do not begin with the native unit, are not in order, or one is nothing.
    case invalidLimits = 3
    /// The key signs for the account already, or is its first one.
    case invalidKey = 4
    /// The key was granted nothing, or not any more.
    case unknownSession = 5
    /// Another change of key waits already.
    case rotationPending = 6
    /// No change of key waits.
    case noRotation = 7
    /// More would leave the account than the session may spend in a period.
    case sessionLimit = 8
}
