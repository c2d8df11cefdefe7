import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// What a dealer begins with: one of everything that can be made, so that what it and others do
/// afterwards is about something.
extension DealerScript {
    /// The messages of a dealer's first transaction; all of them are in order.
    func opening() -> [Message] {
        guard let index = market.cast.dealers.firstIndex(where: { $0.id == me.id }) else {
            return []
        }
        let other = market.cast.dealers[(index + 1) % market.cast.dealers.count].id
        let name = "thing-\(index + 1)"
        let content = Digest(sha256: Array(name.utf8))
        let asset = Asset.id(owner: me.id, name: name)
        let offer = offer(of: asset, weights: content)
        let until = BlockHeight(height + 40)
        return [
            .lineage(
                .publishAssetWithTerms(
                    AssetPublication(
                        name: name,
                        kind: .model,
                        licence: "MIT",
                        version: AssetVersion(content: content, metadataLink: "")
                    ),
                    AssetTerms(
                        licenceText: nil,
                        use: DataUse(all: .allowed),
                        royaltyMinBasisPoints: 500,
                        parents: []
                    ),
                    metadata: nil
                )
            ),
            .shares(.issueShares(asset, count: 1_000_000, income: [])),
            .publishOffer(offer),
            .passes(.publishPlan(plan(asset, offer.id))),
            .units(.issueUnit(unit)),
            .depositBond(Amount(obol: 1 << 36)),
            .governance(.lockVotes(Amount(obol: 1 << 30))),
            .disputes(.joinJury(Amount(obol: 200 << 30))),
            .escrows(.lock(job(for: other))),
            .authorization(
                .grantSession(
                    SessionGrant(
                        session: other,
                        scope: SessionScope(messages: [1]),
                        limits: [SessionLimit(.native, Amount(obol: 90_000))],
                        periodBlocks: 10,
                        validUntil: until
                    )
                )
            ),
        ] + trades(ShareUnit.denomination(of: asset), until)
    }

    /// What a dealer does with what others began, all of it in order unless somebody is faster;
    /// empty if they have not begun yet.
    func sequel() -> [Message] {
        let things = market.cast.dealers.enumerated().filter { $1.id != me.id }.map { index, one in
            Asset.id(owner: one.id, name: "thing-\(index + 1)")
        }
        let begun = things.filter { market.replica.value(for: .asset($0)) != nil }
        guard let thing = chance.pick(begun) else { return [] }
        let shares = ShareUnit.denomination(of: thing)
        guard let place = LedgerCore.Market(shares, .native) else { return [] }
        let amount = Amount(obol: 1_000)
        let until = BlockHeight(height + 40)
        let swap = PoolSwap(
            PoolID(place, feeBasisPoints: 30),
            given: .native,
            amount: amount,
            wantedMin: .zero,
            until: until
        )
        let order = OrderPlacement(
            place,
            .buy,
            amount: amount,
            price: OrderPrice.scale,
            expiresAt: until
        )
        return [.exchange(.swap(swap)), .exchange(.placeOrder(order))] + purchases(of: thing)
            + work()
    }

    /// A pass for somebody's asset, if there is a plan and no pass yet.
    private func purchases(of asset: AssetID) -> [Message] {
        let plans = (market.replica.names["plan"] ?? []).map { PlanID($0) }
        let fitting = plans.filter { id in
            market.replica.value(for: .plan(id, of: asset)) != nil
                && market.replica.value(for: .pass(of: me.id, id)) == nil
        }
        guard let plan = chance.pick(fitting) else { return [] }
        return [.passes(.buyPass(plan, priceMax: Amount(obol: 1 << 40)))]
    }

    /// The next step of a job that waits for this dealer.
    private func work() -> [Message] {
        for name in market.replica.names["escrow"] ?? [] {
            let id = EscrowID(name)
            guard let entry = market.replica.value(for: .escrow(id)),
                let job = try? Escrow(canonicalBytes: entry), job.terms.seller == me.id
            else { continue }
            switch job.status {
            case .offered: return [.escrows(.accept(id))]
            case .accepted: return [.escrows(.deliver(id, content: someDigest))]
            default: continue
            }
        }
        return []
    }

    /// A pool, a sale and an order of what is one's own.
    private func trades(_ own: Denomination, _ until: BlockHeight) -> [Message] {
        guard let place = LedgerCore.Market(own, .native) else { return [] }
        let amount = Amount(obol: 100_000)
        let opening = PoolOpening(place, feeBasisPoints: 30, base: amount, quote: amount)
        return [
            .exchange(.createPool(opening)),
            .exchange(
                .openSale(
                    SaleOpening(
                        given: own,
                        amount: amount,
                        wanted: .native,
                        rate: SaleRate(amount, per: amount),
                        until: until
                    )
                )
            ),
            .exchange(
                .placeOrder(
                    OrderPlacement(
                        place,
                        .sell,
                        amount: amount,
                        price: OrderPrice.scale,
                        expiresAt: until
                    )
                )
            ),
        ]
    }

    private var unit: UnitTerms {
        UnitTerms(
            ticker: "EURC",
            name: "a credit",
            decimals: 2,
            document: Digest(sha256: [1]),
            link: "",
            supplyMax: Amount(obol: 1 << 40)
        )
    }

    private func plan(_ asset: AssetID, _ offer: OfferID) -> PlanTerms {
        var units = UnitCounts()
        units[.call] = 5
        return PlanTerms(
            name: "plan",
            asset: asset,
            kind: .subscription,
            denomination: .native,
            price: Amount(obol: 50_000),
            periodBlocks: 10,
            includedUnits: units,
            includedOffer: offer,
            overageOffer: nil,
            isTransferable: true,
            salesMax: nil,
            trialBond: .zero
        )
    }

    private func job(for seller: AccountID) -> JobTerms {
        JobTerms(
            seller: seller,
            asset: nil,
            denomination: .native,
            amount: Amount(obol: 50_000),
            document: Digest(sha256: [2]),
            acceptBy: BlockHeight(height + 20),
            deliverBy: BlockHeight(height + 40),
            reviewBlocks: 20
        )
    }
}
