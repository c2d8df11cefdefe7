import Identity
import LedgerCore
import MarketTypes

/// Stake: STK-10 to STK-16 for messages, STK-20 to STK-24 for blocks.
extension AuditorLedger {
    private typealias Pair = AuditorStaking.Pair

    mutating func perform(_ message: StakingMessage) throws(AuditorRefusal) {
        switch message {
        case .registerValidator(let registration): try register(registration)
        case .delegate(let house, let amount): try delegate(amount.obol, house)
        case .undelegate(let house, let amount): try undelegate(amount.obol, house)
        case .withdrawStake(let house): try withdrawStake(house)
        case .withdrawRewards(let house): try withdrawRewards(house)
        case .setCommission(let basisPoints): try setCommission(basisPoints)
        case .unjail: try unjail()
        }
    }

    private func house(_ id: AccountID) throws(AuditorRefusal) -> AuditorStaking.House {
        guard let house = staking.houses[id] else { throw AuditorRefusal(802) }
        return house
    }

    private mutating func register(
        _ registration: ValidatorRegistration
    ) throws(AuditorRefusal) {
        let commission = registration.commission
        guard commission.basisPointsMax <= 10_000,
            commission.basisPoints <= commission.basisPointsMax,
            commission.changeMax <= commission.basisPointsMax
        else { throw AuditorRefusal(803) }
        let amount = registration.selfBond.obol
        guard amount >= staking.numbers.selfBondMin.obol else { throw AuditorRefusal(804) }
        let proof = registration.proof
        guard proof.document.chain == chain, proof.document.validator == sender else {
            throw AuditorRefusal(805)
        }
        guard staking.houses[sender] == nil else { throw AuditorRefusal(806) }
        var house = AuditorStaking.House(proof.key, commission, at: height)
        guard staking.owner(house.name) == nil else { throw AuditorRefusal(807) }
        try debit(sender, amount, .native)
        (house.stake, house.shares) = (amount, amount)
        staking.holdings[Pair(owner: sender, house: sender)] = .init(shares: amount)
        staking.put(house, sender)
    }

    private mutating func delegate(_ amount: UInt128, _ id: AccountID) throws(AuditorRefusal) {
        guard amount > 0 else { throw AuditorRefusal(801) }
        guard try house(id).crimes.isEmpty else { throw AuditorRefusal(808) }
        try debit(sender, amount, .native)
        try pay(id)
        var house = try house(id)
        house.stake += amount
        house.shares += amount
        var holding = staking.holdings[Pair(owner: sender, house: id)] ?? .init()
        holding.shares += amount
        holding.paid = house.index
        staking.holdings[Pair(owner: sender, house: id)] = holding
        staking.put(house, id)
    }

    /// Pays the sender what its shares have earned; returns whether that was anything.
    @discardableResult
    private mutating func pay(_ id: AccountID) throws(AuditorRefusal) -> Bool {
        var house = try house(id)
        guard var holding = staking.holdings[Pair(owner: sender, house: id)] else { return false }
        let due = staking.due(holding, house)
        guard due > 0 else { return false }
        holding.paid = house.index
        house.rewards -= due
        staking.houses[id] = house
        staking.holdings[Pair(owner: sender, house: id)] = holding
        try credit(sender, due, .native)
        return true
    }

    private mutating func undelegate(_ amount: UInt128, _ id: AccountID) throws(AuditorRefusal) {
        guard amount > 0 else { throw AuditorRefusal(801) }
        let before = try house(id)
        let owned = staking.holdings[Pair(owner: sender, house: id)] ?? .init()
        let worth = before.shares == 0 ? 0 : before.stake * owned.shares / before.shares
        guard amount <= worth else { throw AuditorRefusal(809) }
        guard owned.parts.count < 8 else { throw AuditorRefusal(810) }
        try pay(id)
        var house = try house(id)
        var holding = staking.holdings[Pair(owner: sender, house: id)] ?? .init()
        let cost =
            amount == worth
            ? holding.shares : (amount * house.shares + house.stake - 1) / house.stake
        holding.shares -= cost
        house.shares -= cost
        house.stake -= amount
        let released = wait(staking.numbers.unbondingDelayBlocks)
        holding.parts.append(.init(amount: amount, begun: height, released: released))
        if house.shares == 0 {
            pool += house.rewards
            (house.rewards, house.rest) = (0, 0)
        }
        staking.holdings[Pair(owner: sender, house: id)] = holding
        staking.put(house, id)
    }

