import Foundation
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Testing

@testable import HTTPServing

@Suite("A server that ends finishes its answers (SUP-7)", .timeLimit(.minutes(2)))
struct EndingTests {
    private static let answerBytes = 16 << 20

    /// A client that reads when it is told to, by the calls of the system.
    private struct Client {
        let descriptor: CInt

        init(_ port: Int) throws {
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

    @Test("A large answer is sent to its end to a client that reads slowly")
    func largeAnswer() async throws {
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
            connections: HTTPConnections(handlers: [], idleTimeout: .seconds(60)),
            socket: .address(host: "127.0.0.1", port: 0),
            limits: ConnectionLimits(connectionsMax: 10),
            logger: logger,
            onListening: { told.yield($0) }
        )
        let group = ServiceGroup(services: [door], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var started = ports.makeAsyncIterator()
            let client = try Client(try #require(await started.next()))
            client.ask("/large")
            try await Task.sleep(for: .milliseconds(200))
            await group.triggerGracefulShutdown()
            try await Task.sleep(for: .milliseconds(500))
            #expect(await client.readAll() > Self.answerBytes)
            try await tasks.next()
        }
    }
}
