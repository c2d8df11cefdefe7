import CanonicalCoding
public import MarketTypes

/// The messages about pools, sales and orders; their tags are those of ``Message``, from 68 to 79,
/// and append-only.
public enum ExchangeMessage: Hashable, Sendable {
    /// Makes a pool, with a first deposit.
    case createPool(PoolOpening)
    /// Gives a pool of both denominations, for shares of it.
    case addLiquidity(LiquidityChange)
    /// Gives shares of a pool back, for what they are worth.
    case removeLiquidity(LiquidityChange)
    /// Exchanges one denomination for the other with a pool.
    case swap(PoolSwap)
    /// Offers something at a fixed rate.
    case openSale(SaleOpening)
    /// Buys so much of what a sale offers, for no more than `payMax`.
    case buyFromSale(SaleID, amount: Amount, payMax: Amount)
    /// Ends a sale of the sender's.
    case closeSale(SaleID)
    /// Offers to buy or sell up to a limit price.
    case placeOrder(OrderPlacement)
    /// Takes back an order of the sender's.
    case cancelOrder(OrderID)

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 68...79
}

extension ExchangeMessage {
    var tag: UInt8 {
        switch self {
        case .createPool: 68
        case .addLiquidity: 69
        case .removeLiquidity: 70
        case .swap: 71
        case .openSale: 72
        case .buyFromSale: 73
        case .closeSale: 74
        case .placeOrder: 75
        case .cancelOrder: 76
        }
    }

    /// Appends what follows the tag.
    func encodeFields(into encoder: inout CanonicalEncoder) {
        switch self {
        case .createPool(let opening): encoder.encode(opening)
        case .addLiquidity(let change), .removeLiquidity(let change): encoder.encode(change)
        case .swap(let swap): encoder.encode(swap)
        case .openSale(let opening): encoder.encode(opening)
        case .buyFromSale(let sale, let amount, let payMax):
            encoder.encode(sale.digest)
            encoder.encode(amount)
            encoder.encode(payMax)
        case .closeSale(let sale): encoder.encode(sale.digest)
        case .placeOrder(let placement): encoder.encode(placement)
        case .cancelOrder(let order): encoder.encode(order.digest)
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch tag {
        case 68: self = .createPool(try PoolOpening(from: &decoder))
        case 69: self = .addLiquidity(try LiquidityChange(from: &decoder))
        case 70: self = .removeLiquidity(try LiquidityChange(from: &decoder))
        case 71: self = .swap(try PoolSwap(from: &decoder))
        case 72: self = .openSale(try SaleOpening(from: &decoder))
        case 73:
            self = .buyFromSale(
                SaleID(try decoder.decodeDigest()),
                amount: try decoder.decodeAmount(),
                payMax: try decoder.decodeAmount()
            )
        case 74: self = .closeSale(SaleID(try decoder.decodeDigest()))
        case 75: self = .placeOrder(try OrderPlacement(from: &decoder))
        case 76: self = .cancelOrder(OrderID(try decoder.decodeDigest()))
        default: throw .unknownTag
        }
    }
}
