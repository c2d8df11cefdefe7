import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

/// The options of the commands that only look at units and shares.
struct UnitReader: ParsableArguments {
    @Option(help: "whose assets bare names are")
    var wallet = "default"
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions
}

/// A unit as the command line prints it; amounts in the smallest part.
struct UnitDocument: Encodable {
    let unit, ticker, name, issuer, document, link: String
    let decimals: UInt8
    let supply, minted, burned, supplyMax: String
    let issuedAt: UInt64

    init(_ unit: Digest, _ record: UnitRecord) {
        self.unit = unit.description
        ticker = record.terms.ticker
        name = record.terms.name
        issuer = record.issuer.description
        document = record.terms.document.description
        link = record.terms.link
        decimals = record.terms.decimals
        supply = "\(record.minted.obol - record.burned.obol)"
        minted = "\(record.minted.obol)"
        burned = "\(record.burned.obol)"
        supplyMax = "\(record.terms.supplyMax.obol)"
        issuedAt = record.issuedAt.rawValue
    }
}

struct UnitList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "the units that were issued, and how much there is of each",
        discussion: "EXAMPLE\n  stoa unit list"
    )

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let units = try await node.ask { try await $0.units(limit: 4096) }
        let rows = units.map { unit, record in
            let known = KnownUnit(unit, record)
            let supply = Amount(obol: record.minted.obol - record.burned.obol)
            return [
                record.terms.ticker, known.digits(supply), known.digits(record.terms.supplyMax),
                record.terms.name, "\(record.issuer)",
            ]
        }
        let heading = ["TICKER", "SUPPLY", "AT MOST", "NAME", "ISSUER"]
        try output.print(
            units.map { UnitDocument($0.unit, $0.record) },
            table(heading, rows)
        )
    }
}

struct UnitShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "what an issuer published of a unit, and what it was asked to redeem",
        discussion: "EXAMPLE\n  stoa unit show CHFC"
    )

    @Argument(help: UnitName.help)
    var unit: UnitName
    @OptionGroup var reader: UnitReader

    struct Waiting: Encodable {
        let redemption, holder, amount, reference: String
        let returnableAt: UInt64
    }

    struct Document: Encodable {
        let unit: UnitDocument
        let redemptions: [Waiting]
    }

    func run() async throws {
        let (known, record, waiting) = try await reader.node.ask { ledger in
            let (known, record) = try await ledger.issued(
                unit,
                home: reader.home,
                wallet: reader.wallet
            )
            return (known, record, try await ledger.redemptions(of: known.unit))
        }
        let document = UnitDocument(known.unit, record)
        let supply = Amount(obol: record.minted.obol - record.burned.obol)
        let lines = [
            "unit      \(document.unit)", "ticker    \(document.ticker)",
            "name      \(document.name)", "issuer    \(document.issuer)",
            "supply    \(known.digits(supply)) of \(known.digits(record.terms.supplyMax)) at most",
            "minted    \(known.digits(record.minted)) in all",
            "burned    \(known.digits(record.burned)) in all",
            "terms     \(document.link) (SHA-256 \(document.document))",
        ]
        let rows = waiting.map { id, redemption, amount in
            [
                "\(id)", known.digits(amount), "\(redemption.returnableAt.rawValue)",
                "\(redemption.holder)",
            ]
        }
        let heading = ["TO BE REDEEMED", "AMOUNT", "UNTIL BLOCK", "HOLDER"]
        let text = lines + (rows.isEmpty ? [] : ["", table(heading, rows)])
        try reader.output.print(
            Document(
                unit: document,
                redemptions: waiting.map { id, redemption, amount in
                    Waiting(
                        redemption: "\(id)",
                        holder: "\(redemption.holder)",
                        amount: "\(amount.obol)",
                        reference: "\(redemption.reference)",
                        returnableAt: redemption.returnableAt.rawValue
                    )
                }
            ),
            text.joined(separator: "\n")
        )
    }
}

struct UnitBalance: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balance",
        abstract: "what an account has of every unit, shares included",
        discussion: "EXAMPLE\n  stoa unit balance alice"
    )

    @Argument(help: "a wallet's name or an address")
    var account = "default"
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    struct Document: Encodable {
        let unit, name, amount: String
        let decimals: UInt8
    }

    func run() async throws {
        let id = try Wallets(home: home).resolve(account)
        let (native, found) = try await node.ask { ledger in
            (try await ledger.account(id).balance, try await ledger.balances(of: id))
        }
        let all = [(KnownUnit.native, native)] + found
        try output.print(
            all.map { known, amount in
                Document(
                    unit: EventRecord.Value.denomination(known.denomination).plain,
                    name: known.name,
                    amount: "\(amount.obol)",
                    decimals: known.decimals
                )
            },
            all.map { $0.0.text($0.1) }.joined(separator: "\n")
        )
    }
}

extension LedgerConnection {
    /// What an issuer was asked to redeem of a unit and has not settled.
    fileprivate func redemptions(
        of unit: Digest
    ) async throws -> [(id: Digest, redemption: Redemption, amount: Amount)] {
        var found: [(id: Digest, redemption: Redemption, amount: Amount)] = []
        for (key, _) in try await listed(.redemptions(of: unit), limit: 1024) {
            guard let id = Digest(bytes: key.suffix(Digest.byteCount)),
                let redemption = try await read(Redemption.self, .redemption(id))
            else { continue }
            let pot = StateKey.pot(Redemption.pot(id, of: unit))
            let amount = try await read(StoredAmount.self, pot)?.amount ?? .zero
            found.append((id, redemption, amount))
        }
        return found
    }

    /// What an account has of each unit but the native one.
    func balances(of account: AccountID) async throws -> [(KnownUnit, Amount)] {
        var found: [(KnownUnit, Amount)] = []
        for (key, value) in try await listed(.issuedBalances(of: account), limit: 1024) {
            guard let unit = Digest(bytes: key.suffix(Digest.byteCount)) else { continue }
            let amount = try StoredAmount(canonicalBytes: value).amount
            found.append((try await known(.issued(unit)), amount))
        }
        return found
    }
}
