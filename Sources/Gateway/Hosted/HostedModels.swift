import CanonicalCoding
public import Hummingbird
import LedgerClient
import LedgerCore
import MarketTypes
import NIOCore
public import OpenAIWire
import SettlementCore
import Synchronization

/// What is on offer for everybody, as it was read last.
struct HostedModels {
    let offers: [BoardOffer]
    let readAt: NIODeadline
}

extension HostedWallets {
    private static let modelsAge = TimeAmount.seconds(5)

    /// Answers `GET /v1/models` and below without a wallet: what is on offer in STOA.
    ///
    /// - Parameter model: the name of one; nil for all.
    /// - Throws: ``APIFailure``.
    public func answerModels(_ model: String?) async throws(APIFailure) -> Response {
        let gateway = noOnesGateway
        let page = ModelPage(offers: try await offers(gateway), units: GatewayUnits(gateway))
        guard let model else { return .json(ModelListing.listBody(page.listings)) }
        return try page.answer(model)
    }

    /// The gateway that a call of nobody would go through.
    var noOnesGateway: GatewayConfiguration {
        configuration.gateway(
            of: AccountID(Digest(sha256: [])),
            name: "none",
            limit: Amount(obol: UInt128(UInt64.max))
        )
    }

    func offers(
        _ gateway: GatewayConfiguration
    ) async throws(APIFailure) -> [BoardOffer] {
        let known = models.withLock { $0 }
        if let known, NIODeadline.now() - known.readAt < Self.modelsAge { return known.offers }
        let filter = OfferFilter(gateway.sellers)
        let time = now()
        do {
            let records = try await ledger.offers(limit: gateway.offersMax) {
                filter.admits($0, now: time)
            }
            var bonds: [AccountID: Amount] = [:]
            for record in records where bonds[record.offer.seller] == nil {
                guard bonds.count < gateway.sellers.sellersMax else { break }
                bonds[record.offer.seller] = try await ledger.bond(record.offer.seller).active
            }
            let offers = records.compactMap { record in
                bonds[record.offer.seller].flatMap { BoardOffer(record, bond: $0) }
            }.sorted { ($0.offer.model, $0.id) < ($1.offer.model, $1.id) }
            models.withLock { $0 = HostedModels(offers: offers, readAt: .now()) }
            return offers
        } catch {
            throw APIFailure(
                .overloaded,
                message: "The ledger does not answer.",
                hint: "Try again in a moment.",
                retryAfterSeconds: 2
            )
        }
    }
}
