public import Identity
public import LedgerCore
public import MarketTypes

/// What every participant needs of a ledger, wherever it runs: in this process or behind HTTP.
public protocol LedgerConnection: Sendable {
    /// The chain, its latest block and its parameters.
    func status() async throws(LedgerClientError) -> LedgerStatus

    /// Submits a signed transaction's canonical bytes and returns once it is durably in a block.
    ///
    /// Submitting the same bytes again returns the same outcome, so a caller that lost the answer
    /// simply asks again.
    ///
    /// - Throws: ``LedgerClientError/Code/refused`` if it cannot enter a block.
    func submit(_ transaction: [UInt8]) async throws(LedgerClientError) -> TransactionOutcome

    /// Reads one entry of the latest state, with a proof against a block's state root if asked.
    func entry(_ key: StateKey, proven: Bool) async throws(LedgerClientError) -> StateEntry

    /// Lists entries whose keys begin with `prefix`, in order, after `after`; at most `limit`.
    func entries(
        prefix: StateKey,
        after: StateKey?,
        limit: Int
    ) async throws(LedgerClientError) -> [StateListing]

    /// Follows the blocks from `height` on; the sequence ends when the connection does.
    func blocks(
        from height: BlockHeight
    ) -> AsyncThrowingStream<BlockSummary, any Error>
}

/// Where a ledger stands.
public struct LedgerStatus: Hashable, Sendable {
    /// The chain's name.
    public let chain: ChainID
    /// The genesis' name for people.
    public let name: String
    /// The height of the latest block; 0 before the first.
    public let height: BlockHeight
    /// The latest block's time; the genesis' before the first.
    public let time: Timestamp
    /// The root of the state after the latest block.
    public let stateRoot: Digest
    /// The rules' numbers.
    public let parameters: LedgerParameters

    /// Creates a status.
    public init(
        chain: ChainID,
        name: String,
        height: BlockHeight,
        time: Timestamp,
        stateRoot: Digest,
        parameters: LedgerParameters
    ) {
        self.chain = chain
        self.name = name
        self.height = height
        self.time = time
        self.stateRoot = stateRoot
        self.parameters = parameters
    }
}

/// What became of a submitted transaction.
public struct TransactionOutcome: Hashable, Sendable {
    /// The transaction's signing digest.
    public let digest: Digest
    /// The block it is in.
    public let height: BlockHeight
    /// Accepted or refused, with events.
    public let result: TransactionResult

    /// Creates an outcome.
    public init(digest: Digest, height: BlockHeight, result: TransactionResult) {
        self.digest = digest
        self.height = height
        self.result = result
    }
}

/// An entry of the state as some block left it.
public struct StateEntry: Sendable {
    /// The entry's canonical bytes; nil if there is none.
    public let value: [UInt8]?
    /// The block whose state was read.
    public let height: BlockHeight
    /// Presence or absence against the header's state root; nil unless asked for.
    public let proof: StateProof?
    /// The sealed header of that block; nil unless asked for, or before the first block.
    public let header: Signed<BlockHeader>?

    /// Creates an entry.
    public init(
        value: [UInt8]?,
        height: BlockHeight,
        proof: StateProof?,
        header: Signed<BlockHeader>?
    ) {
        self.value = value
        self.height = height
        self.proof = proof
        self.header = header
    }
}

/// A key and its value.
public struct StateListing: Hashable, Sendable {
    /// The entry's key.
    public let key: StateKey
    /// The entry's canonical bytes.
    public let value: [UInt8]

    /// Creates a listing.
    public init(key: StateKey, value: [UInt8]) {
        self.key = key
        self.value = value
    }
}

/// A block for followers: where it is and what it changed.
public struct BlockSummary: Hashable, Sendable {
    /// The largest answer in which a node tells what happened in one block, in bytes.
    ///
    /// An event of a hundred bytes is three times as long in an engine's JSON, and messages of a
    /// third of that have one: of a block's 16 MiB that makes about 150 MiB, and its royalties, at
    /// most 2^17, some 40. Whoever takes less follows a chain only as far as such a block.
    public static let answerBytesMax = 256 << 20

    /// The block's height.
    public let height: BlockHeight
    /// The block's time.
    public let time: Timestamp
    /// The number of transactions.
    public let transactions: Int
    /// The events of all its transactions in order, then those of the block itself: what was due,
    /// and what was matched.
    public let events: [Event]
    /// Its transactions, those left out that are none.
    public let included: [BlockTransaction]

    /// Creates a summary.
    public init(
        height: BlockHeight,
        time: Timestamp,
        transactions: Int,
        events: [Event],
        included: [BlockTransaction] = []
    ) {
        self.height = height
        self.time = time
        self.transactions = transactions
        self.events = events
        self.included = included
    }
}

/// Why the ledger gave no answer, or refused.
public struct LedgerClientError: Error, Hashable, Sendable {
    /// What kind of failure it is; open for more.
    public enum Code: String, Hashable, Sendable {
        /// The node cannot be reached or gave no answer in time; the outcome of what was
        /// submitted is unknown.
        case unreachable
        /// The transaction cannot enter a block; nothing was charged.
        case refused
        /// The node has too much to do; nothing was charged.
        case overloaded
        /// The answer is not what the protocol says.
        case malformedAnswer
        /// The node refused the question itself.
        case badRequest
    }

    /// What kind of failure it is.
    public let code: Code
    /// The ledger's reason, for ``Code/refused``.
    public let refusal: Refusal?
    /// One sentence for people.
    public let message: String
    /// Whether a transaction was submitted and may yet take effect.
    public internal(set) var isOutcomeUnknown = false
    /// The transaction that was submitted, if a session signed one.
    public internal(set) var transaction: TransactionReference?
    /// Why nothing was signed, if the ledger's answer broke a session's ``SigningTerms``.
    public private(set) var declined: Declined?

    /// Which of a session's terms the ledger's answer broke.
    public enum Declined: Hashable, Sendable {
        /// It is another chain.
        case otherChain
        /// It asks for more than a transaction may cost.
        case feeTooHigh
    }

    /// Creates an error.
    public init(_ code: Code, _ message: String, refusal: Refusal? = nil) {
        self.code = code
        self.message = message
        self.refusal = refusal
    }

    /// Creates the error of a session that signs nothing for such a ledger.
    init(declining reason: Declined, _ message: String) {
        self.init(.malformedAnswer, message)
        declined = reason
    }

    public static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.code == rhs.code && lhs.refusal == rhs.refusal
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(refusal)
    }
}
