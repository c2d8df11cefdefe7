import ABCI
import NIOCore
import NIOPosix

/// The application ended the connection, with or without saying why.
struct EngineStopped: Error, Hashable {
    var reason: String?
}

/// One of the engine's connections: requests out, replies in, in order.
final class EngineSocket {
    private let channel: any Channel
    private var replies: AsyncThrowingStream<EngineResponse, any Error>.AsyncIterator
    private var isClosed = false

    init(port: Int) async throws {
        let (stream, continuation) = AsyncThrowingStream<EngineResponse, any Error>.makeStream()
        channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ReplyHandler(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        replies = stream.makeAsyncIterator()
    }

    init(path: String) async throws {
        let (stream, continuation) = AsyncThrowingStream<EngineResponse, any Error>.makeStream()
        channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ReplyHandler(continuation))
                }
            }
            .connect(unixDomainSocketPath: path).get()
        replies = stream.makeAsyncIterator()
    }

    /// Writes bytes as they are.
    func send(raw bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// Writes requests together.
    func send(_ requests: [EngineRequest]) async throws {
        try await send(raw: requests.flatMap { FrameBuffer.frame($0.wireBytes) })
    }

    /// The next reply; nil once the application has closed the connection.
    func receive() async throws -> EngineResponse? {
        try await replies.next(isolation: #isolation)
    }

    /// A synchronous call as the engine makes it: the request and Flush together; the reply is
    /// looked at when that of Flush has come.
    func call(_ request: EngineRequest) async throws -> EngineResponse {
        try await send([request, .flush])
        guard let reply = try await receive() else { throw EngineStopped() }
        if case .exception(let message) = reply { throw EngineStopped(reason: message.text) }
        guard case .flush = try await receive() else { throw EngineStopped(reason: "no flush") }
        return reply
    }

    func close() async {
        guard !isClosed else { return }
        isClosed = true
        try? await channel.close().get()
    }
}

private final class ReplyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let continuation: AsyncThrowingStream<EngineResponse, any Error>.Continuation
    private var frames = FrameBuffer()

    init(_ continuation: AsyncThrowingStream<EngineResponse, any Error>.Continuation) {
        self.continuation = continuation
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        frames.append(unwrapInboundIn(data).readableBytesView)
        do {
            while let frame = try frames.nextFrame(bytesMax: .max) {
                continuation.yield(try EngineResponse(wireBytes: frame))
            }
        } catch {
            continuation.finish(throwing: error)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
}
