/// Why a message about proposals, votes and the treasury was refused, or why a proposal that passed
/// could not be executed.
public enum GovernanceRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// The proposal has no title, changes nothing, or its numbers are not in ascending order.
    case invalidProposal = 1
    /// There is no such number, or no vote can change it.
    case unknownNumber = 2
    /// Nothing was to be moved, or a number is outside the bounds that no vote can leave.
    case invalidNumber = 3
    /// The treasury cannot hold such a unit, because nobody issued it.
    case unknownDenomination = 4
    /// One's own stake always votes for oneself.
    case selfDelegation = 5
    /// The account has locked less than that.
    case insufficientStake = 6
    /// So many parts of the account's stake are on their way back that one more does not fit.
    case tooManyUnlockings = 7
    /// Nothing has served its delay.
    case nothingToWithdraw = 8
    /// The deposit is below the least one.
    case depositTooSmall = 9
    /// The account has as many open proposals as one account may have.
    case tooManyOfAccount = 10
    /// There are as many open proposals as there may be.
    case tooManyProposals = 11
    /// There is no such proposal.
    case unknownProposal = 12
    /// The voting has not begun.
    case tooEarly = 13
    /// The voting is over.
    case tooLate = 14
    /// The account had nothing to vote with when the voting began, or others took it back.
    case noVotes = 15
    /// At its execution: the treasury has less than the proposal would pay.
    case treasuryTooSmall = 16
    /// At its execution: the new numbers contradict each other or those that stay.
    case inconsistentNumbers = 17
}
