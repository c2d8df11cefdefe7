import Synchronization

/// What lies between the one follower and one reader: a bounded queue that never makes the
/// follower wait.
final class FeedReader: FeedListener {
    /// What a reader gets next.
    enum Delivery: Sendable {
        case items([FeedItem])
        /// There may be receipts that it has not heard of.
        case receipts
        /// Nothing happened for a while.
        case beat
        /// It fell behind: what was kept for it is gone, and it is cut off.
        case overrun
        /// Nobody delivers any more.
        case ended
    }

    private struct State {
        var queue: [FeedItem] = []
        var hasBeat = false
        var hasReceipts = false
        var isOverrun = false
        var isEnded = false
        /// A part of what it missed, and where to go on.
        var missed: Missed?
        var waiting: CheckedContinuation<Void, Never>?
        /// Since when the reader has not come back for more.
        var busySince: ContinuousClock.Instant?
    }

    /// A part of what a reader missed, and behind which place the next is; nil if that is all.
    typealias Missed = (items: [FeedItem], next: FeedCursor?)

    /// The most items that wait for one reader.
    static let itemsMax = 1024

    let topics: Set<FeedTopic>
    private let state = Mutex(State())
    private let cut: @Sendable () -> Void

    /// Creates a reader.
    ///
    /// - Parameter cut: closes its connection, whatever it is doing.
    init(topics: Set<FeedTopic>, cut: @escaping @Sendable () -> Void) {
        self.topics = topics
        self.cut = cut
    }

    /// Adds what of `items` the reader wants; too many make it overrun.
    func push(_ items: [FeedItem]) {
        let wanted = items.filter { $0.isAbout(topics) }
        guard !wanted.isEmpty else { return }
        wake { state in
            guard !state.isOverrun else { return }
            state.queue += wanted
            if state.queue.count > Self.itemsMax {
                state.queue = []
                state.isOverrun = true
            }
        }
    }

    /// Lets the reader say that it is alive.
    func beat() { wake { $0.hasBeat = true } }

    /// Tells that there are receipts.
    func receiptsWait() { wake { $0.hasReceipts = true } }

    /// Ends it: what waits is still delivered.
    func end() { wake { $0.isEnded = true } }

    /// Whether nobody reads or delivers any more.
    var isOver: Bool { state.withLock { $0.isEnded } }

    /// Hands over the part of what was missed that was asked for.
    func take(_ missed: Missed) { wake { $0.missed = missed } }

    /// Cuts the reader off if it has been busy with one delivery since before `instant`.
    func cutIfStalled(since instant: ContinuousClock.Instant) {
        let isStalled = state.withLock { $0.busySince.map { $0 < instant } ?? false }
        if isStalled {
            end()
            cut()
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiting = state.withLock { state in
            change(&state)
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    /// Waits for a change, unless it `isReady`; one task may wait.
    private func wait(unless isReady: (State) -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    state.busySince = nil
                    guard !isReady(state) else { return false }
                    state.waiting = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            end()
        }
    }

    /// The part of what was missed that was asked for, once it is there; nil if the reader is over.
    func nextMissed() async -> Missed? {
        while true {
            await wait { $0.missed != nil || $0.isEnded }
            let (missed, isEnded) = state.withLock { state in
                state.busySince = .now
                defer { state.missed = nil }
                return (state.missed, state.isEnded)
            }
            guard !isEnded else { return nil }
            if let missed { return missed }
        }
    }

    /// The next delivery, once there is one; one task may ask.
    func next() async -> Delivery {
        await wait {
            !$0.queue.isEmpty || $0.hasBeat || $0.hasReceipts || $0.isOverrun || $0.isEnded
        }
        return state.withLock { state in
            state.busySince = .now
            if state.isOverrun { return .overrun }
            if !state.queue.isEmpty {
                defer { state.queue = [] }
                return .items(state.queue)
            }
            if state.hasReceipts {
                state.hasReceipts = false
                return .receipts
            }
            if state.isEnded { return .ended }
            state.hasBeat = false
            return .beat
        }
    }
}
