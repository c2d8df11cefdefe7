import ArgumentParser
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct GovernGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "govern",
        abstract: "change the rules' numbers and spend the treasury, by votes of stake",
        discussion: """
            Who has locked STOA before a vote begins can vote, itself or through a delegate; who \
            votes itself is not counted through its delegate. What passes is executed by the \
            ledger after a delay. A proposal is named by its 64 hex digits, or the first of them.

            EXAMPLE
              stoa govern lock --wallet alice 50000
              stoa govern propose number --wallet alice --title "leave sooner" \\
                channels.closingDelayBlocks=300
              stoa govern vote --wallet alice 9f27c1 yes
              stoa govern show 9f27c1
            """,
        subcommands: [
            GovernNumbers.self, GovernPropose.self, GovernList.self, GovernShow.self,
            GovernVote.self, GovernLock.self, GovernUnlock.self, GovernWithdraw.self,
            GovernDelegate.self, GovernStake.self, GovernFund.self,
        ]
    )
}

/// The options of the commands that send one message about votes.
struct GovernSender: ParsableArguments {
    @OptionGroup var signing: SigningOptions

    var home: HomeOptions { signing.home }
    var node: NodeOptions { signing.node }
    var output: OutputOptions { signing.output }
    /// Whose assets bare names are.
    var wallet: String { signing.actor }

    /// Executes the message that `make` makes, and prints what it brought about.
    func execute(
        _ make: (any LedgerConnection) async throws -> GovernanceMessage
    ) async throws {
        let outcome = try await signing.send { ledger, _ in
            [.governance(try await make(ledger))]
        }.outcome
        let proposed = outcome.result.events.compactMap { event -> ProposalID? in
            if case .governance(.proposed(let id, _, _, _)) = event { id } else { nil }
        }
        try output.print(
            Document(
                proposal: proposed.first?.digest.description,
                transaction: outcome.digest.description,
                height: outcome.height.rawValue,
                events: outcome.result.events.map(\.record.document)
            ),
            outcome.result.events.map(\.text).joined(separator: "\n")
        )
    }

    private struct Document: Encodable {
        let proposal: String?
        let transaction: String
        let height: UInt64
        let events: [[String: String]]
    }
}

/// A proposal as people name it.
struct ProposalName: ExpressibleByArgument {
    /// The fewest hex digits that name a proposal.
    private static let digitsMin = 6
    private let text: String

    init?(argument: String) {
        guard argument.utf8.count >= Self.digitsMin else { return nil }
        text = argument
    }

    /// The proposal that is meant.
    func find(_ ledger: any LedgerConnection) async throws -> (id: ProposalID, proposal: Proposal) {
        if let digest = Digest(hex: text) {
            let id = ProposalID(digest)
            if let proposal = try await ledger.proposal(id) { return (id, proposal) }
        }
        let found = try await ledger.proposals(limit: 1 << 16).filter {
            $0.id.digest.description.hasPrefix(text)
        }
        guard let match = found.first, found.count == 1 else {
            throw CommandFailure(
                "“\(text)” names \(found.isEmpty ? "no" : "more than one") proposal",
                hint: "see `stoa govern list`"
            )
        }
        return match
    }
}

/// A choice as people write it.
struct ChoiceText: ExpressibleByArgument {
    /// The choice that is meant.
    let choice: VoteChoice

    init?(argument: String) {
        guard let choice = VoteChoice.allCases.first(where: { "\($0)" == argument }) else {
            return nil
        }
        self.choice = choice
    }

    static var allValueStrings: [String] { VoteChoice.allCases.map { "\($0)" } }
}

struct GovernVote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vote",
        abstract: "vote on a proposal, or anew",
        discussion: """
            It counts with what the wallet had locked when the vote began, and with what others \
            had delegated to it and do not vote with themselves. abstain counts for the quorum \
            only; veto is no, and costs the proposer its deposit if enough agree.

            EXAMPLE
              stoa govern vote --wallet alice 9f27c1 yes
            """
    )

    @Argument(help: "the proposal")
    var proposal: ProposalName
    @Argument(help: "yes, no, abstain or veto")
    var choice: ChoiceText
    @OptionGroup var sender: GovernSender

    func run() async throws {
        try await sender.execute { .vote(try await proposal.find($0).id, choice.choice) }
    }
}

