public import NIOCore
import Synchronization

/// Tells whoever answers a request when the client behind its connection is gone.
///
/// A client that closes its side of the connection has lost interest; waiting for a write to fail
/// would mean working, and paying, for nobody.
public final class ClientPresence: Sendable {
    /// Why an answer should stop.
    public enum Reason: Hashable, Sendable {
        /// The client is gone: nobody reads the answer.
        case clientLeft
        /// The server shuts down and has waited long enough.
        case shutdown
    }

    private struct State {
        var watchers: [ObjectIdentifier: @Sendable (Reason) -> Void] = [:]
        /// Connections whose client closed its side while nobody watched.
        var left: Set<ObjectIdentifier> = []
        var isStopped = false
    }

    private let state = Mutex(State())

    /// Watches nobody yet.
    public init() {}

    /// Calls `onDeparture` once when the client behind `channel` goes; one watcher per connection.
    ///
    /// A client that left before is told of at once. The connection must have a
    /// ``ClientPresenceHandler`` of this object.
    public func watch(
        _ channel: any Channel,
        onDeparture: @escaping @Sendable (Reason) -> Void
    ) {
        let (hasLeft, isStopped) = state.withLock { state in
            if !state.isStopped { state.watchers[ObjectIdentifier(channel)] = onDeparture }
            return (state.left.contains(ObjectIdentifier(channel)), state.isStopped)
        }
        if isStopped { return onDeparture(.shutdown) }
        if hasLeft { channel.close(promise: nil) }
        if hasLeft || !channel.isActive { depart(ObjectIdentifier(channel)) }
    }

    /// Stops watching.
    public func unwatch(_ channel: any Channel) {
        _ = state.withLock { $0.watchers.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    /// Stops every answer that is being watched, or will be: the last resort of a shutdown.
    public func stopAll() {
        let all = state.withLock { state in
            defer { state.watchers = [:] }
            state.isStopped = true
            return Array(state.watchers.values)
        }
        for watcher in all { watcher(.shutdown) }
    }

    /// Whether somebody watched.
    @discardableResult
    private func depart(_ channel: ObjectIdentifier) -> Bool {
        let watcher = state.withLock { $0.watchers.removeValue(forKey: channel) }
        watcher?(.clientLeft)
        return watcher != nil
    }

    /// Whether somebody watched; otherwise whoever watches next is told.
    fileprivate func leave(_ channel: ObjectIdentifier) -> Bool {
        let watcher = state.withLock { state in
            let watcher = state.watchers.removeValue(forKey: channel)
            if watcher == nil { state.left.insert(channel) }
            return watcher
        }
        watcher?(.clientLeft)
        return watcher != nil
    }

    /// The connection is no more.
    fileprivate func forget(_ channel: ObjectIdentifier) {
        _ = state.withLock { $0.left.remove(channel) }
        depart(channel)
    }
}

/// Closes a connection when its client has closed its side, and reports that it left.
public final class ClientPresenceHandler: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    public typealias InboundIn = Never

    private let presence: ClientPresence
    private let closesAlways: Bool

    /// - Parameter closesAlways: whether a connection ends when its client closed its side though
    ///   nobody watched it; otherwise the answer is sent yet.
    public init(_ presence: ClientPresence, closesAlways: Bool = true) {
        self.presence = presence
        self.closesAlways = closesAlways
    }

    /// Hears that the client closed its side.
    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            let wasWatched = presence.leave(ObjectIdentifier(context.channel))
            if closesAlways || wasWatched { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Hears that the connection is closed.
    public func channelInactive(context: ChannelHandlerContext) {
        presence.forget(ObjectIdentifier(context.channel))
        context.fireChannelInactive()
    }
}
