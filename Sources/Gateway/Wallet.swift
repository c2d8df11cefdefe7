import MarketTypes
import NIOCore
import SettlementCore
import Synchronization

/// The wallet that all calls share: one lock around ``WalletState``, and a line in front of it.
///
/// Nothing is awaited while the lock is held.
final class Wallet: Sendable {
    /// How waiting for a lane ended.
    enum Outcome: Sendable {
        case reserved(Voucher)
        case fund(Funding)
        case refused(Shortage)
        /// Something changed: ask again.
        case again
    }

    private struct Waiter {
        let ticket: UInt64
        let shortage: Shortage
        let continuation: CheckedContinuation<Outcome, Never>
    }

    private struct State {
        var wallet: WalletState
        var waiters: [AccountID: [Waiter]] = [:]
        var waiting = 0
        var nextTicket: UInt64 = 0
    }

    private let state: Mutex<State>
    private let waitersMax: Int

    init(_ wallet: WalletState, waitersMax: Int) {
        state = Mutex(State(wallet: wallet))
        self.waitersMax = waitersMax
    }

    /// Reads or changes the wallet; `body` must be quick.
    func withLock<Result, Failure: Error>(
        _ body: (inout WalletState) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try state.withLock { state throws(Failure) in try body(&state.wallet) }
    }

    /// Takes a lane, waiting for one until `deadline` if a call or funding under way may give it.
    func reserve(
        _ ask: LaneAsk,
        until deadline: NIODeadline,
        on eventLoop: any EventLoop
    ) async -> Outcome {
        while true {
            let outcome = await step(ask, until: deadline, on: eventLoop)
            if case .again = outcome { continue }
            return outcome
        }
    }

    private func step(
        _ ask: LaneAsk,
        until deadline: NIODeadline,
        on eventLoop: any EventLoop
    ) async -> Outcome {
        let seller = ask.offer.seller
        let decision = state.withLock { $0.wallet.decide(ask) }
        switch decision {
        case .reserved(let voucher): return .reserved(voucher)
        case .fund(let funding): return .fund(funding)
        case .refused(let shortage): return .refused(shortage)
        case .wait(let shortage) where NIODeadline.now() >= deadline: return .refused(shortage)
        case .wait: break
        }
        return await withCheckedContinuation { continuation in
            // Decided once more under the lock that parks the waiter, so that no wake is missed.
            let (outcome, ticket) = state.withLock { state -> (Outcome?, UInt64) in
                switch state.wallet.decide(ask) {
                case .reserved(let voucher): return (.reserved(voucher), 0)
                case .fund(let funding): return (.fund(funding), 0)
                case .refused(let shortage): return (.refused(shortage), 0)
                case .wait(let shortage):
                    guard state.waiting < waitersMax else { return (.refused(.overloaded), 0) }
                    state.nextTicket += 1
                    state.waiting += 1
                    state.waiters[seller, default: []].append(
                        Waiter(
                            ticket: state.nextTicket,
                            shortage: shortage,
                            continuation: continuation
                        )
                    )
                    return (nil, state.nextTicket)
                }
            }
            if let outcome { return continuation.resume(returning: outcome) }
            eventLoop.scheduleTask(deadline: deadline) { self.expire(ticket, seller) }
        }
    }

    private func expire(_ ticket: UInt64, _ seller: AccountID) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiters[seller]?.firstIndex(where: { $0.ticket == ticket })
            else { return nil }
            state.waiting -= 1
            return state.waiters[seller]?.remove(at: index)
        }
        guard let waiter else { return }
        waiter.continuation.resume(returning: .refused(waiter.shortage))
    }

    /// Lets everybody who waits for a lane of `seller` ask again, or fail for one reason.
    func wake(_ seller: AccountID, failing shortage: Shortage? = nil) {
        let woken = state.withLock { state -> [Waiter] in
            let woken = state.waiters.removeValue(forKey: seller) ?? []
            state.waiting -= woken.count
            return woken
        }
        for waiter in woken {
            waiter.continuation.resume(returning: shortage.map { .refused($0) } ?? .again)
        }
    }
}
