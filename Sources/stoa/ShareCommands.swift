import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct ShareGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shares",
        abstract: "divide an asset's income among shareholders",
        discussion: """
            An asset's shares are issued once, all to its owner, and move like money: they can be \
            sent, sold and pooled. While they are in an account they earn.

            An asset is named by its 64 hex digits, owner/name, or the name of one's own.

            EXAMPLES
              stoa shares issue small 1000 --wallet bob
              stoa shares transfer bob/small alice 300 --wallet bob
              stoa shares dividends alice
              stoa shares withdraw bob/small --wallet alice
            """,
        subcommands: [
            SharesIssue.self, SharesAdmit.self, SharesTransfer.self, SharesDistribute.self,
            SharesWithdraw.self, SharesShow.self, SharesHolders.self, SharesDividends.self,
        ]
    )
}

struct SharesIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue",
        abstract: "divide an asset of the wallet's into shares, once and for ever",
        discussion: """
            Income in STOA is shared, and in up to three units that are named with --income.

            EXAMPLE
              stoa shares issue small 1000 --income carol/CHFC --wallet bob
            """
    )

    @Argument(help: "the asset")
    var asset: String
    @Argument(help: "how many shares")
    var count: UInt64
    @Option(help: "share income in this unit too; may be repeated")
    var income: [UnitName] = []
    @OptionGroup var sender: UnitSender

    func run() async throws {
        let asset = try AssetName(text: asset).resolve(home: sender.home, wallet: sender.wallet)
        try await sender.execute { ledger, _ in
            _ = try await ledger.knownAsset(asset)
            var units: [Denomination] = []
            for name in income {
                let known = try await name.find(ledger, home: sender.home, wallet: sender.wallet)
                if known.denomination != .native { units.append(known.denomination) }
            }
            return [.shares(.issueShares(asset, count: count, income: units.sorted()))]
        }
    }
}

struct SharesAdmit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admit",
        abstract: "share an asset's income in one more unit",
        discussion: "EXAMPLE\n  stoa shares admit small carol/CHFC --wallet bob"
    )

    @Argument(help: "the asset")
    var asset: String
    @Argument(help: UnitName.help)
    var unit: UnitName
    @OptionGroup var sender: UnitSender

    func run() async throws {
        let asset = try AssetName(text: asset).resolve(home: sender.home, wallet: sender.wallet)
        try await sender.execute { ledger, _ in
            let known = try await unit.find(ledger, home: sender.home, wallet: sender.wallet)
            return [.shares(.admitIncome(asset, known.denomination))]
        }
    }
}

struct SharesTransfer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer",
        abstract: "give shares to an account; what they have earned stays with the giver",
        discussion: "EXAMPLE\n  stoa shares transfer bob/small alice 300 --wallet bob"
    )

    @Argument(help: "the asset")
    var asset: String
    @Argument(help: "who gets them: a wallet's name or an address")
    var to: String
    @Argument(help: "how many shares")
    var count: UInt64
    @OptionGroup var sender: UnitSender

    func run() async throws {
        let asset = try AssetName(text: asset).resolve(home: sender.home, wallet: sender.wallet)
        let account = try Wallets(home: sender.home).resolve(to)
        try await sender.execute { ledger, _ in
            _ = try await ledger.shares(of: asset)
            return [
                .transfer(
                    to: account,
                    denomination: ShareUnit.denomination(of: asset),
                    amount: Amount(obol: UInt128(count))
                )
            ]
        }
    }
}

/// How many shares somebody gets, as people type it: `alice=5`.
struct SharePart: ExpressibleByArgument {
    let holder: String
    let count: UInt64

    init?(argument: String) {
        let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, let count = UInt64(parts[1]) else { return nil }
        holder = String(parts[0])
        self.count = count
    }
}

