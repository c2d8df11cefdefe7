import CanonicalCoding
public import MarketTypes

extension StateNamespace {
    static let shares = Self(rawValue: 0x50)
    static let shareHolding = Self(rawValue: 0x51)
}

extension StateKey {
    /// Where the ``ShareRecord`` stands of the asset that a share unit is of.
    public static func shares(_ unit: Digest) -> StateKey {
        StateKey(.shares) { $0.encode(unit) }
    }

    /// What the keys of all share records begin with; the rest is the unit's digest.
    public static let shares = StateKey(.shares)

    /// Where the ``ShareHolding`` of an account stands.
    public static func shareHolding(_ unit: Digest, _ account: AccountID) -> StateKey {
        StateKey(.shareHolding) {
            $0.encode(unit)
            $0.encode(account.digest)
        }
    }

    /// What the keys of all holdings of a unit begin with; the rest is the account's digest.
    public static func shareHoldings(_ unit: Digest) -> StateKey {
        StateKey(.shareHolding) { $0.encode(unit) }
    }
}
