import CanonicalCoding
import LedgerCore
import MarketTypes

/// A piece of a snapshot that can be checked before the next one comes (STT-16).
///
/// Its entries ascend by path, and the proof is of the last of them.
struct SnapshotChunk: CanonicalCodable {
    var entries: StateChunk
    var edge: StateProof

    init(entries: StateChunk, edge: StateProof) {
        self.entries = entries
        self.edge = edge
    }

    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(entries)
        encoder.encode(edge)
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        entries = try StateChunk(from: &decoder)
        edge = try StateProof(from: &decoder)
    }
}

extension StateSnapshot {
    /// Calls `body` with the whole state in chunks that ``SnapshotVerifier`` checks one by one.
    ///
    /// The same state and limit make the same bytes on every node. The proofs are on top of the
    /// limit: at most 8 KiB each.
    ///
    /// - Parameter chunkBytesMax: where a chunk's entries end, as in
    ///   ``exportChunks(chunkBytesMax:_:)``.
    /// - Throws: ``StoreError`` if the store is damaged, or what `body` throws.
    public func exportSnapshot(chunkBytesMax: Int, _ body: ([UInt8]) throws -> Void) throws {
        try exportChunks(chunkBytesMax: chunkBytesMax) { bytes in
            let entries: StateChunk
            do {
                entries = try StateChunk(canonicalBytes: bytes)
            } catch {
                throw StoreError.corrupt(.stateRecord)
            }
            guard let last = entries.entries.last else { return }
            let chunk = SnapshotChunk(entries: entries, edge: try proof(for: last.key))
            try body(chunk.canonicalBytes)
        }
    }
}

/// Why a chunk is not the next part of the state with a root; in order of precedence.
public enum SnapshotRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// The bytes are not a chunk, or it has no entries.
    case malformed = 1
    /// The state was complete already.
    case surplus = 2
    /// The entries do not ascend, or do not follow those before.
    case outOfOrder = 3
    /// The last entry is not in the state.
    case wrongEdge = 4
    /// An entry before the last one is missing, foreign or has another value.
    case wrongEntries = 5
}
