import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes

/// What the auditor knows of stake: docs/spec/staking.md in plain dictionaries.
struct AuditorStaking {
    struct House {
        let key: PublicKey
        var commission: UInt16
        let commissionMax: UInt16
        let changeMax: UInt16
        var setAt: UInt64
        var stake: UInt128 = 0
        var shares: UInt128 = 0
        var index: UInt128 = 0
        var rest: UInt128 = 0
        var rewards: UInt128 = 0
        var earned: UInt128 = 0
        var jailedUntil: UInt64?
        var crimes: [(at: UInt64, heard: UInt64)] = []

        init(_ key: PublicKey, _ commission: Commission, at height: UInt64) {
            self.key = key
            self.commission = commission.basisPoints
            commissionMax = commission.basisPointsMax
            changeMax = commission.changeMax
            setAt = height
        }

        var name: [UInt8] { Array(Digest(sha256: key.bytes).bytes[..<20]) }
    }
    struct Pair: Hashable {
        let owner, house: AccountID
    }
    struct Part {
        let amount: UInt128
        let begun, released: UInt64
    }
    struct Holding {
        var shares: UInt128 = 0
        var paid: UInt128 = 0
        var parts: [Part] = []
    }
    typealias Powers = [[UInt8]: UInt64]

    let numbers: StakingParameters
    var houses: [AccountID: House] = [:]
    var holdings: [Pair: Holding] = [:]
    var candidates: Powers?
    var told: Powers?
    var missed: Powers = [:]

    init(_ genesis: Genesis) {
        numbers = genesis.stakingParameters
        for validator in genesis.validators {
            var house = House(validator.consensusKey, validator.commission, at: 0)
            (house.stake, house.shares) = (validator.selfBond.obol, validator.selfBond.obol)
            let id = validator.operator
            holdings[Pair(owner: id, house: id)] = Holding(shares: house.shares)
            put(house, id)
        }
        if let candidates { told = Self.best(candidates, Int(numbers.validatorsMax)) }
    }

    /// STK-24: the powers by rank, cut off.
    static func best(_ powers: Powers, _ count: Int) -> Powers {
        let ranked = powers.map { ($0.value, $0.key) }.sorted {
            $0.0 != $1.0 ? $0.0 > $1.0 : $0.1.lexicographicallyPrecedes($1.1)
        }
        return Powers(uniqueKeysWithValues: ranked.prefix(count).map { ($0.1, $0.0) })
    }

    /// STK-6: keeps a house, and its power where powers compete.
    mutating func put(_ house: House, _ id: AccountID) {
        houses[id] = house
        let isFree = house.jailedUntil == nil && house.crimes.isEmpty
        let power = isFree ? UInt64(min(house.stake / 1_000_000_000, 1 << 51)) : 0
        guard candidates != nil || power > 0 else { return }
        var powers = candidates ?? [:]
        powers[house.name] = power == 0 ? nil : power
        candidates = Self.best(powers, Int(numbers.candidatesMax))
    }

    /// Whose key is named so.
    func owner(_ name: [UInt8]) -> AccountID? { houses.first { $0.value.name == name }?.key }

    /// STK-22: the part of an amount that a crime costs.
    func fine(_ amount: UInt128) -> UInt128 { amount * UInt128(numbers.slashBasisPoints) / 10_000 }

    /// STK-21: ⌊x × 2^64 ÷ shares⌋ and what is left over, by long division.
    static func divide(_ x: UInt128, _ rest: UInt128, _ shares: UInt128) -> (UInt128, UInt128) {
        var (quotient, left) = (x / shares, x % shares)
        for _ in 0..<64 {
            (quotient, left) = (quotient * 2, left * 2)
            if left >= shares { (quotient, left) = (quotient + 1, left - shares) }
        }
        return (quotient + (left + rest) / shares, (left + rest) % shares)
    }

    /// STK-14: what a holding has earned; everything in these tests fits 64 bits.
    func due(_ holding: Holding, _ house: House) -> UInt128 {
        let index = house.index - holding.paid
        let whole = holding.shares * (index >> 64)
        return whole + (holding.shares * (index & UInt128(UInt64.max))) >> 64
    }
}

/// The entries of staking.md, byte by byte.
extension AuditorStaking {
    private func document(_ build: (inout CanonicalEncoder) -> Void) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.encode(UInt8(1))
        build(&encoder)
        return encoder.bytes
    }

    private func table(_ numbers: Powers) -> [UInt8] {
        document { encoder in
            encoder.encode(UInt32(numbers.count))
            let sorted = numbers.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            for (name, number) in sorted {
                encoder.encode(fixed: name)
                encoder.encode(number)
            }
        }
    }

    var entries: [[UInt8]: [UInt8]] {
        var all: [[UInt8]: [UInt8]] = [:]
        for (id, house) in houses {
            all[[0x40] + id.digest.bytes] = document(house)
            all[[0x42] + house.name] = document { $0.encode(id.digest) }
        }
        for (pair, holding) in holdings {
            let key = [0x41] + pair.owner.digest.bytes + pair.house.digest.bytes
            all[key] = document { encoder in
                encoder.encode(holding.shares)
                encoder.encode(holding.paid)
                encoder.encode(UInt8(holding.parts.count))
                for part in holding.parts {
                    encoder.encode(part.amount)
                    encoder.encode(part.begun)
                    encoder.encode(part.released)
                }
            }
        }
        if numbers != .standard {
            all[[0x43]] = document { encoder in
                encoder.encode(numbers.validatorsMax)
                encoder.encode(numbers.candidatesMax)
                encoder.encode(numbers.selfBondMin.obol)
                encoder.encode(numbers.unbondingDelayBlocks)
                encoder.encode(numbers.slashBasisPoints)
                encoder.encode(numbers.missedBlocksMax)
                encoder.encode(numbers.jailBlocks)
            }
        }
        if let candidates { all[[0x44]] = table(candidates) }
        if let told { all[[0x45]] = table(told) }
        if !missed.isEmpty { all[[0x46]] = table(missed) }
        return all
    }

    private func document(_ house: House) -> [UInt8] {
        document { encoder in
            encoder.encode(UInt8(1))
            encoder.encode(fixed: house.key.bytes)
            encoder.encode(house.commission)
            encoder.encode(house.commissionMax)
            encoder.encode(house.changeMax)
            encoder.encode(house.setAt)
            encoder.encode(house.stake)
            encoder.encode(house.shares)
            encoder.encode(house.index)
            encoder.encode(house.rest)
            encoder.encode(house.rewards)
            encoder.encode(house.earned)
            encoder.encode(house.jailedUntil != nil)
            if let until = house.jailedUntil { encoder.encode(until) }
            encoder.encode(UInt8(house.crimes.count))
            for crime in house.crimes {
                encoder.encode(crime.at)
                encoder.encode(crime.heard)
            }
        }
    }
}
