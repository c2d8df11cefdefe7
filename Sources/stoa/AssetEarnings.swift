import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes

struct AssetIncome: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "income",
        abstract: "what an asset has earned, of its own sales and of what was made from it",
        discussion: """
            Counted since it was published, whoever owned it; assets without terms are not \
            counted. A royalty comes through the children that name the asset as their parent.

            The ledger's state counts by what was sold. Who paid, and who owned the asset then, \
            is in the blocks: --payers adds it up from an index, which `stoa index run` makes.

            EXAMPLES
              stoa asset income alice/corpus
              stoa index run --once && stoa asset income alice/corpus --payers
            """
    )

    @Argument(help: "the asset")
    var asset: String
    @Option(help: "the most sources, or with --payers payments, that are looked at")
    var limit = 4096
    @Flag(help: "who paid, for what, and to whom it went")
    var payers = false
    @Option(
        help: ArgumentHelp(
            "the index' SQLite file (index.sqlite in the home directory)",
            valueName: "file"
        )
    )
    var database: String?
    @OptionGroup var reader: AssetReader

    struct Part: Encodable {
        let denomination, source, name, amount: String
        /// The assets through which a royalty came; empty for the asset's own sales.
        let through: [String]
        /// Whether it is a royalty, rather than what the asset's own sales left.
        let isRoyalty: Bool
    }
    struct Payment: Encodable {
        let payer, paidFor, sold, soldName, account, denomination, amount: String
        let through: [String]
        let payments: UInt64
        /// Among how many shares the latest was divided; none if the account got all.
        let shares: UInt64?
    }
    struct Document: Encodable {
        let asset, name, owner: String
        let parts: [Part]
        /// The sums, by denomination.
        let totals: [String: String]
        /// Who paid, if that was asked for.
        let payers: [Payment]?
        /// Up to which block payments were added up.
        let payersHeight: UInt64?
    }

    func run() async throws {
        let id = try reader.resolve(asset)
        let found = payers ? try await entries(of: id) : nil
        let (document, units) = try await reader.node.ask { ledger in
            var earnings = Earnings(asset: id, ledger: ledger)
            let own = try await ledger.knownAsset(id)
            let (parts, totals) = try await earnings.parts(limit: limit)
            var payments: [Payment]?
            if let found { payments = try await earnings.payments(found.entries) }
            let document = Document(
                asset: id.digest.description,
                name: own.name,
                owner: own.owner.description,
                parts: parts,
                totals: totals,
                payers: payments,
                payersHeight: found?.height.rawValue
            )
            return (document, earnings.units)
        }
        try reader.output.print(document, document.text(units))
    }

    /// The payments that an index knows, at most `limit`.
    private func entries(
        of id: AssetID
    ) async throws -> (entries: [IncomeEntry], height: BlockHeight) {
        let path = database ?? reader.home.path("index.sqlite")
        return try await explainingIndex(path) {
            let index = IndexReader(try IndexDatabase(reading: path))
            var entries: [IncomeEntry] = []
            var cursor: String?
            while true {
                let size = min(PageRequest.limitMax, max(1, limit - entries.count))
                let page = try await index.income(
                    of: id,
                    try PageRequest(limit: size, after: cursor)
                )
                entries += page.items
                cursor = page.next
                guard cursor != nil, entries.count < limit else { return (entries, page.height) }
            }
        }
    }
}

/// Puts together what an asset earned, asking for each name and lineage once.
private struct Earnings {
    let asset: AssetID
    let ledger: any LedgerConnection
    private var names: [AssetID: String] = [:]
    private var ways: [AssetID: [String]] = [:]
    private(set) var units: [String: KnownUnit] = [:]

    init(asset: AssetID, ledger: any LedgerConnection) {
        self.asset = asset
        self.ledger = ledger
    }

    mutating func name(_ id: AssetID) async throws -> String {
        if let known = names[id] { return known }
        let name = try await ledger.knownAsset(id).name
        names[id] = name
        return name
    }

    /// The names of the children of the asset through which what `sold` earns comes to it.
    mutating func through(_ sold: AssetID) async throws -> [String] {
        guard sold != asset else { return [] }
        if let known = ways[sold] { return known }
        var way: [String] = []
        let lineage = try await ledger.read(Lineage.self, .lineage(sold))
        for node in lineage?.nodes ?? [] {
            guard node.parents.contains(where: { $0.parent == asset }) else { continue }
            way.append(try await name(node.asset))
        }
        ways[sold] = way
        return way
    }

