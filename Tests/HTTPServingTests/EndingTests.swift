import Hummingbird
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import Testing

@testable import HTTPServing

@Suite("An answer is sent to its end (SUP-7, DOOR-6)", .timeLimit(.minutes(2)))
struct EndingTests {
    private static let answerBytes = 16 << 20

    /// Counts what comes.
    private final class Taken: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        private let count = Mutex(0)

        var bytes: Int { count.withLock { $0 } }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            count.withLock { $0 += buffer.readableBytes }
        }
    }

    /// A client that reads when it is told to, and has room for little.
    private struct Client {
        let port: Int
        private let channel: any Channel
        private let taken = Taken()

        init(_ port: Int) async throws {
            self.port = port
            let taken = taken
            channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelOption(.autoRead, value: false)
                .channelOption(.socketOption(.so_rcvbuf), value: 4_096)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(taken)
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
        }

        func ask(_ path: String) {
            say("GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n")
        }

        func say(_ text: String) {
            channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
        }

        func sayNoMore() async throws { try await channel.close(mode: .output) }

        /// Reads a little of what is there.
        func readOnce() { channel.read() }

        /// How many bytes there were when the connection has ended.
        func readAll() async throws -> Int {
            try await channel.setOption(.autoRead, value: true).get()
            try await channel.closeFuture.get()
            return taken.bytes
        }
    }

    @Test("A server that ends sends a large answer to a client that reads slowly")
    func serverEnds() async throws {
        let count = try await withServer(idleTimeout: .seconds(60)) { client, group in
            client.ask("/large")
            try await Task.sleep(for: .milliseconds(200))
            await group.triggerGracefulShutdown()
            try await Task.sleep(for: .milliseconds(500))
            return try await client.readAll()
        }
        #expect(count > Self.answerBytes)
    }

    @Test("A client that has said all it says is sent all of its answer")
    func halfClosed() async throws {
        let count = try await withServer(idleTimeout: .seconds(60)) { client, _ in
            client.ask("/large")
            try await client.sayNoMore()
            try await Task.sleep(for: .milliseconds(500))
            return try await client.readAll()
        }
        #expect(count > Self.answerBytes)
    }

    @Test("A client that reads on keeps its connection; one that pauses too long does not")
    func slowReaders() async throws {
        let (steady, stalled) = try await withServer(idleTimeout: .seconds(2)) { client, group in
            client.ask("/large")
            for _ in 0..<12 {
                try await Task.sleep(for: .milliseconds(400))
                client.readOnce()
            }
            let steady = try await client.readAll()
            let other = try await Client(client.port)
            other.ask("/large")
            try await Task.sleep(for: .seconds(7))
            let stalled = try await other.readAll()
            await group.triggerGracefulShutdown()
            return (steady, stalled)
        }
        #expect(steady > Self.answerBytes)
        #expect(stalled < Self.answerBytes)
    }

    @Test("DOOR-6: a request that comes piece by piece has an end, however slow its pieces")
    func trickle() async throws {
        let clock = ContinuousClock()
        let lasted = try await withServer(idleTimeout: .seconds(2)) { client, _ in
            let begun = clock.now
            client.say("POST /large HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n")
            let trickling = Task {
                while !Task.isCancelled {
                    client.say("x")
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
            defer { trickling.cancel() }
            _ = try await client.readAll()
            return clock.now - begun
        }
        #expect(lasted > .seconds(1))
        #expect(lasted < .seconds(10))
    }

    @Test("DOOR-6: a request that comes steadily may take longer than a pause may")
    func steadyRequest() async throws {
        let pieces = 40
        let count = try await withServer(idleTimeout: .seconds(1)) { client, _ in
            client.say(
                "POST /upload HTTP/1.1\r\nhost: x\r\ncontent-length: \(pieces << 12)\r\n\r\n"
            )
            for _ in 0..<pieces {
                client.say(String(repeating: "x", count: 1 << 12))
                try await Task.sleep(for: .milliseconds(50))
            }
            client.readOnce()
            return try await client.readAll()
        }
        #expect(count > 0)
    }

    private func withServer<Value: Sendable>(
        idleTimeout: TimeAmount,
        _ body: @escaping @Sendable (Client, ServiceGroup) async throws -> Value
    ) async throws -> Value {
        let router = Router()
        router.get("large") { _, _ in
            let body = ByteBuffer(repeating: 7, count: Self.answerBytes)
            return Response(status: .ok, body: ResponseBody(byteBuffer: body))
        }
        router.post("upload") { request, _ in
            var count = 0
            for try await piece in request.body { count += piece.readableBytes }
            let answer = ByteBuffer(string: "\(count)")
            return Response(status: .ok, body: ResponseBody(byteBuffer: answer))
        }
        router.post("large") { request, _ in
            for try await _ in request.body {}
            return Response(status: .ok)
        }
        var logger = Logger(label: "door")
        logger.logLevel = .critical
        let (ports, told) = AsyncStream.makeStream(of: Int.self)
        let door = HTTPDoor(
            responder: router.buildResponder(),
            connections: HTTPConnections(handlers: [], idleTimeout: idleTimeout),
            socket: .address(host: "127.0.0.1", port: 0),
            limits: ConnectionLimits(connectionsMax: 10),
            logger: logger,
            onListening: { told.yield($0) }
        )
        let group = ServiceGroup(services: [door], logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var started = ports.makeAsyncIterator()
            let client = try await Client(try #require(await started.next()))
            let value = try await body(client, group)
            await group.triggerGracefulShutdown()
            try await tasks.next()
            return value
        }
    }
}