struct GovernLock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "lock STOA to vote with",
        discussion: "EXAMPLE\n  stoa govern lock --wallet alice 50000"
    )

    @Argument(help: "how much, in STOA", transform: Amount.init(argument:))
    var amount: Amount
    @OptionGroup var sender: GovernSender

    func run() async throws { try await sender.execute { _ in .lockVotes(amount) } }
}

struct GovernUnlock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock",
        abstract: "ask for locked STOA back; it arrives after a delay, and does not vote meanwhile",
        discussion: "EXAMPLE\n  stoa govern unlock --wallet alice 50000"
    )

    @Argument(help: "how much, in STOA", transform: Amount.init(argument:))
    var amount: Amount
    @OptionGroup var sender: GovernSender

    func run() async throws { try await sender.execute { _ in .unlockVotes(amount) } }
}

struct GovernWithdraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw",
        abstract: "take what was unlocked, once its delay has passed",
        discussion: "EXAMPLE\n  stoa govern withdraw --wallet alice"
    )

    @OptionGroup var sender: GovernSender

    func run() async throws { try await sender.execute { _ in .withdrawVotes } }
}

struct GovernDelegate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delegate",
        abstract: "let somebody vote with the wallet's stake unless it votes itself",
        discussion: """
            The delegate cannot pass it on, and gets none of the money. It counts for votes that \
            have not begun.

            EXAMPLE
              stoa govern delegate --wallet alice bob
              stoa govern delegate --wallet alice --nobody
            """
    )

    @Argument(help: "the delegate: a wallet's name or an address")
    var delegate: String?
    @Flag(help: "take it back")
    var nobody = false
    @OptionGroup var sender: GovernSender

    func validate() throws {
        guard (delegate == nil) == nobody else {
            throw ValidationError("name a delegate, or give --nobody")
        }
    }

    func run() async throws {
        let account = try delegate.map { try Wallets(home: sender.home).resolve($0) }
        try await sender.execute { _ in .delegateVotes(account) }
    }
}

struct GovernFund: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fund",
        abstract: "give the treasury something that only a vote can spend",
        discussion: """
            EXAMPLES
              stoa govern fund --wallet alice 10
              stoa govern fund --wallet alice 12.50 --unit carol/EURC
            """
    )

    @OptionGroup var sum: GovernSum
    @OptionGroup var sender: GovernSender

    func run() async throws {
        try await sender.execute { ledger in
            let given = try await sum.find(ledger, home: sender.home, wallet: sender.wallet)
            return .fundTreasury(given.denomination, given.amount)
        }
    }
}

/// An amount of STOA, or of a unit that somebody issued.
struct GovernSum: ParsableArguments {
    @Argument(
        help: "how much: in STOA or in --unit; of a unit by its 64 digits, in its smallest part"
    )
    var amount: String
    @Option(help: UnitName.help)
    var unit: UnitName?

    func validate() throws {
        if unit == nil { _ = try Amount(argument: amount) }
    }

    /// What is meant on a ledger.
    func find(
        _ ledger: any LedgerConnection,
        home: HomeOptions,
        wallet: String
    ) async throws -> (denomination: Denomination, amount: Amount) {
        guard let unit else { return (.native, try Amount(argument: amount)) }
        // Whoever names 64 digits has always counted the smallest part; a point would make two
        // meanings of one number.
        if let digest = Digest(hex: unit.text) {
            guard let amount = try? Amount(obolText: amount) else {
                throw CommandFailure(
                    "“\(amount)” is no number of the smallest part of unit \(digest)",
                    hint: "name the unit as issuer/TICKER to give an amount with a point"
                )
            }
            return (.issued(digest), amount)
        }
        let known = try await unit.find(ledger, home: home, wallet: wallet)
        return (known.denomination, try known.amount(amount))
    }
}
