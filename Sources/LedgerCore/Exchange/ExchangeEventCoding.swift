public import CanonicalCoding
import MarketTypes
import SettlementCore

extension ExchangeEvent {
    private var tag: UInt8 {
        switch self {
        case .poolCreated: 68
        case .liquidityAdded: 69
        case .liquidityRemoved: 70
        case .trade: 71
        case .saleOpened: 72
        case .saleClosed: 73
        case .orderPlaced: 74
        case .orderFilled: 75
        case .orderClosed: 76
        case .batchCleared: 77
        }
    }

    /// Appends the tag and the fields.
    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(tag)
        switch self {
        case .poolCreated(let pool, let market, let fee):
            encoder.encode(pool.digest)
            encoder.encode(market)
            encoder.encode(fee)
        case .liquidityAdded(let moved), .liquidityRemoved(let moved): encoder.encode(moved)
        case .trade(let trade): encoder.encode(trade)
        case .saleOpened(let sale, let seller, let opening):
            encoder.encode(sale.digest)
            encoder.encode(seller.digest)
            encoder.encode(opening)
        case .saleClosed(let end), .orderClosed(let end): encoder.encode(end)
        case .orderPlaced(let order, let owner, let placement):
            encoder.encode(order.digest)
            encoder.encode(owner.digest)
            encoder.encode(placement)
        case .orderFilled(let fill): encoder.encode(fill)
        case .batchCleared(let market, let price, let volume):
            encoder.encode(market)
            encoder.encode(price)
            encoder.encode(volume)
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch tag {
        case 68:
            self = .poolCreated(
                PoolID(try decoder.decodeDigest()),
                try Market(from: &decoder),
                feeBasisPoints: try decoder.decodeUInt16()
            )
        case 69: self = .liquidityAdded(try LiquidityMoved(from: &decoder))
        case 70: self = .liquidityRemoved(try LiquidityMoved(from: &decoder))
        case 71: self = .trade(try Trade(from: &decoder))
        case 72:
            self = .saleOpened(
                SaleID(try decoder.decodeDigest()),
                seller: AccountID(try decoder.decodeDigest()),
                try SaleOpening(from: &decoder)
            )
        case 73: self = .saleClosed(try OfferEnd(from: &decoder))
        case 74:
            self = .orderPlaced(
                OrderID(try decoder.decodeDigest()),
                owner: AccountID(try decoder.decodeDigest()),
                try OrderPlacement(from: &decoder)
            )
        case 75: self = .orderFilled(try OrderFill(from: &decoder))
        case 76: self = .orderClosed(try OfferEnd(from: &decoder))
        case 77:
            self = .batchCleared(
                try Market(from: &decoder),
                price: try decoder.decodeAmount().obol,
                volume: try decoder.decodeAmount()
            )
        default: throw .unknownTag
        }
    }
}

extension Trade: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        switch venue {
        case .pool(let pool):
            encoder.encode(UInt8(1))
            encoder.encode(pool.digest)
        case .sale(let sale):
            encoder.encode(UInt8(2))
            encoder.encode(sale.digest)
        case .batch(let order):
            encoder.encode(UInt8(3))
            encoder.encode(order.digest)
        }
        encoder.encode(market)
        encoder.encode(base)
        encoder.encode(quote)
        encoder.encode(taker.digest)
        encoder.encode(side)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let kind = try decoder.decodeUInt8()
        let name = try decoder.decodeDigest()
        switch kind {
        case 1: venue = .pool(PoolID(name))
        case 2: venue = .sale(SaleID(name))
        case 3: venue = .batch(OrderID(name))
        default: throw .unknownTag
        }
        market = try Market(from: &decoder)
        base = try decoder.decodeAmount()
        quote = try decoder.decodeAmount()
        taker = AccountID(try decoder.decodeDigest())
        side = try OrderSide(from: &decoder)
    }
}

extension LiquidityMoved: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(pool.digest)
        encoder.encode(market)
        encoder.encode(account.digest)
        encoder.encode(base)
        encoder.encode(quote)
        encoder.encode(shares)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        pool = PoolID(try decoder.decodeDigest())
        market = try Market(from: &decoder)
        account = AccountID(try decoder.decodeDigest())
        base = try decoder.decodeAmount()
        quote = try decoder.decodeAmount()
        shares = try decoder.decodeAmount().obol
    }
}

extension OrderFill: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(order.digest)
        encoder.encode(market)
        encoder.encode(owner.digest)
        encoder.encode(side)
        encoder.encode(base)
        encoder.encode(quote)
        encoder.encode(open)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        order = OrderID(try decoder.decodeDigest())
        market = try Market(from: &decoder)
        owner = AccountID(try decoder.decodeDigest())
        side = try OrderSide(from: &decoder)
        base = try decoder.decodeAmount()
        quote = try decoder.decodeAmount()
        open = try decoder.decodeAmount()
    }
}

extension OfferEnd: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(name)
        encoder.encode(owner.digest)
        encoder.encode(end.rawValue)
        encoder.encode(returned)
        encoder.encode(denomination)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        name = try decoder.decodeDigest()
        owner = AccountID(try decoder.decodeDigest())
        guard let end = ExchangeEnd(rawValue: try decoder.decodeUInt8()) else { throw .unknownTag }
        self.end = end
        returned = try decoder.decodeAmount()
        denomination = try Denomination(from: &decoder)
    }
}
