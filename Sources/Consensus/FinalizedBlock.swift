public import CanonicalCoding
public import LedgerCore
public import MarketTypes

/// A block that was executed and not yet committed.
public struct FinalizedBlock: Sendable {
    /// The block's height and time.
    public let context: BlockContext
    /// The transactions, in order.
    public let transactions: [[UInt8]]
    /// The transactions' digests; zero for what is no transaction.
    public let digests: [Digest]
    /// What became of each transaction.
    public let results: [TransactionResult]
    /// What happened before the first and after the last transaction.
    public let events: [Event]
    /// What the ordering engine must change in its set, by ascending address.
    public let validatorUpdates: [ValidatorUpdate]
    let staged: any StagedBlock

    /// The root of the state after this block.
    public var stateRoot: Digest { staged.root }
    /// The RFC 6962 root over the transactions' digests.
    public var transactionsRoot: Digest { MerkleTree.root(of: digests) }
    /// The RFC 6962 root over the results' digests.
    public var resultsRoot: Digest { MerkleTree.root(of: results.map(\.digest)) }

    /// The digests under which the transactions can be found, by place in the block.
    ///
    /// What could not enter a block gets none: it may still enter a later one.
    private var namesToFind: [Digest] {
        zip(digests, results).map { digest, result in
            guard let refusal = result.refusal else { return digest }
            return refusal.feeCharged ? digest : .zero
        }
    }

    func record(block: (bytes: [UInt8], digest: Digest)?) -> BlockRecord {
        BlockRecord(
            height: context.height,
            time: context.time,
            block: block?.bytes ?? [],
            blockHash: block?.digest ?? .zero,
            results: BlockResults(results, events: events).canonicalBytes,
            transactions: namesToFind
        )
    }
}

/// The results of a block's transactions and the block's own events, as the store keeps them.
public struct BlockResults: CanonicalCodable, Hashable {
    /// The most events of a block besides those of its transactions.
    public static let eventsMax = 1 << 20

    /// One result for each transaction, in order.
    public let results: [TransactionResult]
    /// What happened before the first and after the last transaction.
    public let events: [Event]

    /// Wraps results and events.
    public init(_ results: [TransactionResult], events: [Event] = []) {
        self.results = results
        self.events = events
    }

    /// Appends the results, and the events if there are any: a block without is as short as it was
    /// when only results were kept.
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(list: results)
        if !events.isEmpty { encoder.encode(list: events) }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        results = try decoder.decodeList(
            of: TransactionResult.self,
            countMax: Block.transactionsMax
        )
        guard !decoder.isAtEnd else {
            events = []
            return
        }
        events = try decoder.decodeList(of: Event.self, countMax: Self.eventsMax)
        guard !events.isEmpty else { throw .invalidValue }
    }
}
