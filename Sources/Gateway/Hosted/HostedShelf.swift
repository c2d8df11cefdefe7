import MarketTypes
import NIOCore
import OpenAIWire
import Synchronization

/// Which wallets are open, who uses them, and who waits for one.
final class HostedShelf: Sendable {
    typealias Answer = Result<HostedLease, APIFailure>

    private struct Waiter {
        let ticket: UInt64
        let continuation: CheckedContinuation<Answer, Never>

        func resume(returning answer: Answer) { continuation.resume(returning: answer) }
    }

    private enum Place {
        case opening([Waiter])
        case open(HostedWallet, leases: Int, usedAt: NIODeadline)
        /// Its last calls end; `drained` hears when there is none.
        case closing(leases: Int, [Waiter], drained: CheckedContinuation<Void, Never>?)
    }

    private struct State {
        var places: [AccountID: Place] = [:]
        var isShutDown = false
        var isLeaving = false
        var nextTicket: UInt64 = 0
    }

    /// The most calls that wait for one wallet.
    private static let waitersMax = 512

    /// The accounts whose wallets shall be opened; each at most once at a time.
    let wanted: AsyncStream<AccountID>
    private let want: AsyncStream<AccountID>.Continuation
    /// Tells once that this process leaves.
    let leaving: AsyncStream<Void>
    private let left: AsyncStream<Void>.Continuation
    private let state = Mutex(State())
    private let walletsMax: Int

