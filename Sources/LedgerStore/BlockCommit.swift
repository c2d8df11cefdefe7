public import MarketTypes

/// Everything that one block leaves behind.
public struct BlockCommit: Sendable {
    /// The most bytes that a block, or its results, may have.
    public static let blockBytesMax = 256 << 20

    /// The block's height; one above the last.
    public let height: BlockHeight
    /// The block's time.
    public let time: Timestamp
    /// The state's changes.
    public let staged: StagedTree
    /// The block's bytes; empty where something else keeps the blocks.
    public let block: [UInt8]
    /// The block's hash.
    public let blockHash: Digest
    /// The bytes of the transactions' results.
    public let results: [UInt8]
    /// The transactions' digests by index; zero for what shall not be found.
    public let transactions: [Digest]

    /// Gathers what a block leaves behind.
    public init(
        height: BlockHeight,
        time: Timestamp,
        staged: StagedTree,
        block: [UInt8],
        blockHash: Digest,
        results: [UInt8],
        transactions: [Digest]
    ) {
        self.height = height
        self.time = time
        self.staged = staged
        self.block = block
        self.blockHash = blockHash
        self.results = results
        self.transactions = transactions
    }
}

/// Where a transaction stands.
public struct TransactionPosition: Hashable, Sendable {
    /// The block it is in.
    public let height: BlockHeight
    /// Its place in the block, from 0.
    public let index: Int

    /// Names a place.
    public init(height: BlockHeight, index: Int) {
        self.height = height
        self.index = index
    }

    private static let byteCount = 12

    init(_ raw: UnsafeRawBufferPointer) throws(StoreError) {
        guard raw.count == Self.byteCount else { throw .corrupt(.transactionRecord) }
        height = BlockHeight(UInt64(bigEndian: raw.loadUnaligned(as: UInt64.self)))
        let index = raw.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
        self.index = Int(UInt32(bigEndian: index))
    }

    /// The bytes to store.
    var bytes: [UInt8] {
        withUnsafeBytes(of: height.rawValue.bigEndian) { Array($0) }
            + withUnsafeBytes(of: UInt32(index).bigEndian) { Array($0) }
    }
}
