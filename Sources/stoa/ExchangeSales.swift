import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct SaleGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sale",
        abstract: "sell a unit or shares at a fixed price, or buy from who does",
        discussion: "EXAMPLE\n  stoa exchange sale list",
        subcommands: [SaleOpen.self, SaleBuy.self, SaleClose.self, SaleList.self]
    )
}

struct SaleOpen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract:
            "offer an amount at a fixed price; it is locked until it is sold or the sale ends",
        discussion: """
            The price is for one whole unit, or for as many as --per says.

            EXAMPLE
              stoa exchange sale open 200 shares:small --price 2.5 --wallet bob
            """
    )

    @Argument(help: "how much")
    var amount: String
    @Argument(help: UnitName.help)
    var unit: UnitName
    @Option(help: "what is asked for --per of it")
    var price: String
    @Option(help: "for how many whole units the price is")
    var per: UInt32 = 1
    @Option(name: .customLong("for"), help: "the unit that is asked for")
    var wanted = UnitName("STOA")
    @Option(help: "for how many blocks")
    var blocks: UInt64 = 86_400
    @OptionGroup var sender: UnitSender

    func validate() throws {
        guard per > 0 else { throw ValidationError("--per is at least 1") }
    }

    func run() async throws {
        try await sender.execute { ledger, _ in
            let given = try await unit.find(ledger, home: sender.home, wallet: sender.wallet)
            let wanted = try await wanted.find(ledger, home: sender.home, wallet: sender.wallet)
            let whole = try given.amount("\(per)")
            let opening = SaleOpening(
                given: given.denomination,
                amount: try given.amount(amount),
                wanted: wanted.denomination,
                rate: SaleRate(try wanted.amount(price), per: whole),
                until: try await ledger.height(inBlocks: blocks)
            )
            return [.exchange(.openSale(opening))]
        }
    }
}

/// A sale with what is left of it.
private struct KnownSale {
    let id: SaleID
    let sale: Sale
    let left: Amount
    let given: KnownUnit
    let wanted: KnownUnit

    struct Document: Encodable {
        let sale, seller, given, wanted, givenName, wantedName: String
        let left, wantedAmount, perAmount: String
        let until: UInt64
    }

    var document: Document {
        Document(
            sale: id.digest.description,
            seller: sale.seller.description,
            given: EventRecord.Value.denomination(sale.given).plain,
            wanted: EventRecord.Value.denomination(sale.wanted).plain,
            givenName: given.name,
            wantedName: wanted.name,
            left: "\(left.obol)",
            wantedAmount: "\(sale.rate.wanted.obol)",
            perAmount: "\(sale.rate.given.obol)",
            until: sale.until.rawValue
        )
    }
}

extension LedgerConnection {
    fileprivate func known(_ id: SaleID, _ sale: Sale) async throws -> KnownSale {
        KnownSale(
            id: id,
            sale: sale,
            left: try await held(in: sale.pot(id)),
            given: try await known(sale.given),
            wanted: try await known(sale.wanted)
        )
    }

    /// The open sales; at most 4096.
    fileprivate func sales() async throws -> [(id: SaleID, sale: Sale)] {
        try await listed(.sales, limit: 4096).compactMap { key, value in
            guard let name = Digest(bytes: key.suffix(Digest.byteCount)) else { return nil }
            return (SaleID(name), try Sale(canonicalBytes: value))
        }
    }

    /// The open sale whose name begins with `text`.
    fileprivate func sale(_ text: String) async throws -> KnownSale {
        if let digest = Digest(hex: text),
            let sale = try await read(Sale.self, .sale(SaleID(digest)))
        {
            return try await known(SaleID(digest), sale)
        }
        let found = try await sales().filter {
            text.utf8.count >= 6 && $0.id.digest.description.hasPrefix(text)
        }
        guard let match = found.first, found.count == 1 else {
            throw CommandFailure(
                "there is no open sale “\(text)”",
                hint: "see `stoa exchange sale list`"
            )
        }
        return try await known(match.id, match.sale)
    }
}

struct SaleBuy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "buy",
        abstract: "buy an amount from a sale, at its price",
        discussion: "EXAMPLE\n  stoa exchange sale buy 5be1c0 20 --wallet alice"
    )

    @Argument(help: "the sale: its 64 hex digits, or the first of them")
    var sale: String
    @Argument(help: "how much")
    var amount: String
    @OptionGroup var sender: UnitSender

    func run() async throws {
        try await sender.execute { ledger, _ in
            let known = try await ledger.sale(sale)
            let amount = try known.given.amount(amount)
            guard let cost = known.sale.rate.cost(of: amount) else {
                throw CommandFailure("that is more than can be counted")
            }
            return [.exchange(.buyFromSale(known.id, amount: amount, payMax: cost))]
        }
    }
}

struct SaleClose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close",
        abstract: "end one's sale, and get back what is left",
        discussion: "EXAMPLE\n  stoa exchange sale close 5be1c0 --wallet bob"
    )

    @Argument(help: "the sale: its 64 hex digits, or the first of them")
    var sale: String
    @OptionGroup var sender: UnitSender

    func run() async throws {
        try await sender.execute { ledger, _ in
            [.exchange(.closeSale(try await ledger.sale(sale).id))]
        }
    }
}

struct SaleList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "what is sold at a fixed price",
        discussion: "EXAMPLE\n  stoa exchange sale list"
    )

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let sales = try await node.ask { ledger in
            var sales: [KnownSale] = []
            for (id, sale) in try await ledger.sales() {
                sales.append(try await ledger.known(id, sale))
            }
            return sales
        }
        let rows = sales.map { sale in
            [
                String("\(sale.id.digest)".prefix(12)), sale.given.text(sale.left),
                sale.wanted.text(sale.sale.rate.wanted),
                sale.given.text(sale.sale.rate.given), "\(sale.sale.until.rawValue)",
                "\(sale.sale.seller)",
            ]
        }
        try output.print(
            sales.map(\.document),
            table(["SALE", "LEFT", "PRICE", "FOR", "UNTIL BLOCK", "SELLER"], rows)
        )
    }
}
