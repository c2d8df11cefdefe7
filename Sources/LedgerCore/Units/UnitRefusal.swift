/// Why a message about units that an account issues was refused.
public enum UnitRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// The ticker breaks the rules for tickers, or is a name of the native unit.
    case invalidTicker = 1
    /// The name is empty, or name or link have characters they may not have.
    case invalidText = 2
    /// More digits behind the point than the rules allow.
    case invalidDecimals = 3
    /// There could be none of it, or more than can be of any unit.
    case invalidSupply = 4
    /// The issuer has a unit of that ticker.
    case alreadyIssued = 5
    /// Nothing was to be minted, burned or redeemed.
    case zeroAmount = 6
    /// Nobody issued such a unit.
    case unknownUnit = 7
    /// The sender did not issue the unit.
    case notIssuer = 8
    /// There would be more than the terms allow, or more than can be counted was minted.
    case supplyExceeded = 9
    /// There is no such redemption.
    case unknownRedemption = 10
    /// The sender did not ask for the redemption, and did not issue the unit.
    case notParty = 11
    /// The holder must leave the issuer more time.
    case tooEarly = 12
    /// The issuer has nothing to redeem from itself: it can burn what it has.
    case ownUnit = 13
}
