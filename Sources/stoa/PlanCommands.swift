public import ArgumentParser
import Identity
import LedgerClient
public import LedgerCore
import MarketTypes
import SettlementCore

struct PlanGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "sell passes: publish plans, see them, end their sale",
        discussion: "EXAMPLE\n  stoa pass plan list",
        subcommands: [
            PlanPublish.self, PlanList.self, PlanShow.self, PlanRetire.self,
        ]
    )
}

struct PlanPublish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "sell passes for what an offer of yours sells by the call",
        discussion: """
            The same call is offered once more, for nothing, to holders of a pass; beyond what a \
            period includes they pay the offer's prices. A provider that serves the offer serves \
            the plan from then on, without a restart.

            EXAMPLES
              stoa pass plan publish monthly --wallet seller --offer 51c0… --price 5 \\
                --blocks 40000 --include call=1000
              stoa pass plan publish day --wallet seller --offer 51c0… --kind time-pass \\
                --price 1 --blocks 86400
              stoa pass plan publish euro --wallet seller --offer 51c0… --unit carol/EURC \\
                --price 4.90 --blocks 40000 --include call=1000
              stoa pass plan publish taste --wallet seller --offer 51c0… --kind trial \\
                --blocks 86400 --include call=20 --bond 0.1
            """
    )

    @Argument(help: "what people will call the plan, such as monthly")
    var name: String
    @Option(help: ArgumentHelp("the ordinary offer, by its first digits", valueName: "offer"))
    var offer: String
    @Option(name: .customLong("kind"), help: "what it is (else subscription)")
    var kindName: PlanKind?
    @Option(
        help: ArgumentHelp("what a period costs, in the unit or as 1500u", valueName: "amount")
    )
    var price: UnitAmountText?
    @Option(
        help: ArgumentHelp(
            "the unit of the price (else that of the offer's prices): TICKER, issuer/TICKER, its "
                + "64 hex digits, STOA, or shares:ASSET",
            valueName: "unit"
        )
    )
    var unit: UnitName?
    @Option(help: "how many blocks a period has")
    var blocks: UInt64
    @Option(
        name: .customLong("include"),
        help: ArgumentHelp(
            "how many of a unit a period includes; units not named are not limited",
            valueName: "unit=count"
        )
    )
    var includes: [IncludedUnits] = []
    @Option(
        help: ArgumentHelp("what whoever tries leaves meanwhile, in STOA", valueName: "amount")
    )
    var bond: AmountText?
    @Option(help: "how many passes are sold at most")
    var salesMax: UInt32?
    @Flag(help: "let holders give their passes away")
    var transferable = false
    @OptionGroup var sender: PassSender

    func run() async throws {
        try await sender.execute { ledger, account in
            let ordinary = try await ordinaryOffer(ledger, of: account)
            let plans = try await ledger.plans(of: ordinary.asset, limit: 4096)
            let included = ordinary.included(number: UInt64(plans.count) + 1)
            var units = UnitCounts()
            for include in includes { units[include.unit] = include.count }
            let known: KnownUnit
            if let unit {
                known = try await unit.find(ledger, home: sender.home, wallet: sender.wallet)
            } else {
                known = try await ledger.known(ordinary.denomination)
            }
            let terms = PlanTerms(
                name: name,
                asset: ordinary.asset,
                kind: kindName ?? .subscription,
                denomination: known.denomination,
                price: try price?.amount(in: known) ?? .zero,
                periodBlocks: blocks,
                includedUnits: units,
                includedOffer: included.id,
                overageOffer: ordinary.id,
                isTransferable: transferable,
                salesMax: salesMax,
                trialBond: bond?.amount ?? .zero
            )
            return (nil, [.publishOffer(included), .passes(.publishPlan(terms))])
        }
    }

    private func ordinaryOffer(
        _ ledger: any LedgerConnection,
        of seller: AccountID
    ) async throws -> Offer {
        let found = try await ledger.offers(limit: 2) { record in
            record.offer.seller == seller && record.standing == .current
                && record.offer.id.digest.description.hasPrefix(offer)
        }
        guard let match = found.first, found.count == 1 else {
            throw CommandFailure(
                "“\(offer)” names \(found.isEmpty ? "no" : "more than one") offer of this wallet",
                hint: "see `stoa offers`"
            )
        }
        return match.offer
    }
}

extension Offer {
    /// The same for nothing, for holders of a pass; it ends some milliseconds later, so that each
    /// plan has an offer of its own.
    fileprivate func included(number: UInt64) -> Offer {
        var free = SortedMap<Unit, Price>()
        for (unit, price) in prices.prices.entries {
            free[unit] = Price(amount: .zero, perUnits: price.perUnits)
        }
        // A call can always be counted, whatever the ordinary offer counts.
        free[.call] = Price(amount: .zero, perUnits: 1)
        return Offer(
            seller: seller,
            receiptKey: receiptKey,
            asset: asset,
            assetVersion: assetVersion,
            weights: weights,
            model: model,
            interface: interface,
            endpoint: endpoint,
            denomination: denomination,
            prices: PriceTable(free),
            limits: limits,
            verification: verification,
            bond: bond,
            version: 1,
            supersedes: nil,
            expiresAt: Timestamp(milliseconds: expiresAt.milliseconds + number)
        )
    }
}

/// A unit and how many of it, as people type it: `call=1000`.
struct IncludedUnits: ExpressibleByArgument {
    let unit: Unit
    let count: UInt64

    init?(argument: String) {
        let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, let unit = Unit(name: String(parts[0])),
            let count = UInt64(parts[1])
        else { return nil }
        self.unit = unit
        self.count = count
    }
}

extension PlanKind: ExpressibleByArgument {
    /// The names that help texts list.
    public static var allValueStrings: [String] { allCases.map(\.name) }

    /// The name that help texts show as the default.
    public var defaultValueDescription: String { name }

    /// The names say it all.
    public static var allValueDescriptions: [String: String] { [:] }

    /// Parses the kind's name.
    public init?(argument: String) {
        guard let match = Self.allCases.first(where: { $0.name == argument }) else { return nil }
        self = match
    }
}

struct PlanRetire: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "sell and renew a plan's passes no more; those that run go on",
        discussion: "EXAMPLE\n  stoa pass plan retire monthly --wallet seller"
    )

    @Argument(help: "the plan")
    var plan: PlanName
    @OptionGroup var sender: PassSender

    func run() async throws {
        try await sender.execute { ledger, _ in
            let id = try await plan.find(ledger).id
            return (id, [.passes(.retirePlan(id))])
        }
    }
}
