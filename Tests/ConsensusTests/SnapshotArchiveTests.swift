import CanonicalCoding
import Foundation
import Identity
import LedgerCore
import LedgerStore
import Logging
import MarketTypes
import Testing

@testable import Consensus

/// State sync: a node that has nothing takes the state of others, and goes on as they do.
@Suite("Snapshot archive")
struct SnapshotArchiveTests {
    /// A node without an engine: store, application and archive in one directory.
    final class Node {
        let market: Market
        let application: LedgerApplication
        let archive: SnapshotArchive

        init(_ market: Market, directory: String, chunkBytesMax: Int = 200) throws {
            self.market = market
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true
            )
            var settings = LedgerStoreConfiguration(directory: directory)
            settings.mapBytesMax = 64 << 20
            let store = try LedgerStore(configuration: settings)
            application = try LedgerApplication(store: store, genesis: market.genesis)
            var configuration = SnapshotArchive.Configuration(directory: directory + "/snapshots")
            configuration.intervalBlocks = 2
            configuration.chunkBytesMax = chunkBytesMax
            configuration.keptMax = 2
            archive = try SnapshotArchive(
                store: store,
                application: application,
                configuration: configuration,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        }

        /// Makes the block at `height`: a transfer to an account of its own.
        @discardableResult
        func block(_ height: UInt64) throws -> Digest {
            let to = Market.key("account \(height)")
            let transaction = market.transfer(Market.alice, height, to: to)
            let context = BlockContext(
                height: BlockHeight(height),
                time: Timestamp(milliseconds: 2000 + height)
            )
            let block = try application.finalize([transaction], at: context)
            try application.commit(block: nil)
            application.restartAdmission()
            archive.committed(height: BlockHeight(height))
            archive.drain()
            return block.stateRoot
        }
    }

    private func source(_ market: Market, _ name: String = "a") throws -> Node {
        let node = try Node(market, directory: market.directory + "/" + name)
        for height in 1...7 { try node.block(UInt64(height)) }
        return node
    }

