import MarketTypes
import NIOCore
import Synchronization

/// The health of every seller that was called.
final class SellerHealthTable: Sendable {
    private let limits: SellerHealthLimits
    private let sellersMax: Int
    private let table = Mutex<[AccountID: SellerHealth]>([:])

    init(limits: SellerHealthLimits, sellersMax: Int) {
        self.limits = limits
        self.sellersMax = sellersMax
    }

    /// What is known of `seller`; an unknown one counts as healthy.
    func health(of seller: AccountID) -> SellerHealth {
        table.withLock { $0[seller] } ?? SellerHealth(limits: limits)
    }

    func began(_ seller: AccountID) {
        update(seller) { $0.began(at: $1) }
    }

    func succeeded(_ seller: AccountID, since start: NIODeadline) {
        let latency = max(0, (NIODeadline.now() - start).nanoseconds / 1000)
        update(seller) { health, _ in health.succeeded(afterMicroseconds: UInt64(latency)) }
    }

    func answered(_ seller: AccountID) {
        update(seller) { health, _ in health.answered() }
    }

    func failed(_ seller: AccountID) {
        update(seller) { $0.failed(at: $1) }
    }

    func abandoned(_ seller: AccountID) {
        update(seller) { $0.abandoned(at: $1) }
    }

    func refusedAlone(_ seller: AccountID) {
        update(seller) { $0.refusedAlone(at: $1) }
    }

    /// Milliseconds of the monotonic clock.
    static var nowMilliseconds: UInt64 { NIODeadline.now().uptimeNanoseconds / 1_000_000 }

    private func update(_ seller: AccountID, _ change: (inout SellerHealth, UInt64) -> Void) {
        let now = Self.nowMilliseconds
        table.withLock { table in
            if table[seller] == nil {
                // Sellers come from the board, which is bounded; names left over from offers that
                // are gone make room by starting afresh.
                if table.count >= sellersMax { table.removeAll(keepingCapacity: true) }
                table[seller] = SellerHealth(limits: limits)
            }
            if var health = table[seller] {
                change(&health, now)
                table[seller] = health
            }
        }
    }
}
