/// Why a question to a network's nodes has no answer that can be used.
public struct RPCFailure: Error, Hashable, Sendable {
    /// What kind of failure it is; open for more.
    public enum Code: String, Hashable, Sendable {
        /// No node answered in time.
        case unreachable
        /// A node's answer is not in the engine's form, too large or too slow.
        case malformedAnswer
        /// A node answered with an error of its own; ``RPCFailure/message`` has its words.
        case answeredError
        /// A node's answer contradicts what validators signed.
        case unproven
        /// The block does not exist yet, or the node has not got that far.
        case notYet
        /// Two blocks of one height are both signed by enough validators: the network is under
        /// attack, and nothing is taken from it any more.
        case conflict
        /// What is trusted is too old to vouch for anything: give a newer height and hash.
        case trustExpired
    }

    /// What kind of failure it is.
    public let code: Code
    /// One sentence for people.
    public let message: String

    /// Creates a failure.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public static func == (lhs: Self, rhs: Self) -> Bool { lhs.code == rhs.code }

    public func hash(into hasher: inout Hasher) { hasher.combine(code) }
}
