public import CanonicalCoding
public import MarketTypes

/// An order's place in a book: what decides when it is its turn.
public struct BookEntry: CanonicalCodable, Hashable {
    /// Its limit.
    public let price: UInt128
    /// The height at which it was placed.
    public let placedAt: BlockHeight
    /// The order.
    public let order: OrderID

    init(price: UInt128, placedAt: BlockHeight, order: OrderID) {
        self.price = price
        self.placedAt = placedAt
        self.order = order
    }

    /// Whether this comes before `other`: the better price, then the earlier block, then the
    /// smaller name, which says nothing about who was first inside a block.
    func precedes(_ other: BookEntry, on side: OrderSide) -> Bool {
        guard price == other.price else {
            return side == .buy ? price > other.price : price < other.price
        }
        return (placedAt, order) < (other.placedAt, other.order)
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(price)
        encoder.encode(placedAt.rawValue)
        encoder.encode(order.digest)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        price = try decoder.decodeAmount().obol
        placedAt = BlockHeight(try decoder.decodeUInt64())
        order = OrderID(try decoder.decodeDigest())
    }
}

/// The open orders of one side of a market, the best first.
public struct OrderBook: CanonicalCodable, Hashable {
    /// How many orders a side may have.
    public static let ordersMax = 256
    /// The most orders at the end of a full one that a new order is compared with.
    static let comparedMax = 32

    /// The orders, the best first.
    public private(set) var entries: [BookEntry]

    init() { entries = [] }

    /// Puts an order where it belongs.
    mutating func insert(_ entry: BookEntry, on side: OrderSide) {
        let place = entries.firstIndex { entry.precedes($0, on: side) } ?? entries.count
        entries.insert(entry, at: place)
    }

    /// Takes orders out, all at once.
    mutating func remove(_ orders: SortedMap<OrderID, Bool>) {
        entries.removeAll { orders[$0.order] != nil }
    }

    public func encode(into encoder: inout CanonicalEncoder) { encoder.encode(list: entries) }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        entries = try decoder.decodeList(of: BookEntry.self, countMax: Self.ordersMax)
    }
}

/// The markets in which orders were placed in the block at hand.
struct TouchedMarkets: CanonicalCodable {
    /// In how many markets orders can be placed in one block.
    static let countMax = 64

    /// Their names, each once, in the order in which they came.
    var markets: [Digest]

    init() { markets = [] }

    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(UInt8(markets.count))
        for market in markets { encoder.encode(market) }
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        markets = []
        let count = try decoder.decodeUInt8()
        guard count <= Self.countMax else { throw .tooLong }
        for _ in 0..<count { markets.append(try decoder.decodeDigest()) }
    }
}
