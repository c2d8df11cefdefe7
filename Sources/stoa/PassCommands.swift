import ArgumentParser
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct PassGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pass",
        abstract: "subscribe: calls that cost nothing, or less, while a pass runs",
        discussion: """
            A plan is named by its 64 hex digits, the first of them, or its name if no other plan \
            has that. A gateway uses the passes of its wallet by itself.

            EXAMPLES
              stoa pass plan publish monthly --wallet seller --offer 51c0… --price 5 \\
                --blocks 40000 --include call=1000
              stoa pass buy monthly --wallet buyer --renew 11
              stoa pass list --wallet buyer
            """,
        subcommands: [
            PlanGroup.self, PassBuy.self, PassRenew.self, PassCancel.self, PassTrial.self,
            PassTransfer.self, PassList.self, PassShow.self,
        ]
    )
}

/// The options of the commands that send messages about passes.
struct PassSender: ParsableArguments {
    @OptionGroup var signing: SigningOptions

    var home: HomeOptions { signing.home }
    var node: NodeOptions { signing.node }
    var output: OutputOptions { signing.output }
    /// Whose assets bare names are.
    var wallet: String { signing.actor }

    /// Executes the messages that `make` makes, and prints what they brought about.
    func execute(
        _ make: (any LedgerConnection, AccountID) async throws -> (plan: PlanID?, [Message])
    ) async throws {
        var named: PlanID?
        let outcome = try await signing.send { ledger, account in
            let (plan, messages) = try await make(ledger, account)
            named = plan
            return messages
        }.outcome
        let published = outcome.result.events.compactMap { event -> PlanID? in
            if case .passes(.planPublished(let plan, _, _)) = event { plan } else { nil }
        }
        let events = outcome.result.events.map(\.text)
        try output.print(
            Document(
                plan: (named ?? published.first)?.digest.description,
                transaction: outcome.digest.description,
                height: outcome.height.rawValue,
                events: outcome.result.events.map(\.record.document)
            ),
            events.joined(separator: "\n")
        )
    }

    private struct Document: Encodable {
        let plan: String?
        let transaction: String
        let height: UInt64
        let events: [[String: String]]
    }
}

/// A plan as people name it.
struct PlanName: ExpressibleByArgument {
    /// The fewest hex digits that name a plan.
    private static let digitsMin = 6
    private let text: String

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        text = argument
    }

    /// The plan that is meant.
    func find(_ ledger: any LedgerConnection) async throws -> (id: PlanID, plan: Plan) {
        if let digest = Digest(hex: text), let plan = try await ledger.plan(PlanID(digest)) {
            return (PlanID(digest), plan)
        }
        let found = try await ledger.plans(limit: 4096).filter { id, plan in
            plan.terms.name == text
                || text.utf8.count >= Self.digitsMin && id.digest.description.hasPrefix(text)
        }
        guard let match = found.first else {
            throw CommandFailure("there is no plan “\(text)”", hint: "see `stoa pass plan list`")
        }
        guard found.count == 1 else {
            throw CommandFailure(
                "\(found.count) plans are called “\(text)”",
                hint: "give the first digits of one: "
                    + found.map { String($0.id.digest.description.prefix(12)) }
                    .joined(separator: ", ")
            )
        }
        return match
    }
}

struct PassBuy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "buy",
        abstract: "buy a pass that begins now",
        discussion: """
            With --renew the ledger pays for further periods by itself, that many times at most \
            and never more than the price of today. `stoa pass cancel` takes that back.

            EXAMPLE
              stoa pass buy monthly --wallet buyer --renew 11
            """
    )

    @Argument(help: "the plan")
    var plan: PlanName
    @Option(help: "the most a period may cost (else the plan's price), in the plan's unit")
    var priceMax: UnitAmountText?
    @Option(help: "let the ledger renew the pass so many times")
    var renew: UInt32?
    @OptionGroup var sender: PassSender

    func run() async throws {
        try await sender.execute { ledger, _ in
            let (id, plan) = try await plan.find(ledger)
            let price = try await plan.price(priceMax, ledger)
            var messages: [Message] = [.passes(.buyPass(id, priceMax: price))]
            if let renew {
                messages.append(.passes(.authorizeRenewal(id, standing(renew, price))))
            }
            return (id, messages)
        }
    }
}

