import AccessCore
public import AccessStore
public import Gateway
public import Logging
public import MarketTypes
public import Receipts
public import ServiceLifecycle
import Synchronization

/// Tells the budgets how vouchers ended, many at once, and the log of receipts which were made.
///
/// An answer does not wait for it: what was set aside stays aside for that moment longer, and what
/// a process that is killed did not tell, the wallet's journal tells at its next start (HST-6).
public final class BudgetEndings: CallEndings, Service {
    private typealias Ending = (voucher: Digest, charge: Amount)

    /// The most endings that wait; a further one is told at once.
    private static let waitingMax = 65_536
    /// The most that are told in one change.
    private static let batchMax = 512
    /// How long the next ones are collected, in milliseconds: a change costs about as much for one
    /// as for many.
    private static let collectingMilliseconds = 20

    private let budgets: any BudgetStore
    private let receipts: ReceiptWriter?
    private let logger: Logger
    private let waiting = Mutex<[Ending]>([])
    private let turns = Turns()
    private let news: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// Creates the teller; it tells nothing before ``run()``.
    ///
    /// - Parameter receipts: where receipts are written too; nil if nobody follows them.
    public init(
        _ budgets: any BudgetStore,
        receipts: ReceiptLog? = nil,
        logger: Logger,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.budgets = budgets
        self.receipts = receipts.map { ReceiptWriter($0, logger: logger, now: now) }
        self.logger = logger
        (news, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    public func awaited() async throws -> Set<Digest> {
        Set(try await budgets.boundVouchers(limit: LimitBounds.boundVouchersMax))
    }

    public func ended(_ voucher: Digest, charge: Amount) async {
        let waits = waiting.withLock { waiting in
            guard waiting.count < Self.waitingMax else { return false }
            waiting.append((voucher, charge))
            return true
        }
        guard waits else {
            _ = await tell([(voucher, charge)])
            return
        }
        wake.yield()
    }

    public func made(_ receipts: [BoughtCall], of account: AccountID) async {
        await self.receipts?.add(receipts.map { MadeReceipt($0, of: account) })
    }

    /// Tells until shutdown, and then what is left.
    public func run() async {
        await withDiscardingTaskGroup { group in
            if let receipts { group.addTask { await receipts.run() } }
            await tellEndings()
        }
    }

    private func tellEndings() async {
        for await _ in news.cancelOnGracefulShutdown() {
            let isTold = await tellWaiting()
            let pause = isTold ? Duration.milliseconds(Self.collectingMilliseconds) : .seconds(1)
            do { try await Task.sleep(for: pause) } catch { break }
            if !isTold { wake.yield() }
        }
        _ = await tellWaiting()
    }

    /// Returns once what had ended by now is told, or cannot be: for a call that a budget does not
    /// allow only because what ended calls had set aside is not free yet.
    public func tellNow() async {
        if await !tellWaiting() { wake.yield() }
    }

    /// Tells what waits, after whoever tells already.
    ///
    /// - Returns: false if it must be tried again.
    private func tellWaiting() async -> Bool {
        await turns.take()
        defer { turns.pass() }
        // What comes meanwhile waits for the next turn, so that nobody tells for ever.
        var left = waiting.withLock { $0.count }
        while left > 0 {
            let batch = waiting.withLock { waiting in
                let batch = Array(waiting.prefix(min(left, Self.batchMax)))
                waiting.removeFirst(batch.count)
                return batch
            }
            guard !batch.isEmpty else { return true }
            left -= batch.count
            guard await !tell(batch) else { continue }
            let waits = waiting.withLock { waiting in
                guard waiting.count + batch.count <= Self.waitingMax else { return false }
                waiting.insert(contentsOf: batch, at: 0)
                return true
            }
            if !waits {
                // Their reservations stay, and are settled when their wallets open next.
                logger.error("\(batch.count) budgets wait for their wallets to open again")
            }
            return false
        }
        return true
    }

    /// - Returns: false if the budgets cannot be reached now, and it is worth telling again.
    private func tell(_ batch: [Ending]) async -> Bool {
        do {
            for voucher in try await budgets.settle(vouchers: batch) {
                logger.error(
                    "a voucher was charged more than was set aside for it, or its row is damaged",
                    metadata: ["voucher": "\(voucher)"]
                )
            }
            return true
        } catch {
            logger.error("budgets could not be settled", metadata: ["error": "\(error)"])
            switch error {
            // The reservations stay, and are settled when their wallets open next.
            case AccessStoreError.damaged, is BudgetRefusal: return true
            default: return false
            }
        }
    }
}

/// Lets one task do something at a time, in the order in which they come.
private final class Turns: Sendable {
    private struct State {
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Waits for one's turn; ``pass()`` must follow. As many wait as calls run at once.
    func take() async {
        await withCheckedContinuation { continuation in
            let isMine = state.withLock { state in
                guard state.isTaken else {
                    state.isTaken = true
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isMine { continuation.resume() }
        }
    }

    func pass() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.isTaken = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}

/// Gives back what attempts set aside that never came to a voucher, because their process ended.
public struct BudgetSweep: Service {
    /// Longer than any attempt waits before it binds or releases, in milliseconds.
    static let unboundMilliseconds: UInt64 = 15 * 60_000

    private let budgets: any BudgetStore
    private let logger: Logger
    private let now: @Sendable () -> Timestamp

    /// Creates the sweep.
    public init(
        _ budgets: any BudgetStore,
        logger: Logger,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.budgets = budgets
        self.logger = logger
        self.now = now
    }

    /// Looks once a minute, until shutdown.
    public func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await sweep()
                do { try await Task.sleep(for: .seconds(60)) } catch { return }
            }
        }
    }

    private func sweep() async {
        let time = now().milliseconds
        let moment = Timestamp(milliseconds: time - min(time, Self.unboundMilliseconds))
        do {
            let count = try await budgets.releaseUnbound(before: moment)
            if count > 0 {
                logger.notice("released reservations of calls that ended early: \(count)")
            }
        } catch {
            logger.warning("budgets cannot be swept", metadata: ["error": "\(error)"])
        }
    }
}
