import MarketTypes

extension Pass {
    /// The first height at which it does not count any more, as things stand.
    var end: BlockHeight { periods.last?.endsAt ?? BlockHeight(0) }
}

extension Ledger {
    /// Counts a sale, if one more is allowed.
    func noteSale(_ plan: inout Plan) throws(Refusal) {
        guard plan.sales < plan.terms.salesMax ?? .max else { throw .passes(.soldOut) }
        plan.sales += 1
    }

    /// The pass that an account must have of a plan, and its name.
    func pass(of holder: AccountID, _ plan: PlanID) throws(Refusal) -> (PassID, Pass) {
        guard let digest = state.read(StoredDigest.self, .pass(of: holder, plan))?.digest,
            let pass = state.read(Pass.self, .pass(PassID(digest)))
        else { throw .passes(.noPass) }
        return (PassID(digest), pass)
    }

    /// Writes a pass, and that its holder has it.
    mutating func write(_ pass: Pass, _ name: PassID) {
        state.write(pass, .pass(name))
        state.write(StoredDigest(name.digest), .pass(of: pass.holder, pass.plan))
    }

    /// Fixes a period, and makes its end due.
    ///
    /// A period can end some blocks later than the plan says, if too much is due then, but never
    /// earlier: what was paid for is what is written.
    mutating func schedulePeriod(
        of name: PassID,
        _ plan: Plan,
        after start: BlockHeight,
        from height: BlockHeight
    ) throws(Refusal) -> PassPeriod {
        guard let end = start.advanced(byBlocks: plan.terms.periodBlocks) else {
            throw .deadlines(.invalidHeight)
        }
        let endsAt = try state.schedule(Deadline(.pass, name.digest), at: end, from: height)
        return PassPeriod(startsAt: start, endsAt: endsAt)
    }

    /// Moves one period's price from the holder to whoever earns with the asset (PAS-26).
    mutating func pay(for plan: Plan, from holder: AccountID) throws(Refusal) -> [Event] {
        let terms = plan.terms
        try state.debit(holder, terms.price, terms.denomination)
        return try payIncome(terms.price, terms.denomination, of: terms.asset, to: plan.seller)
    }

    /// Counts what renewals may cost as spent by the session that authorizes them, all at once:
    /// when they are paid for, no session is there to be charged.
    mutating func noteRenewals(
        _ renewal: StandingRenewal,
        of plan: Plan,
        from holder: AccountID
    ) {
        func times(_ amount: Amount) -> Amount {
            let (sum, overflow) = amount.obol.multipliedReportingOverflow(
                by: UInt128(renewal.renewals)
            )
            return Amount(obol: overflow ? .max : sum)
        }
        let fees = times(parameters.feeMinimum)
        state.session?.note(times(renewal.priceMax), plan.terms.denomination, from: holder)
        state.session?.note(fees, .native, from: holder)
    }

    /// Ends a period: the next one begins, or the ledger renews the pass, or it ends (PAS-30).
    ///
    /// Never throws: what ends must end, whatever else fails.
    mutating func passDue(_ digest: Digest, at context: BlockContext) -> [Event] {
        let name = PassID(digest)
        guard var pass = state.read(Pass.self, .pass(name)) else { return [] }
        pass.periods.removeAll { $0.endsAt <= context.height }
        guard pass.periods.isEmpty else {
            state.write(pass, .pass(name))
            return []
        }
        guard let renewal = pass.renewal, context.height <= renewal.until else {
            return end(pass, name)
        }
        do {
            return try renew(pass, name, renewal, at: context)
        } catch {
            // Nothing came before the attempt, so that forgetting it forgets nothing else.
            state.dropTransaction()
            let failed = PassEvent.renewalFailed(PassNames(name, pass), code: error.code)
            return [.passes(failed)] + end(pass, name)
        }
    }

    /// Pays for a further period as the holder let the ledger do (PAS-31).
    private mutating func renew(
        _ expired: Pass,
        _ name: PassID,
        _ renewal: StandingRenewal,
        at context: BlockContext
    ) throws(Refusal) -> [Event] {
        var pass = expired
        let plan = try plan(pass.plan)
        try checkSold(plan)
        let period = try schedulePeriod(
            of: name,
            plan,
            after: context.height,
            from: context.height
        )
        let fee = parameters.feeMinimum
        try state.debit(pass.holder, fee, .native)
        state.payIntoFeePool(fee)
        let paid = try pay(for: plan, from: pass.holder)
        pass.periods = [period]
        pass.renewal = renewal
        pass.renewal?.renewals -= 1
        if pass.renewal?.renewals == 0 { pass.renewal = nil }
        state.write(pass, .pass(name))
        let price = PaidPeriod(period, plan.terms.price, plan.terms.denomination)
        return [.passes(.renewed(PassNames(name, pass), price, isStanding: true))] + paid
    }

    /// Removes a pass; a trial's bond goes back (PAS-32).
    private mutating func end(_ pass: Pass, _ name: PassID) -> [Event] {
        state.write(Pass?.none, .pass(name))
        state.write(StoredDigest?.none, .pass(of: pass.holder, pass.plan))
        guard !pass.bond.isZero else { return [.passes(.ended(PassNames(name, pass)))] }
        do {
            try state.move(pass.bond, from: Pot(.trial, name.digest), to: pass.holder)
        } catch {
            preconditionFailure("there is more native money than genesis made: \(error)")
        }
        return [.passes(.trialEnded(PassNames(name, pass), bond: pass.bond))]
    }
}
