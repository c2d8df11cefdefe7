import ABCI
import CanonicalCoding
import Dispatch
import Foundation
import LedgerCore
import LedgerStore
import Logging
import MarketTypes
import ServiceLifecycle
import Synchronization
import Testing

@Suite("Server", .timeLimit(.minutes(1)))
struct ServerTests {
    /// Sends bytes to a fresh connection and expects an exception that says `text`, and the end.
    private func expectEnd(
        _ text: String,
        after bytes: [UInt8],
        _ change: (inout ABCIServer.Configuration) -> Void = { _ in }
    ) async throws {
        try await serving(StubApplication.echoing, change) { port in
            let socket = try await EngineSocket(port: port)
            try await socket.send(raw: bytes)
            let reply = try await socket.receive()
            guard case .exception(let message)? = reply else {
                Issue.record("\(String(describing: reply)) instead of an exception")
                return
            }
            #expect(message.text.contains(text), "\(message.text)")
            #expect(try await socket.receive() == nil)

            // Others are not affected.
            let other = try await EngineSocket(port: port)
            #expect(try await other.call(.info(InfoRequest())) == .info(InfoResponse()))
            await socket.close()
            await other.close()
        }
    }

    @Test("a giant length is refused at once, without waiting for its bytes")
    func giantLength() async throws {
        try await expectEnd("tooLong", after: [0xff, 0xff, 0xff, 0xff, 0x7f])
    }

    @Test("a long frame is refused until an engine has introduced itself, and taken afterwards")
    func introduction() async throws {
        let limits = { @Sendable (configuration: inout ABCIServer.Configuration) in
            configuration.introductionBytesMax = 1000
            configuration.frameBytesMax = 2000
        }
        let query = { (count: Int) -> EngineRequest in
            .query(made { $0.data = [UInt8](repeating: 1, count: count) })
        }
        let long = FrameBuffer.frame(query(1500).wireBytes)
        try await expectEnd("tooLong", after: long, limits)
        try await serving(StubApplication.echoing, limits) { port in
            let socket = try await EngineSocket(port: port)
            _ = try await socket.call(.info(InfoRequest()))
            guard case .query(let answer) = try await socket.call(query(1500)) else {
                Issue.record("another kind")
                return
            }
            #expect(answer.value.count == 1500)
            await #expect(throws: EngineStopped.self) { try await socket.call(query(2500)) }
            await socket.close()
        }
    }

    @Test("an unknown request, a malformed one and an endless length end the connection")
    func malformed() async throws {
        try await expectEnd("unknownRequest", after: [0x03, 0xaa, 0x01, 0x00])
        try await expectEnd("unknownRequest", after: [0x00])
        try await expectEnd("malformed", after: [0x02, 0x12, 0x05])
        try await expectEnd("severalRequests", after: [0x04, 0x12, 0x00, 0x5a, 0x00])
        try await expectEnd("invalidLength", after: [UInt8](repeating: 0xff, count: 11))
    }

    @Test("what came before a malformed frame is answered first")
    func orderBeforeFault() async throws {
        try await serving(StubApplication.echoing) { port in
            let socket = try await EngineSocket(port: port)
            let check = EngineRequest.checkTransaction(made { $0.transaction = [9] })
            let good = [check, check, .flush, check].flatMap { FrameBuffer.frame($0.wireBytes) }
            try await socket.send(raw: good + [0x03, 0xaa, 0x01, 0x00])
            let result = EngineResponse.checkTransaction(made { $0.data = [9] })
            #expect(try await socket.receive() == result)
            #expect(try await socket.receive() == result)
            #expect(try await socket.receive() == .flush)
            #expect(try await socket.receive() == result)
            guard case .exception? = try await socket.receive() else {
                Issue.record("no exception")
                return
            }
            #expect(try await socket.receive() == nil)
            await socket.close()
        }
    }

    @Test("bytes that come one at a time are answered like any others")
    func slow() async throws {
        try await serving(StubApplication.echoing) { port in
            let socket = try await EngineSocket(port: port)
            let query = EngineRequest.query(made { $0.data = [UInt8](repeating: 3, count: 200) })
            for byte in [query, .flush].flatMap({ FrameBuffer.frame($0.wireBytes) }) {
                try await socket.send(raw: [byte])
            }
            guard case .query(let answer)? = try await socket.receive() else {
                Issue.record("another kind")
                return
            }
            #expect(answer.value.count == 200)
            #expect(try await socket.receive() == .flush)
            await socket.close()
        }
    }

    @Test("a torn frame is not acted on, and holds up nobody")
    func torn() async throws {
        let chain = try Chain()
        let ledger = try chain.open()
        try await driving(chain, ledger) { engine in
            let finalize = FrameBuffer.frame(
                EngineRequest.finalizeBlock(chain.block(1, [chain.transfer(Chain.alice, 1)]))
                    .wireBytes
            )
            try await engine.snapshot.send(raw: Array(finalize.dropLast()))
            try await engine.apply(chain.block(1))
            await engine.snapshot.close()
            try await engine.apply(chain.block(2))
        }
        #expect(try ledger.head.height == BlockHeight(2))
        #expect(try ledger.account(Chain.alice).sequence == 0)
    }