struct SharesDistribute: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distribute",
        abstract: "give shares to many accounts at once",
        discussion: """
            32 gifts go into one transaction, all of them or none; more take several, one after \
            the other.

            EXAMPLE
              stoa shares distribute bob/small alice=300 carol=50 dan=50 --wallet bob
            """
    )

    @Argument(help: "the asset")
    var asset: String
    @Argument(help: ArgumentHelp("who gets how many shares", valueName: "account=count"))
    var parts: [SharePart]
    @OptionGroup var sender: UnitSender

    func validate() throws {
        guard sender.signing.draft == nil || parts.count <= Transaction.messagesMax else {
            throw ValidationError("a draft holds \(Transaction.messagesMax) gifts at most")
        }
    }

    func run() async throws {
        let asset = try AssetName(text: asset).resolve(home: sender.home, wallet: sender.wallet)
        let wallets = Wallets(home: sender.home)
        let gifts = try parts.map { part in
            Message.transfer(
                to: try wallets.resolve(part.holder),
                denomination: ShareUnit.denomination(of: asset),
                amount: Amount(obol: UInt128(part.count))
            )
        }
        try await sender.executeAll(gifts)
    }
}

struct SharesWithdraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw",
        abstract: "take what the wallet's shares of an asset have earned",
        discussion: """
            Without --unit, in every unit in which something is owed.

            EXAMPLE
              stoa shares withdraw bob/small --wallet alice
            """
    )

    @Argument(help: "the asset")
    var asset: String
    @Option(help: UnitName.help)
    var unit: UnitName?
    @OptionGroup var sender: UnitSender

    func run() async throws {
        let asset = try AssetName(text: asset).resolve(home: sender.home, wallet: sender.wallet)
        try await sender.execute { ledger, account in
            if let unit {
                let known = try await unit.find(ledger, home: sender.home, wallet: sender.wallet)
                return [.shares(.withdrawDividends(asset, known.denomination))]
            }
            let record = try await ledger.shares(of: asset)
            let standing = try await ledger.standing(of: account, record)
            let owed = standing.owed.filter { !$0.1.isZero }
            guard !owed.isEmpty else {
                throw CommandFailure(
                    "the account is owed nothing by that asset yet; nothing was sent",
                    hint: "see `stoa shares dividends`"
                )
            }
            return owed.map { .shares(.withdrawDividends(asset, $0.0)) }
        }
    }
}

/// What an account has of an asset's shares, and what they have earned in each denomination.
struct ShareStanding {
    let shares: UInt64
    let owed: [(Denomination, Amount)]
}

extension LedgerConnection {
    /// The shares of an asset that must have some.
    func shares(of asset: AssetID) async throws -> ShareRecord {
        let unit = ShareUnit.unit(of: asset)
        guard let record = try await read(ShareRecord.self, .shares(unit)) else {
            let name = try await knownAsset(asset).name
            throw CommandFailure(
                "\(name) has no shares",
                hint: "its owner can issue some: `stoa shares issue`"
            )
        }
        return record
    }

    /// What an account could withdraw now.
    func standing(of account: AccountID, _ record: ShareRecord) async throws -> ShareStanding {
        let unit = ShareUnit.unit(of: record.asset)
        let balance = try await read(StoredAmount.self, .issuedBalance(account, unit))
        let shares = UInt64(clamping: balance?.amount.obol ?? 0)
        let key = StateKey.shareHolding(unit, account)
        guard let stored = try await read(ShareHolding.self, key) else {
            return ShareStanding(shares: shares, owed: [])
        }
        guard let holding = stored.settled(record, shares: shares) else {
            throw CommandFailure(
                "the node's numbers of these shares do not fit together",
                hint: "income may have come meanwhile: ask again, or another node"
            )
        }
        let owed = zip(record.streams, holding.entitlements).map { stream, entitlement in
            (stream.denomination, Amount(obol: entitlement.owed))
        }
        return ShareStanding(shares: shares, owed: owed)
    }
}
