import CanonicalCoding
import LedgerCore
public import MarketTypes

/// A piece of a state on its way to another node: entries in ascending order of path.
///
/// Nodes that hold the same state and use the same limit make the same chunks, byte for byte.
struct StateChunk: CanonicalCodable {
    struct Entry: CanonicalCodable {
        let key: StateKey
        let value: [UInt8]

        var byteCount: Int { 8 + key.bytes.count + value.count }

        init(key: StateKey, value: [UInt8]) {
            self.key = key
            self.value = value
        }

        func encode(into encoder: inout CanonicalEncoder) {
            encoder.encode(bytes: key.bytes)
            encoder.encode(bytes: value)
        }

        init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
            let bytes = try decoder.decodeBytes(bytesMax: StateKey.bytesMax)
            guard !bytes.isEmpty else { throw .invalidValue }
            key = StateKey(bytes: bytes)
            value = try decoder.decodeBytes(bytesMax: StagedTree.valueBytesMax)
        }
    }

    static let entriesMax = 1 << 20

    var entries: [Entry] = []

    init() {}

    func encode(into encoder: inout CanonicalEncoder) { encoder.encode(list: entries) }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        entries = try decoder.decodeList(of: Entry.self, countMax: Self.entriesMax)
    }
}

extension StateSnapshot {
    /// Calls `body` with the whole state in chunks, which ``LedgerStore`` can import.
    ///
    /// - Parameters:
    ///   - chunkBytesMax: a chunk ends before the entry that would take it above this; only an
    ///     entry that is larger by itself makes a larger chunk.
    ///   - body: what to do with a chunk.
    /// - Throws: ``StoreError`` if the store is damaged, or what `body` throws.
    public func exportChunks(chunkBytesMax: Int, _ body: ([UInt8]) throws -> Void) throws {
        var chunk = StateChunk()
        var bytes = 5  // version and count
        try forEachEntry { key, value in
            let entry = StateChunk.Entry(key: key, value: value)
            let isFull =
                bytes + entry.byteCount > chunkBytesMax
                || chunk.entries.count == StateChunk.entriesMax
            if isFull, !chunk.entries.isEmpty {
                try body(chunk.canonicalBytes)
                chunk = StateChunk()
                bytes = 5
            }
            chunk.entries.append(entry)
            bytes += entry.byteCount
        }
        if !chunk.entries.isEmpty { try body(chunk.canonicalBytes) }
    }
}

extension LedgerStore {
    /// Fills a new store with the state of another node, without the blocks that led to it.
    ///
    /// Nothing is visible or kept until all chunks have led to the root of `head`, which the caller
    /// must know from a header it trusts. The work is one LMDB transaction: about 512 MiB of
    /// memory at most, whatever the size of the state.
    ///
    /// - Parameters:
    ///   - chain: the chain that the state belongs to.
    ///   - head: the block after which the state was exported.
    ///   - nextChunk: gives the chunks in order, and then nil.
    /// - Throws: ``StoreError/alreadyInitialized``, ``StoreError/importRefused(_:)`` if the chunks
    ///   are not the state with that root, or another ``StoreError`` if it cannot be written.
    public func importState(
        chain: ChainID,
        head: StoredHead,
        nextChunk: () throws(StoreError) -> [UInt8]?
    ) throws(StoreError) {
        try environment.write { transaction throws(StoreError) in
            try Self.fill(transaction, chain: chain, head: head, nextChunk: nextChunk)
        }
    }

    /// Writes the state of `head` into empty tables.
    static func fill(
        _ transaction: StoreTransaction,
        chain: ChainID,
        head: StoredHead,
        nextChunk: () throws(StoreError) -> [UInt8]?
    ) throws(StoreError) {
        try transaction.setChain(chain)
        var reached = StoredHead.empty
        var lastPath: Digest?
        while let bytes = try nextChunk() {
            let entries = try Self.entries(of: bytes, after: &lastPath)
            let changes = entries.map { StateChange(key: $0.key, value: $0.value) }
            let staged = try StagedTree(changes, on: reached, in: transaction)
            try staged.write(in: transaction)
            reached = StoredHead(
                height: head.height,
                node: staged.node,
                blockHash: head.blockHash,
                time: head.time
            )
        }
        guard reached.node == head.node else { throw .importRefused(.wrongRoot) }
        try transaction.setHead(head)
    }

    private static func entries(
        of bytes: [UInt8],
        after lastPath: inout Digest?
    ) throws(StoreError) -> [StateChunk.Entry] {
        let chunk: StateChunk
        do throws(CanonicalError) {
            chunk = try StateChunk(canonicalBytes: bytes)
        } catch {
            throw .importRefused(.malformedChunk)
        }
        for entry in chunk.entries {
            let path = StateTreeHash.path(of: entry.key)
            if let lastPath, path <= lastPath { throw .importRefused(.entriesOutOfOrder) }
            lastPath = path
        }
        return chunk.entries
    }
}
