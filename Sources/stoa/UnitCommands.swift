import ArgumentParser
import CanonicalCoding
import FoundationEssentials
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct UnitGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unit",
        abstract: "issue money of one's own, such as a euro credit, and redeem it",
        discussion: """
            The ledger counts a unit and shows how much of it was made. Whether its issuer has \
            what it promises, the ledger cannot know.

            A unit is named by its ticker, issuer/TICKER, its 64 hex digits, STOA, or \
            shares:ASSET. Amounts are written as the unit's decimals allow, such as 12.50.

            EXAMPLES
              stoa unit issue CHFC "Swiss franc credit" --decimals 2 --supply-max 1000000 \\
                --document terms.pdf --link https://carol.example/terms.pdf --wallet carol
              stoa unit mint carol/CHFC alice 250 --wallet carol
              stoa unit redeem CHFC 100 --reference order-17 --wallet alice
            """,
        subcommands: [
            UnitIssue.self, UnitMint.self, UnitSend.self, UnitBurn.self, UnitRedeem.self,
            UnitSettle.self, UnitCancel.self, UnitList.self, UnitShow.self, UnitBalance.self,
        ]
    )
}

/// The options of the commands that send messages about units or shares.
struct UnitSender: ParsableArguments {
    @OptionGroup var signing: SigningOptions

    var home: HomeOptions { signing.home }
    var node: NodeOptions { signing.node }
    var output: OutputOptions { signing.output }
    /// Whose assets bare names are.
    var wallet: String { signing.actor }

    /// Executes the messages that `make` makes, and prints what they brought about.
    func execute(
        _ make: (any LedgerConnection, AccountID) async throws -> [Message]
    ) async throws {
        let sent = try await signing.send(make)
        // Only people read the units' names, which must be asked for.
        let text = output.json ? "" : await text(sent)
        try output.print(Document(sent), text)
    }

    /// What a transaction brought about; if the ledger does not name the units any more, as it is.
    private func text(_ sent: SentTransaction) async -> String {
        let events = sent.outcome.result.events
        do {
            return try await node.ask { ledger in
                var lines: [String] = []
                for event in events { lines.append(try await ledger.text(event)) }
                return lines.joined(separator: "\n")
            }
        } catch {
            note(
                "the transaction is in block \(sent.outcome.height.rawValue), but the names of its "
                    + "units could not be read: \(error)"
            )
            return events.map(\.record.text).joined(separator: "\n")
        }
    }

    /// Executes any number of messages, as many in each transaction as it holds, and prints what
    /// each transaction was, if some of them are refused too.
    func executeAll(_ messages: [Message]) async throws {
        var done: [SentTransaction] = []
        func print() throws {
            let lines = done.map { sent in
                "\(sent.outcome.result.events.count) events in block "
                    + "\(sent.outcome.height.rawValue)"
            }
            try output.print(done.map(Document.init), lines.joined(separator: "\n"))
        }
        for start in stride(from: 0, to: messages.count, by: Transaction.messagesMax) {
            let part = messages[start..<min(start + Transaction.messagesMax, messages.count)]
            do {
                let isOnly = messages.count <= Transaction.messagesMax
                let rest = isOnly ? nil : Array(messages[start...])
                done.append(try await signing.send(partOf: rest) { _, _ in Array(part) })
            } catch let error as CommandFailure where start > 0 {
                try print()
                throw error.after(start, of: messages.count, unknown: part.count)
            }
        }
        try print()
    }

    private struct Document: Encodable {
        let transaction: String
        let height: UInt64
        let feeObol, chain: String
        let events: [[String: String]]

        init(_ sent: SentTransaction) {
            transaction = sent.outcome.digest.description
            height = sent.outcome.height.rawValue
            feeObol = "\(sent.transaction.fee.obol)"
            chain = "\(sent.transaction.chain.digest)"
            events = sent.outcome.result.events.map(\.record.document)
        }
    }
}

extension CommandFailure {
    /// The failure of a command of which the first `done` of `all` messages took effect before.
    fileprivate func after(_ done: Int, of all: Int, unknown count: Int) -> CommandFailure {
        let rest = kind == .unknown ? "; of the next \(count) it is not known" : ""
        return CommandFailure(
            "\(done) of \(all) were done, the first ones as they were named\(rest); "
                + "then: \(message)",
            hint: "name only the rest when you try again\(hint.map { "; \($0)" } ?? "")",
            kind: kind == .unknown ? .unknown : .failed,
            code: code,
            moneyMoved: .yes,
            transaction: transaction
        )
    }
}

extension LedgerConnection {
    /// An event in one line, amounts in their unit's decimals.
    fileprivate func text(_ event: Event) async throws -> String {
        let record = event.record
        var parts = [record.name]
        for field in record.fields {
            if case .amount(let amount, let denomination) = field.value {
                parts.append("\(field.name) \(try await known(denomination).text(amount))")
            } else {
                parts.append("\(field.name) \(field.value.text)")
            }
        }
        return parts.joined(separator: ", ")
    }
}

