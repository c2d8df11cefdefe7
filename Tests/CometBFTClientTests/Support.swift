import AsyncHTTPClient
import CometBFTClient
import CometBFTTypes
import Foundation
import LedgerCore
import MarketTypes
import Synchronization

/// What time it is in a test.
final class TestClock: Sendable {
    private let time: Mutex<BlockTime>

    init(_ time: BlockTime) { self.time = Mutex(time) }

    var now: BlockTime { time.withLock { $0 } }

    func set(_ new: BlockTime) { time.withLock { $0 = new } }
}

/// Some nodes of a network, and a light client that asks them.
struct TestNetwork: Sendable {
    let nodes: [FakeNode]
    let rpc: CometBFTRPC
    let light: LightClient
    let clock: TestClock

    /// Starts a node for each chain, lets `body` use them and stops them.
    static func run(
        _ chains: [TestChain],
        anchor: LightClient.Anchor? = nil,
        store: any TrustStore = MemoryTrustStore(),
        limits: CometBFTRPC.Limits? = nil,
        settings: LightClient.Settings? = nil,
        _ body: (TestNetwork) async throws -> Void
    ) async throws {
        var nodes: [FakeNode] = []
        for chain in chains { nodes.append(try await FakeNode.start(chain)) }
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        let clock = TestClock(chains[0].blocks.last?.light.header.time ?? chains[0].start)
        var standard = CometBFTRPC.Limits()
        standard.timeoutSeconds = 5
        standard.probeIntervalSeconds = 0
        let rpc = CometBFTRPC(
            urls: nodes.map(\.url),
            client: client,
            limits: limits ?? standard
        )
        let light = LightClient(
            rpc: rpc,
            chainName: chains[0].name,
            anchor: try anchor ?? .genesis(Powers.four.set()),
            store: store,
            settings: settings ?? LightClient.Settings(),
            clock: { clock.now }
        )
        let network = TestNetwork(nodes: nodes, rpc: rpc, light: light, clock: clock)
        do {
            try await body(network)
        } catch {
            await network.stop(client)
            throw error
        }
        await network.stop(client)
    }

    private func stop(_ client: HTTPClient) async {
        for node in nodes { await node.stop() }
        try? await client.shutdown()
    }
}

/// The failure that `body` ends with, or nil.
func failure(_ body: () async throws -> Void) async -> RPCFailure? {
    do {
        try await body()
        return nil
    } catch {
        return error as? RPCFailure
    }
}
