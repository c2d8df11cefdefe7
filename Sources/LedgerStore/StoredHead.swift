public import CanonicalCoding
import LedgerCore
public import MarketTypes

/// Where the chain in a store ends.
public struct StoredHead: CanonicalCodable, Hashable {
    /// The height of the last block; 0 for the genesis.
    public let height: BlockHeight
    /// The root of the state after it.
    public let root: Digest
    /// The number of entries of that state.
    public let entryCount: UInt32
    /// The last block's hash; zero for the genesis, and where an engine keeps the blocks.
    public let blockHash: Digest
    /// The last block's time; the genesis' before the first.
    public let time: Timestamp

    static let empty = StoredHead(
        height: BlockHeight(0),
        node: .empty,
        blockHash: .zero,
        time: Timestamp(milliseconds: 0)
    )

    init(height: BlockHeight, node: TreeNode, blockHash: Digest, time: Timestamp) {
        self.init(
            height: height,
            root: node.hash,
            entryCount: node.count,
            blockHash: blockHash,
            time: time
        )
    }

    /// Creates a head from its parts.
    public init(
        height: BlockHeight,
        root: Digest,
        entryCount: UInt32,
        blockHash: Digest,
        time: Timestamp
    ) {
        self.height = height
        self.root = root
        self.entryCount = entryCount
        self.blockHash = blockHash
        self.time = time
    }

    var node: TreeNode { TreeNode(hash: root, count: entryCount) }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(height.rawValue)
        encoder.encode(root)
        encoder.encode(entryCount)
        encoder.encode(blockHash)
        encoder.encode(time.milliseconds)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        height = BlockHeight(try decoder.decodeUInt64())
        root = try decoder.decodeDigest()
        entryCount = try decoder.decodeUInt32()
        blockHash = try decoder.decodeDigest()
        time = Timestamp(milliseconds: try decoder.decodeUInt64())
    }
}

extension StoreTransaction {
    private static let headKey = Array("head".utf8)
    private static let chainKey = Array("chain".utf8)

    /// Where the chain ends; the empty head if there is no chain.
    func head() throws(StoreError) -> StoredHead {
        guard let raw = try find(Self.headKey, in: tables.meta) else { return .empty }
        do throws(CanonicalError) {
            return try StoredHead(canonicalBytes: Array(raw))
        } catch {
            throw .corrupt(.head)
        }
    }

    /// Moves the end of the chain.
    func setHead(_ head: StoredHead) throws(StoreError) {
        try put(Self.headKey, head.canonicalBytes, in: tables.meta)
    }

    /// The chain in this store, or nil.
    func chain() throws(StoreError) -> ChainID? {
        guard let raw = try find(Self.chainKey, in: tables.meta) else { return nil }
        guard let digest = Digest(bytes: raw) else { throw .corrupt(.head) }
        return ChainID(digest)
    }

    /// Forgets the chain and where it ends.
    func removeChain() throws(StoreError) {
        try remove(Self.chainKey, in: tables.meta)
        try remove(Self.headKey, in: tables.meta)
    }

    /// Names the chain, once.
    func setChain(_ chain: ChainID) throws(StoreError) {
        guard try self.chain() == nil else { throw .alreadyInitialized }
        try put(Self.chainKey, chain.digest.bytes, in: tables.meta)
    }
}
