import NIOCore
import Synchronization

/// Tells whoever streams to a client when that client is gone.
///
/// A client that closes its side of the connection has lost interest; waiting for a write to fail
/// would mean paying for chunks that nobody reads.
final class ClientPresence: Sendable {
    private let watchers = Mutex<[ObjectIdentifier: @Sendable () -> Void]>([:])

    /// Calls `onDeparture` once when the client behind `channel` goes; one watcher per connection.
    func watch(_ channel: any Channel, onDeparture: @escaping @Sendable () -> Void) {
        watchers.withLock { $0[ObjectIdentifier(channel)] = onDeparture }
        if !channel.isActive { departed(ObjectIdentifier(channel)) }
    }

    /// Stops watching.
    func unwatch(_ channel: any Channel) {
        _ = watchers.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    /// Whether somebody watched.
    @discardableResult
    fileprivate func departed(_ channel: ObjectIdentifier) -> Bool {
        let watcher = watchers.withLock { $0.removeValue(forKey: channel) }
        watcher?()
        return watcher != nil
    }
}

/// Closes a connection when the client has closed its side, and reports the departure.
final class DepartureHandler: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = Never

    private let presence: ClientPresence
    private let closesAlways: Bool

    /// - Parameter closesAlways: whether a connection ends when its client closed its side though
    ///   nothing was streamed to it.
    init(_ presence: ClientPresence, closesAlways: Bool = true) {
        self.presence = presence
        self.closesAlways = closesAlways
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            let wasWatched = presence.departed(ObjectIdentifier(context.channel))
            if closesAlways || wasWatched { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        presence.departed(ObjectIdentifier(context.channel))
        context.fireChannelInactive()
    }
}
