import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// Offers of dealers' assets, and passes for them.
extension DealerScript {
    private var somePlan: PlanID { PlanID(known("plan")) }

    func publishOffer() -> Message? {
        let asset = someAsset
        let weights =
            market.replica.value(for: .assetVersion(asset, 1))
            .flatMap { try? AssetVersion(canonicalBytes: $0) }?.content
        return .publishOffer(offer(of: asset, weights: weights ?? .zero))
    }

    func offer(of asset: AssetID, weights: Digest) -> Offer {
        var prices = SortedMap<Unit, Price>()
        prices[.call] = Price(amount: Amount(obol: UInt128(chance.number(0...3))), perUnits: 1)
        return Offer(
            seller: me.id,
            receiptKey: me.signer.publicKey,
            asset: asset,
            assetVersion: 1,
            weights: weights,
            model: "dealing",
            interface: .json,
            endpoint: "http://dealer",
            denomination: .native,
            prices: PriceTable(prices),
            limits: OfferLimits(
                requestBytesMax: 64,
                inputTokensMax: 0,
                outputTokensMax: 0,
                templateTokensMax: 0,
                callMillisecondsMax: 1_000
            ),
            verification: .receipt,
            bond: .zero,
            version: 1,
            supersedes: nil,
            expiresAt: Timestamp(milliseconds: 1_000_000_000 + chance.number(0...9))
        )
    }

    func publishPlan() -> Message? {
        let kinds = PlanKind.allCases
        let kind = kinds[chance.index(kinds.count)]
        var units = UnitCounts()
        units[.call] = chance.number(1...20)
        return .passes(
            .publishPlan(
                PlanTerms(
                    name: "plan-\(chance.number(1...9))",
                    asset: someAsset,
                    kind: kind,
                    denomination: .native,
                    price: kind == .trial ? .zero : amount,
                    periodBlocks: chance.number(9...20),
                    includedUnits: units,
                    includedOffer: OfferID(known("offer")),
                    overageOffer: nil,
                    isTransferable: kind != .trial && chance.chance(permille: 600),
                    salesMax: chance.chance(permille: 200) ? 1 : nil,
                    trialBond: kind == .trial ? Amount(obol: 1_500_000) : .zero
                )
            )
        )
    }

    func usePlan() -> Message? {
        let most = Amount(obol: 1 << 40)
        return switch chance.index(10) {
        case 0...3: .passes(.buyPass(somePlan, priceMax: most))
        case 4: .passes(.renewPass(somePlan, priceMax: amount))
        case 5: .passes(.startTrial(somePlan))
        case 6:
            .passes(
                .authorizeRenewal(
                    somePlan,
                    StandingRenewal(
                        priceMax: most,
                        renewals: UInt32(chance.number(0...3)),
                        until: BlockHeight(height + chance.number(0...60))
                    )
                )
            )
        case 7: .passes(.cancelRenewal(somePlan))
        case 8: .passes(.transferPass(somePlan, to: somebody))
        default:
            chance.chance(permille: 300)
                ? .passes(.retirePlan(somePlan)) : .passes(.startTrial(somePlan))
        }
    }
}
