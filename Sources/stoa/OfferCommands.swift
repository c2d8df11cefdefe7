import ArgumentParser
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import SettlementCore

struct Offers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "what is for sale",
        discussion: "EXAMPLE\n  stoa offers --model smollm2-135m"
    )

    @Option(help: "only offers of this model")
    var model: String?
    @Flag(help: "also offers that were superseded, withdrawn or have expired")
    var all = false
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let now = wallClock()
        let found = try await node.ask { ledger in
            try await ledger.offers(limit: 1000) { record in
                (model == nil || record.offer.model == model)
                    && (all || record.standing == .current && record.offer.expiresAt > now)
            }
        }
        let documents = found.map(OfferDocument.init)
        let rows = documents.map {
            [
                $0.model, $0.interface, $0.priceText, stoa($0.bondObol), $0.standing,
                String($0.id.prefix(16)), $0.seller,
            ]
        }
        let heading = [
            "MODEL", "INTERFACE", "PRICE IN OBOL", "BOND", "STANDING", "OFFER", "SELLER",
        ]
        try output.print(documents, table(heading, rows))
    }
}

/// An offer as the command line prints it.
struct OfferDocument: Encodable {
    struct PriceDocument: Encodable {
        let unit, obol: String
        let perUnits: UInt64
    }

    let id, model, interface, endpoint, seller, asset, weights, bondObol, standing: String
    let version: UInt32
    let expiresAtMilliseconds: UInt64
    let prices: [PriceDocument]

    init(_ record: OfferRecord) {
        let offer = record.offer
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

    /// The prices in a few words, such as `20/input_token 60/output_token`.
    var priceText: String {
        prices.map { price in
            let per = price.perUnits == 1 ? "" : "\(price.perUnits) "
            return "\(price.obol)/\(per)\(price.unit)"
        }.joined(separator: " ")
    }
}