struct UnitIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue",
        abstract:
            "make a unit that only the wallet's account can mint; nothing of it can be changed",
        discussion: """
            EXAMPLE
              stoa unit issue CHFC "Swiss franc credit" --decimals 2 --supply-max 1000000 \\
                --document terms.pdf --link https://carol.example/terms.pdf --wallet carol
            """
    )

    @Argument(help: "3 to 12 capitals and digits, such as CHFC")
    var ticker: String
    @Argument(help: "a name for people")
    var name: String
    @Option(help: "how many digits amounts have behind the point, up to 18")
    var decimals: UInt8 = 2
    @Option(help: "the most that there may be of it at one time")
    var supplyMax: String
    @Option(help: "the file that says what it is worth and how it is redeemed, or its 64 digits")
    var document: String
    @Option(help: "where people can read that file")
    var link = ""
    @OptionGroup var sender: UnitSender

    func run() async throws {
        let unit = KnownUnit(denomination: .native, name: ticker, decimals: decimals)
        let terms = UnitTerms(
            ticker: ticker,
            name: name,
            decimals: decimals,
            document: try digest(),
            link: link,
            supplyMax: try unit.amount(supplyMax)
        )
        try await sender.execute { _, _ in [.units(.issueUnit(terms))] }
    }

    private func digest() throws -> Digest {
        if let digest = Digest(hex: document) { return digest }
        guard let data = FileManager.default.contents(atPath: document) else {
            throw CommandFailure(
                "there is no file \(document)",
                hint: "give the terms' file, or its SHA-256 as 64 hex digits"
            )
        }
        return Digest(sha256: Array(data))
    }
}

struct UnitMint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mint",
        abstract: "make more of a unit of the wallet's, for an account",
        discussion: "EXAMPLE\n  stoa unit mint CHFC alice 250 --wallet carol"
    )

    @Argument(help: UnitName.help)
    var unit: UnitName
    @Argument(help: "who gets it: a wallet's name or an address")
    var to: String
    @Argument(help: "how much")
    var amount: String
    @OptionGroup var sender: UnitSender

    func run() async throws {
        let account = try Wallets(home: sender.home).resolve(to)
        try await sender.execute { ledger, _ in
            let (known, _) = try await ledger.issued(
                unit,
                home: sender.home,
                wallet: sender.wallet
            )
            return [.units(.mintUnit(known.unit, try known.amount(amount), to: account))]
        }
    }
}

struct UnitSend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "send an amount of any unit to an account",
        discussion: "EXAMPLE\n  stoa unit send CHFC bob 12.50 --wallet alice"
    )

    @Argument(help: UnitName.help)
    var unit: UnitName
    @Argument(help: "who gets it: a wallet's name or an address")
    var to: String
    @Argument(help: "how much")
    var amount: String
    @OptionGroup var sender: UnitSender

    func run() async throws {
        let account = try Wallets(home: sender.home).resolve(to)
        try await sender.execute { ledger, _ in
            let known = try await unit.find(ledger, home: sender.home, wallet: sender.wallet)
            let amount = try known.amount(amount)
            return [.transfer(to: account, denomination: known.denomination, amount: amount)]
        }
    }
}

struct UnitBurn: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "burn",
        abstract: "destroy what the wallet's account has of a unit",
        discussion: "EXAMPLE\n  stoa unit burn CHFC 1 --wallet alice"
    )

    @Argument(help: UnitName.help)
    var unit: UnitName
    @Argument(help: "how much")
    var amount: String
    @OptionGroup var sender: UnitSender

    func run() async throws {
        try await sender.execute { ledger, _ in
            let (known, _) = try await ledger.issued(
                unit,
                home: sender.home,
                wallet: sender.wallet
            )
            return [.units(.burnUnit(known.unit, try known.amount(amount)))]
        }
    }
}

struct UnitRedeem: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redeem",
        abstract: "ask the issuer to deliver what a unit stands for",
        discussion: """
            The amount is locked until the issuer settles. Once the issuer's time is over, \
            `stoa unit cancel` takes it back. The reference tells the issuer where to deliver: 64 \
            hex digits, or any text, of which the ledger only sees the digest.

            EXAMPLE
              stoa unit redeem CHFC 100 --reference "order 17" --wallet alice
            """
    )

    @Argument(help: UnitName.help)
    var unit: UnitName
    @Argument(help: "how much")
    var amount: String
    @Option(help: "what the issuer knows the order by")
    var reference = ""
    @OptionGroup var sender: UnitSender

    func run() async throws {
        let digest =
            reference.isEmpty
            ? Digest.zero : Digest(hex: reference) ?? Digest(sha256: Array(reference.utf8))
        try await sender.execute { ledger, _ in
            let (known, _) = try await ledger.issued(
                unit,
                home: sender.home,
                wallet: sender.wallet
            )
            let amount = try known.amount(amount)
            return [.units(.redeemUnit(known.unit, amount, reference: digest))]
        }
    }
}

/// A redemption by its 64 digits.
struct RedemptionName: ExpressibleByArgument {
    let digest: Digest

    init?(argument: String) {
        guard let digest = Digest(hex: argument) else { return nil }
        self.digest = digest
    }
}

struct UnitSettle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settle",
        abstract: "say that the wallet's account, the issuer, has redeemed; burns the amount",
        discussion: "EXAMPLE\n  stoa unit settle 5be1… --wallet carol"
    )

    @Argument(help: "the redemption's 64 hex digits: see `stoa unit show`")
    var redemption: RedemptionName
    @OptionGroup var sender: UnitSender

    func run() async throws {
        try await sender.execute { _, _ in
            [.units(.settleRedemption(redemption.digest))]
        }
    }
}

struct UnitCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "take back what was not redeemed in time, or as the issuer give it back",
        discussion: "EXAMPLE\n  stoa unit cancel 5be1… --wallet alice"
    )

    @Argument(help: "the redemption's 64 hex digits: see `stoa unit show`")
    var redemption: RedemptionName
    @OptionGroup var sender: UnitSender

    func run() async throws {
        try await sender.execute { _, _ in
            [.units(.cancelRedemption(redemption.digest))]
        }
    }
}
