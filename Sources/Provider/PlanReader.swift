import Identity
import LedgerClient
import LedgerCore
import Logging
import MarketTypes
import SettlementCore

/// Finds a seller's plans, and what serves the units that they include.
///
/// A plan needs no configuration: whoever serves the ordinary offer of a model serves the plan's
/// included offer as well, from the same upstream and within the same limits.
struct PlanReader: Sendable {
    /// The most plans of one asset that are looked at.
    static let plansMax = 1024

    let ledger: any LedgerConnection
    let seller: AccountID
    let receiptKey: PublicKey
    let logger: Logger

    /// The seller's plans for the assets that are sold, retired ones included: passes go on.
    func plans(
        for services: [SoldService]
    ) async throws(LedgerClientError) -> [(id: PlanID, plan: Plan)] {
        var found: [(id: PlanID, plan: Plan)] = []
        let assets = Set(services.map(\.offer.asset)).sorted()
        for asset in assets {
            found += try await ledger.plans(of: asset, limit: Self.plansMax)
                .filter { $0.plan.seller == seller }
        }
        return found
    }

    /// What serves a plan's included units, like one of `services`; nil if that is served already,
    /// or nothing here can.
    func service(
        for plan: Plan,
        like services: [SoldService]
    ) async throws(LedgerClientError) -> SoldService? {
        let id = plan.terms.includedOffer
        guard !services.contains(where: { $0.offer.id == id }),
            let offer = try await ledger.offer(id)?.offer
        else { return nil }
        let suited = services.filter {
            $0.offer.asset == offer.asset && $0.offer.model == offer.model
                && $0.offer.interface == offer.interface
        }
        let twin = suited.first { $0.offer.id == plan.terms.overageOffer } ?? suited.first
        guard let twin, offer.receiptKey == receiptKey else {
            logger.warning(
                "a plan's included offer cannot be served here",
                metadata: ["plan": "\(plan.terms.name)", "offer": "\(id.digest)"]
            )
            return nil
        }
        return SoldService(offer, like: twin)
    }
}
