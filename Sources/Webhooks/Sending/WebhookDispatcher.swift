public import Logging
public import MarketTypes
import NIOCore
public import ServiceLifecycle
import Synchronization
public import Telemetry

/// Queues what happens for whoever wants to be told, and sends it: one loop, some messages at once.
///
/// Events are read from the index behind each webhook's own place, so that a receiver that is slow,
/// away or new costs nobody else anything, and nothing is lost that waits too long: it waits in the
/// ledger.
public struct WebhookDispatcher: Service {
    /// How often it looks for what is due.
    static let tick = Duration.milliseconds(250)
    /// The most webhooks that are filled in one turn, and the most blocks for each.
    private static let filledMax = 64
    private static let blocksMax: UInt64 = 64

    private let store: WebhookStore
    private let source: any WebhookSource
    private let receipts: (any WebhookReceipts)?
    private let sender: WebhookSender
    private let telemetry: ServiceTelemetry
    private let logger: Logger
    private let now: @Sendable () -> Timestamp
    private let busy = BusyWebhooks()
    private let receiptTurns = ReceiptTurns()
    private let turn = FillingTurn()

    /// Creates a dispatcher.
    public init(
        store: WebhookStore,
        source: any WebhookSource,
        receipts: (any WebhookReceipts)? = nil,
        sender: WebhookSender,
        telemetry: ServiceTelemetry,
        logger: Logger,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.source = source
        self.receipts = receipts
        self.sender = sender
        self.telemetry = telemetry
        self.logger = logger
        self.now = now
    }

    /// Works until the service is told to stop; messages under way are broken off, and sent again
    /// by the next run.
    public func run() async throws {
        telemetry.metrics.addProbe { metrics in
            guard let standing = try? await store.standing() else { return }
            metrics.set("stoa_webhook_messages_waiting", to: Double(standing.pending))
            metrics.set("stoa_webhooks_disabled", to: Double(standing.disabled))
        }
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                while !Task.isCancelled {
                    do {
                        try await fill()
                        try await fillReceipts()
                        for message in try await dueNow() {
                            group.addTask { await deliver(message) }
                        }
                    } catch is CancellationError {
                        break
                    } catch {
                        logger.warning("webhooks wait", metadata: ["error": "\(type(of: error))"])
                    }
                    do { try await Task.sleep(for: Self.tick) } catch { break }
                }
                group.cancelAll()
            }
        }
    }

    /// Queues what webhooks have not heard of yet, a part at a time.
    func fill() async throws {
        let last = try await source.lastHeight()
        let (webhooks, next) = try await store.behind(
            last,
            limit: Self.filledMax,
            after: turn.last
        )
        turn.last = next
        var known: [UInt64: [WebhookEvent]] = [:]
        for webhook in webhooks {
            var room = store.limits.pendingMax - webhook.pendingCount
            var wanted: [WebhookEvent] = []
            var place = webhook.place
            var height =
                place.index == WebhookPlace.blockEnd ? place.height + 1 : max(1, place.height)
            let end = min(last, height + Self.blocksMax - 1)
            while height <= end, room > 0 {
                if known[height] == nil {
                    // Webhooks come in the order of their places: early blocks are done with.
                    if known.count >= Int(2 * Self.blocksMax) { known.removeAll() }
                    known[height] = try await source.events(of: height)
                }
                place = .end(of: height)
                for event in known[height] ?? [] where event.place > webhook.place {
                    guard room > 0 else { break }
                    guard isWanted(event, by: webhook) else { continue }
                    wanted.append(event)
                    room -= 1
                    if room == 0 { place = event.place }
                }
                height += 1
            }
            try await store.queue(wanted, for: webhook, upTo: place, at: now())
        }
    }

    /// Queues the receipts that webhooks have not heard of yet: when there are new ones, and now
    /// and then, for those that had no room or were sent back.
    func fillReceipts() async throws {
        guard let receipts, receiptTurns.isDue(receipts.changeCount) else { return }
        for webhook in try await store.wantingReceipts() {
            guard let (account, last) = try await receipts.standing(of: webhook.organisation),
                let own = webhook.receiptsPlace
            else { continue }
            // Another account's numbers are others: what it has by now is not news.
            guard webhook.receiptsAccount == account, own <= last else {
                try await store.queue([], for: webhook, of: account, upTo: last, at: now())
                continue
            }
            guard own < last else { continue }
            let found = try await receipts.receipts(
                of: account,
                for: webhook.organisation,
                behind: own,
                limit: store.limits.pendingMax - webhook.pendingCount
            )
            let end = found.last?.number ?? last
            try await store.queue(found, for: webhook, of: account, upTo: end, at: now())
            if end < last { receiptTurns.repeatSoon() }
        }
    }

    private func isWanted(_ event: WebhookEvent, by webhook: Webhook) -> Bool {
        webhook.topics.contains { event.topics.contains($0) }
            && event.payload.utf8.count <= store.limits.messageBytesMax
    }

    private func dueNow() async throws -> [DueMessage] {
        // Read before the table is: one that ends meanwhile must not look due from its old row.
        let underWay = busy.messages
        let room = store.limits.concurrencyMax - underWay.count
        guard room > 0 else { return [] }
        let due = try await store.due(at: now(), limit: store.limits.concurrencyMax * 4)
        var taken: [DueMessage] = []
        for message in due where taken.count < room && !underWay.contains(message.number) {
            if busy.take(message, perWebhookMax: store.limits.concurrencyPerWebhookMax) {
                taken.append(message)
            }
        }
        return taken
    }

    /// Sends one message and writes down what came of it.
    func deliver(_ message: DueMessage) async {
        defer { busy.end(message) }
        let start = ContinuousClock.now
        let seconds = now().milliseconds / 1000
        let body = Array(message.payload.utf8)
        let signatures = message.secrets.map {
            $0.signature(id: message.message, seconds: seconds, body: body)
        }
        let outcome = await sender.send(
            body,
            to: message.url,
            headers: [
                ("content-type", "application/json"), ("user-agent", "stoa-webhooks/1"),
                ("webhook-id", message.message), ("webhook-timestamp", "\(seconds)"),
                ("webhook-signature", signatures.joined(separator: " ")),
            ]
        )
        // Broken off by a shutdown: it was no attempt.
        if Task.isCancelled, !outcome.isDelivered { return }
        let took = ContinuousClock.now - start
        telemetry.metrics.count(
            "stoa_webhook_deliveries",
            ["outcome": outcome.isDelivered ? "delivered" : "failed"]
        )
        telemetry.metrics.observe("stoa_webhook_delivery", [:], took)
        do {
            let isDisabled = try await store.settle(
                message,
                outcome,
                milliseconds: Int(clamping: took.nanoseconds / 1_000_000),
                spread: Double.random(in: 0...1),
                at: now()
            )
            guard isDisabled else { return }
            logger.notice("a webhook is disabled", metadata: ["webhook": "\(message.webhook)"])
        } catch {
            logger.error(
                "what came of a webhook's message cannot be written; it is sent again",
                metadata: ["webhook": "\(message.webhook)", "error": "\(type(of: error))"]
            )
        }
    }
}

