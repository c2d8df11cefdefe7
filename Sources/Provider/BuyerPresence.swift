import NIOCore
import Synchronization

/// Tells a call when the buyer behind its connection is gone.
///
/// A buyer that closes its side of the connection has lost interest; waiting for a write to fail
/// would mean working for nobody.
final class BuyerPresence: Sendable {
    /// Why a call should stop.
    enum Departure: Hashable, Sendable {
        /// The buyer is gone: nobody reads an answer.
        case buyerLeft
        /// The provider shuts down and has waited long enough.
        case shutdown
    }

    private let watchers = Mutex<[ObjectIdentifier: @Sendable (Departure) -> Void]>([:])

    /// Calls `onDeparture` once when the buyer behind `channel` goes; one watcher per connection.
    func watch(_ channel: any Channel, onDeparture: @escaping @Sendable (Departure) -> Void) {
        watchers.withLock { $0[ObjectIdentifier(channel)] = onDeparture }
        if !channel.isActive { depart(ObjectIdentifier(channel)) }
    }

    /// Stops watching.
    func unwatch(_ channel: any Channel) {
        _ = watchers.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    /// Stops every call that is being watched: the last resort of a shutdown.
    func stopAll() {
        let all = watchers.withLock { watchers in
            defer { watchers = [:] }
            return Array(watchers.values)
        }
        for watcher in all { watcher(.shutdown) }
    }

    fileprivate func depart(_ channel: ObjectIdentifier) {
        let watcher = watchers.withLock { $0.removeValue(forKey: channel) }
        watcher?(.buyerLeft)
    }
}

/// Closes a connection when the buyer has closed its side, and reports the departure.
final class DepartureHandler: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = Never

    private let presence: BuyerPresence

    init(_ presence: BuyerPresence) {
        self.presence = presence
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            presence.depart(ObjectIdentifier(context.channel))
            context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        presence.depart(ObjectIdentifier(context.channel))
        context.fireChannelInactive()
    }
}
