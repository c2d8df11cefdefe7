import NIOCore
import Synchronization

/// What the feed tells a socket's handler, on the connection's own event loop.
enum SocketSignal: Sendable {
    case items([FeedItem])
    /// A part of what was missed, and where to go on; nil if that is all.
    case missed([FeedItem], next: FeedCursor?)
    case beat
    /// There are receipts that may not have been heard of.
    case receiptsWait
    /// A part of the receipts; nil if they may be heard no more.
    case receipts(ReceiptPage?, question: UInt64)
    /// No receipt can be read now.
    case receiptsFailed(question: UInt64)
    case end
    /// Close if nothing could be written since then.
    case check(ContinuousClock.Instant)
}

/// A WebSocket as the feed sees it: what it wants to hear, and the way to its handler.
final class SocketListener: FeedListener {
    /// The most topics of one connection.
    static let topicsMax = 16

    private let channel: any Channel
    private let topics = Mutex<Set<FeedTopic>>([])

    init(channel: any Channel) {
        self.channel = channel
    }

    /// What it wants to hear now.
    var wanted: Set<FeedTopic> { topics.withLock { $0 } }

    /// Adds topics; false if they would be too many.
    func add(_ more: Set<FeedTopic>) -> Bool {
        topics.withLock { topics in
            let all = topics.union(more)
            guard all.count <= Self.topicsMax else { return false }
            topics = all
            return true
        }
    }

    /// Takes topics away.
    func remove(_ gone: Set<FeedTopic>) { topics.withLock { $0.subtract(gone) } }

    /// Tells the handler.
    func signal(_ signal: SocketSignal) {
        channel.pipeline.fireUserInboundEventTriggered(signal)
    }

    func push(_ items: [FeedItem]) {
        let wanted = wanted
        let found = items.filter { $0.isAbout(wanted) }
        if !found.isEmpty { signal(.items(found)) }
    }

    func beat() { signal(.beat) }

    func end() { signal(.end) }

    func receiptsWait() { signal(.receiptsWait) }

    func cutIfStalled(since instant: ContinuousClock.Instant) { signal(.check(instant)) }
}
