import CanonicalCoding
import Dispatch
import LedgerCore
public import LedgerStore
public import Logging
public import MarketTypes
import Synchronization

/// Takes snapshots of the state now and then, gives them to others, and takes one from others
/// where there is no state yet (docs/spec/state-tree.md, STT-13 to STT-20).
public final class SnapshotArchive: StateSyncing {
    /// What an archive may be told.
    public struct Configuration: Sendable {
        /// Where the files are kept.
        public var directory: String
        /// A snapshot is taken after each block whose height is a multiple of this; 0 for none.
        public var intervalBlocks: UInt64 = 1000
        /// The most snapshots that are kept; the oldest goes first.
        public var keptMax = 3
        /// Where a chunk's entries end; the same on all nodes, or their snapshots differ.
        public var chunkBytesMax = 4 << 20
        /// The largest chunk that is taken from others: an engine's messages have 16 MB.
        public var receivedChunkBytesMax = 16 << 20

        /// Creates the standard configuration.
        public init(directory: String) {
            self.directory = directory
        }
    }

    struct State: Sendable {
        var finished: [SnapshotManifest] = []
        var isTaking = false
        var restore: SnapshotRestore?
    }

    let store: LedgerStore
    let chain: ChainID
    let startTime: Timestamp
    let configuration: Configuration
    let files: SnapshotFiles
    let state: Mutex<State>
    private let logger: Logger
    private let queue = DispatchQueue(label: "stoa.snapshots", qos: .utility)

    /// Opens the archive of a store, and forgets what an earlier run left unfinished.
    ///
    /// - Throws: what making the directory throws.
    public init(
        store: LedgerStore,
        application: LedgerApplication,
        configuration: Configuration,
        logger: Logger
    ) throws {
        self.store = store
        chain = application.chain
        startTime = application.genesis.time
        self.configuration = configuration
        self.logger = logger
        files = try SnapshotFiles(directory: configuration.directory)
        state = Mutex(State())
        let found = load()
        state.withLock { $0.finished = found }
    }

    private func load() -> [SnapshotManifest] {
        var found: [SnapshotManifest] = []
        for name in files.names() where name.hasPrefix("height-") {
            if let bytes = files.read(name, "manifest"),
                let manifest = try? SnapshotManifest(canonicalBytes: bytes),
                manifest.chain == chain, Self.name(manifest.height) == name
            {
                found.append(manifest)
            } else {
                files.remove(name)
            }
        }
        for name in files.names() where name.hasPrefix("draft-") { files.remove(name) }
        return found.sorted { $0.height > $1.height }
    }

    private static func name(_ height: BlockHeight) -> String { "height-\(height.rawValue)" }

    public func snapshots() -> [SnapshotDescription] {
        state.withLock { $0.finished }.prefix(10).map(\.description)
    }

    public func chunk(height: BlockHeight, format: UInt32, index: UInt32) -> [UInt8]? {
        guard format == SnapshotManifest.format,
            let manifest = state.withLock({ $0.finished.first { $0.height == height } }),
            manifest.chunks.indices.contains(Int(index)),
            let bytes = files.read(Self.name(height), SnapshotFiles.name(Int(index))),
            Digest(sha256: bytes) == manifest.chunks[Int(index)]
        else { return nil }
        return bytes
    }

    /// Takes a snapshot if it is time for one and none is being taken.
    ///
    /// The version of the state is fixed before this returns; reading and writing go on on a
    /// thread of their own, and keep LMDB from using freed pages again until they are done.
    public func committed(height: BlockHeight) {
        guard configuration.intervalBlocks > 0, height.rawValue > 0,
            height.rawValue % configuration.intervalBlocks == 0
        else { return }
        let isFree = state.withLock { state in
            defer { state.isTaking = true }
            return !state.isTaking
        }
        guard isFree else {
            logger.warning("the last snapshot is not finished; this one is left out")
            return
        }
        let isFixed = DispatchSemaphore(value: 0)
        queue.async { [self] in
            do {
                try store.withSnapshot { snapshot in
                    isFixed.signal()
                    try take(snapshot)
                }
            } catch {
                isFixed.signal()
                logger.error("no snapshot was taken", metadata: ["error": "\(error)"])
            }
            state.withLock { $0.isTaking = false }
        }
        isFixed.wait()
    }

    /// Waits until no snapshot is being taken.
    func drain() { queue.sync {} }

    private func take(_ snapshot: StateSnapshot) throws {
        let height = snapshot.height
        let draft = "draft-\(height.rawValue)"
        files.remove(draft)
        try files.makeDirectory(draft)
        var chunks: [Digest] = []
        do {
            try snapshot.exportSnapshot(chunkBytesMax: configuration.chunkBytesMax) { bytes in
                guard chunks.count < SnapshotManifest.chunksMax else {
                    throw StoreError.tooLarge(
                        bytes: chunks.count,
                        bytesMax: SnapshotManifest.chunksMax
                    )
                }
                try files.write(bytes, draft, SnapshotFiles.name(chunks.count))
                chunks.append(Digest(sha256: bytes))
            }
            let manifest = SnapshotManifest(
                chain: chain,
                height: height,
                root: snapshot.root,
                entryCount: snapshot.head.entryCount,
                chunks: chunks
            )
            try files.write(manifest.canonicalBytes, draft, "manifest")
            files.remove(Self.name(height))
            try files.publish(draft, as: Self.name(height))
            keep(manifest)
        } catch {
            files.remove(draft)
            throw error
        }
    }

    private func keep(_ manifest: SnapshotManifest) {
        let gone = state.withLock { state in
            state.finished.removeAll { $0.height == manifest.height }
            state.finished.insert(manifest, at: 0)
            let gone = state.finished.dropFirst(max(1, configuration.keptMax))
            state.finished.removeLast(gone.count)
            return Array(gone)
        }
        for manifest in gone { files.remove(Self.name(manifest.height)) }
    }
}
