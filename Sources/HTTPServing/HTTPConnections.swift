import HummingbirdCore
import HummingbirdTLS
public import NIOCore
public import NIOSSL

/// What a server's connections speak: HTTP/1.1, in the clear or under TLS.
public struct HTTPConnections: Sendable {
    private let http: HTTP1Channel.Configuration
    private let tls: TLSConfiguration?

    /// Describes connections.
    ///
    /// - Parameters:
    ///   - handlers: stand in each connection between HTTP and the routes.
    ///   - idleTimeout: who takes longer to send a part of a request, sends none, or takes nothing
    ///     of an answer for so long, loses the connection.
    ///   - tls: nil speaks in the clear.
    public init(
        handlers: @autoclosure @escaping @Sendable () -> [any RemovableChannelHandler],
        idleTimeout: TimeAmount,
        tls: TLSConfiguration? = nil
    ) {
        http = HTTP1Channel.Configuration(
            additionalChannelHandlers: handlers() + [ConnectionKeeper(idleTimeout: idleTimeout)]
        )
        self.tls = tls
    }

    func channel(
        _ respond: @escaping HTTPChannelHandler.Responder
    ) throws -> any ServerChildChannel {
        let plain = HTTP1Channel(responder: respond, configuration: http)
        return try tls.map { try TLSChannel(plain, tlsConfiguration: $0) } ?? plain
    }
}
