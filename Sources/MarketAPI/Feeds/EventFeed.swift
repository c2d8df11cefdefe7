public import HTTPServing
public import LedgerIndex
public import Logging
import MarketTypes
public import ServiceLifecycle
import Synchronization

/// Somebody who hears of what happens, and never makes the feed wait.
protocol FeedListener: AnyObject, Sendable {
    /// Tells what of this it wants.
    func push(_ items: [FeedItem])
    /// Lets it say that it is alive.
    func beat()
    /// Ends it.
    func end()
    /// Cuts it off if it has not come forward since then.
    func cutIfStalled(since instant: ContinuousClock.Instant)
    /// Tells that there are receipts that it may not have heard of.
    func receiptsWait()
}

/// Tells everybody who listens what happens: one follower of the index for all readers.
///
/// What is told has been committed by the index, so whoever hears of something finds it there.
public final class EventFeed: Service {
    /// What a feed may cost.
    public struct Limits: Hashable, Sendable {
        /// The most readers at once.
        public var readersMax = 10_000
        /// How often a reader hears that nothing happened.
        public var beatSeconds: Int64 = 15
        /// How long a reader may be busy with one delivery.
        public var stallSecondsMax: Int64 = 30

        /// Creates the standard limits.
        public init() {}
    }

    private struct State {
        var readers: [UInt64: any FeedListener] = [:]
        var nextReader: UInt64 = 0
        /// The last block that was told; nil before the feed began.
        var height: UInt64?
        var isEnded = false
    }

    /// A part of what a listener missed, asked for by one that must not wait for it.
    struct Replay: Sendable {
        /// Behind which place.
        let cursor: FeedCursor
        /// The last block of it.
        let height: UInt64
        /// What the listener wants.
        let topics: Set<FeedTopic>
        /// Whether somebody still waits for it.
        var isWanted: @Sendable () -> Bool = { true }
        /// Takes what there was, and where to go on; nil if that is all.
        let deliver: @Sendable ([FeedItem], FeedCursor?) -> Void
    }

    /// The most parts that wait.
    private static let replaysMax = 16_384
    /// After how many blocks a part ends.
    private static let replayBlocksMax: UInt64 = 64

    let index: IndexReader
    /// Tells people of their own receipts; nil if nobody keeps them.
    let receipts: ReceiptFeed?
    /// Tells when a reader left; the connections' ``ClientPresenceHandler`` has the same.
    public let presence = ClientPresence()
    private let limits: Limits
    private let logger: Logger
    private let state = Mutex(State())
    private let replays: AsyncStream<Replay>
    private let asked: AsyncStream<Replay>.Continuation

    /// Creates a feed of what an index commits.
    ///
    /// - Parameter receipts: the receipts of calls, which only those who paid hear of.
    public init(
        index: IndexReader,
        receipts: ReceiptDoor? = nil,
        limits: Limits = Limits(),
        logger: Logger
    ) {
        self.index = index
        self.receipts = receipts.map { ReceiptFeed($0) }
        self.limits = limits
        self.logger = logger
        (replays, asked) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(Self.replaysMax)
        )
    }

    /// Follows until the service is told to stop.
    public func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.index.follow { try await self.tell(upTo: $0) } }
                group.addTask { await self.beat() }
                group.addTask { try await self.answerReplays() }
                if let receipts = self.receipts { group.addTask { await receipts.answer() } }
                defer { self.endAll() }
                do {
                    try await group.next()
                } catch is CancellationError {}
                group.cancelAll()
            }
        }
    }

    private func beat() async {
        let stall = Duration.seconds(limits.stallSecondsMax)
        while (try? await Task.sleep(for: .seconds(limits.beatSeconds))) != nil {
            let readers = state.withLock { Array($0.readers.values) }
            for reader in readers {
                reader.cutIfStalled(since: .now - stall)
                reader.beat()
            }
        }
    }

    /// Asks for a part of what was missed; false if too much waits.
    func replay(_ replay: Replay) -> Bool {
        if case .enqueued = asked.yield(replay) { return true }
        return false
    }

    /// A part of what a reader missed, when its turn has come: each part is many reads, and a
    /// reader costs nothing to come back as.
    ///
    /// - Returns: nil if the reader is over, or if too much waits.
    func missed(
        behind cursor: FeedCursor,
        upTo height: UInt64,
        by reader: FeedReader
    ) async -> FeedReader.Missed? {
        let isTaken = replay(
            Replay(
                cursor: cursor,
                height: height,
                topics: reader.topics,
                isWanted: { !reader.isOver },
                deliver: { items, next in reader.take((items, next)) }
            )
        )
        return isTaken ? await reader.nextMissed() : nil
    }

    private func answerReplays() async throws {
        for await asked in replays where asked.isWanted() {
            let part = try await part(
                behind: asked.cursor,
                upTo: asked.height,
                about: asked.topics
            )
            asked.deliver(part.items, part.next)
        }
    }

    private func endAll() {
        let readers = state.withLock { state in
            state.isEnded = true
            return Array(state.readers.values)
        }
        for reader in readers { reader.end() }
    }

    private func tell(upTo place: IndexPlace) async throws {
        let last = place.height.rawValue
        while let next = next(upTo: last) {
            guard let block = try await index.block(at: BlockHeight(next)) else { return }
            let items = FeedItem.items(of: block)
            state.withLock { state in
                state.height = next
                for reader in state.readers.values { reader.push(items) }
            }
        }
    }

    /// The next block to tell; where nobody listens, all are told at once.
    private func next(upTo last: UInt64) -> UInt64? {
        state.withLock { state in
            guard let height = state.height, !state.readers.isEmpty else {
                state.height = last
                return nil
            }
            return height < last ? height + 1 : nil
        }
    }

    /// Lets somebody listen from the next block on.
    ///
    /// - Returns: the reader's number, to ``leave(_:)`` by, and the last block that was told
    ///   before; nil if too many listen, or the feed has not begun or has ended.
    func join(_ reader: any FeedListener) -> (number: UInt64, height: UInt64)? {
        state.withLock { state in
            guard let height = state.height, !state.isEnded,
                state.readers.count < limits.readersMax
            else { return nil }
            state.nextReader += 1
            state.readers[state.nextReader] = reader
            return (state.nextReader, height)
        }
    }

    /// Forgets a reader.
    func leave(_ number: UInt64) {
        let reader = state.withLock { $0.readers.removeValue(forKey: number) }
        reader?.end()
    }

    /// How many listen.
    public var readerCount: Int { state.withLock { $0.readers.count } }

    /// A part of what happened behind a place, up to a block, for a reader that was away.
    ///
    /// - Returns: what there was, and behind which place the next part is; nil if that is all.
    func part(
        behind cursor: FeedCursor,
        upTo height: UInt64,
        about topics: Set<FeedTopic>
    ) async throws -> (items: [FeedItem], next: FeedCursor?) {
        var next = cursor.index == FeedCursor.blockEnd ? cursor.height + 1 : cursor.height
        let end = min(height, cursor.height + Self.replayBlocksMax)
        var items: [FeedItem] = []
        while next <= end, items.count < FeedReader.itemsMax {
            if let block = try await index.block(at: BlockHeight(next)) {
                items += FeedItem.items(of: block).filter {
                    $0.cursor > cursor && $0.isAbout(topics)
                }
            }
            next += 1
        }
        guard next <= height else { return (items, nil) }
        return (items, FeedCursor(height: next - 1, index: FeedCursor.blockEnd))
    }
}
