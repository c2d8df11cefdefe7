import HummingbirdCore
import Logging
import NIOCore
import NIOExtras
import NIOPosix
import ServiceLifecycle

/// Accepts connections, and serves each in a task of its own.
struct HTTPListener<Connection: ServerChildChannel>: Service {
    /// Connections that wait to be accepted; more are not answered by the kernel.
    private static var backlog: CInt { 1_024 }

    /// How long a process waits for its predecessor to give way.
    private static var patience: Duration { .seconds(5) }

    let connection: Connection
    let socket: ListeningSocket
    let limits: ConnectionLimits
    let eventLoopGroup: any EventLoopGroup
    let logger: Logger
    let departure: Departure
    let beforeListening: @Sendable () async throws -> Void
    let onListening: @Sendable (_ port: Int) async -> Void

    func run() async throws {
        try await beforeListening()
        let accepted = AcceptedConnections<Connection.Value>()
        let turn = AcceptTurn(socket.turnPath)
        let quiescing = ServerQuiescingHelper(group: eventLoopGroup)
        let server = try await listen(accepted, quiescing)
        server.closeFuture.whenComplete { _ in accepted.finish() }
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await onListening(server.localAddress?.port ?? 0)
                await turn.take(within: Self.patience) { !departure.hasBegun }
                beginAccepting(server)
                // Ends once the server's channel is closed and the last connection is.
                await withDiscardingTaskGroup { group in
                    for await value in accepted.sequence {
                        group.addTask { await connection.handle(value: value, logger: logger) }
                    }
                }
            } onGracefulShutdown: {
                departure.begin()
                guard socket.isInherited else { return quiescing.initiateShutdown(promise: nil) }
                server.setOption(.autoRead, value: false).whenComplete { _ in turn.pass() }
                // Connections that were accepted a moment ago bring their first request yet.
                server.eventLoop.scheduleTask(
                    in: .milliseconds(ListeningSocket.graceMilliseconds)
                ) {
                    quiescing.initiateShutdown(promise: nil)
                }
            }
        } onCancel: {
            server.close(promise: nil)
        }
    }

    /// Takes connections from now on, unless the server was told to end meanwhile.
    private func beginAccepting(_ server: any Channel) {
        server.eventLoop.execute { [departure] in
            guard !departure.hasBegun else { return }
            _ = server.setOption(.autoRead, value: true)
        }
    }

    private func listen(
        _ accepted: AcceptedConnections<Connection.Value>,
        _ quiescing: ServerQuiescingHelper
    ) async throws -> any Channel {
        let (count, departure) = (ConnectionCount(limits), departure)
        let bootstrap = ServerBootstrap(group: eventLoopGroup)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.autoRead, value: false)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(ConnectionGate(count, departure))
                    try pipeline.addHandler(quiescing.makeServerChannelHandler(channel: channel))
                }
            }
            .childChannelInitializer { [connection, logger] channel in
                connection.setup(channel: channel, logger: logger).map { accepted.add($0) }
            }
        switch socket {
        case .address(let host, let port):
            return try await bootstrap.bind(host: host, port: port).get()
        case .inherited(let descriptor, _):
            return try await bootstrap.withBoundSocket(descriptor).get()
        }
    }
}
