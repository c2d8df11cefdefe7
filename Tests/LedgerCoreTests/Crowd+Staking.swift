import Identity
import LedgerCore
import MarketTypes

/// What the crowd does with stake, right and wrong, and what its engine says of it.
extension Crowd {
    private mutating func anybody() -> Person { random.pick(Person.all) ?? .alice }

    /// Somebody who is a validator, or now and then anybody.
    private mutating func house(_ auditor: AuditorLedger) -> AccountID {
        let known = auditor.staking.houses.keys.sorted()
        return slips(4) ? anybody().id : random.pick(known) ?? anybody().id
    }

    private mutating func stake() -> Amount {
        switch random.below(60) {
        case 0: .zero
        case 1: Amount(obol: .max)
        case 2: Amount(obol: 1)
        case 3: Amount(obol: 999_999_999)
        default:
            Amount(obol: UInt128(1 + random.below(6)) * 1_000_000_000 + UInt128(random.below(99)))
        }
    }

    mutating func staking(_ actor: Person, _ auditor: AuditorLedger) -> StakingMessage {
        switch random.below(16) {
        case 0...1: register(actor, auditor)
        case 2...5: .delegate(validator: house(auditor), amount: stake())
        case 6...9: undelegate(actor, auditor)
        // Erin never comes for what is hers, so that she gets to the limit.
        case 10...11:
            actor.id == Person.erin.id ? undelegate(actor, auditor) : withdraw(actor, auditor)
        case 12...13: .withdrawRewards(validator: holding(actor, auditor) ?? house(auditor))
        case 14: setCommission(actor, auditor)
        default: .unjail
        }
    }

    /// A validator that the actor has stake with.
    private mutating func holding(_ actor: Person, _ auditor: AuditorLedger) -> AccountID? {
        var own = auditor.staking.holdings.filter {
            $0.key.owner == actor.id && $0.value.shares > 0
        }
        if random.once(in: 2), let most = own.values.map(\.parts.count).max() {
            own = own.filter { $0.value.parts.count == most }
        }
        return random.pick(own.map(\.key.house).sorted())
    }

    private mutating func register(_ actor: Person, _ auditor: AuditorLedger) -> StakingMessage {
        let most = UInt16(random.below(slips(9) ? 20_000 : 10_001))
        let commission = Commission(
            basisPoints: UInt16(random.below(Int(most) + (slips(9) ? 2 : 1))),
            basisPointsMax: most,
            changeMax: most / 4 + (slips(9) ? most : 0)
        )
        var draft = RegistrationDraft(actor, auditor.chain)
        if slips(6) { draft.signer = anybody().consensusKey }
        if slips(9) { draft.validator = anybody().id }
        if slips(9) { draft.chain = ChainID(digest(3)) }
        if slips(9) { draft.proofOf = anybody() }
        (draft.commission, draft.selfBond) = (commission, stake().obol)
        guard case .staking(let message) = draft.message else { return .unjail }
        return message
    }

    private mutating func undelegate(_ actor: Person, _ auditor: AuditorLedger) -> StakingMessage {
        let validator = holding(actor, auditor) ?? house(auditor)
        let pair = AuditorStaking.Pair(owner: actor.id, house: validator)
        guard let house = auditor.staking.houses[validator], house.shares > 0,
            let shares = auditor.staking.holdings[pair]?.shares, !slips(4)
        else { return .undelegate(validator: validator, amount: stake()) }
        let worth = house.stake * shares / house.shares
        let part: UInt128 =
            switch actor.id == Person.erin.id ? 3 : random.below(5) {
            case 0: worth
            case 1: worth / 2
            case 2: worth + UInt128(random.below(2))
            case 3: UInt128(1 + random.below(1000))
            default: min(worth, stake().obol)
            }
        return .undelegate(validator: validator, amount: Amount(obol: part))
    }

    private mutating func withdraw(_ actor: Person, _ auditor: AuditorLedger) -> StakingMessage {
        let due = auditor.staking.holdings.filter { pair, holding in
            pair.owner == actor.id && holding.parts.contains { $0.released <= auditor.height }
        }
        let validator = random.pick(due.map(\.key.house).sorted()) ?? house(auditor)
        return .withdrawStake(validator: validator)
    }

    private mutating func setCommission(
        _ actor: Person,
        _ auditor: AuditorLedger
    ) -> StakingMessage {
        let now = Int(auditor.staking.houses[actor.id]?.commission ?? 0)
        let next = max(0, now + random.below(900) - 400)
        return .setCommission(basisPoints: UInt16(next))
    }

    /// What the engine says of the next block: mostly what happened, and sometimes everything an
    /// engine could ever say.
    mutating func report(_ auditor: AuditorLedger, next: UInt64) -> EngineReport {
        let told = (auditor.staking.told ?? [:]).keys.sorted {
            $0.lexicographicallyPrecedes($1)
        }.compactMap { ValidatorAddress(bytes: $0) }
        let stranger = ValidatorAddress(bytes: (0..<20).map { _ in UInt8(random.below(4)) })
        let known = told + Person.all.map(\.address) + [stranger].compactMap { $0 }
        let proposer = random.once(in: 8) ? random.pick(known) : random.pick(told)
        var votes: [EngineReport.Vote] = []
        for (index, validator) in told.enumerated() {
            let isAsleep = (Int(next) / 9 + index) % 4 == 0
            let isHere = !isAsleep && !random.once(in: 6)
            votes.append(.init(validator: validator, power: 1, signed: isHere))
        }
        if random.once(in: 9), let one = random.pick(known) {
            votes.insert(.init(validator: one, power: 0, signed: random.once(in: 2)), at: 0)
        }
        var misbehavior: [EngineReport.Misbehavior] = []
        while random.once(in: misbehavior.isEmpty ? 40 : 3), let one = random.pick(known) {
            let height = random.once(in: 5) ? random.next() % 90 : next &- random.next() % 12
            misbehavior.append(
                .init(
                    kind: random.once(in: 2) ? .duplicateVote : .lightClientAttack,
                    validator: one,
                    height: BlockHeight(height),
                    time: Timestamp(milliseconds: random.next()),
                    totalPower: random.next()
                )
            )
            if random.once(in: 2), let last = misbehavior.last { misbehavior.append(last) }
        }
        return EngineReport(
            proposer: random.once(in: 20) ? nil : proposer,
            votes: votes,
            misbehavior: misbehavior
        )
    }
}
