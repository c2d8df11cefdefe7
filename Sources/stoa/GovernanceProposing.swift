import ArgumentParser
import CanonicalCoding
import FoundationEssentials
import LedgerClient
import LedgerCore
import MarketTypes

struct GovernPropose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "propose",
        abstract: "propose something, with a deposit that comes back unless it is vetoed",
        discussion: """
            EXAMPLE
              stoa govern propose number --wallet alice --title "leave sooner" \\
                channels.closingDelayBlocks=300
            """,
        subcommands: [GovernProposeText.self, GovernProposeNumber.self, GovernProposePayment.self]
    )
}

/// The options of all proposals.
struct ProposalOptions: ParsableArguments {
    @Option(help: "what it is about, in a line")
    var title: String
    @Option(
        help: ArgumentHelp("a file with the reasons; its digest is voted on", valueName: "file")
    )
    var document: String?
    @Option(help: "where others find that file")
    var link = ""
    @Option(
        help: "the deposit in STOA; unless given, the least there is",
        transform: Amount.init(argument:)
    )
    var deposit: Amount?
    @OptionGroup var sender: GovernSender

    /// Proposes the action.
    func propose(_ action: ProposalAction) async throws {
        try await propose { _ in action }
    }

    /// Proposes the action that `make` makes of what the ledger knows.
    func propose(
        _ make: (any LedgerConnection) async throws -> ProposalAction
    ) async throws {
        let document = try document.map(digest) ?? .zero
        try await sender.execute { ledger in
            let content = ProposalContent(
                title: title,
                document: document,
                link: link,
                action: try await make(ledger)
            )
            let least = try await ledger.value(of: .proposalDeposit)
            let deposit = deposit ?? Amount(obol: UInt128(least ?? 0))
            return .propose(content, deposit: deposit)
        }
    }

    private func digest(of file: String) throws -> Digest {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw CommandFailure("“\(file)” cannot be read")
        }
        return Digest(sha256: [UInt8](data))
    }
}

struct GovernProposeText: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "text",
        abstract: "propose something that people do, not the ledger",
        discussion: """
            EXAMPLE
              stoa govern propose text --wallet alice --title "meet in May" --document why.md \\
                --link https://example.org/why.md
            """
    )

    @OptionGroup var options: ProposalOptions

    func run() async throws { try await options.propose(.text) }
}

/// A number's new value as people write it: name=value.
struct NumberText: ExpressibleByArgument {
    /// The change that is meant.
    let change: NumberChange

    init?(argument: String) {
        let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = GovernedNumber(name: String(parts[0])),
            let value = UInt64(parts[1])
        else { return nil }
        change = NumberChange(number: number.id, value: value)
    }
}

struct GovernProposeNumber: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "number",
        abstract: "propose to change numbers of the rules; up to 8 at once",
        discussion: """
            What somebody relied on stays: a channel keeps the closing delay that it opened with. \
            `stoa govern numbers` shows them all, and the bounds that no vote can leave.

            EXAMPLE
              stoa govern propose number --wallet alice --title "leave sooner" \\
                channels.closingDelayBlocks=300
            """
    )

    @Argument(help: ArgumentHelp("a number and its new value", valueName: "name=value"))
    var numbers: [NumberText]
    @OptionGroup var options: ProposalOptions

    func run() async throws {
        let changes = numbers.map(\.change).sorted { $0.number < $1.number }
        try await options.propose(.numbers(changes))
    }
}

struct GovernProposePayment: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "payment",
        abstract: "propose to pay somebody out of the treasury",
        discussion: """
            EXAMPLE
              stoa govern propose payment --wallet alice --title "a year of work" --to bob 10
            """
    )

    @Option(help: "who is paid: a wallet's name or an address")
    var to: String
    @OptionGroup var sum: GovernSum
    @OptionGroup var options: ProposalOptions

    func run() async throws {
        let recipient = try Wallets(home: options.sender.home).resolve(to)
        let sender = options.sender
        try await options.propose { ledger in
            let sum = try await sum.find(ledger, home: sender.home, wallet: sender.wallet)
            return .payment(
                TreasuryPayment(to: recipient, denomination: sum.denomination, amount: sum.amount)
            )
        }
    }
}

extension Genesis {
    /// The numbers of a market on one machine, where a vote shall be over in about a minute.
    static let localNumbers: [NumberChange] = [
        (.votingDelayBlocks, 5), (.votingPeriodBlocks, 30), (.timelockBlocks, 20),
        (.unlockDelayBlocks, 60),
    ].map { (number: GovernedNumber, value: UInt64) in
        NumberChange(number: number.id, value: value)
    }
}
