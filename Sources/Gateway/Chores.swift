import MarketTypes
import NIOCore
import Synchronization

/// Work that no client waits for.
struct Chore: Sendable {
    /// What the work is about; each subject is in the list once.
    enum Subject: Hashable, Sendable {
        /// A call whose end is not known.
        case lookUp(VoucherName)
        /// A channel on the ledger that the journal does not know.
        case adopt(ChannelID)
        /// A channel that runs low.
        case topUp(ChannelID)
    }

    let subject: Subject
    /// The call to look up.
    var engagement: Engagement?
    /// How often this was tried already.
    var attempts = 0
    /// How often in a row the seller said it never had the voucher.
    var denials = 0
    /// How often it must say so to be believed: twice if it answered the request; where the
    /// connection broke, for some three seconds, as what was sent may arrive yet.
    var denialsNeeded = 6
    /// How often in a row its answer contradicted the journal.
    var contests = 0

    /// How long to wait before the next attempt: 50 ms, doubling up to 25.6 s.
    var delay: TimeAmount { .milliseconds(50 << Int64(min(attempts, 9))) }
}

/// The list of chores, each with the moment from which it may be done.
///
/// Bounded by nature: there are no more subjects than lanes and channels.
final class ChoreList: Sendable {
    fileprivate struct State {
        var waiting: [Chore.Subject: (chore: Chore, due: NIODeadline)] = [:]
        var sleepers: [CheckedContinuation<Void, Never>] = []
        var isFinished = false
    }

    private let state = Mutex(State())
    private let eventLoopGroup: any EventLoopGroup

    init(on eventLoopGroup: any EventLoopGroup) {
        self.eventLoopGroup = eventLoopGroup
    }

    /// How many chores wait.
    var count: Int { state.withLock { $0.waiting.count } }

    /// Puts a chore in the list, unless one about the same subject is there.
    func add(_ chore: Chore, after delay: TimeAmount = .zero) {
        let sleepers = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard !state.isFinished, state.waiting[chore.subject] == nil else { return [] }
            state.waiting[chore.subject] = (chore, .now() + delay)
            return state.takeSleepers()
        }
        for sleeper in sleepers { sleeper.resume() }
    }

    /// The next chore once it is due; nil once the list is finished.
    func next() async -> Chore? {
        while true {
            enum Step {
                case chore(Chore)
                case finished
                case sleep
            }
            let step = state.withLock { state -> Step in
                guard !state.isFinished else { return .finished }
                guard let first = state.waiting.values.min(by: { $0.due < $1.due }),
                    first.due <= .now()
                else { return .sleep }
                state.waiting[first.chore.subject] = nil
                return .chore(first.chore)
            }
            switch step {
            case .chore(let chore): return chore
            case .finished: return nil
            case .sleep: await sleep()
            }
        }
    }

    /// Ends the list: what is still in it is found again after a restart.
    func finish() {
        let sleepers = state.withLock { state in
            state.isFinished = true
            state.waiting = [:]
            return state.takeSleepers()
        }
        for sleeper in sleepers { sleeper.resume() }
    }

    private func sleep() async {
        await withCheckedContinuation { continuation in
            let (staysAwake, due) = state.withLock { state -> (Bool, NIODeadline?) in
                let due = state.waiting.values.map(\.due).min()
                if state.isFinished || due.map({ $0 <= .now() }) == true { return (true, nil) }
                state.sleepers.append(continuation)
                return (false, due)
            }
            if staysAwake { return continuation.resume() }
            guard let due else { return }
            eventLoopGroup.next().scheduleTask(deadline: due) { self.wakeAll() }
        }
    }

    private func wakeAll() {
        let sleepers = state.withLock { $0.takeSleepers() }
        for sleeper in sleepers { sleeper.resume() }
    }
}

extension ChoreList.State {
    fileprivate mutating func takeSleepers() -> [CheckedContinuation<Void, Never>] {
        defer { sleepers = [] }
        return sleepers
    }
}
