import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import NIOCore
import SettlementCore

struct PlanList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "the plans there are",
        discussion: "EXAMPLE\n  stoa pass plan list --seller alice"
    )

    @Option(help: "only plans of this seller: a wallet's name or an address")
    var seller: String?
    @Flag(help: "also plans that are not sold any more")
    var all = false
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let seller = try seller.map { try Wallets(home: home).resolve($0) }
        let documents = try await node.ask { ledger in
            let found = try await ledger.plans(limit: 1000).filter { _, plan in
                (seller == nil || plan.seller == seller) && (all || plan.retiredAt == nil)
            }
            let units = try await ledger.names(of: found.map(\.plan.terms.denomination))
            return found.map { PlanDocument($0.id, $0.plan, units[$0.plan.terms.denomination]) }
        }
        let rows = documents.map {
            [
                $0.name, $0.kind, $0.priceText, String($0.periodBlocks), $0.includedText,
                String($0.sales), String($0.plan.prefix(16)), $0.seller,
            ]
        }
        let heading = [
            "NAME", "KIND", "PRICE", "BLOCKS", "INCLUDES", "SOLD", "PLAN", "SELLER",
        ]
        try output.print(documents, table(heading, rows))
    }
}

struct PlanShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "all that a plan promises",
        discussion: "EXAMPLE\n  stoa pass plan show monthly"
    )

    @Argument(help: "the plan")
    var plan: PlanName
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let document = try await node.ask { ledger in
            let (id, plan) = try await plan.find(ledger)
            return PlanDocument(id, plan, try await ledger.known(plan.terms.denomination))
        }
        let lines = [
            "plan        \(document.plan)", "name        \(document.name)",
            "kind        \(document.kind)", "seller      \(document.seller)",
            "asset       \(document.asset)", "price       \(document.priceText)",
            "period      \(document.periodBlocks) blocks", "includes    \(document.includedText)",
            "served as   offer \(document.includedOffer)",
            "beyond      \(document.overageOffer.map { "offer \($0)" } ?? "nothing promised")",
            "sold        \(document.sales)" + (document.salesMax.map { " of \($0)" } ?? ""),
            "bond        \(stoa(document.trialBondObol)) STOA",
            "can be given away  \(document.isTransferable ? "yes" : "no")",
            "on sale     \(document.retiredAt.map { "no, since block \($0)" } ?? "yes")",
        ]
        try output.print(document, lines.joined(separator: "\n"))
    }
}

/// A plan as the command line prints it.
struct PlanDocument: Encodable {
    let plan, name, kind, seller, asset, denomination, price, includedOffer: String
    /// The price as people read it.
    let priceText: String
    let trialBondObol: String
    let overageOffer: String?
    let periodBlocks: UInt64
    let included: [String: UInt64]
    let isTransferable: Bool
    let sales: UInt32
    let salesMax: UInt32?
    let publishedAt: UInt64
    let retiredAt: UInt64?

    init(_ id: PlanID, _ record: Plan, _ known: KnownUnit? = nil) {
        let terms = record.terms
        priceText =
            known?.text(terms.price)
            ?? EventRecord.Value.amount(terms.price, terms.denomination).text
        plan = id.digest.description
        name = terms.name
        kind = terms.kind.name
        seller = record.seller.description
        asset = terms.asset.digest.description
        denomination = EventRecord.Value.denomination(terms.denomination).plain
        price = "\(terms.price.obol)"
        includedOffer = terms.includedOffer.digest.description
        overageOffer = terms.overageOffer?.digest.description
        periodBlocks = terms.periodBlocks
        included = Dictionary(
            terms.includedUnits.entries.map { ($0.key.name, $0.value) }
        ) { first, _ in first }
        isTransferable = terms.isTransferable
        sales = record.sales
        salesMax = terms.salesMax
        trialBondObol = "\(terms.trialBond.obol)"
        publishedAt = record.publishedAt.rawValue
        retiredAt = record.retiredAt?.rawValue
    }

    /// What a period includes, in a few words.
    var includedText: String {
        included.isEmpty
            ? "everything"
            : included.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
                .joined(separator: ", ")
    }
}

struct PassList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "the passes that an account holds",
        discussion: "EXAMPLE\n  stoa pass list --wallet buyer"
    )

    @Option(help: "whose passes: a wallet's name or an address")
    var wallet = "default"
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let holder = try Wallets(home: home).resolve(wallet)
        let documents = try await node.ask { ledger in
            var documents: [PassDocument] = []
            let height = try await ledger.status().height
            for (id, pass) in try await ledger.passes(of: holder, limit: 1000) {
                guard let plan = try await ledger.plan(pass.plan) else { continue }
                documents.append(PassDocument(id, pass, plan, at: height))
            }
            return documents
        }
        let rows = documents.map {
            [
                $0.name, $0.kind, $0.blocksText, $0.renewalText, String($0.plan.prefix(16)),
                String($0.pass.prefix(16)),
            ]
        }
        try output.print(
            documents,
            table(["NAME", "KIND", "RUNS UNTIL BLOCK", "RENEWALS", "PLAN", "PASS"], rows)
        )
    }
}

