/// Why a message about subscriptions, time passes and trials was refused.
public enum PassRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// The plan's name breaks the rules for names.
    case invalidName = 1
    /// A trial has a price, or something else has none.
    case invalidPrice = 2
    /// The period is shorter or longer than the rules allow.
    case invalidPeriod = 3
    /// A subscription or trial includes no units, or none of some unit.
    case invalidUnits = 4
    /// Nothing could be sold, or a trial could be given away.
    case invalidTerms = 5
    /// A trial's bond is outside the rules' bounds, or something else has one.
    case invalidBond = 6
    /// The denomination does not exist.
    case unknownDenomination = 7
    /// An offer that the plan names does not exist.
    case unknownOffer = 8
    /// An offer is not the seller's, not for the asset, not current, or prices no included unit;
    /// or the two offers are one, or answer to different names.
    case wrongOffer = 9
    /// Another plan's included units are served under that offer.
    case offerInUse = 10
    /// There is no such plan.
    case unknownPlan = 11
    /// The sender did not publish the plan.
    case notSeller = 12
    /// The plan is not sold any more.
    case retired = 13
    /// A trial cannot be bought or renewed, and nothing else can be tried.
    case wrongKind = 14
    /// Sellers do not buy from themselves.
    case ownPlan = 15
    /// The seller does not own the asset any more.
    case sellerLeft = 16
    /// As many passes as the plan allows were sold.
    case soldOut = 17
    /// A period costs more than the sender wants to pay.
    case priceAboveMax = 18
    /// The account has a pass of this plan.
    case alreadyHeld = 19
    /// The account has had its trial of this plan.
    case trialUsed = 20
    /// The sender has no pass of this plan.
    case noPass = 21
    /// As many periods are paid for as can be.
    case tooManyPeriods = 22
    /// No renewal is authorized, more than the rules allow, for less than the price, or for a
    /// time that is over.
    case invalidRenewal = 23
    /// Nothing is authorized.
    case notAuthorized = 24
    /// The plan's passes cannot be given away, or not to that account.
    case notTransferable = 25
}
