import ArgumentParser
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct WalletGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wallet",
        abstract: "make keys, see balances, send money",
        discussion: "EXAMPLE\n  stoa wallet new alice",
        subcommands: [
            WalletNew.self, WalletList.self, WalletBalance.self, WalletSend.self,
            WalletPending.self,
        ]
    )
}

struct WalletNew: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "make a key and seal it with a passphrase",
        discussion: "EXAMPLE\n  stoa wallet new alice"
    )

    @Argument(help: "the wallet's name on this machine")
    var name = "default"
    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let wallets = Wallets(home: home)
        guard !wallets.exists(name) else {
            throw CommandFailure(
                "there is a wallet “\(name)” already; it was left alone",
                hint: "choose another name, or see `stoa wallet list`"
            )
        }
        let key = try wallets.create(
            name,
            passphrase: try home.passphrase(of: name, isNew: true)
        )
        try output.print(
            ["name": name, "address": key.accountID.description],
            key.accountID.description
        )
    }
}

struct WalletList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "the wallets on this machine",
        discussion: "EXAMPLE\n  stoa wallet list"
    )

    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let wallets = Wallets(home: home)
        // One damaged file must not hide the others.
        let found = wallets.names().map { name in
            (name: name, address: (try? wallets.account(name))?.description)
        }
        for entry in found where entry.address == nil {
            note("the file of wallet “\(entry.name)” is damaged or not a keystore")
        }
        try output.print(
            found.map { entry in
                entry.address.map { ["name": entry.name, "address": $0] }
                    ?? ["name": entry.name, "problem": "damaged"]
            },
            table(["NAME", "ADDRESS"], found.map { [$0.name, $0.address ?? "damaged"] })
        )
    }
}

struct WalletBalance: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balance",
        abstract: "what an account owns, has bonded, and has in channels",
        discussion: "EXAMPLE\n  stoa wallet balance alice"
    )

    @Argument(help: "a wallet's name or an address")
    var account = "default"
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    struct Document: Encodable {
        /// What channels hold in a unit other than STOA, counted in its smallest part.
        struct Locked: Encodable {
            let unit, name, amount: String
            let decimals: UInt8
        }

        let address, balanceObol, bondObol, inChannelsObol: String
        let otherUnitsInChannels: [Locked]
        let sequence: UInt64
    }

    func run() async throws {
        let id = try Wallets(home: home).resolve(account)
        let (document, others) = try await node.ask { ledger in
            let entry = try await ledger.account(id)
            let bond = try await ledger.bond(id)
            var locked: [Denomination: UInt128] = [:]
            for (_, channel) in try await ledger.channels(ofPayer: id, limit: 4096) {
                // What is settled holds nothing; it need not have a line.
                guard !channel.locked.isZero else { continue }
                locked[channel.denomination, default: 0] &+= channel.locked.obol
            }
            let native = locked.removeValue(forKey: .native) ?? 0
            let names = try await ledger.names(of: Array(locked.keys))
            let others = locked.sorted { $0.key < $1.key }.compactMap { denomination, obol in
                names[denomination].map { (unit: $0, amount: Amount(obol: obol)) }
            }
            let document = Document(
                address: id.description,
                balanceObol: "\(entry.balance.obol)",
                bondObol: "\(bond.atRisk.obol)",
                inChannelsObol: "\(native)",
                otherUnitsInChannels: others.map { unit, amount in
                    Document.Locked(
                        unit: "\(unit.unit)",
                        name: unit.name,
                        amount: "\(amount.obol)",
                        decimals: unit.decimals
                    )
                },
                sequence: entry.sequence
            )
            return (document, others.map { "\($0.unit.text($0.amount)) in channels" })
        }
        let lines =
            [
                "\(stoa(document.balanceObol)) STOA",
                "\(stoa(document.inChannelsObol)) STOA in channels",
            ] + others + ["\(stoa(document.bondObol)) STOA bonded"]
        try output.print(document, lines.joined(separator: "\n"))
    }
}

struct WalletSend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "send STOA to an account",
        discussion: "EXAMPLE\n  stoa wallet send --from alice bob 12.5"
    )

    @Option(help: ArgumentHelp("the same as --wallet", valueName: "wallet"))
    var from: String?
    @Argument(help: "a wallet's name or an address")
    var to: String
    @Argument(help: "how much, in STOA", transform: Amount.init(argument:))
    var amount: Amount
    @OptionGroup var signing: SigningOptions

    func run() async throws {
        var signing = signing
        if let from { signing.acting.wallet = from }
        let recipient = try Wallets(home: signing.home).resolve(to)
        let sent = try await signing.send { _, _ in
            [.transfer(to: recipient, denomination: .native, amount: amount)]
        }
        let height = sent.outcome.height.rawValue
        try signing.output.print(
            [
                "transaction": sent.outcome.digest.description, "height": "\(height)",
                "to": recipient.description, "amountObol": "\(amount.obol)",
                "feeObol": "\(sent.transaction.fee.obol)",
                "chain": "\(sent.transaction.chain.digest)",
            ],
            "sent \(amount) STOA to \(recipient) in block \(height)"
        )
    }
}

extension Amount {
    /// Parses an amount of STOA for a command's argument.
    init(argument text: String) throws {
        do {
            try self.init(stoa: text)
        } catch {
            throw ValidationError("“\(text)” is no amount of STOA, such as 12.5")
        }
    }
}

/// Obol text as STOA text.
func stoa(_ obol: String) -> String {
    (try? Amount(obolText: obol))?.description ?? obol
}
