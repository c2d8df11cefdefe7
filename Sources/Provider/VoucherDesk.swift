import CanonicalCoding
import Identity
import Journal
import MarketTypes
import ServiceLifecycle
import SettlementCore
import Synchronization

/// Why a voucher could not be taken in, or a change not be written.
enum DeskRefusal: Error, Hashable, Sendable {
    /// The book says no; nothing was written.
    case book(BookRefusal)
    /// The journal failed; the provider stops.
    case journal
}

/// The book and the journal under it, so that nothing is acted on before it is durable.
///
/// Vouchers are admitted first and written then, each by its own task. All other changes go
/// through one queue and are made once they are durable, so that they happen in the journal's
/// order: a claim covers exactly the receipts that stand before it, after a replay too.
final class VoucherDesk: Service {
    private struct Entry {
        let change: BookChange
        let continuation: CheckedContinuation<DeskRefusal?, Never>?
        /// Held until the change is made, so that the queue is as bounded as the calls are.
        let pass: CallPass?
    }

    private struct Queue {
        var entries: [Entry] = []
        var reader: CheckedContinuation<Bool, Never>?
        var isClosed = false
        var failure: JournalError?
    }

    /// The most changes that are written at once.
    private static let batchMax = 256

    private let journal: Journal
    private let metrics: ProviderMetrics
    private let book: Mutex<ChannelBook>
    private let anchors: Mutex<ReceiptAnchors>
    private let queue = Mutex(Queue())

    init(_ replayed: ReplayedBook, metrics: ProviderMetrics) {
        self.metrics = metrics
        book = Mutex(replayed.book)
        anchors = Mutex(replayed.anchors)
        journal = replayed.journal
    }

    /// Whether the journal can still be written.
    var isWorking: Bool { queue.withLock { $0.failure == nil } }

    /// Reads or changes what is not written down.
    func withBook<Result: Sendable, Failure: Error>(
        _ body: (inout ChannelBook) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try book.withLock { book throws(Failure) in try body(&book) }
    }

    /// Makes room for one more channel if there is none, by forgetting one that was never used;
    /// false if each was.
    ///
    /// It is gone from the book before that is written down, so that no voucher of its own can come
    /// between; and written in its turn, so before it comes back.
    func makeRoom() -> Bool {
        withBook { book in
            guard book.isFull else { return true }
            guard let id = book.removeUnused() else { return false }
            post(.forgotten(id), pass: nil)
            return true
        }
    }

    /// Where a receipt of a paid claim stands, if that is known.
    func place(of receipt: Digest) -> ReceiptAnchors.Place? {
        anchors.withLock { $0.place(of: receipt) }
    }

    /// Reads what is durable in the journal, from a record on, until `body` returns false.
    func scan(
        from position: RecordPosition,
        _ body: (RecordPosition, [UInt8]) throws -> Bool
    ) throws {
        try journal.scan(from: position, body)
    }

    /// Admits a voucher and returns once that is durable (CALL-2), or returns why it is not.
    func admit(_ offering: VoucherOffering) async -> DeskRefusal? {
        guard isWorking else { return .journal }
        do throws(BookRefusal) {
            try withBook { book throws(BookRefusal) in
                try book.admit(offering)
            }
        } catch {
            return .book(error)
        }
        let start = ContinuousClock.now
        do throws(JournalError) {
            _ = try await journal.append(offering.change.canonicalBytes)
            metrics.journaled(since: start)
            return nil
        } catch {
            // Its lane stays taken: only a restart can tell whether the voucher was written.
            fail(error)
            return .journal
        }
    }

    /// Writes a change and makes it, in its turn.
    func write(_ change: BookChange, pass: CallPass? = nil) async throws(DeskRefusal) {
        let refusal = await withCheckedContinuation { continuation in
            add(Entry(change: change, continuation: continuation, pass: pass))
        }
        if let refusal { throw refusal }
    }

    /// Writes a change and makes it in its turn, without telling anybody.
    func post(_ change: BookChange, pass: CallPass?) {
        add(Entry(change: change, continuation: nil, pass: pass))
    }

    /// Writes changes and makes them at once; only while nothing else uses the desk.
    func writeAtStart(_ changes: [BookChange]) async throws(DeskRefusal) {
        let entries = changes.map { Entry(change: $0, continuation: nil, pass: nil) }
        try await commit(entries)
    }

    private func add(_ entry: Entry) {
        let (reader, isOver) = queue.withLock { queue in
            if queue.isClosed || queue.failure != nil {
                return (CheckedContinuation<Bool, Never>?.none, true)
            }
            queue.entries.append(entry)
            defer { queue.reader = nil }
            return (queue.reader, false)
        }
        if isOver { entry.continuation?.resume(returning: .journal) }
        reader?.resume(returning: true)
    }
}

extension VoucherDesk {
    /// Writes what is queued until shutdown, and then the rest.
    ///
    /// - Throws: ``ProviderError/journal(_:)`` if the journal fails.
    func run() async throws {
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                while await self.waitForEntries() {
                    // Who waits was told why; a failed journal ends the waiting here.
                    try? await self.commit(self.takeBatch())
                }
            } onGracefulShutdown: {
                self.close()
            }
        } onCancel: {
            self.close()
        }
        if let failure = queue.withLock({ $0.failure }) { throw ProviderError.journal(failure) }
    }

    /// Waits until there is something to write; false once there never will be.
    private func waitForEntries() async -> Bool {
        await withCheckedContinuation { continuation in
            let answer = queue.withLock { queue -> Bool? in
                if queue.failure != nil { return false }
                if !queue.entries.isEmpty { return true }
                if queue.isClosed { return false }
                queue.reader = continuation
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    private func takeBatch() -> [Entry] {
        queue.withLock { queue in
            let batch = Array(queue.entries.prefix(Self.batchMax))
            queue.entries.removeFirst(batch.count)
            return batch
        }
    }

    private func commit(_ batch: [Entry]) async throws(DeskRefusal) {
        let positions: [RecordPosition]
        let start = ContinuousClock.now
        do throws(JournalError) {
            positions = try await journal.appendAll(batch.map { $0.change.canonicalBytes })
        } catch {
            fail(error)
            for entry in batch { entry.continuation?.resume(returning: .journal) }
            throw .journal
        }
        metrics.journaled(since: start)
        let refusals = withBook { book in
            zip(batch, positions).map { entry, position -> DeskRefusal? in
                do throws(BookRefusal) {
                    anchors.withLock { $0.take(entry.change, at: position, before: book) }
                    try book.apply(entry.change)
                    return nil
                } catch {
                    return .book(error)
                }
            }
        }
        for (entry, refusal) in zip(batch, refusals) {
            entry.continuation?.resume(returning: refusal)
        }
    }

    /// Nothing more is taken; what is queued is still written.
    private func close() {
        let reader = queue.withLock { queue in
            queue.isClosed = true
            defer { queue.reader = nil }
            return queue.reader
        }
        reader?.resume(returning: true)
    }

    private func fail(_ error: JournalError) {
        let (reader, entries) = queue.withLock { queue in
            if queue.failure == nil { queue.failure = error }
            defer {
                queue.reader = nil
                queue.entries = []
            }
            return (queue.reader, queue.entries)
        }
        for entry in entries { entry.continuation?.resume(returning: .journal) }
        reader?.resume(returning: false)
    }
}
