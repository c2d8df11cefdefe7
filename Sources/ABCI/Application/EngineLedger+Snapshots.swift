import Consensus
import LedgerCore
import LedgerStore
import MarketTypes
import Synchronization

extension EngineLedger {
    /// The most snapshots that an engine advertises.
    static var snapshotsMax: Int { 10 }

    func listSnapshots() throws -> ListSnapshotsResponse {
        var response = ListSnapshotsResponse()
        let snapshots = try stateSync?.snapshots() ?? []
        response.snapshots = snapshots.prefix(Self.snapshotsMax).map { SnapshotInfo($0) }
        return response
    }

    /// Without anything that restores, the engine is told to give up.
    func offerSnapshot(_ request: OfferSnapshotRequest) throws -> OfferSnapshotResponse {
        try order.withLock { _ in
            var response = OfferSnapshotResponse()
            response.verdict = try verdict(request).rawValue
            return response
        }
    }

    private func verdict(_ request: OfferSnapshotRequest) throws -> SnapshotVerdict {
        guard let stateSync else { return .abort }
        guard let offered = request.snapshot, let root = Digest(bytes: request.appHash) else {
            return .reject
        }
        return try stateSync.offer(SnapshotDescription(offered), trustedRoot: root)
    }

    /// No bytes for a chunk that is not there, as the engine wants it.
    func loadChunk(_ request: LoadSnapshotChunkRequest) throws -> BytesResponse {
        let chunk = try stateSync?.chunk(
            height: BlockHeight(request.height),
            format: request.format,
            index: request.chunk
        )
        return BytesResponse(chunk ?? [])
    }

    func applyChunk(_ request: ApplySnapshotChunkRequest) throws -> ApplySnapshotChunkResponse {
        try order.withLock { order in
            var response = ApplySnapshotChunkResponse()
            guard let stateSync else {
                response.verdict = ChunkVerdict.abort.rawValue
                return response
            }
            let answer = try stateSync.apply(
                chunk: request.chunk,
                index: request.index,
                sender: request.sender
            )
            try takeOverRestoredState(&order)
            response.verdict = answer.verdict.rawValue
            response.refetchChunks = answer.refetch
            response.rejectSenders = answer.rejectedSenders
            return response
        }
    }

    /// The last chunk brings another state; an engine that restored one sends no InitChain.
    private func takeOverRestoredState(_ order: inout Order) throws {
        let head = try application.store.last()
        guard head.height != last.height else { return }
        setLast(BlockContext(height: head.height, time: head.time))
        application.restartAdmission()
        order.isBegun = head.height > BlockHeight(0)
        order.finalized = nil
    }
}

extension SnapshotInfo {
    init(_ snapshot: SnapshotDescription) {
        self.init()
        height = snapshot.height.rawValue
        format = snapshot.format
        chunks = snapshot.chunkCount
        hash = snapshot.hash
        metadata = snapshot.metadata
    }
}

extension SnapshotDescription {
    init(_ snapshot: SnapshotInfo) {
        self.init(
            height: BlockHeight(snapshot.height),
            format: snapshot.format,
            chunkCount: snapshot.chunks,
            hash: snapshot.hash,
            metadata: snapshot.metadata
        )
    }
}