extension Plan {
    /// The most that a period may cost: what was asked for, or the price of today.
    fileprivate func price(
        _ asked: UnitAmountText?,
        _ ledger: any LedgerConnection
    ) async throws -> Amount {
        guard let asked else { return terms.price }
        return try asked.amount(in: try await ledger.known(terms.denomination))
    }
}

/// Renewals without another end than their number.
private func standing(_ renewals: UInt32, _ priceMax: Amount) -> StandingRenewal {
    StandingRenewal(priceMax: priceMax, renewals: renewals, until: BlockHeight(.max))
}

struct PassRenew: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew",
        abstract: "pay for a further period now, or let the ledger pay for some later",
        discussion: """
            EXAMPLES
              stoa pass renew monthly --wallet buyer
              stoa pass renew monthly --wallet buyer --standing 11 --until 400000
            """
    )

    @Argument(help: "the plan")
    var plan: PlanName
    @Option(help: "the most a period may cost (else the plan's price), in the plan's unit")
    var priceMax: UnitAmountText?
    @Option(help: "let the ledger renew the pass so many times, instead of paying now")
    var standing: UInt32?
    @Option(help: "the last block at which the ledger may do so")
    var until: UInt64?
    @OptionGroup var sender: PassSender

    func validate() throws {
        guard until == nil || standing != nil else {
            throw ValidationError("--until goes with --standing")
        }
    }

    func run() async throws {
        try await sender.execute { ledger, _ in
            let (id, plan) = try await plan.find(ledger)
            let price = try await plan.price(priceMax, ledger)
            guard let standing else { return (id, [.passes(.renewPass(id, priceMax: price))]) }
            let renewal = StandingRenewal(
                priceMax: price,
                renewals: standing,
                until: BlockHeight(until ?? .max)
            )
            return (id, [.passes(.authorizeRenewal(id, renewal))])
        }
    }
}

struct PassCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "let the ledger renew a pass no more; what is paid for goes on",
        discussion: "EXAMPLE\n  stoa pass cancel monthly --wallet buyer"
    )

    @Argument(help: "the plan")
    var plan: PlanName
    @OptionGroup var sender: PassSender

    func run() async throws {
        try await sender.execute { ledger, _ in
            let id = try await plan.find(ledger).id
            return (id, [.passes(.cancelRenewal(id))])
        }
    }
}

struct PassTrial: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trial",
        abstract: "try a plan for nothing, once; its bond comes back at the end",
        discussion: "EXAMPLE\n  stoa pass trial taste --wallet buyer"
    )

    @Argument(help: "the plan")
    var plan: PlanName
    @OptionGroup var sender: PassSender

    func run() async throws {
        try await sender.execute { ledger, _ in
            let id = try await plan.find(ledger).id
            return (id, [.passes(.startTrial(id))])
        }
    }
}

struct PassTransfer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer",
        abstract: "give a pass away with what is left of it",
        discussion: "EXAMPLE\n  stoa pass transfer monthly carol --wallet buyer"
    )

    @Argument(help: "the plan")
    var plan: PlanName
    @Argument(help: "who gets it: a wallet's name or an address")
    var account: String
    @OptionGroup var sender: PassSender

    func run() async throws {
        let account = try Wallets(home: sender.home).resolve(account)
        try await sender.execute { ledger, _ in
            let id = try await plan.find(ledger).id
            return (id, [.passes(.transferPass(id, to: account))])
        }
    }
}

/// An amount as people type it: in STOA, or in the smallest unit as `1500u`.
struct AmountText: ExpressibleByArgument {
    let amount: Amount

    init?(argument: String) {
        guard let text = UnitAmountText(argument: argument),
            let amount = try? text.amount(in: .native)
        else { return nil }
        self.amount = amount
    }
}

/// An amount of a unit that is only known later: in the unit, or in its smallest part as `1500u`.
struct UnitAmountText: ExpressibleByArgument {
    private let text: String

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        text = argument
    }

    /// The amount in a unit.
    func amount(in unit: KnownUnit) throws -> Amount {
        guard text.hasSuffix("u") else { return try unit.amount(text) }
        guard let amount = try? Amount(obolText: String(text.dropLast())) else {
            throw CommandFailure("“\(text)” is no number of the smallest part of \(unit.name)")
        }
        return amount
    }
}
