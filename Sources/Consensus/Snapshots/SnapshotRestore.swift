import CanonicalCoding
import LedgerCore
import LedgerStore
public import MarketTypes
import Synchronization

/// A snapshot that is being received: what was checked is on disk.
struct SnapshotRestore: Sendable {
    let manifest: SnapshotManifest
    /// The directory of its files.
    let folder: String
    var verifier: SnapshotVerifier
    /// The chunks that were checked, from the first on.
    var checked = 0
    /// Whether the store has the state already: the engine did not hear that it was restored.
    var isDone = false
}

extension SnapshotArchive {
    /// Begins to receive a snapshot, or goes on where an interrupted run left off.
    ///
    /// Accepted only where the chain has not begun; the root must be the one the engine vouches
    /// for, so a manifest that lies about anything else is found out by the chunks.
    public func offer(
        _ snapshot: SnapshotDescription,
        trustedRoot: Digest
    ) throws -> SnapshotVerdict {
        guard snapshot.format == SnapshotManifest.format else { return .rejectFormat }
        let last = try store.last()
        let isDone = last.height == snapshot.height && last.root == trustedRoot
        guard last.height == BlockHeight(0) || isDone else { return .abort }
        guard let manifest = try? SnapshotManifest(canonicalBytes: snapshot.metadata),
            manifest.description == snapshot, manifest.chain == chain,
            manifest.root == trustedRoot, manifest.height > BlockHeight(0)
        else { return .reject }
        let folder = "restore-" + Hex.encode(snapshot.hash)
        for name in files.names() where name.hasPrefix("restore-") && name != folder {
            files.remove(name)
        }
        try files.makeDirectory(folder)
        var restore = SnapshotRestore(
            manifest: manifest,
            folder: folder,
            verifier: SnapshotVerifier(root: trustedRoot)
        )
        restore.isDone = isDone
        if isDone { restore.checked = manifest.chunks.count } else { resume(&restore) }
        state.withLock { $0.restore = restore }
        return .accept
    }

    /// Takes in the chunks that an earlier run had checked, as far as they are whole.
    private func resume(_ restore: inout SnapshotRestore) {
        for (index, digest) in restore.manifest.chunks.enumerated() {
            guard let bytes = files.read(restore.folder, SnapshotFiles.name(index)),
                Digest(sha256: bytes) == digest, (try? restore.verifier.take(bytes)) != nil
            else { return }
            restore.checked = index + 1
        }
    }

    /// Takes the next chunk, and with the last one the whole state.
    ///
    /// - Throws: what writing the files or the store throws; the chunks on disk stay, and the
    ///   restore goes on from them once it is offered again.
    public func apply(chunk: [UInt8], index: UInt32, sender: String) throws -> ChunkAnswer {
        guard var restore = state.withLock({ $0.restore }) else {
            return ChunkAnswer(.retrySnapshot)
        }
        let place = Int(index)
        guard restore.manifest.chunks.indices.contains(place) else {
            return ChunkAnswer(.rejectSnapshot)
        }
        if place >= restore.checked {
            guard place == restore.checked else { return ChunkAnswer(.retrySnapshot) }
            guard chunk.count <= configuration.receivedChunkBytesMax,
                Digest(sha256: chunk) == restore.manifest.chunks[place]
            else {
                let again = ChunkAnswer(.retry, refetch: [index], rejectedSenders: [sender])
                return again
            }
            guard (try? restore.verifier.take(chunk)) != nil else {
                // It is what the manifest says, and not the state: the snapshot itself lies.
                forget(restore)
                return ChunkAnswer(.rejectSnapshot, rejectedSenders: [sender])
            }
            try files.write(chunk, restore.folder, SnapshotFiles.name(place))
            restore.checked = place + 1
            let changed = restore
            state.withLock { $0.restore = changed }
        }
        guard place == restore.manifest.chunks.count - 1 else { return ChunkAnswer(.accept) }
        if restore.isDone {
            forget(restore)
            return ChunkAnswer(.accept)
        }
        guard restore.verifier.isComplete,
            restore.verifier.entryCount == restore.manifest.entryCount
        else {
            forget(restore)
            return ChunkAnswer(.rejectSnapshot, rejectedSenders: [sender])
        }
        try finish(restore)
        return ChunkAnswer(.accept)
    }

    private func finish(_ restore: SnapshotRestore) throws {
        var next = 0
        try store.restore(
            chain: chain,
            head: StoredHead(
                height: restore.manifest.height,
                root: restore.manifest.root,
                entryCount: restore.manifest.entryCount,
                blockHash: .zero,
                // A lower bound: the block's own time is signed, but not part of the state.
                time: startTime
            )
        ) { () throws(StoreError) in
            guard next < restore.manifest.chunks.count else { return nil }
            defer { next += 1 }
            guard let bytes = files.read(restore.folder, SnapshotFiles.name(next)) else {
                throw .importRefused(.malformedChunk)
            }
            return bytes
        }
        forget(restore)
    }

    private func forget(_ restore: SnapshotRestore) {
        state.withLock { $0.restore = nil }
        files.remove(restore.folder)
    }
}