    init(walletsMax: Int) {
        self.walletsMax = walletsMax
        (wanted, want) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(walletsMax))
        (leaving, left) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
    }

    var isShutDown: Bool { state.withLock { $0.isShutDown } }
    var isLeaving: Bool { state.withLock { $0.isLeaving } }

    /// A lease of an account's wallet, once it is open.
    ///
    /// A wallet that closes does so when its last call has ended, which may take minutes: nobody
    /// waits for that longer than `timeout`.
    func lease(
        _ account: AccountID,
        waitingAtMost timeout: TimeAmount,
        on eventLoop: any EventLoop
    ) async -> Answer {
        await withCheckedContinuation { continuation in
            let (waiter, answer, isWanted) = state.withLock { state in
                state.nextTicket += 1
                let waiter = Waiter(ticket: state.nextTicket, continuation: continuation)
                let (answer, isWanted) = decide(account, waiter, &state)
                return (waiter, answer, isWanted)
            }
            if isWanted { want.yield(account) }
            if let answer { return waiter.resume(returning: answer) }
            eventLoop.scheduleTask(in: timeout) { self.expire(waiter.ticket, account) }
        }
    }

    /// A wallet if it is open, to look at it alone.
    func opened(_ account: AccountID) -> HostedWallet? {
        state.withLock { state in
            guard case .open(let wallet, _, _) = state.places[account] else { return nil }
            return wallet
        }
    }

    private func expire(_ ticket: UInt64, _ account: AccountID) {
        let late = state.withLock { state -> Waiter? in
            switch state.places[account] {
            case .opening(var waiters):
                let late = Self.take(ticket, from: &waiters)
                state.places[account] = .opening(waiters)
                return late
            case .closing(let leases, var waiters, let drained):
                let late = Self.take(ticket, from: &waiters)
                state.places[account] = .closing(leases: leases, waiters, drained: drained)
                return late
            case .open, nil: return nil
            }
        }
        late?.resume(returning: .failure(Self.full))
    }

    private static func take(_ ticket: UInt64, from waiters: inout [Waiter]) -> Waiter? {
        waiters.firstIndex { $0.ticket == ticket }.map { waiters.remove(at: $0) }
    }

    /// The answer if there is one at once, and whether the wallet must be opened.
    private func decide(
        _ account: AccountID,
        _ waiter: Waiter,
        _ state: inout State
    ) -> (Answer?, isWanted: Bool) {
        guard !state.isShutDown else { return (.failure(Self.full), false) }
        switch state.places[account] {
        case nil:
            guard state.places.count < walletsMax else {
                Self.makeRoom(&state)
                return (.failure(Self.full), false)
            }
            state.places[account] = .opening([waiter])
            return (nil, true)
        case .opening(let waiters):
            guard waiters.count < Self.waitersMax else { return (.failure(Self.full), false) }
            state.places[account] = .opening(waiters + [waiter])
            return (nil, false)
        case .open(let wallet, let leases, _):
            state.places[account] = .open(wallet, leases: leases + 1, usedAt: .now())
            return (.success(lease(account, wallet)), false)
        case .closing(let leases, let waiters, let drained):
            guard waiters.count < Self.waitersMax else { return (.failure(Self.full), false) }
            state.places[account] = .closing(leases: leases, waiters + [waiter], drained: drained)
            return (nil, false)
        }
    }

    private func lease(_ account: AccountID, _ wallet: HostedWallet) -> HostedLease {
        HostedLease(account, wallet) { [weak self] in self?.release($0) }
    }

    private func release(_ account: AccountID) {
        let drained = state.withLock { state -> CheckedContinuation<Void, Never>? in
            switch state.places[account] {
            case .open(let wallet, let leases, _):
                state.places[account] = .open(wallet, leases: leases - 1, usedAt: .now())
                return nil
            case .closing(1, let waiters, let drained):
                state.places[account] = .closing(leases: 0, waiters, drained: nil)
                return drained
            case .closing(let leases, let waiters, let drained):
                state.places[account] = .closing(leases: leases - 1, waiters, drained: drained)
                return nil
            case .opening, nil: return nil
            }
        }
        drained?.resume()
    }

    /// The wallet is open: everybody who waits gets it.
    func opened(_ account: AccountID, _ wallet: HostedWallet) {
        let (waiters, isShutDown) = state.withLock { state -> ([Waiter], Bool) in
            guard case .opening(let waiters) = state.places[account] else { return ([], false) }
            state.places[account] = .open(wallet, leases: waiters.count, usedAt: .now())
            return (waiters, state.isShutDown)
        }
        for waiter in waiters { waiter.resume(returning: .success(lease(account, wallet))) }
        if isShutDown { close(account) }
    }

    /// The wallet could not be opened.
    func failed(_ account: AccountID, _ failure: APIFailure) {
        let waiters = state.withLock { state -> [Waiter] in
            guard case .opening(let waiters) = state.places.removeValue(forKey: account) else {
                return []
            }
            return waiters
        }
        for waiter in waiters { waiter.resume(returning: .failure(failure)) }
    }

    /// Asks a wallet to end; whoever asks for it next gets a fresh one.
    func close(_ account: AccountID) {
        let wallet = state.withLock { Self.markClosing(account, &$0) }
        wallet?.stop()
    }

    /// Closes those that nobody used for so long.
    func closeIdle(milliseconds: Int64) {
        let last = NIODeadline.now() - .milliseconds(milliseconds)
        let idle = state.withLock { state in
            let accounts = state.places.compactMap { account, place -> AccountID? in
                guard case .open(_, leases: 0, let usedAt) = place, usedAt < last else {
                    return nil
                }
                return account
            }
            return accounts.compactMap { Self.markClosing($0, &state) }
        }
        for wallet in idle { wallet.stop() }
    }

    /// Waits until the calls of a wallet that ended are over; then it may be opened again.
    func closed(_ account: AccountID) async {
        await withCheckedContinuation { (drained: CheckedContinuation<Void, Never>) in
            let isDrained = state.withLock { state -> Bool in
                // It may have ended by itself, as when its journal fails.
                _ = Self.markClosing(account, &state)
                guard case .closing(let leases, let waiters, _) = state.places[account],
                    leases > 0
                else { return true }
                state.places[account] = .closing(leases: leases, waiters, drained: drained)
                return false
            }
            if isDrained { drained.resume() }
        }
        let (waiters, isShutDown) = state.withLock { state -> ([Waiter], Bool) in
            guard case .closing(_, let waiters, _) = state.places.removeValue(forKey: account)
            else { return ([], state.isShutDown) }
            if !waiters.isEmpty, !state.isShutDown { state.places[account] = .opening(waiters) }
            return (waiters, state.isShutDown)
        }
        guard !waiters.isEmpty else { return }
        guard isShutDown else {
            want.yield(account)
            return
        }
        for waiter in waiters { waiter.resume(returning: .failure(Self.full)) }
    }

    /// Has idle wallets closed at once from now on.
    func leave() {
        state.withLock { $0.isLeaving = true }
        left.yield()
    }

    /// Opens nothing more, and ends what is open.
    func shutDown() {
        let (accounts, isFirst) = state.withLock { state -> ([AccountID], Bool) in
            let isFirst = !state.isShutDown
            state.isShutDown = true
            return (Array(state.places.keys), isFirst)
        }
        guard isFirst else { return }
        for account in accounts { close(account) }
        want.finish()
        left.finish()
    }

    private static func markClosing(_ account: AccountID, _ state: inout State) -> HostedWallet? {
        guard case .open(let wallet, let leases, _) = state.places[account] else { return nil }
        state.places[account] = .closing(leases: leases, [], drained: nil)
        return wallet
    }

    /// Has the wallet closed that was not used for longest, so that there is room soon.
    private static func makeRoom(_ state: inout State) {
        var oldest: (account: AccountID, usedAt: NIODeadline)?
        for (account, place) in state.places {
            guard case .open(_, leases: 0, let usedAt) = place else { continue }
            if usedAt < oldest?.usedAt ?? .distantFuture { oldest = (account, usedAt) }
        }
        guard let oldest else { return }
        markClosing(oldest.account, &state)?.stop()
    }

    private static var full: APIFailure {
        APIFailure(
            .overloaded,
            message: "No further wallet can be opened now; nothing was charged.",
            hint: "Try again in a second.",
            retryAfterSeconds: 1
        )
    }
}
