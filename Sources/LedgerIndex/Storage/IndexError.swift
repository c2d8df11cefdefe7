/// Why an index cannot follow its ledger, or cannot answer.
public enum IndexError: Error, Hashable, Sendable {
    /// The database follows a ledger with another genesis.
    case otherChain
    /// The ledger is shorter than what was indexed: it was set back.
    case ledgerSetBack(ledger: UInt64, index: UInt64)
    /// The ledger has another block where one was indexed.
    case otherHistory(height: UInt64)
    /// The database was written by a version whose tables are others.
    case otherFormat(found: Int64)
    /// Another process writes the database.
    case busy(path: String)
    /// There is no database.
    case missing(path: String)
    /// The ledger gave a block that does not follow the last one.
    case gap(expected: UInt64, found: UInt64)
    /// The ledger gave something that is not what its name says.
    case malformed(String)
    /// A question has a parameter that means nothing.
    case badQuestion(String)
    /// The index is behind the ledger and nobody brings it up.
    case behind(ledger: UInt64, index: UInt64)
}

extension IndexError: CustomStringConvertible {
    /// One sentence for people.
    public var description: String {
        switch self {
        case .otherChain: "the database follows another chain"
        case .ledgerSetBack(let ledger, let index):
            "the ledger stands at block \(ledger), but block \(index) was indexed: it was set back"
        case .otherHistory(let height):
            "the ledger's block \(height) is not the one that was indexed"
        case .otherFormat(let found):
            "the database has format \(found), this program writes \(IndexSchema.format)"
        case .busy(let path): "another process writes \(path)"
        case .missing(let path): "there is no index at \(path)"
        case .gap(let expected, let found):
            "the ledger gave block \(found) where \(expected) was due"
        case .malformed(let what): "the ledger gave \(what)"
        case .badQuestion(let what): what
        case .behind(let ledger, let index):
            "the index stands at block \(index), the ledger at \(ledger)"
        }
    }

    /// What to do about it, or nil.
    public var hint: String? {
        switch self {
        case .otherChain, .ledgerSetBack, .otherHistory, .otherFormat:
            "`stoa index rebuild` makes a new one from the ledger's first block"
        case .busy: "stop the other `stoa index`, or give another --database"
        case .missing: "`stoa index run` makes one"
        case .behind: "`stoa index run` brings it up"
        case .gap, .malformed: "is that a stoa node, and does it keep all its blocks?"
        case .badQuestion: nil
        }
    }
}
