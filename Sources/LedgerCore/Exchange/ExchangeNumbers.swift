extension GovernedNumber {
    /// For how many blocks at most an order can be open.
    public static let orderBlocksMax = GovernedNumber(
        1301,
        "exchange.orderBlocksMax",
        standard: 604_800,
        bounds: 100...31_536_000
    )
    /// For how many blocks at most a sale can be open.
    public static let saleBlocksMax = GovernedNumber(
        1302,
        "exchange.saleBlocksMax",
        standard: 7_776_000,
        bounds: 1000...315_360_000
    )
    /// What an order must be worth at its limit, in the quote's smallest unit.
    public static let orderValueMin = GovernedNumber(
        1303,
        "exchange.orderValueMin",
        standard: 100,
        bounds: 1...1_000_000_000_000
    )

    /// The numbers about exchange.
    public static let exchange = [orderBlocksMax, saleBlocksMax, orderValueMin]
}
