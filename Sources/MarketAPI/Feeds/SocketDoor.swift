import AccessCore
import HTTPServing
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Who asks for a socket, as far as the request says.
struct SocketRequest: Sendable {
    /// The API key that came with it.
    let key: String?
    /// The address of the connection, without its port.
    let connection: String
    /// The lines of `x-forwarded-for`.
    let forwarded: [String]
}

/// Why somebody gets no socket.
enum SocketRefusal: Error {
    case badRequest, unauthorized, unavailable
    case tooFast(seconds: UInt64)

    var status: HTTPResponseStatus {
        switch self {
        case .badRequest: .badRequest
        case .unauthorized: .unauthorized
        case .unavailable: .serviceUnavailable
        case .tooFast: .tooManyRequests
        }
    }
}

/// Lets a connection's HTTP pipeline become a WebSocket at one path.
///
/// The HTTP server adds it behind its own decoder; it puts its gate right behind that, where
/// requests are still those of HTTP/1.
final class SocketDoor: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    typealias InboundOut = Any

    private let path: String
    private let feed: EventFeed
    private let contract: FeedContract
    private let admit: Admit

    /// Finds out whom a request for a socket stands for, nil for nobody.
    ///
    /// Throws ``SocketRefusal`` if it comes too fast, or its API key is none, or over.
    typealias Admit = @Sendable (SocketRequest) async throws -> Caller?

    init(
        path: String,
        feed: EventFeed,
        contract: FeedContract,
        admit: @escaping Admit
    ) {
        self.path = path
        self.feed = feed
        self.contract = contract
        self.admit = admit
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let encoder = try pipeline.handler(type: HTTPResponseEncoder.self)
            let gate = SocketGate(path: path, decoder: decoder, encoder: encoder, admit: admit) {
                [feed, contract] caller in
                SocketHandler(feed: feed, contract: contract, caller: caller)
            }
            try pipeline.addHandler(gate, position: .after(decoder))
        } catch {
            // Another pipeline than HTTP/1's has no gate: then there are no sockets on it.
        }
    }
}

/// Watches for the one request that asks for a socket; all else passes.
private final class SocketGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Phase {
        case watching, asked(HTTPRequestHead), answering, open
    }

    private let path: String
    private let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    private let encoder: HTTPResponseEncoder
    private let admit: SocketDoor.Admit
    private let makeHandler: (Caller?) -> SocketHandler
    private var phase = Phase.watching

    init(
        path: String,
        decoder: ByteToMessageHandler<HTTPRequestDecoder>,
        encoder: HTTPResponseEncoder,
        admit: @escaping SocketDoor.Admit,
        makeHandler: @escaping (Caller?) -> SocketHandler
    ) {
        self.path = path
        self.decoder = decoder
        self.encoder = encoder
        self.admit = admit
        self.makeHandler = makeHandler
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch phase {
        case .open: context.fireChannelRead(data)
        case .watching:
            guard case .head(let head) = unwrapInboundIn(data), isForSocket(head) else {
                return context.fireChannelRead(data)
            }
            phase = .asked(head)
        case .asked(let head):
            guard case .end = unwrapInboundIn(data) else { return }
            phase = .answering
            greet(context, head)
        // Whoever sends more before the answer speaks no WebSocket.
        case .answering: context.close(promise: nil)
        }
    }

    /// Finds out who asks, if they say so: by a key alone, since a browser's cookie would come from
    /// any site's page.
    private func greet(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) {
        let fields = head.headers["authorization"] + head.headers["x-api-key"]
        guard fields.count <= 1 else { return refuse(context, .unauthorized) }
        let asking = SocketRequest(
            key: fields.first.map { $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : $0 },
            connection: context.channel.remoteAddress?.ipAddress ?? "local",
            forwarded: head.headers["x-forwarded-for"]
        )
        let admit = admit
        let found = context.eventLoop.makeFutureWithTask { try await admit(asking) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        found.whenComplete { result in
            let (gate, context) = bound.value
            switch result {
            case .success(let caller): gate.answer(context, head, caller)
            case .failure(let error): gate.refuse(context, error as? SocketRefusal ?? .unavailable)
            }
        }
    }

    private func isForSocket(_ head: HTTPRequestHead) -> Bool {
        let wanted = head.headers[canonicalForm: "upgrade"]
        return head.method == .GET
            && head.uri.split(separator: "?").first.map { $0 == path } == true
            && wanted.contains { $0.lowercased() == "websocket" }
    }

    private func answer(
        _ context: ChannelHandlerContext,
        _ head: HTTPRequestHead,
        _ caller: Caller?
    ) {
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
        )
        let answer = upgrader.buildUpgradeResponse(
            channel: context.channel,
            upgradeRequest: head,
            initialResponseHeaders: [:]
        )
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        answer.whenComplete { result in
            let (gate, context) = bound.value
            switch result {
            case .success(let headers): gate.open(context, headers, caller)
            case .failure: gate.refuse(context, .badRequest)
            }
        }
    }

    private func open(
        _ context: ChannelHandlerContext,
        _ headers: HTTPHeaders,
        _ caller: Caller?
    ) {
        let head = HTTPResponseHead(
            version: .http1_1,
            status: .switchingProtocols,
            headers: headers
        )
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        phase = .open
        let pipeline = context.pipeline.syncOperations
        do {
            let frames = WebSocketFrameDecoder(maxFrameSize: SocketHandler.frameBytesMax)
            try pipeline.addHandlers(
                [
                    WebSocketFrameEncoder(), ByteToMessageHandler(frames),
                    WebSocketProtocolErrorHandler(), makeHandler(caller),
                ],
                position: .after(self)
            )
        } catch {
            return context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(ConnectionChange.upgraded)
        pipeline.removeHandler(encoder, promise: nil)
        pipeline.removeHandler(decoder, promise: nil)
    }

    private func refuse(_ context: ChannelHandlerContext, _ refusal: SocketRefusal) {
        var headers: HTTPHeaders = ["connection": "close", "content-length": "0"]
        if case .tooFast(let seconds) = refusal {
            headers.add(name: "retry-after", value: "\(seconds)")
        }
        let head = HTTPResponseHead(version: .http1_1, status: refusal.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        let channel = context.channel
        written.whenComplete { _ in channel.close(promise: nil) }
    }
}
