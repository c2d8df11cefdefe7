public import MarketTypes

/// A snapshot as nodes advertise it; two nodes with the same state make it byte for byte the same.
public struct SnapshotDescription: Hashable, Sendable {
    /// The block after which the state was taken.
    public let height: BlockHeight
    /// The format of the chunks; 1 is the only one.
    public let format: UInt32
    /// How many chunks there are.
    public let chunkCount: UInt32
    /// What identifies the snapshot.
    public let hash: [UInt8]
    /// What a restoring node needs to check chunks before it has all of them.
    public let metadata: [UInt8]

    /// Describes a snapshot.
    public init(
        height: BlockHeight,
        format: UInt32,
        chunkCount: UInt32,
        hash: [UInt8],
        metadata: [UInt8]
    ) {
        self.height = height
        self.format = format
        self.chunkCount = chunkCount
        self.hash = hash
        self.metadata = metadata
    }
}

/// What a node thinks of a snapshot that it was offered; numbers as in ABCI 2.0.
public enum SnapshotVerdict: UInt32, Hashable, Sendable {
    case accept = 1
    case abort = 2
    case reject = 3
    case rejectFormat = 4
    case rejectSender = 5
}

/// What became of a chunk; numbers as in ABCI 2.0.
public enum ChunkVerdict: UInt32, Hashable, Sendable {
    case accept = 1
    case abort = 2
    case retry = 3
    case retrySnapshot = 4
    case rejectSnapshot = 5
}

/// The answer to a chunk.
public struct ChunkAnswer: Hashable, Sendable {
    /// What became of the chunk.
    public let verdict: ChunkVerdict
    /// Which chunks must be fetched again.
    public let refetch: [UInt32]
    /// Who shall not be asked any more.
    public let rejectedSenders: [String]

    /// Creates an answer.
    public init(
        _ verdict: ChunkVerdict,
        refetch: [UInt32] = [],
        rejectedSenders: [String] = []
    ) {
        self.verdict = verdict
        self.refetch = refetch
        self.rejectedSenders = rejectedSenders
    }
}

/// How a node gives its state to others, and takes it from others without their blocks.
///
/// Calls that restore come one at a time; the others at any time, from any thread.
public protocol StateSyncing: Sendable {
    /// The snapshots that can be given, newest first; at most ten.
    func snapshots() throws -> [SnapshotDescription]

    /// One chunk of a snapshot, or nil if there is no such chunk.
    func chunk(height: BlockHeight, format: UInt32, index: UInt32) throws -> [UInt8]?

    /// Begins to restore a snapshot whose state root, `trustedRoot`, the engine vouches for.
    func offer(_ snapshot: SnapshotDescription, trustedRoot: Digest) throws -> SnapshotVerdict

    /// Takes the next chunk; the state is there once the last one was accepted.
    func apply(chunk: [UInt8], index: UInt32, sender: String) throws -> ChunkAnswer

    /// Called after each commit, at once: whether and when to take a snapshot is its own affair.
    func committed(height: BlockHeight)
}
