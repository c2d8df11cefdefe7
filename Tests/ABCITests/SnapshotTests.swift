import ABCI
import CanonicalCoding
import Consensus
import LedgerCore
import LedgerStore
import MarketTypes
import Synchronization
import Testing

/// The snapshot calls, with a double in place of what makes and restores snapshots.
@Suite("Snapshot calls", .timeLimit(.minutes(1)))
struct SnapshotTests {
    /// Notes what it is asked, and answers what it is told to.
    private final class Double: StateSyncing {
        let heights = Mutex<[UInt64]>([])
        let offered = Mutex<[SnapshotDescription]>([])

        func snapshots() throws -> [SnapshotDescription] {
            (0..<12).map { index in
                SnapshotDescription(
                    height: BlockHeight(100 - index),
                    format: 1,
                    chunkCount: 2,
                    hash: [1, 2],
                    metadata: [3]
                )
            }
        }

        func chunk(height: BlockHeight, format: UInt32, index: UInt32) throws -> [UInt8]? {
            height == BlockHeight(100) && format == 1 && index == 1 ? [7, 7] : nil
        }

        func offer(
            _ snapshot: SnapshotDescription,
            trustedRoot: Digest
        ) throws -> SnapshotVerdict {
            offered.withLock { $0.append(snapshot) }
            return trustedRoot == .zero ? .rejectFormat : .accept
        }

        func apply(chunk: [UInt8], index: UInt32, sender: String) throws -> ChunkAnswer {
            ChunkAnswer(.retry, refetch: [index, 300], rejectedSenders: [sender])
        }

        func committed(height: BlockHeight) { heights.withLock { $0.append(height.rawValue) } }
    }

    @Test("at most ten snapshots are listed, and a chunk that is not there has no bytes")
    func give() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open(stateSync: Double())) { engine in
            guard
                case .listSnapshots(let list) = try await engine.snapshot.call(.listSnapshots)
            else {
                Issue.record("another kind")
                return
            }
            #expect(list.snapshots.map(\.height) == (91...100).reversed())
            #expect(list.snapshots[0].chunks == 2)
            #expect(list.snapshots[0].hash == [1, 2])
            #expect(list.snapshots[0].metadata == [3])
            for (chunk, bytes) in [(1, [7, 7]), (2, [])] as [(UInt32, [UInt8])] {
                let request: LoadSnapshotChunkRequest = made {
                    $0.height = 100
                    $0.format = 1
                    $0.chunk = chunk
                }
                let reply = try await engine.snapshot.call(.loadSnapshotChunk(request))
                #expect(reply == .loadSnapshotChunk(BytesResponse(bytes)))
            }
        }
    }

    @Test("offers and chunks go to the restorer as they came, and its verdicts come back")
    func take() async throws {
        let chain = try Chain()
        let double = Double()
        try await serving(try chain.open(stateSync: double)) { port in
            // A node that takes its state from others gets neither Info nor InitChain first.
            let socket = try await EngineSocket(port: port)
            for (hash, verdict) in [
                ([], 3), (Digest.zero.bytes, 4), ([UInt8](repeating: 1, count: 32), 1),
            ] as [([UInt8], UInt32)] {
                let offer: OfferSnapshotRequest = made {
                    $0.snapshot = Golden.snapshot
                    $0.appHash = hash
                }
                let reply = try await socket.call(.offerSnapshot(offer))
                #expect(reply == .offerSnapshot(made { $0.verdict = verdict }))
            }
            let empty = try await socket.call(.offerSnapshot(OfferSnapshotRequest()))
            #expect(empty == .offerSnapshot(made { $0.verdict = 3 }))
            let chunk: ApplySnapshotChunkRequest = made {
                $0.index = 5
                $0.chunk = [1]
                $0.sender = "peer"
            }
            let reply = try await socket.call(.applySnapshotChunk(chunk))
            #expect(
                reply
                    == .applySnapshotChunk(
                        made {
                            $0.verdict = 3
                            $0.refetchChunks = [5, 300]
                            $0.rejectSenders = ["peer"]
                        }
                    )
            )
            await socket.close()
        }
        let offered = double.offered.withLock { $0 }
        #expect(offered.count == 2)
        #expect(offered.first?.height == BlockHeight(.max))
        #expect(offered.first?.chunkCount == .max)
    }

    @Test("who makes snapshots is told of every commit, after it is durable")
    func told() async throws {
        let chain = try Chain()
        let double = Double()
        try await driving(chain, try chain.open(stateSync: double)) { engine in
            for height in 1...3 { try await engine.apply(chain.block(Int64(height))) }
        }
        #expect(double.heights.withLock { $0 } == [1, 2, 3])
    }

    /// Puts another store's state in place with the second chunk.
    private final class Restorer: StateSyncing {
        let target: StoreDouble
        let source: LedgerStore

        init(target: StoreDouble, source: LedgerStore) {
            self.target = target
            self.source = source
        }

        func snapshots() throws -> [SnapshotDescription] { [] }
        func chunk(height: BlockHeight, format: UInt32, index: UInt32) throws -> [UInt8]? { nil }
        func offer(_ snapshot: SnapshotDescription, trustedRoot: Digest) throws -> SnapshotVerdict {
            .accept
        }
        func apply(chunk: [UInt8], index: UInt32, sender: String) throws -> ChunkAnswer {
            if index == 1 { target.replace(with: source) }
            return ChunkAnswer(.accept)
        }
        func committed(height: BlockHeight) {}
    }

    @Test("pitfall 15: after a restore Info tells the restored block, and the next one can follow")
    func restored() async throws {
        let chain = try Chain()
        let source = try chain.open("source")
        try await driving(chain, source) { engine in
            for height in 1...2 {
                try await engine.apply(
                    chain.block(Int64(height), [chain.transfer(Chain.alice, UInt64(height))])
                )
            }
        }
        let store = try #require(source.application.store as? LedgerStore)
        let double = try StoreDouble(chain)
        let ledger = try EngineLedger(
            application: double.application(chain),
            stateSync: Restorer(target: double, source: store)
        )
        try await serving(ledger) { port in
            let engine = try await Engine(chain, port: port)
            for index in 0...1 {
                let chunk: ApplySnapshotChunkRequest = made { $0.index = UInt32(index) }
                let reply = try await engine.snapshot.call(.applySnapshotChunk(chunk))
                #expect(reply == .applySnapshotChunk(made { $0.verdict = 1 }))
            }
            let info = try await engine.info()
            #expect(info.lastBlockHeight == 2)
            #expect(info.lastBlockAppHash == (try source.head.root.bytes))
            #expect(info.appVersion == EngineLedger.appVersion)
            #expect(try await engine.broadcast(chain.transfer(Chain.alice, 3)) == 0)
            let answer = try await engine.finalize(
                chain.block(3, [chain.transfer(Chain.alice, 3)])
            )
            #expect(answer.results.map(\.code) == [0])
            await engine.close()
        }
    }
}
