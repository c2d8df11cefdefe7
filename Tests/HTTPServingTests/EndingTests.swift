import Foundation
import Glibc
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Testing

@testable import HTTPServing

@Suite("An answer is sent to its end (SUP-7, DOOR-6)", .timeLimit(.minutes(2)))
struct EndingTests {
    private static let answerBytes = 16 << 20

    /// A client that reads when it is told to, by the calls of the system.
    private struct Client {
        let descriptor: CInt
        let port: Int

        init(_ port: Int) throws {
            self.port = port
            descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
            var small: CInt = 4_096
            setsockopt(
                descriptor,
                SOL_SOCKET,
                SO_RCVBUF,
                &small,
                socklen_t(MemoryLayout<CInt>.size)
            )
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let connected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            try #require(connected == 0)
        }

        func ask(_ path: String) {
            let text = "GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n"
            _ = send(descriptor, text, text.utf8.count, 0)
        }

        /// Reads at most so many bytes of what is there; how many it were.
        func read(_ count: Int) -> Int {
            var buffer = [UInt8](repeating: 0, count: count)
            return recv(descriptor, &buffer, count, 0)
        }

        /// How many bytes come before the connection ends; on a thread of its own.
        func readAll() async -> Int {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    var buffer = [UInt8](repeating: 0, count: 65_536)
                    var count = 0
                    while case let got = recv(descriptor, &buffer, buffer.count, 0), got > 0 {
                        count += got
                    }
                    close(descriptor)
                    continuation.resume(returning: count)
                }
            }
        }
    }

    @Test("A server that ends sends a large answer to a client that reads slowly")
    func serverEnds() async throws {
        let count = try await withServer(idleTimeout: .seconds(60)) { client, group in
            client.ask("/large")
            try await Task.sleep(for: .milliseconds(200))
            await group.triggerGracefulShutdown()
            try await Task.sleep(for: .milliseconds(500))
            return await client.readAll()
        }
        #expect(count > Self.answerBytes)
    }

    @Test("A client that has said all it says is sent all of its answer")
    func halfClosed() async throws {
        let count = try await withServer(idleTimeout: .seconds(60)) { client, _ in
            client.ask("/large")
            shutdown(client.descriptor, CInt(SHUT_WR))
            try await Task.sleep(for: .milliseconds(500))
            return await client.readAll()
        }
        #expect(count > Self.answerBytes)
    }

    @Test("A client that reads on keeps its connection; one that pauses too long does not")
    func slowReaders() async throws {
        let (steady, stalled) = try await withServer(idleTimeout: .seconds(2)) { client, group in
            client.ask("/large")
            var steady = 0
            for _ in 0..<12 {
                try await Task.sleep(for: .milliseconds(400))
                steady += client.read(1 << 20)
            }
            steady += await client.readAll()
            let other = try Client(client.port)
            other.ask("/large")
            try await Task.sleep(for: .seconds(7))
            let stalled = await other.readAll()
            await group.triggerGracefulShutdown()
            return (steady, stalled)
        }
        #expect(steady > Self.answerBytes)
        #expect(stalled < Self.answerBytes)
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
            let client = try Client(try #require(await started.next()))
            let value = try await body(client, group)
            await group.triggerGracefulShutdown()
            try await tasks.next()
            return value
        }
    }
}
