import LedgerCore
import MarketTypes

/// Decides from which channels to claim: a pure value that is told the time.
struct ClaimPlanner: Sendable {
    /// How one channel stands.
    struct Standing: Hashable, Sendable {
        let channel: ChannelID
        /// What the amounts count.
        var denomination = Denomination.native
        /// What is owed beyond what was paid.
        let unclaimed: Amount
        /// Everything that was ever earned.
        let earned: Amount
        /// Whether a call is in progress.
        let isServing: Bool
        let status: Channel.Status
    }

    /// What to do about one channel.
    struct Step: Hashable, Sendable {
        let channel: ChannelID
        /// Whether to give the rest back to the payer, which closes the channel at once.
        let release: Bool
    }

    /// When the loop looks.
    struct Moment: Hashable, Sendable {
        let milliseconds: UInt64
        let height: BlockHeight
        let isShuttingDown: Bool
    }

    /// The longest pause after refusals, in milliseconds.
    static let pauseMillisecondsMax: UInt64 = 3_600_000
    /// The pause after claims that did not reach a block, which cost nothing; and between those of
    /// a closing channel whose calls end one by one.
    static let shortPauseMilliseconds: UInt64 = 5_000
    /// The longest pause after refusals while a channel closes: what is not claimed by then is
    /// lost.
    static let closingPauseMilliseconds: UInt64 = 60_000
    /// With fewer blocks left to a closing channel, nothing waits for the end of a pause.
    static let closingMarginBlocks: UInt64 = 60

    private struct Memory {
        /// Since when something is owed.
        var owedSinceMilliseconds: UInt64?
        /// Refusals in a row, and until when they are respected: each costs a fee.
        var refusals: UInt64 = 0
        var pausedUntilMilliseconds: UInt64 = 0
        var failedAtMilliseconds: UInt64?
    }

    private let policy: ClaimPolicy
    private var memories: [ChannelID: Memory] = [:]

    init(_ policy: ClaimPolicy) {
        self.policy = policy
    }

    /// The channels to claim from now, in the order of `standings`.
    mutating func plan(_ standings: [Standing], at moment: Moment) -> [Step] {
        let known = Set(standings.map(\.channel))
        memories = memories.filter { known.contains($0.key) }
        return standings.compactMap { standing in
            var memory = memories[standing.channel] ?? Memory()
            if standing.unclaimed.isZero {
                memory.owedSinceMilliseconds = nil
            } else if memory.owedSinceMilliseconds == nil {
                memory.owedSinceMilliseconds = moment.milliseconds
            }
            memories[standing.channel] = memory
            guard !isPaused(standing, memory, moment) else { return nil }
            return step(standing, memory, moment)
        }
    }

    private func isPaused(_ standing: Standing, _ memory: Memory, _ moment: Moment) -> Bool {
        guard case .closing = standing.status, let failed = memory.failedAtMilliseconds else {
            return memory.pausedUntilMilliseconds > moment.milliseconds
        }
        return min(memory.pausedUntilMilliseconds, failed + Self.closingPauseMilliseconds)
            > moment.milliseconds
    }

    private func step(_ standing: Standing, _ memory: Memory, _ moment: Moment) -> Step? {
        let owes = !standing.unclaimed.isZero
        let claim = Step(channel: standing.channel, release: false)
        let waited = memory.owedSinceMilliseconds.map {
            moment.milliseconds - min($0, moment.milliseconds)
        }
        switch standing.status {
        case .closed: return nil
        case .closing(let end):
            // The block after this one is the first that a claim could be in, and is too late.
            guard moment.height.rawValue + 1 < end.rawValue else { return nil }
            if !standing.isServing {
                // A channel that never earned anything is not worth a fee; its payer waits.
                return standing.earned.isZero
                    ? nil : Step(channel: standing.channel, release: true)
            }
            // Though calls are in progress: how long the blocks until then take is in the hands of
            // whoever sends transactions.
            let isLate = end.rawValue - moment.height.rawValue <= Self.closingMarginBlocks
            let isDue = (waited ?? 0) >= Self.shortPauseMilliseconds
            return owes && (isLate || isDue || moment.isShuttingDown) ? claim : nil
        case .open: break
        }
        let isDue =
            policy.amount(of: standing.denomination).map { standing.unclaimed >= $0 } ?? false
            || (waited ?? 0) >= UInt64(policy.intervalSeconds) * 1000
        return owes && (isDue || moment.isShuttingDown) ? claim : nil
    }

    /// The ledger paid: waiting begins anew.
    mutating func paid(_ channel: ChannelID) {
        memories[channel] = nil
    }

    /// The claim was not paid: the next attempt waits, longer each time if it cost a fee.
    mutating func failed(_ channel: ChannelID, wasCharged: Bool, atMilliseconds now: UInt64) {
        var memory = memories[channel] ?? Memory()
        defer { memories[channel] = memory }
        memory.failedAtMilliseconds = now
        guard wasCharged else {
            memory.pausedUntilMilliseconds = now + Self.shortPauseMilliseconds
            return
        }
        memory.refusals += 1
        let pause = min(10_000 << min(memory.refusals - 1, 12), Self.pauseMillisecondsMax)
        memory.pausedUntilMilliseconds = now + pause
    }
}
