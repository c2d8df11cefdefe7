import ArgumentParser
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import SettlementCore

struct Offers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "what is for sale",
        discussion: """
            Without another word it lists them. `stoa sell` makes them.

            EXAMPLES
              stoa offers --model smollm2-135m
              stoa offers withdraw --wallet seller 51c0ab
            """,
        subcommands: [OfferList.self, OfferWithdraw.self],
        defaultSubcommand: OfferList.self
    )
}

struct OfferList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "what is for sale",
        discussion: """
            Prices are in the smallest part of their unit, which is obol for STOA.

            EXAMPLE
              stoa offers --model smollm2-135m
              stoa offers --unit carol/EURC
            """
    )

    @Option(help: "only offers of this model")
    var model: String?
    @Option(help: ArgumentHelp("only prices in this unit", valueName: "unit"))
    var unit: UnitName?
    @Flag(help: "also offers that were superseded, withdrawn or have expired")
    var all = false
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let now = wallClock()
        let documents = try await node.ask { ledger in
            let only = try await unit?.find(ledger, home: home, wallet: "default").denomination
            let found = try await ledger.offers(limit: 1000) { record in
                (model == nil || record.offer.model == model)
                    && (only == nil || record.offer.denomination == only)
                    && (all || record.standing == .current && record.offer.expiresAt > now)
            }
            let units = try await ledger.names(of: found.map(\.offer.denomination))
            return found.map { OfferDocument($0, units[$0.offer.denomination] ?? .native) }
        }
        let rows = documents.map {
            [
                $0.model, $0.interface, $0.priceText, $0.smallestPart, stoa($0.bondObol),
                $0.standing,
                String($0.id.prefix(16)), $0.seller,
            ]
        }
        let heading = [
            "MODEL", "INTERFACE", "PRICE", "IN", "BOND", "STANDING", "OFFER", "SELLER",
        ]
        try output.print(documents, table(heading, rows))
    }
}

struct OfferWithdraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw",
        abstract: "take an offer of yours from the market",
        discussion: """
            Buyers choose it no more. A provider that runs still serves who chose it a moment ago; \
            take it out of provider.yaml once nobody does.

            EXAMPLE
              stoa offers withdraw --wallet seller 51c0ab
            """
    )

    @Argument(help: "the offer's id, or the first digits of it, six at least")
    var offer: ObjectName
    @OptionGroup var signing: SigningOptions

    func run() async throws {
        var named: Offer?
        let sent = try await signing.send { ledger, account in
            let found = try await ledger.offers(limit: 2) { record in
                record.offer.seller == account && record.standing == .current
                    && record.offer.id.digest.description.hasPrefix(offer.text)
            }
            guard found.count == 1, let only = found.first else {
                throw CommandFailure(
                    "“\(offer.text)” names \(found.isEmpty ? "no" : "more than one") offer that "
                        + "stands and is this account's; no money moved",
                    hint: "see `stoa offers`"
                )
            }
            named = only.offer
            return [.withdrawOffer(only.offer.id)]
        }
        // What was sent says which it was: on a retry the offer stands no more.
        let withdrawn = sent.transaction.messages.compactMap { message -> OfferID? in
            if case .withdrawOffer(let id) = message { id } else { nil }
        }
        guard let id = withdrawn.first else { throw CommandFailure("no offer was named") }
        let model = named?.id == id ? named?.model : await model(of: id)
        var document = [
            "offer": id.digest.description, "transaction": sent.outcome.digest.description,
        ]
        document["model"] = model
        try signing.output.print(
            document,
            "\(model ?? "what it offered") is offered no more as \(id.digest)"
        )
    }

    /// The model of an offer that was withdrawn; nil if the ledger does not tell any more.
    private func model(of id: OfferID) async -> String? {
        try? await signing.node.ask { try await $0.offer(id)?.offer.model }
    }
}

/// An offer as the command line prints it.
struct OfferDocument: Encodable {
    struct PriceDocument: Encodable {
        let unit, obol: String
        let perUnits: UInt64
    }

    let id, model, interface, endpoint, seller, asset, weights, bondObol, standing: String
    /// What the prices count: `native` or 64 digits, and what people call it.
    let denomination, unitName: String
    let unitDecimals: UInt8
    let version: UInt32
    let expiresAtMilliseconds: UInt64
    let prices: [PriceDocument]

    init(_ record: OfferRecord, _ unit: KnownUnit) {
        let offer = record.offer
        denomination = EventRecord.Value.denomination(offer.denomination).plain
        unitName = unit.name
        unitDecimals = unit.decimals
        id = offer.id.digest.description
        model = offer.model
        interface = offer.interface.name
        endpoint = offer.endpoint
        seller = offer.seller.description
        asset = offer.asset.digest.description
        weights = offer.weights.description
        bondObol = "\(offer.bond.obol)"
        standing = record.standing.name
        version = offer.version
        expiresAtMilliseconds = offer.expiresAt.milliseconds
        prices = offer.prices.prices.entries.map { unit, price in
            PriceDocument(
                unit: unit.name,
                obol: "\(price.amount.obol)",
                perUnits: price.perUnits
            )
        }
    }

    /// What one of a price is, such as `obol` or `0.01 EURC`.
    var smallestPart: String {
        guard denomination != "native" else { return "obol" }
        guard unitDecimals > 0 else { return unitName }
        return "0." + String(repeating: "0", count: Int(unitDecimals) - 1) + "1 " + unitName
    }

    /// The prices in a few words, such as `20/input_token 60/output_token`.
    var priceText: String {
        prices.map { price in
            let per = price.perUnits == 1 ? "" : "\(price.perUnits) "
            return "\(price.obol)/\(per)\(price.unit)"
        }.joined(separator: " ")
    }
}
