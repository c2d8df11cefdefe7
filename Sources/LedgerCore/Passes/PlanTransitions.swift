import MarketTypes
import SettlementCore

extension Ledger {
    /// Publishes a plan (PAS-10).
    mutating func publishPlan(
        _ terms: PlanTerms,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        do {
            try terms.checkForm(
                periodBlocks: range(.passPeriodBlocksMin, .passPeriodBlocksMax),
                trialBond: range(.trialBondMin, .trialBondMax)
            )
        } catch {
            throw .passes(error)
        }
        guard state.exists(terms.denomination) else {
            throw .passes(.unknownDenomination)
        }
        _ = try assetOwned(by: origin.sender, terms.asset)
        guard !state.isRetired(terms.asset) else { throw .lineage(.retired) }
        try checkIncomeShared(terms.denomination, of: terms.asset)
        let included = try offer(terms.includedOffer, for: terms, of: origin.sender)
        guard terms.includedUnits.entries.allSatisfy({ included.prices.prices[$0.key] != nil })
        else { throw .passes(.wrongOffer) }
        if let overage = terms.overageOffer {
            let other = try offer(overage, for: terms, of: origin.sender)
            guard overage != terms.includedOffer, other.model == included.model,
                other.interface == included.interface
            else { throw .passes(.wrongOffer) }
        }
        guard !state.contains(.plan(including: terms.includedOffer)) else {
            throw .passes(.offerInUse)
        }
        let id = Plan.id(from: origin)
        let plan = Plan(
            seller: origin.sender,
            terms: terms,
            publishedAt: origin.height,
            sales: 0,
            retiredAt: nil
        )
        state.write(plan, .plan(id))
        state.write(Presence(), .plan(id, of: terms.asset))
        state.write(StoredDigest(id.digest), .plan(including: terms.includedOffer))
        return [.passes(.planPublished(id, seller: plan.seller, asset: terms.asset))]
    }

    /// What a vote left between two numbers; one number if it put the lower above the upper.
    private func range(_ lower: GovernedNumber, _ upper: GovernedNumber) -> ClosedRange<UInt64> {
        let bottom = state.value(of: lower)
        return bottom...max(bottom, state.value(of: upper))
    }

    private func offer(
        _ id: OfferID,
        for terms: PlanTerms,
        of seller: AccountID
    ) throws(Refusal) -> Offer {
        guard let record = state.read(OfferRecord.self, .offer(id)) else {
            throw .passes(.unknownOffer)
        }
        guard record.offer.seller == seller, record.offer.asset == terms.asset,
            record.standing == .current
        else { throw .passes(.wrongOffer) }
        return record.offer
    }

    /// Ends a plan's sale and renewal (PAS-11).
    mutating func retirePlan(
        _ id: PlanID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        var plan = try plan(id)
        guard plan.seller == origin.sender else { throw .passes(.notSeller) }
        guard plan.retiredAt == nil else { throw .passes(.retired) }
        plan.retiredAt = origin.height
        state.write(plan, .plan(id))
        return [.passes(.planRetired(id))]
    }

    /// A plan that must exist.
    func plan(_ id: PlanID) throws(Refusal) -> Plan {
        guard let plan = state.read(Plan.self, .plan(id)) else { throw .passes(.unknownPlan) }
        return plan
    }

    /// Checks that a plan still promises anything: that it is sold, and its seller can keep it.
    func checkSold(_ plan: Plan) throws(Refusal) {
        guard plan.retiredAt == nil else { throw .passes(.retired) }
        guard try asset(plan.terms.asset).owner == plan.seller else {
            throw .passes(.sellerLeft)
        }
        guard !state.isRetired(plan.terms.asset) else { throw .lineage(.retired) }
    }
}
