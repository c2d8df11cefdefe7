import CanonicalCoding
import MarketTypes

extension Ledger {
    /// Asks for a jury about a part of a seller's bond (DIS-50).
    mutating func claimBond(
        _ name: ChannelID,
        _ amount: Amount,
        _ statement: OpeningStatement,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        let channel = try channel(name)
        guard channel.payer == origin.sender else { throw .disputes(.notParty) }
        guard amount.obol >= UInt128(state.value(of: .bondClaimMin)) else {
            throw .disputes(.claimTooSmall)
        }
        let seller = channel.payee
        var held = state.heldClaims(seller)
        guard !held.claims.contains(where: { $0.claimant == origin.sender }) else {
            throw .disputes(.alreadyClaimed)
        }
        guard held.claims.count < HeldClaims.claimsMax else { throw .disputes(.tooManyClaims) }
        var bond = state.bond(seller)
        guard amount <= bond.atRisk else { throw .disputes(.claimTooLarge) }
        let id = DisputeID(from: origin)
        let delay = origin.height.advanced(byBlocks: parameters.unbondingDelayBlocks)
        let basisPoints = UInt128(state.value(of: .bondClaimDeposit))
        let claim = BondClaim(
            channel: name,
            amount: amount,
            // Cannot overflow: a bond is below the supply of 2^94, basis points below 2^14.
            deposit: Amount(obol: amount.obol * basisPoints / 10_000),
            releasedAt: delay ?? BlockHeight(.max)
        )
        try state.move(claim.deposit, from: origin.sender, to: .claim(id))
        let parties = (buyer: channel.payer, seller: seller)
        let opened = try open(id, about: .bond(claim), parties, statement, from: origin)
        if claim.releasedAt > origin.height {
            let due = Deadline(.claim, id.digest)
            try state.schedule(due, at: claim.releasedAt, from: origin.height)
        }
        bond.take(amount)
        state.write(bond, .bond(seller))
        state.take(amount, .native)
        state.fill(.claim(id), amount)
        held.claims.append(
            HeldClaim(dispute: id, claimant: origin.sender, amount: amount, isAwarded: false)
        )
        state.write(held, .heldClaims(seller))
        return opened + [
            .disputes(.claimHeld(id, seller: seller, amount, deposit: claim.deposit)),
            .bondChanged(seller, active: bond.active),
        ]
    }

    /// Carries a verdict about a bond out (DIS-52): what fraud has taken meanwhile is nobody's.
    mutating func settle(
        _ claim: BondClaim,
        of dispute: Dispute,
        _ id: DisputeID,
        _ verdict: Verdict,
        at height: BlockHeight
    ) throws(Refusal) -> [Event] {
        var held = state.heldClaims(dispute.seller)
        let amount = held[id]?.amount ?? .zero
        let toBond = verdict.sellersPart(of: amount)
        let awarded = Amount(obol: amount.obol - toBond.obol)
        let kept = verdict.sellersPart(of: claim.deposit)
        try state.move(kept, from: .claim(id), to: dispute.seller)
        let back = Amount(obol: claim.deposit.obol - kept.obol)
        try state.move(back, from: .claim(id), to: dispute.buyer)
        var events = [Event.disputes(.claimEnded(id, awarded: awarded, restored: toBond))]
        if !toBond.isZero {
            var bond = state.bond(dispute.seller)
            bond.active = Amount(obol: bond.active.obol + toBond.obol)
            state.draw(.claim(id), toBond)
            state.write(bond, .bond(dispute.seller))
            state.put(toBond, .native)
            events.append(.bondChanged(dispute.seller, active: bond.active))
        }
        if awarded.isZero || claim.releasedAt <= height {
            held.remove(id)
            events += try pay(awarded, to: dispute.buyer, id)
        } else if let place = held.claims.firstIndex(where: { $0.dispute == id }) {
            held.claims[place].amount = awarded
            held.claims[place].isAwarded = true
        }
        state.write(held, ofSeller: dispute.seller)
        return events
    }

    /// Pays an award that had to wait for as long as the bond would have (DIS-53).
    mutating func claimDue(_ name: Digest, at context: BlockContext) throws(Refusal) -> [Event] {
        let id = DisputeID(name)
        guard let dispute = state.read(Dispute.self, .dispute(id)) else { return [] }
        var held = state.heldClaims(dispute.seller)
        guard let claim = held[id], claim.isAwarded else { return [] }
        held.remove(id)
        state.write(held, ofSeller: dispute.seller)
        return try pay(claim.amount, to: claim.claimant, id)
    }

    private mutating func pay(
        _ award: Amount,
        to claimant: AccountID,
        _ id: DisputeID
    ) throws(Refusal) -> [Event] {
        guard !award.isZero else { return [] }
        try state.move(award, from: .claim(id), to: claimant)
        return [.disputes(.claimPaid(id, to: claimant, award))]
    }
}

extension Verdict {
    /// What the seller gets of something, the smaller half of a split.
    func sellersPart(of amount: Amount) -> Amount {
        switch self {
        case .buyer: .zero
        case .seller: amount
        case .split: Amount(obol: amount.obol / 2)
        }
    }
}

extension StagedState {
    func heldClaims(_ seller: AccountID) -> HeldClaims {
        read(HeldClaims.self, .heldClaims(seller)) ?? .none
    }

    mutating func write(_ held: HeldClaims, ofSeller seller: AccountID) {
        write(held.claims.isEmpty ? nil : held, .heldClaims(seller))
    }

    /// Takes everything that claims hold of a bond, for fraud; whoever calls puts it elsewhere.
    mutating func forfeitClaims(of seller: AccountID) {
        var held = heldClaims(seller)
        guard !held.claims.isEmpty else { return }
        for claim in held.claims { draw(.claim(claim.dispute), claim.amount) }
        held.forfeit()
        write(held, ofSeller: seller)
    }
}
