import CanonicalCoding
public import MarketTypes

extension StateNamespace {
    static let market = Self(rawValue: 0x68)
    static let pool = Self(rawValue: 0x69)
    static let liquidityPosition = Self(rawValue: 0x6a)
    static let sale = Self(rawValue: 0x6b)
    static let order = Self(rawValue: 0x6c)
    static let orderBook = Self(rawValue: 0x6d)
    static let touchedMarkets = Self(rawValue: 0x6e)
    static let openOfAccount = Self(rawValue: 0x6f)
}

extension StateKey {
    /// Where a ``MarketRecord`` stands, by the market's name; it stays for ever.
    public static func market(_ market: Digest) -> StateKey {
        StateKey(.market) { $0.encode(market) }
    }

    /// What the keys of all markets begin with; the rest is the market's name.
    public static let markets = StateKey(.market)

    /// Where a ``Pool`` stands; it stays for ever.
    public static func pool(_ pool: PoolID) -> StateKey {
        StateKey(.pool) { $0.encode(pool.digest) }
    }

    /// What the keys of all pools begin with; the rest is the pool's name.
    public static let pools = StateKey(.pool)

    /// Where a ``LiquidityPosition`` stands; it goes with its last share.
    public static func liquidity(of account: AccountID, in pool: PoolID) -> StateKey {
        StateKey(.liquidityPosition) {
            $0.encode(account.digest)
            $0.encode(pool.digest)
        }
    }

    /// What the keys of all positions of an account begin with; the rest is the pool's name.
    public static func liquidity(of account: AccountID) -> StateKey {
        StateKey(.liquidityPosition) { $0.encode(account.digest) }
    }

    /// Where a ``Sale`` stands; it goes when the sale ends.
    public static func sale(_ sale: SaleID) -> StateKey {
        StateKey(.sale) { $0.encode(sale.digest) }
    }

    /// What the keys of all sales begin with; the rest is the sale's name.
    public static let sales = StateKey(.sale)

    /// Where an ``Order`` stands; it goes when the order is filled or returned.
    public static func order(_ order: OrderID) -> StateKey {
        StateKey(.order) { $0.encode(order.digest) }
    }

    /// Where an ``OrderBook`` stands; absent while it is empty.
    public static func orderBook(_ market: Digest, _ side: OrderSide) -> StateKey {
        StateKey(.orderBook) {
            $0.encode(market)
            $0.encode(side)
        }
    }

    /// Where the ``TouchedMarkets`` of the block at hand stand; never at a block's end.
    static let touchedMarkets = StateKey(.touchedMarkets)

    /// An entry that only exists: `order` is an open one of `owner`'s.
    public static func order(_ order: OrderID, of owner: AccountID) -> StateKey {
        StateKey(.openOfAccount) {
            $0.encode(owner.digest)
            $0.encode(UInt8(1))
            $0.encode(order.digest)
        }
    }

    /// What the keys of an account's open orders begin with; the rest is the order's name.
    public static func orders(of owner: AccountID) -> StateKey {
        StateKey(.openOfAccount) {
            $0.encode(owner.digest)
            $0.encode(UInt8(1))
        }
    }

    /// An entry that only exists: `sale` is an open one of `seller`'s.
    public static func sale(_ sale: SaleID, of seller: AccountID) -> StateKey {
        StateKey(.openOfAccount) {
            $0.encode(seller.digest)
            $0.encode(UInt8(2))
            $0.encode(sale.digest)
        }
    }

    /// What the keys of an account's open sales begin with; the rest is the sale's name.
    public static func sales(of seller: AccountID) -> StateKey {
        StateKey(.openOfAccount) {
            $0.encode(seller.digest)
            $0.encode(UInt8(2))
        }
    }
}