struct PassShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "one pass, and what its seller says was used of it",
        discussion: "EXAMPLE\n  stoa pass show monthly --wallet buyer"
    )

    @Argument(help: "the plan")
    var plan: PlanName
    @Option(help: "whose pass: a wallet's name or an address")
    var wallet = "default"
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let holder = try Wallets(home: home).resolve(wallet)
        let (found, endpoint) = try await node.ask { ledger in
            let (id, plan) = try await plan.find(ledger)
            guard let pass = try await ledger.pass(of: holder, id) else {
                throw CommandFailure(
                    "\(holder) has no pass of this plan",
                    hint: "buy one with `stoa pass buy \(id.digest)`"
                )
            }
            let height = try await ledger.status().height
            return (
                PassDocument(pass.id, pass.pass, plan, at: height),
                try await ledger.offer(plan.terms.includedOffer)?.offer.endpoint
            )
        }
        var document = found
        document.used = await used(document, at: endpoint)
        let used = document.used.map { used in
            used.isEmpty
                ? "nothing"
                : used.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
                    .joined(separator: ", ")
        }
        let lines = [
            "pass        \(document.pass)", "plan        \(document.plan) (\(document.name))",
            "kind        \(document.kind)", "runs until  block \(document.blocksText)",
            "renewals    \(document.renewalText)", "includes    \(document.includedText)",
            "used        \(used ?? "unknown: the seller did not answer")",
        ]
        try output.print(document, lines.joined(separator: "\n"))
    }

    /// What the seller has counted in the current period (PAS-44); nil without an answer.
    private func used(_ document: PassDocument, at endpoint: String?) async -> [String: UInt64]? {
        guard let endpoint, let period = document.periods.first else { return nil }
        let answer = try? await withHTTPClient { client in
            let url = endpoint + "/stoa/v1/passes/" + document.pass
            let response = try await client.execute(
                HTTPClientRequest(url: url),
                timeout: .seconds(5)
            )
            let body = try await response.body.collect(upTo: 1 << 20)
            return try JSONDecoder().decode(SellerAnswer.self, from: Data(body.readableBytesView))
        }
        guard let answer else { return nil }
        return answer.periods.first { $0.starts_at == period.startsAt }?.used ?? [:]
    }

    private struct SellerAnswer: Decodable {
        struct Period: Decodable {
            let starts_at: UInt64
            let used: [String: UInt64]
        }

        let periods: [Period]
    }
}

/// A pass as the command line prints it.
struct PassDocument: Encodable {
    struct Period: Encodable {
        let startsAt, endsAt: UInt64
    }

    let pass, plan, name, kind, holder, bondObol: String
    let height: UInt64
    let periods: [Period]
    let included: [String: UInt64]
    let renewals: UInt32
    let renewalsUntil: UInt64?
    let renewalPriceMax: String?
    var used: [String: UInt64]?
    private let plans: PlanDocument

    private enum CodingKeys: String, CodingKey {
        case pass, plan, name, kind, holder, bondObol, height, periods, included, renewals
        case renewalsUntil, renewalPriceMax, used
    }

    init(_ id: PassID, _ record: Pass, _ plan: Plan, at height: BlockHeight) {
        plans = PlanDocument(record.plan, plan)
        pass = id.digest.description
        self.plan = plans.plan
        name = plans.name
        kind = plans.kind
        holder = record.holder.description
        bondObol = "\(record.bond.obol)"
        self.height = height.rawValue
        // The ledger removes a period when its end comes; an answer may be older than that.
        periods = record.periods.filter { $0.endsAt > height }.map {
            Period(startsAt: $0.startsAt.rawValue, endsAt: $0.endsAt.rawValue)
        }
        included = plans.included
        renewals = record.renewal?.renewals ?? 0
        renewalsUntil = record.renewal?.until.rawValue
        renewalPriceMax = record.renewal.map { "\($0.priceMax.obol)" }
    }

    /// What a period includes, in a few words.
    var includedText: String { plans.includedText }

    /// When it ends.
    var blocksText: String {
        let end = periods.last?.endsAt ?? height
        return "\(end) (now \(height), \(periods.count) paid)"
    }

    /// How often the ledger may renew it.
    var renewalText: String {
        guard renewals > 0 else { return "none" }
        guard let until = renewalsUntil, until != .max else { return "\(renewals)" }
        return "\(renewals) until block \(until)"
    }
}
