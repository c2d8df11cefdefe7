import Glibc
import HTTPTypes
import Hummingbird
public import Logging
import NIOCore
public import ServiceLifecycle

/// Serves `/metrics`, `/health` and `/ready` on a port of their own, which only the operator should
/// reach.
public struct OperatorServer: Service {
    /// The most connections; scrapers keep one.
    private static let connectionsMax = 64

    private let host: String
    private let port: Int
    private let pages: OperatorPages
    private let logger: Logger
    private let waitsForPort: Bool
    private let onListening: @Sendable (_ port: Int) -> Void

    /// Creates a server.
    ///
    /// - Parameters:
    ///   - port: 0 takes a free one.
    ///   - waitsForPort: tries again while another process has the port: the predecessor, which
    ///     this one replaces.
    ///   - onListening: is told the port once it answers.
    public init(
        host: String,
        port: Int,
        metrics: MetricsRegistry,
        readiness: Readiness,
        logger: Logger,
        waitsForPort: Bool = false,
        onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        pages = OperatorPages(readiness, metrics: metrics)
        self.logger = logger
        self.waitsForPort = waitsForPort
        self.onListening = onListening
    }

    /// Serves until the service is told to stop.
    public func run() async throws {
        while true {
            do {
                return try await serve()
            } catch let error as IOError where waitsForPort && error.errnoCode == EADDRINUSE {
                let isOver = await cancelWhenGracefulShutdown {
                    (try? await Task.sleep(for: .seconds(1))) == nil
                }
                if isOver { return }
            }
        }
    }

    private func serve() async throws {
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { [pages] request, _ in
                await pages.respond(to: request)
                    ?? Response(
                        status: .notFound,
                        headers: [.contentType: "text/plain"],
                        body: ResponseBody(
                            byteBuffer: ByteBuffer(string: "/metrics, /health, /ready\n")
                        )
                    )
            },
            server: .http1(configuration: .init(idleTimeout: .seconds(75))),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                availableConnectionsDelegate: .maximum(Self.connectionsMax, logger: logger)
            ),
            onServerRunning: { [onListening] channel in
                if let port = channel.localAddress?.port { onListening(port) }
            },
            logger: logger
        )
        try await application.run()
    }
}
