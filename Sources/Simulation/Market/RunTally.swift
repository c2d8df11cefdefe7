/// What happened in a run, in numbers, so that a reader sees what was tested.
public struct RunTally: Hashable, Sendable {
    /// Blocks that were decided.
    public internal(set) var blocks = 0
    /// Transactions in them.
    public internal(set) var transactions = 0
    /// Calls that honest buyers made.
    public internal(set) var calls = 0
    /// Receipts that they accepted.
    public internal(set) var receipts = 0
    /// Frauds that they could prove.
    public internal(set) var frauds = 0
    /// Processes that stopped and started again.
    public internal(set) var crashes = 0
    /// Commits that a full disk prevented.
    public internal(set) var fullDisks = 0
    /// Lost writes of lying disks that a restart noticed.
    public internal(set) var lossesDetected = 0
    /// Spoiled disks that a node replaced, taking all blocks over again.
    public internal(set) var disksReplaced = 0
    /// Blocks that an engine had to execute again after a crash before Commit.
    public internal(set) var blocksRepeated = 0
    /// Answers that an engine had saved and used, because Commit was done before the crash.
    public internal(set) var answersReused = 0
    /// Proposals that honest nodes refused.
    public internal(set) var proposalsRefused = 0
    /// Answers that honest sellers got to their transactions.
    public internal(set) var answers = 0
    /// Claims of honest sellers that came after the channel's time.
    public internal(set) var lateClaims = 0
    /// Transactions of dealers that took effect.
    public internal(set) var deals = 0
    /// Their messages that took effect, by component.
    public internal(set) var dealsByComponent: [String: Int] = [:]

    init() {}

    /// Adds another run's numbers.
    public static func + (lhs: RunTally, rhs: RunTally) -> RunTally {
        var sum = lhs
        sum.blocks += rhs.blocks
        sum.transactions += rhs.transactions
        sum.calls += rhs.calls
        sum.receipts += rhs.receipts
        sum.frauds += rhs.frauds
        sum.crashes += rhs.crashes
        sum.fullDisks += rhs.fullDisks
        sum.lossesDetected += rhs.lossesDetected
        sum.disksReplaced += rhs.disksReplaced
        sum.blocksRepeated += rhs.blocksRepeated
        sum.answersReused += rhs.answersReused
        sum.proposalsRefused += rhs.proposalsRefused
        sum.answers += rhs.answers
        sum.lateClaims += rhs.lateClaims
        sum.deals += rhs.deals
        sum.dealsByComponent.merge(rhs.dealsByComponent) { $0 + $1 }
        return sum
    }

    /// No run at all.
    public static let zero = RunTally()
}
