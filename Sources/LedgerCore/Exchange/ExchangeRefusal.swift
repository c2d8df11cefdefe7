/// Why a message about pools, sales and orders was refused.
public enum ExchangeRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// Something is 0 that must not be, or beyond ``PoolReserves/reserveMax`` or all counting.
    case invalidNumber = 1
    /// A sale is of a denomination for itself.
    case sameDenomination = 2
    /// A denomination does not exist.
    case unknownDenomination = 3
    /// The fee is none of ``Pool/feeTiers``.
    case invalidFee = 4
    /// The market has a pool with this fee.
    case poolExists = 5
    /// There is no such pool.
    case unknownPool = 6
    /// The pool does not exchange this denomination.
    case wrongDenomination = 7
    /// The height until which it was meant has passed.
    case expired = 8
    /// It would be open for longer than the rules allow.
    case tooLong = 9
    /// The pool would hold more than ``PoolReserves/reserveMax`` of a denomination.
    case tooMuch = 10
    /// What would come of it rounds to nothing, or is less than what the pool locks for ever.
    case tooLittle = 11
    /// The account has fewer shares of the pool.
    case notEnoughShares = 12
    /// The sender would get less or pay more than it said.
    case slippage = 13
    /// There is no such sale, or it has ended.
    case unknownSale = 14
    /// The sale is another account's.
    case notSeller = 15
    /// The sale has less left.
    case notEnoughLeft = 16
    /// The order is worth less than the rules allow.
    case orderTooSmall = 17
    /// Orders have come in too many markets in this block.
    case tooManyMarkets = 18
    /// The book is full of orders that are as good or better, or the worst has more locked.
    case bookFull = 19
    /// There is no such order, or it has been filled or returned.
    case unknownOrder = 20
    /// The order is another account's.
    case notOwner = 21
    /// The order came in this very block, and has not stood in its batch yet.
    case tooEarly = 22
}
