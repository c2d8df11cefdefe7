import Gateway
import Logging
import MarketTypes
import Receipts
import ServiceLifecycle
import Synchronization

/// Writes receipts into their log, many at once, behind the answers that they belong to.
///
/// They are in the journals by then: what a process that is killed did not write, the wallet tells
/// when it opens next.
final class ReceiptWriter: Sendable {
    /// The most receipts that wait; further ones are written at once.
    private static let waitingMax = 65_536
    /// The most that are written in one change.
    private static let batchMax = 1_024
    /// How long the next ones are collected, in milliseconds.
    private static let collectingMilliseconds = 20

    private let log: ReceiptLog
    private let logger: Logger
    private let now: @Sendable () -> Timestamp
    private let waiting = Mutex<[MadeReceipt]>([])
    private let news: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    init(_ log: ReceiptLog, logger: Logger, now: @escaping @Sendable () -> Timestamp) {
        self.log = log
        self.logger = logger
        self.now = now
        (news, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Has receipts written soon.
    func add(_ receipts: [MadeReceipt]) async {
        let waits = waiting.withLock { waiting in
            guard waiting.count + receipts.count <= Self.waitingMax else { return false }
            waiting += receipts
            return true
        }
        guard waits else {
            _ = await write(receipts)
            return
        }
        wake.yield()
    }

    /// Writes until shutdown, and then what is left.
    func run() async {
        for await _ in news.cancelOnGracefulShutdown() {
            let isWritten = await writeWaiting()
            let pause = isWritten
                ? Duration.milliseconds(Self.collectingMilliseconds) : .seconds(1)
            do { try await Task.sleep(for: pause) } catch { break }
            if !isWritten { wake.yield() }
        }
        _ = await writeWaiting()
    }

    /// - Returns: whether nothing waits any more.
    private func writeWaiting() async -> Bool {
        while true {
            // Taken out only once they are written, so that their order stays.
            let batch = waiting.withLock { Array($0.prefix(Self.batchMax)) }
            guard !batch.isEmpty else { return true }
            guard await write(batch) else { return false }
            waiting.withLock { $0.removeFirst(batch.count) }
        }
    }

    private func write(_ batch: [MadeReceipt]) async -> Bool {
        do {
            try await log.add(batch, at: now())
            return true
        } catch {
            // They are in the journals, and told when the wallets open next.
            logger.error("receipts cannot be written", metadata: ["error": "\(error)"])
            return false
        }
    }
}

extension MadeReceipt {
    init(_ call: BoughtCall, of account: AccountID) {
        self.init(
            digest: call.receipt,
            account: account,
            seller: call.seller,
            model: call.model,
            status: call.status,
            charge: call.charge,
            denomination: call.denomination,
            finished: call.finishedAt,
            buyer: call.buyer
        )
    }
}