    @Test("replies are in the order of requests, with Flush in its turn, however they are packed")
    func order() async throws {
        try await serving(StubApplication.echoing) { port in
            let socket = try await EngineSocket(port: port)
            var requests: [EngineRequest] = []
            var expected: [EngineResponse] = []
            for index in 0..<5000 {
                let data = [UInt8(index & 255), UInt8(index >> 8)]
                switch index * 7919 % 5 {
                case 0, 1:
                    requests.append(.checkTransaction(made { $0.transaction = data }))
                    expected.append(.checkTransaction(made { $0.data = data }))
                case 2:
                    requests.append(.flush)
                    expected.append(.flush)
                case 3:
                    requests.append(.echo(TextMessage("\(index)")))
                    expected.append(.echo(TextMessage("\(index)")))
                default:
                    requests.append(.query(made { $0.data = data }))
                    expected.append(.query(made { $0.value = data }))
                }
            }
            try await socket.send(requests)
            for reply in expected { #expect(try await socket.receive() == reply) }
            await socket.close()
        }
    }

    @Test("CheckTx that come together are handed over together, never more than 256")
    func batches() async throws {
        let stub = StubApplication.echoing
        try await serving(stub) { port in
            let socket = try await EngineSocket(port: port)
            let check = EngineRequest.checkTransaction(made { $0.transaction = [1] })
            try await socket.send([EngineRequest](repeating: check, count: 1000) + [.flush])
            for _ in 0..<1000 { _ = try await socket.receive() }
            #expect(try await socket.receive() == .flush)
            await socket.close()
        }
        #expect(stub.batches.reduce(0, +) == 1000)
        #expect(stub.batches.allSatisfy { $0 <= 256 })
        #expect(stub.batches.contains(256))
    }

    @Test("one connection more than allowed is closed, and there is room again when one leaves")
    func connections() async throws {
        try await serving(StubApplication.echoing, { $0.connectionsMax = 2 }) { port in
            let first = try await EngineSocket(port: port)
            let second = try await EngineSocket(port: port)
            _ = try await first.call(.info(InfoRequest()))
            _ = try await second.call(.info(InfoRequest()))
            let third = try await EngineSocket(port: port)
            #expect(try await third.receive() == nil)
            await first.close()
            for attempt in 0... {
                let again = try await EngineSocket(port: port)
                if (try? await again.call(.info(InfoRequest()))) != nil {
                    await again.close()
                    break
                }
                try await Task.sleep(for: .milliseconds(5))
                try #require(attempt < 500)
            }
            await second.close()
            await third.close()
        }
    }

    @Test("a Unix socket serves like TCP, and an old file of a dead process is no obstacle")
    func unixSocket() async throws {
        let path = NSTemporaryDirectory() + "stoa-\(UUID().uuidString.prefix(8)).sock"
        defer { try? FileManager.default.removeItem(atPath: path) }
        for _ in 0..<2 {
            try await serving(
                StubApplication.echoing,
                { $0.address = .unix(path: path) }
            ) { port in
                #expect(port == 0)
                let socket = try await EngineSocket(path: path)
                #expect(try await socket.call(.info(InfoRequest())) == .info(InfoResponse()))
                await socket.close()
            }
        }
    }

    @Test("a query is answered while a block is being executed")
    func queriesBesideConsensus() async throws {
        let isAnswered = DispatchSemaphore(value: 0)
        let application = StubApplication { request in
            switch request {
            case .finalizeBlock:
                // Executing ends only once the query has been answered.
                let result = isAnswered.wait(timeout: .now() + 20)
                return .finalizeBlock(made { $0.appHash = [result == .success ? 1 : 0] })
            case .query: return .query(QueryResponse())
            default: return .info(InfoResponse())
            }
        }
        try await serving(application) { port in
            let consensus = try await EngineSocket(port: port)
            let query = try await EngineSocket(port: port)
            try await consensus.send([.finalizeBlock(BlockRequest()), .flush])
            for _ in 0..<20 { _ = try await query.call(.query(QueryRequest())) }
            isAnswered.signal()
            #expect(try await consensus.receive() == .finalizeBlock(made { $0.appHash = [1] }))
            await consensus.close()
            await query.close()
        }
    }

    @Test("a service that is told to stop finishes the call that is under way, and ends")
    func graceful() async throws {
        let chain = try Chain()
        let ledger = try chain.open()
        var configuration = ABCIServer.Configuration()
        configuration.address = .tcp(host: "127.0.0.1", port: 0)
        let (ports, told) = AsyncStream<Int>.makeStream()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = ABCIServer(
            application: ledger,
            configuration: configuration,
            logger: logger
        ) { told.yield($0) }
        let services = ServiceGroup(services: [server], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            var iterator = ports.makeAsyncIterator()
            let engine = try await Engine(chain, port: try #require(await iterator.next()))
            try await engine.handshake()
            try await engine.apply(chain.block(1))
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            #expect(try await engine.consensus.receive() == nil)
            await engine.close()
        }
        #expect(try ledger.head.height == BlockHeight(1))
    }

    @Test("who sends and does not read is held back, and loses nothing")
    func backPressure() async throws {
        try await serving(StubApplication.echoing) { port in
            let socket = try await EngineSocket(port: port)
            let query = EngineRequest.query(
                made { $0.data = [UInt8](repeating: 1, count: 100_000) }
            )
            for _ in 0..<100 { try await socket.send([query]) }
            for _ in 0..<100 {
                guard case .query(let answer)? = try await socket.receive() else {
                    Issue.record("another kind")
                    return
                }
                #expect(answer.value.count == 100_000)
            }
            await socket.close()
        }
    }
}