    @Test("two nodes make the same snapshots byte for byte, and keep the newest")
    func sameBytes() throws {
        let market = try Market()
        let (a, b) = (try source(market, "a"), try source(market, "b"))
        #expect(a.archive.snapshots() == b.archive.snapshots())
        #expect(a.archive.snapshots().map(\.height) == [BlockHeight(6), BlockHeight(4)])
        let snapshot = try #require(a.archive.snapshots().first)
        #expect(snapshot.chunkCount > 3)
        for index in 0..<snapshot.chunkCount {
            let chunk = a.archive.chunk(height: snapshot.height, format: 1, index: index)
            #expect(chunk != nil)
            #expect(chunk == b.archive.chunk(height: snapshot.height, format: 1, index: index))
        }
        #expect(a.archive.chunk(height: snapshot.height, format: 2, index: 0) == nil)
        #expect(a.archive.chunk(height: BlockHeight(5), format: 1, index: 0) == nil)
        #expect(
            a.archive.chunk(height: snapshot.height, format: 1, index: snapshot.chunkCount) == nil
        )
    }

    @Test("a restored node has the state and goes on with the same roots")
    func goesOn() throws {
        let market = try Market()
        let a = try source(market)
        let snapshot = try #require(a.archive.snapshots().first)
        let root = try root(of: snapshot)
        let b = try Node(market, directory: market.directory + "/b")
        #expect(try b.archive.offer(snapshot, trustedRoot: root) == .accept)
        for index in 0..<snapshot.chunkCount {
            #expect(try b.application.store.last().height == BlockHeight(0), "nothing is visible")
            let answer = try b.archive.apply(
                chunk: try chunk(a, snapshot, index),
                index: index,
                sender: "a"
            )
            #expect(answer == ChunkAnswer(.accept))
        }
        b.application.restartAdmission()
        #expect(try b.application.store.last().height == BlockHeight(6))
        #expect(try b.block(7) == a.application.store.last().root)
        #expect(try b.block(8) == a.block(8))
    }

    @Test("what a stranger offers is refused unless it is this chain's and has the trusted root")
    func refusesOffers() throws {
        let market = try Market()
        let a = try source(market)
        let good = try #require(a.archive.snapshots().first)
        let root = try root(of: good)
        let b = try Node(market, directory: market.directory + "/b")
        func changed(
            height: UInt64? = nil,
            format: UInt32 = 1,
            count: UInt32? = nil,
            hash: [UInt8]? = nil,
            metadata: [UInt8]? = nil
        ) -> SnapshotDescription {
            SnapshotDescription(
                height: BlockHeight(height ?? good.height.rawValue),
                format: format,
                chunkCount: count ?? good.chunkCount,
                hash: hash ?? good.hash,
                metadata: metadata ?? good.metadata
            )
        }
        func verdict(_ snapshot: SnapshotDescription, _ root: Digest) throws -> SnapshotVerdict {
            try b.archive.offer(snapshot, trustedRoot: root)
        }
        #expect(try verdict(changed(format: 2), root) == .rejectFormat)
        #expect(try verdict(changed(height: 4), root) == .reject)
        #expect(try verdict(changed(count: 1), root) == .reject)
        #expect(try verdict(changed(hash: [1]), root) == .reject)
        #expect(try verdict(changed(metadata: [1, 2]), root) == .reject)
        #expect(try verdict(good, Digest(sha256: [1])) == .reject)
        #expect(try a.archive.offer(good, trustedRoot: root) == .abort, "a has begun")
        let stranger = try b.archive.apply(chunk: [], index: 0, sender: "x")
        #expect(stranger.verdict == .retrySnapshot, "nothing was accepted")
    }

    @Test("a damaged chunk is asked for again, and its sender is named")
    func damagedChunk() throws {
        let market = try Market()
        let a = try source(market)
        let snapshot = try #require(a.archive.snapshots().first)
        let b = try Node(market, directory: market.directory + "/b")
        _ = try b.archive.offer(snapshot, trustedRoot: try root(of: snapshot))
        var bytes = try chunk(a, snapshot, 0)
        bytes[bytes.count / 2] ^= 1
        let answer = try b.archive.apply(chunk: bytes, index: 0, sender: "liar")
        #expect(answer == ChunkAnswer(.retry, refetch: [0], rejectedSenders: ["liar"]))
        let early = try b.archive.apply(chunk: try chunk(a, snapshot, 2), index: 2, sender: "a")
        #expect(early.verdict == .retrySnapshot)
        let good = try b.archive.apply(chunk: try chunk(a, snapshot, 0), index: 0, sender: "a")
        #expect(good == ChunkAnswer(.accept))
    }

    @Test("a manifest whose chunks are not the state is found out at the first wrong chunk")
    func lyingManifest() throws {
        let market = try Market()
        let (a, other) = (try source(market), try Market(closingDelayBlocks: 9))
        let foreign = try source(other, "f")
        let snapshot = try #require(a.archive.snapshots().first)
        let alien = try #require(foreign.archive.snapshots().first)
        let honest = try SnapshotManifest(canonicalBytes: snapshot.metadata)
        let lie = SnapshotManifest(
            chain: honest.chain,
            height: honest.height,
            root: honest.root,
            entryCount: honest.entryCount,
            chunks: try SnapshotManifest(canonicalBytes: alien.metadata).chunks
        )
        let b = try Node(market, directory: market.directory + "/b")
        #expect(try b.archive.offer(lie.description, trustedRoot: honest.root) == .accept)
        let answer = try b.archive.apply(
            chunk: try chunk(foreign, alien, 0),
            index: 0,
            sender: "liar"
        )
        #expect(answer == ChunkAnswer(.rejectSnapshot, rejectedSenders: ["liar"]))
    }

    @Test("P4: a restore that was interrupted after any chunk goes on where it was")
    func resumes() throws {
        let market = try Market()
        let a = try source(market)
        let snapshot = try #require(a.archive.snapshots().first)
        let root = try root(of: snapshot)
        for stop in 0..<snapshot.chunkCount {
            let directory = market.directory + "/resumed-\(stop)"
            do {
                let b = try Node(market, directory: directory)
                _ = try b.archive.offer(snapshot, trustedRoot: root)
                for index in 0..<stop {
                    _ = try b.archive.apply(
                        chunk: try chunk(a, snapshot, index),
                        index: index,
                        sender: "a"
                    )
                }
            }
            let b = try Node(market, directory: directory)
            #expect(try b.archive.offer(snapshot, trustedRoot: root) == .accept)
            for index in 0..<snapshot.chunkCount {
                // What was checked is not looked at again: even nothing at all will do.
                let bytes = index < stop ? [] : try chunk(a, snapshot, index)
                let answer = try b.archive.apply(chunk: bytes, index: index, sender: "a")
                #expect(answer.verdict == .accept)
            }
            #expect(try b.application.store.last().root == root)
            #expect(try b.archive.offer(snapshot, trustedRoot: root) == .accept, "said once more")
        }
    }

    @Test("torn files of an earlier run are not believed")
    func tornFiles() throws {
        let market = try Market()
        let a = try source(market)
        let snapshot = try #require(a.archive.snapshots().first)
        let folder = market.directory + "/a/snapshots/height-6"
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder + "/chunk-0"))
        #expect(a.archive.chunk(height: snapshot.height, format: 1, index: 0) == nil)
        let root = try root(of: snapshot)
        let whole = try source(market, "whole")
        let directory = market.directory + "/b"
        do {
            let b = try Node(market, directory: directory)
            _ = try b.archive.offer(snapshot, trustedRoot: root)
            _ = try b.archive.apply(chunk: try chunk(whole, snapshot, 0), index: 0, sender: "a")
            let file = directory + "/snapshots/restore-" + Hex.encode(snapshot.hash) + "/chunk-0"
            try Data([9]).write(to: URL(fileURLWithPath: file))
        }
        let b = try Node(market, directory: directory)
        _ = try b.archive.offer(snapshot, trustedRoot: root)
        let answer = try b.archive.apply(chunk: [], index: 0, sender: "a")
        #expect(answer.verdict == .retry, "the torn chunk is wanted again")
    }

    private func root(of snapshot: SnapshotDescription) throws -> Digest {
        try SnapshotManifest(canonicalBytes: snapshot.metadata).root
    }

    private func chunk(
        _ node: Node,
        _ snapshot: SnapshotDescription,
        _ index: UInt32
    ) throws -> [UInt8] {
        try #require(node.archive.chunk(height: snapshot.height, format: 1, index: index))
    }
}