    mutating func text(_ denomination: Denomination) async throws -> String {
        let text = EventRecord.Value.denomination(denomination).plain
        if units[text] == nil { units[text] = try await ledger.known(denomination) }
        return text
    }

    mutating func parts(
        limit: Int
    ) async throws -> (parts: [AssetIncome.Part], totals: [String: String]) {
        var parts: [AssetIncome.Part] = []
        var totals: [String: UInt128] = [:]
        for (key, value) in try await ledger.listed(.earnings(of: asset), limit: limit) {
            guard key.count == 97, let unit = Digest(bytes: key[33..<65]),
                let digest = Digest(bytes: key[65...])
            else { throw CommandFailure("the node's list has keys that are none") }
            let source = AssetID(digest)
            let obol = try StoredAmount(canonicalBytes: value).amount.obol
            let denomination = try await text(unit == .zero ? .native : .issued(unit))
            totals[denomination, default: 0] &+= obol
            parts.append(
                AssetIncome.Part(
                    denomination: denomination,
                    source: digest.description,
                    name: try await name(source),
                    amount: "\(obol)",
                    through: try await through(source),
                    isRoyalty: source != asset
                )
            )
        }
        return (parts, totals.mapValues { "\($0)" })
    }

    /// The payments added up by payer, what was paid for, what was sold, recipient and unit.
    mutating func payments(_ entries: [IncomeEntry]) async throws -> [AssetIncome.Payment] {
        struct Sum {
            let entry: IncomeEntry
            var obol: UInt128 = 0
            var count: UInt64 = 0
        }
        var order: [String] = []
        var sums: [String: Sum] = [:]
        for entry in entries {
            let key =
                "\(entry.payer) \(entry.source) \(entry.sold.digest) \(entry.account) "
                + "\(entry.denomination)"
            if sums[key] == nil { order.append(key) }
            var sum = sums[key] ?? Sum(entry: entry)
            sum.obol &+= entry.amount.obol
            sum.count += 1
            sums[key] = sum
        }
        var payments: [AssetIncome.Payment] = []
        for sum in order.compactMap({ sums[$0] }) {
            let entry = sum.entry
            payments.append(
                AssetIncome.Payment(
                    payer: entry.payer.description,
                    paidFor: entry.source.rawValue,
                    sold: entry.sold.digest.description,
                    soldName: try await name(entry.sold),
                    account: entry.account.description,
                    denomination: try await text(entry.denomination),
                    amount: "\(sum.obol)",
                    through: try await through(entry.sold),
                    payments: sum.count,
                    shares: entry.shares
                )
            )
        }
        return payments
    }
}

extension AssetIncome.Document {
    fileprivate func text(_ units: [String: KnownUnit]) -> String {
        func amount(_ obol: String, _ denomination: String) -> String {
            guard let unit = units[denomination], let amount = try? Amount(obolText: obol) else {
                return "\(obol) of \(denomination)"
            }
            return unit.text(amount)
        }
        let rows = parts.map { part in
            [
                amount(part.amount, part.denomination), part.isRoyalty ? "royalty" : "own sales",
                part.name, part.through.isEmpty ? "-" : part.through.joined(separator: ", "),
                part.source,
            ]
        }
        let sums = totals.keys.sorted().map { "in all \(amount(totals[$0] ?? "0", $0))" }
        var lines = [table(["EARNED", "AS", "OF", "THROUGH", "ASSET"], rows)] + sums
        if let payers, let payersHeight {
            let rows = payers.map { payment in
                [
                    amount(payment.amount, payment.denomination), payment.payer, payment.paidFor,
                    payment.soldName,
                    payment.through.isEmpty ? "-" : payment.through.joined(separator: ", "),
                    payment.shares.map { "the holders of \($0) shares" } ?? payment.account,
                ]
            }
            lines += [
                "", "up to block \(payersHeight):",
                table(["EARNED", "FROM", "FOR", "OF", "THROUGH", "TO"], rows),
            ]
        }
        return lines.joined(separator: "\n")
    }
}
