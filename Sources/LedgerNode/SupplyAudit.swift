import CanonicalCoding
public import Consensus
import LedgerCore
import LedgerStore
public import MarketTypes

/// A count of all native money in the state, place by place, against the supply (promise P1).
///
/// It reads every entry of one snapshot, and shares no code with the rules that move money.
public struct SupplyAudit: Sendable {
    /// What accounts own.
    public private(set) var accounts = Amount.zero
    /// What channels hold.
    public private(set) var channels = Amount.zero
    /// What bonds hold, on its way back or not.
    public private(set) var bonds = Amount.zero
    /// What stands behind validators, on its way back or not, with rewards nobody withdrew.
    public private(set) var stakes = Amount.zero
    /// What components hold for somebody: jobs, pools, orders, deposits, dividends, the treasury.
    public private(set) var pots = Amount.zero
    /// The collected fees.
    public private(set) var fees = Amount.zero
    /// The supply that genesis fixed.
    public private(set) var supply = Amount.zero
    /// The block whose state was counted.
    public let height: BlockHeight

    /// How many units somebody issued, and of how many the parts do not add up to their supply.
    public private(set) var units = (count: 0, unbalanced: 0)

    /// Counts the latest state of `store`.
    ///
    /// - Throws: ``StoreError``, or ``CanonicalError`` if an entry is damaged.
    public init(_ store: any ApplicationStore) throws {
        var count = Count()
        height = try store.withState { snapshot in
            try snapshot.forEachEntry { key, value in try count.add(key, value) }
            return snapshot.head.height
        }
        accounts = Amount(obol: count.accounts)
        channels = Amount(obol: count.channels)
        bonds = Amount(obol: count.bonds)
        stakes = Amount(obol: count.stakes)
        pots = Amount(obol: count.pots)
        fees = count.fees
        supply = Amount(obol: count.supplies[.native] ?? 0)
        let issued = count.supplies.keys.filter { $0 != .native }
        let unbalanced = issued.filter { count.supplies[$0] != count.issued[$0] ?? 0 }
        units = (issued.count, unbalanced.count + (count.hasUnknownUnits ? 1 : 0))
    }

    /// Whether every obol, and every part of every issued unit, is where it can be seen.
    public var isConserved: Bool {
        units.unbalanced == 0
            && [accounts, channels, bonds, stakes, pots, fees].reduce(0) { $0 + $1.obol }
                == supply.obol
    }

    /// The audit as JSON fields, amounts in obol.
    public var document: [String: String] {
        [
            "accountsObol": "\(accounts.obol)", "channelsObol": "\(channels.obol)",
            "bondsObol": "\(bonds.obol)", "stakesObol": "\(stakes.obol)",
            "potsObol": "\(pots.obol)", "feesObol": "\(fees.obol)", "supplyObol": "\(supply.obol)",
            "unitsIssued": "\(units.count)", "unitsUnbalanced": "\(units.unbalanced)",
            "height": "\(height.rawValue)", "conserved": "\(isConserved)",
        ]
    }
}

/// Sums over the entries of a state, by place and by unit.
private struct Count {
    var accounts: UInt128 = 0
    var channels: UInt128 = 0
    var bonds: UInt128 = 0
    var stakes: UInt128 = 0
    var pots: UInt128 = 0
    var fees = Amount.zero
    var supplies: [Denomination: UInt128] = [:]
    var issued: [Denomination: UInt128] = [:]

    /// Whether somebody owns a unit that has no supply.
    var hasUnknownUnits: Bool { issued.contains { $0.value > 0 && supplies[$0.key] == nil } }

    mutating func add(_ key: StateKey, _ value: [UInt8]) throws {
        switch key.money {
        case .account: accounts += try Account(canonicalBytes: value).balance.obol
        case .channel:
            let channel = try Channel(canonicalBytes: value)
            switch channel.denomination {
            case .native: channels += channel.locked.obol
            case .issued: issued[channel.denomination, default: 0] += channel.locked.obol
            }
        case .bond: bonds += try Bond(canonicalBytes: value).atRisk.obol
        case .validator: stakes += try Validator(canonicalBytes: value).money.obol
        case .delegation: stakes += try Delegation(canonicalBytes: value).money.obol
        case .pot, .issuedBalance:
            let amount = try StoredAmount(canonicalBytes: value).amount.obol
            switch key.denomination {
            case .native?: pots += amount
            case .some(let unit): issued[unit, default: 0] += amount
            case nil: throw CanonicalError.invalidValue
            }
        case .supply:
            guard let unit = key.denomination else { throw CanonicalError.invalidValue }
            supplies[unit] = try StoredAmount(canonicalBytes: value).amount.obol
        case .none: break
        }
        if key == .feePool { fees = try StoredAmount(canonicalBytes: value).amount }
    }
}
