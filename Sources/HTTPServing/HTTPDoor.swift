import Glibc
import HTTPTypes
public import Hummingbird
import HummingbirdCore
public import Logging
public import NIOCore
public import NIOPosix
public import ServiceLifecycle
import Synchronization

/// An HTTP server: Hummingbird's connections and routes over a socket that may be inherited, with a
/// limit of connections in all and for each address.
public struct HTTPDoor<Responder: HTTPResponder>: Service
where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
    private let responder: Responder
    private let connections: HTTPConnections
    private let socket: ListeningSocket
    private let limits: ConnectionLimits
    private let services: [any Service]
    private let eventLoopGroup: any EventLoopGroup
    private let logger: Logger
    private let beforeListening: @Sendable () async throws -> Void
    private let onListening: @Sendable (_ port: Int) async -> Void

    /// Creates a server; nothing listens before ``run()``.
    ///
    /// - Parameters:
    ///   - connections: what a connection speaks.
    ///   - services: run beside it, and are stopped once its last request was answered.
    ///   - beforeListening: must have returned before a connection is accepted.
    ///   - onListening: is told the port once it answers.
    public init(
        responder: Responder,
        connections: HTTPConnections,
        socket: ListeningSocket,
        limits: ConnectionLimits,
        services: [any Service] = [],
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger,
        beforeListening: @escaping @Sendable () async throws -> Void = {},
        onListening: @escaping @Sendable (_ port: Int) async -> Void
    ) {
        self.responder = responder
        self.connections = connections
        self.socket = socket
        self.limits = limits
        self.services = services
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
        self.beforeListening = beforeListening
        self.onListening = onListening
    }

    /// Serves until shutdown, and then until the requests under way are answered.
    ///
    /// - Throws: what the socket, a service or `beforeListening` throws.
    public func run() async throws {
        let (responder, logger, stamp) = (responder, logger, DateStamp())
        let departure = Departure()
        let channel = try connections.channel { request, writer, channel in
            let context = Responder.Context(
                source: ApplicationRequestContextSource(channel: channel, logger: logger)
            )
            var response: Response
            do {
                response = try await responder.respond(to: request, context: context)
            } catch {
                logger.error("a request ended in an error", metadata: ["error": "\(error)"])
                response = Response(status: .internalServerError)
            }
            response.headers[.date] = stamp.text
            response.headers[.server] = "stoa"
            if departure.hasBegun { response.headers[.connection] = "close" }
            try await writer.write(response: response.head, body: response.body)
        }
        let all = services + [listener(channel, departure)]
        let group = ServiceGroup(services: all, logger: logger)
        try await group.run()
    }

    private func listener(
        _ connection: some ServerChildChannel,
        _ departure: Departure
    ) -> any Service {
        HTTPListener(
            connection: connection,
            socket: socket,
            limits: limits,
            eventLoopGroup: eventLoopGroup,
            logger: logger,
            departure: departure,
            beforeListening: beforeListening,
            onListening: onListening
        )
    }
}

/// Whether the server ends: then its answers tell clients to go elsewhere for their next request.
final class Departure: Sendable {
    private let flag = Atomic(false)

    var hasBegun: Bool { flag.load(ordering: .relaxed) }

    func begin() { flag.store(true, ordering: .relaxed) }
}

/// The text of the header `date`, made once a second (RFC 9110, 6.6.1).
final class DateStamp: Sendable {
    private let last = Mutex((second: time_t.min, text: ""))

    var text: String {
        let now = time(nil)
        return last.withLock { last in
            if last.second != now { last = (now, Self.text(of: now)) }
            return last.text
        }
    }

    /// Names of days and months are English: this program sets no locale.
    static func text(of second: time_t) -> String {
        var (second, parts) = (second, tm())
        gmtime_r(&second, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let start = buffer.baseAddress else { return "" }
            let length = strftime(start, 64, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            return String(decoding: UnsafeRawBufferPointer(buffer).prefix(length), as: UTF8.self)
        }
    }
}