    private mutating func withdrawStake(_ id: AccountID) throws(AuditorRefusal) {
        let house = try house(id)
        var holding = staking.holdings[Pair(owner: sender, house: id)] ?? .init()
        let due = holding.parts.filter { $0.released <= height }
        guard !due.isEmpty else { throw AuditorRefusal(811) }
        for part in due {
            var left = part.amount
            for crime in house.crimes
            where part.begun >= crime.at && part.begun < crime.heard && crime.heard < part.released
            {
                left -= staking.fine(left)
            }
            try credit(sender, left, .native)
            pool += part.amount - left
        }
        holding.parts.removeAll { $0.released <= height }
        let isEmpty = holding.shares == 0 && holding.parts.isEmpty
        staking.holdings[Pair(owner: sender, house: id)] = isEmpty ? nil : holding
    }

    private mutating func withdrawRewards(_ id: AccountID) throws(AuditorRefusal) {
        let wasPaid = try pay(id)
        var house = try house(id)
        let earned = id == sender ? house.earned : 0
        guard wasPaid || earned > 0 else { throw AuditorRefusal(811) }
        house.earned -= earned
        staking.houses[id] = house
        try credit(sender, earned, .native)
    }

    private mutating func setCommission(_ next: UInt16) throws(AuditorRefusal) {
        var house = try house(sender)
        let distance = abs(Int(next) - Int(house.commission))
        guard next <= house.commissionMax, distance <= Int(house.changeMax) else {
            throw AuditorRefusal(803)
        }
        guard height >= house.setAt + staking.numbers.unbondingDelayBlocks else {
            throw AuditorRefusal(812)
        }
        (house.commission, house.setAt) = (next, height)
        staking.houses[sender] = house
    }

    private mutating func unjail() throws(AuditorRefusal) {
        var house = try house(sender)
        guard house.crimes.isEmpty else { throw AuditorRefusal(808) }
        guard let until = house.jailedUntil else { throw AuditorRefusal(813) }
        guard height >= until else { throw AuditorRefusal(814) }
        house.jailedUntil = nil
        staking.put(house, sender)
    }
}

extension AuditorLedger {
    /// STK-20: what a block does before its first transaction.
    mutating func begin(_ report: EngineReport, at context: BlockContext) {
        height = context.height.rawValue
        time = context.time.milliseconds
        if let proposer = report.proposer { reward(proposer.bytes) }
        for misbehavior in report.misbehavior {
            punish(misbehavior.validator.bytes, misbehavior.height.rawValue)
        }
        let absent = report.votes.filter { !$0.signed }.map(\.validator.bytes)
        count(Set(absent))
    }

    private mutating func reward(_ name: [UInt8]) {
        guard pool > 0, let id = staking.owner(name), var house = staking.houses[id],
            house.crimes.isEmpty, house.jailedUntil == nil, house.shares >= 1_000_000_000
        else { return }
        let commission = pool * UInt128(house.commission) / 10_000
        let (quotient, rest) = AuditorStaking.divide(pool - commission, house.rest, house.shares)
        house.index += quotient
        house.rest = rest
        house.rewards += pool - commission
        house.earned += commission
        staking.houses[id] = house
        pool = 0
    }

    private mutating func punish(_ name: [UInt8], _ crime: UInt64) {
        guard crime <= height, height - crime <= staking.numbers.unbondingDelayBlocks,
            let id = staking.owner(name), var house = staking.houses[id],
            house.crimes.count < 16, !house.crimes.contains(where: { $0.at == crime })
        else { return }
        let fine = staking.fine(house.stake)
        house.stake -= fine
        pool += fine
        house.crimes.append((crime, height))
        staking.put(house, id)
    }

    private mutating func count(_ absent: Set<[UInt8]>) {
        let before = staking.missed
        staking.missed = [:]
        let names = absent.filter { staking.candidates?[$0] != nil }
        for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let count = before[name, default: 0] + 1
            guard count > staking.numbers.missedBlocksMax else {
                staking.missed[name] = count
                continue
            }
            guard let id = staking.owner(name), var house = staking.houses[id] else { continue }
            house.jailedUntil = wait(staking.numbers.jailBlocks)
            staking.put(house, id)
        }
    }

    /// STK-24: what the engine is told at a block's end, by name.
    mutating func end() -> [[UInt8]: UInt64] {
        let next = AuditorStaking.best(
            staking.candidates ?? [:],
            Int(staking.numbers.validatorsMax)
        )
        guard !next.isEmpty else { return [:] }
        let before = staking.told ?? [:]
        var updates: [[UInt8]: UInt64] = [:]
        for (name, power) in next where before[name] != power { updates[name] = power }
        for name in before.keys where next[name] == nil { updates[name] = 0 }
        staking.told = next
        return updates
    }
}
