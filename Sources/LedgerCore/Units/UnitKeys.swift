import CanonicalCoding
public import MarketTypes

extension StateNamespace {
    static let unit = Self(rawValue: 0x58)
    static let redemption = Self(rawValue: 0x59)
    static let redemptionOfUnit = Self(rawValue: 0x5a)
    static let redemptionOfHolder = Self(rawValue: 0x5b)
}

extension StateKey {
    /// Where a ``UnitRecord`` stands; it stays for ever.
    public static func unit(_ unit: Digest) -> StateKey {
        StateKey(.unit) { $0.encode(unit) }
    }

    /// What the keys of all units begin with; the rest is the unit's digest.
    public static let units = StateKey(.unit)

    /// Where a ``Redemption`` stands; it goes when it is settled or taken back.
    public static func redemption(_ id: Digest) -> StateKey {
        StateKey(.redemption) { $0.encode(id) }
    }

    /// An entry that only exists: `id` is a redemption of `unit`.
    public static func redemption(_ id: Digest, of unit: Digest) -> StateKey {
        StateKey(.redemptionOfUnit) {
            $0.encode(unit)
            $0.encode(id)
        }
    }

    /// What the keys of a unit's redemptions begin with; the rest is the redemption's name.
    public static func redemptions(of unit: Digest) -> StateKey {
        StateKey(.redemptionOfUnit) { $0.encode(unit) }
    }

    /// An entry that only exists: `id` is a redemption that `holder` asked for.
    public static func redemption(_ id: Digest, by holder: AccountID) -> StateKey {
        StateKey(.redemptionOfHolder) {
            $0.encode(holder.digest)
            $0.encode(id)
        }
    }

    /// What the keys of a holder's redemptions begin with; the rest is the redemption's name.
    public static func redemptions(by holder: AccountID) -> StateKey {
        StateKey(.redemptionOfHolder) { $0.encode(holder.digest) }
    }
}
