/// Why the interface cannot start: the contract and the code disagree, or it says something that
/// the edge cannot check.
public enum ContractError: Error, Hashable, Sendable {
    /// The text is not YAML, or not of a contract's form.
    case unreadable(String)
    /// A schema uses a word or a pattern that the edge does not check.
    case unsupported(String)
    /// Something is referred to that is not there.
    case missing(String)
    /// An operation has nobody who answers it.
    case withoutHandler(String)
    /// There is an answer to an operation that the contract does not know.
    case withoutOperation(String)
}