/// Whose turn it was to be filled.
private final class FillingTurn: Sendable {
    private let name = Mutex("")

    /// The name of the webhook that was looked at last.
    var last: String {
        get { name.withLock { $0 } }
        set { name.withLock { $0 = newValue } }
    }
}

/// When it is time to look for receipts.
private final class ReceiptTurns: Sendable {
    /// How long it takes until a look without news.
    private static let pause = Duration.seconds(5)

    private struct State {
        var changes: UInt64?
        var last = ContinuousClock.now
    }

    private let state = Mutex(State())

    func isDue(_ changes: UInt64) -> Bool {
        state.withLock { state in
            let now = ContinuousClock.now
            guard state.changes != changes || state.last + Self.pause <= now else { return false }
            state = State(changes: changes, last: now)
            return true
        }
    }

    func repeatSoon() { state.withLock { $0.changes = nil } }
}

/// What is under way, by webhook.
private final class BusyWebhooks: Sendable {
    private struct State {
        var messages: Set<Int64> = []
        var counts: [WebhookID: Int] = [:]
    }

    private let state = Mutex(State())

    var messages: Set<Int64> { state.withLock { $0.messages } }

    func take(_ message: DueMessage, perWebhookMax: Int) -> Bool {
        state.withLock { state in
            let count = state.counts[message.webhook] ?? 0
            guard count < perWebhookMax, state.messages.insert(message.number).inserted else {
                return false
            }
            state.counts[message.webhook] = count + 1
            return true
        }
    }

    func end(_ message: DueMessage) {
        state.withLock { state in
            state.messages.remove(message.number)
            let count = (state.counts[message.webhook] ?? 1) - 1
            state.counts[message.webhook] = count > 0 ? count : nil
        }
    }
}
