public import AccessStore
public import Gateway
public import Logging
public import MarketTypes
public import ServiceLifecycle

/// Tells the budgets how vouchers ended.
public struct BudgetEndings: CallEndings {
    private let budgets: any BudgetStore
    private let logger: Logger

    /// Creates the listener.
    public init(_ budgets: any BudgetStore, logger: Logger) {
        self.budgets = budgets
        self.logger = logger
    }

    public func awaited() async throws -> Set<Digest> {
        Set(try await budgets.boundVouchers(limit: LimitBounds.boundVouchersMax))
    }

    public func ended(_ voucher: Digest, charge: Amount) async {
        do {
            try await budgets.settle(voucher: voucher, charge: charge)
        } catch {
            // The reservation stays, and is settled when the wallet opens next.
            logger.error("a budget could not be settled", metadata: ["error": "\(error)"])
        }
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
