import CanonicalCoding
import LedgerCore
import MarketTypes

/// What a snapshot consists of; its SHA-256 names the snapshot.
///
/// It carries no time: nobody signs it, and a wrong one would keep a node from the next block.
struct SnapshotManifest: CanonicalCodable, Hashable {
    static let format: UInt32 = 1
    /// The most chunks; their digests must fit the engine's 4 MB of metadata.
    static let chunksMax = 65_536

    let chain: ChainID
    let height: BlockHeight
    let root: Digest
    let entryCount: UInt32
    /// The chunks' SHA-256, in order.
    let chunks: [Digest]

    init(chain: ChainID, height: BlockHeight, root: Digest, entryCount: UInt32, chunks: [Digest]) {
        self.chain = chain
        self.height = height
        self.root = root
        self.entryCount = entryCount
        self.chunks = chunks
    }

    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(chain.digest)
        encoder.encode(height.rawValue)
        encoder.encode(root)
        encoder.encode(entryCount)
        encoder.encode(UInt32(chunks.count))
        for chunk in chunks { encoder.encode(chunk) }
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        chain = ChainID(try decoder.decodeDigest())
        height = BlockHeight(try decoder.decodeUInt64())
        root = try decoder.decodeDigest()
        entryCount = try decoder.decodeUInt32()
        let count = Int(try decoder.decodeUInt32())
        guard (1...Self.chunksMax).contains(count) else { throw .tooLong }
        var chunks: [Digest] = []
        for _ in 0..<count { chunks.append(try decoder.decodeDigest()) }
        self.chunks = chunks
    }

    var description: SnapshotDescription {
        let bytes = canonicalBytes
        return SnapshotDescription(
            height: height,
            format: Self.format,
            chunkCount: UInt32(chunks.count),
            hash: Digest(sha256: bytes).bytes,
            metadata: bytes
        )
    }
}
