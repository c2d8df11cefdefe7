/// Why a message about juries and their verdicts was refused.
public enum DisputeRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// The stake would be less than a juror needs.
    case stakeTooSmall = 1
    /// There are as many jurors as there can be.
    case tooManyJurors = 2
    /// The sender's earlier stake is still on its way back.
    case exitPending = 3
    /// The sender is no juror.
    case notJuror = 4
    /// Nothing can be withdrawn yet.
    case nothingToWithdraw = 5
    /// The sender is no party of it.
    case notParty = 6
    /// The job does not stand where it could be disputed.
    case wrongStatus = 7
    /// There is no such dispute.
    case unknownDispute = 8
    /// The dispute does not stand where this could be done.
    case wrongPhase = 9
    /// It is too late for that.
    case tooLate = 10
    /// The number is not the one that was bound.
    case wrongNumber = 11
    /// The sender does not sit in the jury.
    case notSeated = 12
    /// The sender has done so already.
    case alreadyDone = 13
    /// Vote and salt are not what was sealed.
    case wrongVote = 14
    /// There is no appeal any more, or the verdict is the sender's.
    case nothingToAppeal = 15
    /// The claim is less than a claim to a bond must be.
    case claimTooSmall = 16
    /// The sender has a claim to this bond that is not settled.
    case alreadyClaimed = 17
    /// The bond has as many claims as it can have.
    case tooManyClaims = 18
    /// The bond has less at risk than that.
    case claimTooLarge = 19
}
