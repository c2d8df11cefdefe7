import CanonicalCoding
import MarketTypes

extension Ledger {
    /// Applies a message about subscriptions, time passes and trials.
    mutating func apply(
        _ message: PassMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .publishPlan(let terms): try publishPlan(terms, from: origin)
        case .retirePlan(let plan): try retirePlan(plan, from: origin)
        case .buyPass(let plan, let priceMax): try buyPass(plan, priceMax, from: origin)
        case .renewPass(let plan, let priceMax): try renewPass(plan, priceMax, from: origin)
        case .startTrial(let plan): try startTrial(plan, from: origin)
        case .authorizeRenewal(let plan, let renewal):
            try authorizeRenewal(of: plan, renewal, from: origin)
        case .cancelRenewal(let plan): try cancelRenewal(of: plan, from: origin)
        case .transferPass(let plan, let account):
            try transferPass(of: plan, to: account, from: origin)
        }
    }

    /// Sells a pass (PAS-20).
    private mutating func buyPass(
        _ id: PlanID,
        _ priceMax: Amount,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        var plan = try plan(id)
        try checkSold(plan)
        guard plan.terms.kind != .trial else { throw .passes(.wrongKind) }
        guard plan.seller != origin.sender else { throw .passes(.ownPlan) }
        try noteSale(&plan)
        guard plan.terms.price <= priceMax else { throw .passes(.priceAboveMax) }
        guard !state.contains(.pass(of: origin.sender, id)) else { throw .passes(.alreadyHeld) }
        let name = Pass.id(from: origin)
        let period = try schedulePeriod(of: name, plan, after: origin.height, from: origin.height)
        let pass = Pass(
            plan: id,
            holder: origin.sender,
            periods: [period],
            renewal: nil,
            bond: .zero
        )
        let paid = try pay(for: plan, from: origin.sender)
        state.write(plan, .plan(id))
        write(pass, name)
        let price = PaidPeriod(period, plan.terms.price, plan.terms.denomination)
        return [.passes(.bought(PassNames(name, pass), price))] + paid
    }

    /// Pays for a further period ahead of time (PAS-21).
    private mutating func renewPass(
        _ id: PlanID,
        _ priceMax: Amount,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        let plan = try plan(id)
        try checkSold(plan)
        guard plan.terms.kind != .trial else { throw .passes(.wrongKind) }
        guard plan.terms.price <= priceMax else { throw .passes(.priceAboveMax) }
        var (name, pass) = try pass(of: origin.sender, id)
        guard pass.periods.count < Pass.periodsMax else { throw .passes(.tooManyPeriods) }
        let period = try schedulePeriod(of: name, plan, after: pass.end, from: origin.height)
        pass.periods.append(period)
        let paid = try pay(for: plan, from: origin.sender)
        state.write(pass, .pass(name))
        let price = PaidPeriod(period, plan.terms.price, plan.terms.denomination)
        return [.passes(.renewed(PassNames(name, pass), price, isStanding: false))] + paid
    }

    /// Begins a trial (PAS-22).
    private mutating func startTrial(
        _ id: PlanID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        var plan = try plan(id)
        try checkSold(plan)
        guard plan.terms.kind == .trial else { throw .passes(.wrongKind) }
        guard plan.seller != origin.sender else { throw .passes(.ownPlan) }
        try noteSale(&plan)
        guard !state.contains(.trial(of: id, by: origin.sender)) else {
            throw .passes(.trialUsed)
        }
        let name = Pass.id(from: origin)
        let period = try schedulePeriod(of: name, plan, after: origin.height, from: origin.height)
        let bond = plan.terms.trialBond
        let pass = Pass(
            plan: id,
            holder: origin.sender,
            periods: [period],
            renewal: nil,
            bond: bond
        )
        try state.move(bond, from: origin.sender, to: Pot(.trial, name.digest))
        state.write(plan, .plan(id))
        state.write(Presence(), .trial(of: id, by: origin.sender))
        write(pass, name)
        return [.passes(.trialStarted(PassNames(name, pass), period, bond: bond))]
    }

    /// Lets the ledger renew a pass, within limits (PAS-23).
    private mutating func authorizeRenewal(
        of id: PlanID,
        _ renewal: StandingRenewal,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        let plan = try plan(id)
        try checkSold(plan)
        guard plan.terms.kind != .trial else { throw .passes(.wrongKind) }
        var (name, pass) = try pass(of: origin.sender, id)
        guard renewal.renewals > 0,
            UInt64(renewal.renewals) <= state.value(of: .passRenewalsMax),
            renewal.priceMax >= plan.terms.price, renewal.until >= pass.end
        else { throw .passes(.invalidRenewal) }
        noteRenewals(renewal, of: plan, from: origin.sender)
        pass.renewal = renewal
        state.write(pass, .pass(name))
        return [.passes(.renewalAuthorized(PassNames(name, pass), renewal))]
    }

    /// Takes back what was authorized (PAS-24).
    private mutating func cancelRenewal(
        of id: PlanID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        _ = try plan(id)
        var (name, pass) = try pass(of: origin.sender, id)
        guard pass.renewal != nil else { throw .passes(.notAuthorized) }
        pass.renewal = nil
        state.write(pass, .pass(name))
        return [.passes(.renewalCancelled(PassNames(name, pass)))]
    }

    /// Gives a pass away with what is left of it, but not what its holder authorized (PAS-25).
    private mutating func transferPass(
        of id: PlanID,
        to account: AccountID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        let plan = try plan(id)
        var (name, pass) = try pass(of: origin.sender, id)
        guard plan.terms.isTransferable, account != origin.sender, account != plan.seller else {
            throw .passes(.notTransferable)
        }
        guard !state.contains(.pass(of: account, id)) else { throw .passes(.alreadyHeld) }
        let names = PassNames(name, pass)
        state.write(StoredDigest?.none, .pass(of: origin.sender, id))
        pass.holder = account
        pass.renewal = nil
        write(pass, name)
        return [.passes(.transferred(names, to: account))]
    }
}
