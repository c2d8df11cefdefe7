import Identity
import MarketTypes
import SettlementCore

extension StagedState {
    func bond(_ account: AccountID) -> Bond { read(Bond.self, .bond(account)) ?? .none }
}

extension Ledger {
    /// Puts money at risk (LED-50).
    mutating func depositBond(
        _ amount: Amount,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard !amount.isZero else { throw .bonds(.zeroAmount) }
        var bond = state.bond(origin.sender)
        let (active, overflow) = bond.active.obol.addingReportingOverflow(amount.obol)
        guard !overflow else { throw .bonds(.bondOverflow) }
        try state.debit(origin.sender, amount, .native)
        bond.exitDelayBlocks = state.kept(
            .bond,
            before: bond.exitDelayBlocks,
            isEmpty: bond.active.isZero,
            now: parameters.unbondingDelayBlocks
        )
        bond.active = Amount(obol: active)
        state.write(bond, .bond(origin.sender))
        state.put(amount, .native)
        return [.bondChanged(origin.sender, active: bond.active)]
    }

    /// Starts the way back of a part of the bond; it stays at risk until it arrives (LED-51).
    mutating func unbond(
        _ amount: Amount,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard !amount.isZero else { throw .bonds(.zeroAmount) }
        var bond = state.bond(origin.sender)
        guard amount <= bond.active else { throw .bonds(.insufficientBond) }
        guard bond.unbonding.count < Bond.unbondingsMax else {
            throw .bonds(.tooManyUnbondings)
        }
        let delay = state.blocks(
            of: .bond,
            kept: bond.exitDelayBlocks,
            now: parameters.unbondingDelayBlocks
        )
        let height = origin.height.advanced(byBlocks: delay)
        let releasedAt = height ?? BlockHeight(.max)
        bond.active = Amount(obol: bond.active.obol - amount.obol)
        bond.unbonding.append(Bond.Unbonding(amount: amount, releasedAt: releasedAt))
        state.write(bond, .bond(origin.sender))
        state.awaitHeight(releasedAt)
        return [.bondChanged(origin.sender, active: bond.active)]
    }

    /// Returns what has served its delay (LED-52).
    mutating func withdrawBond(from origin: MessageOrigin) throws(Refusal) -> [Event] {
        var bond = state.bond(origin.sender)
        let due = bond.unbonding.filter { $0.releasedAt <= origin.height }
        guard !due.isEmpty else { throw .bonds(.nothingToWithdraw) }
        let sum = Amount(obol: due.reduce(0) { $0 + $1.amount.obol })
        bond.unbonding.removeAll { $0.releasedAt <= origin.height }
        state.write(bond, .bond(origin.sender))
        state.take(sum, .native)
        try state.credit(origin.sender, sum, .native)
        return [.bondChanged(origin.sender, active: bond.active)]
    }

    /// Takes the whole bond of a seller whose signed statements contradict each other (LED-53),
    /// with what others claim of it: or a cheat would claim its own through another account.
    ///
    /// A quarter goes to the payer who was cheated, an eighth to the reporter, and the rest to the
    /// fee pool: a cheat about to be found out can be payer and reporter too, and must not save
    /// the better part of its bond by being the first to report itself.
    mutating func reportFraud(
        _ proof: FraudProof,
        receipts: [Verified<Receipt>],
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        let subject = proof.subject
        guard let channel = state.read(Channel.self, .channel(subject.channel)) else {
            throw .bonds(.unknownSubject)
        }
        var offers: [Offer] = []
        for receipt in receipts {
            let key = StateKey.offer(receipt.document.offer)
            guard let record = state.read(OfferRecord.self, key) else {
                throw .bonds(.unknownSubject)
            }
            offers.append(record.offer)
        }
        do {
            let terms = channel.terms(id: subject.channel, chain: chain)
            try proof.check(receipts, in: terms, under: offers)
        } catch {
            throw .settlement(error)
        }
        guard !state.contains(.punishedCall(subject)) else { throw .bonds(.alreadyPunished) }
        let bonded = state.bond(channel.payee).atRisk
        let claimed = state.heldClaims(channel.payee).sum
        let stake = Amount(obol: bonded.obol + claimed.obol)
        guard !stake.isZero else { throw .bonds(.nothingToSlash) }
        state.write(Bond?.none, .bond(channel.payee))
        state.write(Presence(), .punishedCall(subject))
        state.take(bonded, .native)
        state.forfeitClaims(of: channel.payee)
        let toPayer = Amount(obol: stake.obol / 4)
        let toReporter = Amount(obol: stake.obol / 8)
        try state.credit(channel.payer, toPayer, .native)
        try state.credit(origin.sender, toReporter, .native)
        state.payIntoFeePool(Amount(obol: stake.obol - toPayer.obol - toReporter.obol))
        return [.bondSlashed(channel.payee, amount: stake, subject: subject)]
    }
}
