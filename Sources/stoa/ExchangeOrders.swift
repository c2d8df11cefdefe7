import ArgumentParser
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct OrderGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "order",
        abstract: "buy or sell up to a price; orders are matched at the end of each block",
        discussion: """
            All orders of a market that meet in a block are matched at one price, which is never \
            worse than yours. What an order offers is locked until it is filled, taken back or \
            its time is over.

            EXAMPLE
              stoa exchange order list alice
            """,
        subcommands: [OrderPlace.self, OrderCancel.self, OrderList.self]
    )
}

extension OrderSide {
    fileprivate init(argument: String) throws {
        guard let side = OrderSide.allCases.first(where: { $0.name == argument }) else {
            throw ValidationError("“\(argument)” is neither buy nor sell")
        }
        self = side
    }
}

struct OrderPlace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "place",
        abstract: "offer to buy or to sell an amount",
        discussion: """
            The price is for one whole unit of what is bought or sold.

            EXAMPLES
              stoa exchange order place buy 5 shares:bob/small --price 2.5 --wallet alice
              stoa exchange order place sell 100 CHFC --price 0.4 --blocks 3600 --wallet carol
            """
    )

    @Argument(help: "buy or sell", transform: OrderSide.init(argument:))
    var side: OrderSide
    @Argument(help: "how much")
    var amount: String
    @Argument(help: UnitName.help)
    var unit: UnitName
    @Option(help: "the most to pay, or the least to take, for one")
    var price: String
    @Option(name: .customLong("for"), help: "the unit that is paid")
    var other = UnitName("STOA")
    @Option(help: "for how many blocks it may wait")
    var blocks: UInt64 = 3600
    @OptionGroup var sender: UnitSender

    func run() async throws {
        try await sender.execute { ledger, _ in
            let one = try await unit.find(ledger, home: sender.home, wallet: sender.wallet)
            let two = try await other.find(ledger, home: sender.home, wallet: sender.wallet)
            let known = try KnownMarket(one, two)
            guard known.market.base == one.denomination else {
                throw CommandFailure(
                    "in this market prices are in \(one.name), for one \(two.name)",
                    hint: "say `\(side == .buy ? "sell" : "buy") … \(two.name) --for \(one.name)`"
                )
            }
            let placement = OrderPlacement(
                known.market,
                side,
                amount: try known.base.amount(amount),
                price: try known.price(price),
                expiresAt: try await ledger.height(inBlocks: blocks)
            )
            return [.exchange(.placeOrder(placement))]
        }
    }
}

/// An order with what people call its units.
private struct KnownOrder {
    let id: OrderID
    let order: Order
    let known: KnownMarket

    struct Document: Encodable {
        let order, market, base, quote, side, amount, open, settled, price, priceText: String
        let placedAt, expiresAt: UInt64
    }

    var document: Document {
        Document(
            order: id.digest.description,
            market: order.market.id.description,
            base: EventRecord.Value.denomination(order.market.base).plain,
            quote: EventRecord.Value.denomination(order.market.quote).plain,
            side: order.side.name,
            amount: "\(order.amount)",
            open: "\(order.open)",
            settled: "\(order.settled)",
            price: "\(order.price)",
            priceText: known.text(order.price),
            placedAt: order.placedAt.rawValue,
            expiresAt: order.expiresAt.rawValue
        )
    }
}

extension LedgerConnection {
    /// An account's open orders; at most 4096.
    fileprivate func orders(of owner: AccountID) async throws -> [(id: OrderID, order: Order)] {
        var found: [(id: OrderID, order: Order)] = []
        for (key, _) in try await listed(.orders(of: owner), limit: 4096) {
            guard let name = Digest(bytes: key.suffix(Digest.byteCount)),
                let order = try await read(Order.self, .order(OrderID(name)))
            else { continue }
            found.append((OrderID(name), order))
        }
        return found
    }
}

struct OrderCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "take back an order of an earlier block",
        discussion: "EXAMPLE\n  stoa exchange order cancel 5be1c0 --wallet alice"
    )

    @Argument(help: "the order: its 64 hex digits, or the first of them")
    var order: String
    @OptionGroup var sender: UnitSender

    func run() async throws {
        try await sender.execute { ledger, account in
            if let digest = Digest(hex: order) {
                return [.exchange(.cancelOrder(OrderID(digest)))]
            }
            let found = try await ledger.orders(of: account).filter {
                order.utf8.count >= 6 && $0.id.digest.description.hasPrefix(order)
            }
            guard let match = found.first, found.count == 1 else {
                throw CommandFailure(
                    "the account has no open order “\(order)”",
                    hint: "see `stoa exchange order list`"
                )
            }
            return [.exchange(.cancelOrder(match.id))]
        }
    }
}

struct OrderList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "an account's open orders",
        discussion: "EXAMPLE\n  stoa exchange order list alice"
    )

    @Argument(help: "a wallet's name or an address")
    var account = "default"
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let owner = try Wallets(home: home).resolve(account)
        let orders = try await node.ask { ledger in
            var orders: [KnownOrder] = []
            for (id, order) in try await ledger.orders(of: owner) {
                let known = try await ledger.known(order.market)
                orders.append(KnownOrder(id: id, order: order, known: known))
            }
            return orders
        }
        let rows = orders.map { order in
            [
                String("\(order.id.digest)".prefix(12)), order.order.side.name,
                order.known.base.text(Amount(obol: order.order.open)),
                "\(order.known.text(order.order.price)) \(order.known.quote.name)",
                "\(order.order.expiresAt.rawValue)",
            ]
        }
        try output.print(
            orders.map(\.document),
            table(["ORDER", "SIDE", "OPEN", "PRICE", "UNTIL BLOCK"], rows)
        )
    }
}
