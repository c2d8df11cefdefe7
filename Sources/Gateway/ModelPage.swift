import Hummingbird
import Identity
import MarketTypes
import OpenAIWire
import SettlementCore

/// The models on offer, as OpenAI's clients list them.
///
/// A name appears once even if several sell it: the listing shows the seller that a small call
/// would go to, and all offers beneath.
struct ModelPage: Sendable {
    /// The size of the call by which offers of one model are compared, in bytes and tokens.
    private static let sample: (requestBytes: Int, outputTokens: UInt32) = (1000, 1000)

    private let offers: [BoardOffer]
    private let units: GatewayUnits

    init(_ parts: GatewayParts) {
        self.init(offers: parts.board.all, units: parts.units)
    }

    /// - Parameter offers: sorted by model.
    init(offers: [BoardOffer], units: GatewayUnits) {
        self.offers = offers
        self.units = units
    }

    var listings: [ModelListing] {
        var listings: [ModelListing] = []
        var rest = offers[...]
        while let model = rest.first?.offer.model {
            let same = rest.prefix { $0.offer.model == model }
            rest = rest.dropFirst(same.count)
            if let listing = listing(model, Array(same)) { listings.append(listing) }
        }
        return listings
    }

    /// The answer to `GET /v1/models/<model>`.
    func answer(_ model: String) throws(APIFailure) -> Response {
        let name = model.replacing("%2F", with: "/").replacing("%2f", with: "/")
        guard let listing = listing(name, offers.filter { $0.offer.model == name }) else {
            throw APIFailure(
                .modelNotFound,
                message: "No seller offers the model '\(name)'.",
                param: "model"
            )
        }
        var writer = JSONWriter(capacityBytes: 512)
        listing.write(to: &writer)
        return .json(writer.bytes)
    }

    private func listing(_ model: String, _ offers: [BoardOffer]) -> ModelListing? {
        let byPrice = offers.sorted { price($0) < price($1) }
        guard let cheapest = byPrice.first else { return nil }
        var writer = JSONWriter(capacityBytes: 512)
        writer.array { writer in
            for offer in byPrice { write(offer, to: &writer) }
        }
        var prices = JSONWriter(capacityBytes: 128)
        Self.write(cheapest.offer.prices, to: &prices)
        let extras = [
            extra("interface", Self.quoted(cheapest.offer.interface.name)),
            extra("prices", prices.bytes),
            extra("denomination", Self.quoted(units.unit(cheapest.offer.denomination).identifier)),
            extra("bond_obol", Array(String(cheapest.bond.obol).utf8)),
            extra("offers", writer.bytes),
        ]
        return ModelListing(
            id: model,
            createdSeconds: 0,
            owner: cheapest.offer.seller.description,
            extras: extras.compactMap(\.self)
        )
    }

    /// As calls choose: prices are compared within one denomination only.
    private func price(_ offer: BoardOffer) -> (Int, Amount, OfferID) {
        let sample = offer.offer.unitsMax(
            requestBytes: Self.sample.requestBytes,
            outputTokens: Self.sample.outputTokens
        )
        let charge = try? offer.offer.prices.charge(for: sample)
        let rank = units.rank(of: offer.offer.denomination) ?? units.all.count
        return (charge?.isZero == true ? -1 : rank, charge ?? Amount(obol: .max), offer.id)
    }

    private func extra(_ name: String, _ value: [UInt8]) -> ModelListing.Extra? {
        try? ModelListing.Extra(name: name, value: value)
    }

    private static func quoted(_ text: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.string(text)
        return writer.bytes
    }

    private func write(_ offer: BoardOffer, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", offer.id.digest.description)
            writer.member("seller", offer.offer.seller.description)
            writer.member("interface", offer.offer.interface.name)
            writer.key("prices")
            Self.write(offer.offer.prices, to: &writer)
            let unit = units.unit(offer.offer.denomination)
            writer.member("denomination", unit.identifier)
            writer.member("unit_name", unit.name)
            writer.member("unit_decimals", UInt64(unit.decimals))
            writer.member("bond_obol", offer.bond.obol)
            writer.member("weights", offer.offer.weights.description)
            writer.member("request_bytes_max", offer.offer.limits.requestBytesMax)
            writer.member("output_tokens_max", offer.offer.limits.outputTokensMax)
            writer.member("expires_at_ms", offer.offer.expiresAt.milliseconds)
            writer.member("published_at_height", offer.publishedAt.rawValue)
        }
    }

    private static func write(_ table: PriceTable, to writer: inout JSONWriter) {
        writer.object { writer in
            for (unit, price) in table.prices.entries {
                writer.key(unit.name)
                writer.object { writer in
                    writer.member("obol", price.amount.obol)
                    writer.member("per_units", price.perUnits)
                }
            }
        }
    }
}
