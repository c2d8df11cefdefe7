import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small HTTP server that answers as a test wants, and keeps what it was sent.
final class Receiver: Sendable {
    struct Message: Sendable {
        let path: String
        let headers: [String: String]
        let body: String
    }

    enum Behaviour: Sendable {
        case status(Int, location: String? = nil)
        /// So many bytes of answer.
        case large(Int)
        /// Accepts, and never answers.
        case silent
        /// Begins an answer, and never ends it.
        case endless
    }

    private let state = Mutex<(messages: [Message], behaviour: Behaviour)>(([], .status(200)))
    private let channel: Mutex<(any Channel)?> = Mutex(nil)

    var messages: [Message] { state.withLock { $0.messages } }
    var port: Int { channel.withLock { $0?.localAddress?.port ?? 0 } }

    func setBehaviour(_ behaviour: Behaviour) { state.withLock { $0.behaviour = behaviour } }

    init() async throws {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [weak self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(receiver: self))
                }
            }
        let bound = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
        channel.withLock { $0 = bound }
    }

    deinit { channel.withLock { $0 }?.close(promise: nil) }

    func take(_ message: Message) -> Behaviour {
        state.withLock { state in
            state.messages.append(message)
            return state.behaviour
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private weak var receiver: Receiver?
        private var head: HTTPRequestHead?
        private var body = ByteBuffer()

        init(receiver: Receiver?) { self.receiver = receiver }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): self.head = head
            case .body(var part): body.writeBuffer(&part)
            case .end: answer(context)
            }
        }

        private func answer(_ context: ChannelHandlerContext) {
            guard let head, let receiver else { return context.close(promise: nil) }
            var headers: [String: String] = [:]
            for (name, value) in head.headers { headers[name.lowercased()] = value }
            let message = Message(path: head.uri, headers: headers, body: String(buffer: body))
            switch receiver.take(message) {
            case .silent: return
            case .status(let code, let location):
                let fields: HTTPHeaders = location.map { ["location": $0] } ?? [:]
                write(context, code, fields, bytes: 0, ends: true)
            case .large(let bytes): write(context, 200, [:], bytes: bytes, ends: true)
            case .endless: write(context, 200, [:], bytes: 10, ends: false)
            }
        }

        private func write(
            _ context: ChannelHandlerContext,
            _ code: Int,
            _ fields: HTTPHeaders,
            bytes: Int,
            ends: Bool
        ) {
            let status = HTTPResponseStatus(statusCode: code)
            let head = HTTPResponseHead(version: .http1_1, status: status, headers: fields)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            if bytes > 0 {
                let buffer = ByteBuffer(repeating: 0x61, count: bytes)
                context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
            }
            if ends { context.write(wrapOutboundOut(.end(nil)), promise: nil) }
            context.flush()
        }
    }
}
