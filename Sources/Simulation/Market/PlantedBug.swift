/// A known mistake that a run can be told to make, to see that the checkers find it.
///
/// Only the simulation's own parts look at it: no rule of the market has such a switch.
public enum PlantedBug: String, CaseIterable, Sendable {
    /// A node says that a block is committed before it is durable.
    case commitBeforeDurable
    /// A node writes a block as two records, so that a crash leaves half of it.
    case blockInTwoRecords
    /// A restarting node forgets the entries of the last record but keeps its height.
    case recoveryForgetsEntries
    /// A restarting node takes a spoiled disk for an empty one.
    case damageUnnoticed
    /// A node answers without the proof that it was asked for.
    case proofForgotten
    /// A restarting node replays the engine's blocks from one height too late.
    case replayFromWrongHeight
    /// One node executes the transactions of a block in an order of its own.
    case orderOfItsOwn
    /// All nodes pay a claim twice.
    case claimPaidTwice
    /// All nodes forget that a fraud was punished.
    case punishmentForgotten
    /// A node does not check waiting transactions again after a block.
    case recheckForgotten
    /// A node takes any proposal without looking at what the proposer says of the state.
    case proposalUnchecked
    /// A seller sends a receipt before it is in its journal.
    case receiptBeforeLog
    /// A seller serves a repeated voucher a second time.
    case voucherServedTwice
    /// A buyer sends a voucher before it is in its journal.
    case voucherBeforeLog
    /// An account that gets no answer asks again in a new transaction instead of the same bytes.
    case retryWithNewBytes
}
