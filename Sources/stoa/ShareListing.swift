import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

/// An amount of some unit as JSON; in the smallest part.
struct UnitAmountDocument: Encodable {
    let unit, name, amount: String
    let decimals: UInt8

    init(_ known: KnownUnit, _ amount: Amount) {
        unit = EventRecord.Value.denomination(known.denomination).plain
        name = known.name
        self.amount = "\(amount.obol)"
        decimals = known.decimals
    }
}

struct SharesShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "how an asset is divided, and what waits for its shareholders",
        discussion: "EXAMPLE\n  stoa shares show bob/small"
    )

    @Argument(help: "the asset")
    var asset: String
    @OptionGroup var reader: UnitReader

    struct Document: Encodable {
        let asset, unit: String
        let count, circulating: UInt64
        /// What waits to be withdrawn, in every unit in which income is shared.
        let dividends: [UnitAmountDocument]
    }

    func run() async throws {
        let id = try AssetName(text: asset).resolve(home: reader.home, wallet: reader.wallet)
        let (record, waiting) = try await reader.node.ask { ledger in
            let record = try await ledger.shares(of: id)
            var waiting: [(KnownUnit, Amount)] = []
            for stream in record.streams {
                let pot = StateKey.pot(.dividends(of: id, stream.denomination))
                let amount = try await ledger.read(StoredAmount.self, pot)?.amount ?? .zero
                waiting.append((try await ledger.known(stream.denomination), amount))
            }
            return (record, waiting)
        }
        let unit = ShareUnit.unit(of: id)
        let lines =
            [
                "asset     \(id.digest)", "unit      \(unit)", "shares    \(record.count)",
                "earning   \(record.circulating); the others are in pools, orders or channels",
            ] + waiting.map { "waiting   \($0.0.text($0.1))" }
        try reader.output.print(
            Document(
                asset: id.digest.description,
                unit: unit.description,
                count: record.count,
                circulating: record.circulating,
                dividends: waiting.map { UnitAmountDocument($0.0, $0.1) }
            ),
            lines.joined(separator: "\n")
        )
    }
}

/// What an account has of an asset's shares, as JSON.
struct ShareStandingDocument: Encodable {
    let account, asset: String
    let shares: UInt64
    let owed: [UnitAmountDocument]
}

extension LedgerConnection {
    /// What an account has of an asset's shares, with the names of the units it is owed.
    fileprivate func document(
        of account: AccountID,
        _ record: ShareRecord,
        _ names: inout [Denomination: KnownUnit]
    ) async throws -> (document: ShareStandingDocument, owed: String) {
        let standing = try await standing(of: account, record)
        var owed: [(KnownUnit, Amount)] = []
        for (denomination, amount) in standing.owed {
            if names[denomination] == nil { names[denomination] = try await known(denomination) }
            owed.append((names[denomination] ?? .native, amount))
        }
        let texts = owed.filter { !$0.1.isZero }.map { $0.0.text($0.1) }
        let document = ShareStandingDocument(
            account: account.description,
            asset: record.asset.digest.description,
            shares: standing.shares,
            owed: owed.map { UnitAmountDocument($0.0, $0.1) }
        )
        return (document, texts.isEmpty ? "nothing" : texts.joined(separator: ", "))
    }
}

struct SharesHolders: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "holders",
        abstract: "who has shares of an asset, and what each has earned and not withdrawn",
        discussion: "EXAMPLE\n  stoa shares holders bob/small"
    )

    @Argument(help: "the asset")
    var asset: String
    @Option(help: "the most holders that are listed")
    var limit = 256
    @OptionGroup var reader: UnitReader

    func run() async throws {
        let id = try AssetName(text: asset).resolve(home: reader.home, wallet: reader.wallet)
        let found = try await reader.node.ask { ledger in
            let record = try await ledger.shares(of: id)
            let prefix = StateKey.shareHoldings(ShareUnit.unit(of: id))
            var names: [Denomination: KnownUnit] = [:]
            var found: [(document: ShareStandingDocument, owed: String)] = []
            for (key, _) in try await ledger.listed(prefix, limit: limit) {
                guard let digest = Digest(bytes: key.suffix(Digest.byteCount)) else { continue }
                found.append(try await ledger.document(of: AccountID(digest), record, &names))
            }
            return found
        }
        let sorted = found.sorted { $0.document.shares > $1.document.shares }
        let rows = sorted.map { ["\($0.document.shares)", $0.owed, $0.document.account] }
        try reader.output.print(
            sorted.map(\.document),
            table(["SHARES", "EARNED, NOT WITHDRAWN", "HOLDER"], rows)
        )
    }
}

struct SharesDividends: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dividends",
        abstract: "what an account's shares have earned and it has not withdrawn",
        discussion: """
            Without --asset, of all assets of which the account has a share.

            EXAMPLE
              stoa shares dividends alice
            """
    )

    @Argument(help: "a wallet's name or an address")
    var account = "default"
    @Option(help: "only of this asset, even if the account has no share of it any more")
    var asset: String?
    @OptionGroup var reader: UnitReader

    func run() async throws {
        let account = try Wallets(home: reader.home).resolve(account)
        let only = try asset.map {
            try AssetName(text: $0).resolve(home: reader.home, wallet: reader.wallet)
        }
        let found = try await reader.node.ask { ledger in
            var records: [ShareRecord] = []
            if let only {
                records.append(try await ledger.shares(of: only))
            } else {
                records = try await ledger.shareRecords(of: account)
            }
            var names: [Denomination: KnownUnit] = [:]
            var found: [(name: String, document: ShareStandingDocument, owed: String)] = []
            for record in records {
                let name = try await ledger.knownAsset(record.asset).name
                let (document, owed) = try await ledger.document(of: account, record, &names)
                found.append((name, document, owed))
            }
            return found
        }
        let rows = found.map { ["\($0.document.shares)", $0.name, $0.owed, $0.document.asset] }
        try reader.output.print(
            found.map(\.document),
            table(["SHARES", "OF", "EARNED, NOT WITHDRAWN", "ASSET"], rows)
        )
    }
}

extension LedgerConnection {
    /// The records of the assets of which an account has shares.
    fileprivate func shareRecords(of account: AccountID) async throws -> [ShareRecord] {
        var records: [ShareRecord] = []
        for (key, _) in try await listed(.issuedBalances(of: account), limit: 1024) {
            guard let unit = Digest(bytes: key.suffix(Digest.byteCount)),
                let record = try await read(ShareRecord.self, .shares(unit))
            else { continue }
            records.append(record)
        }
        return records
    }
}
