import CanonicalCoding
public import MarketTypes

extension StateNamespace {
    static let plan = Self(rawValue: 0x60)
    static let planOfAsset = Self(rawValue: 0x61)
    static let planOfOffer = Self(rawValue: 0x62)
    static let pass = Self(rawValue: 0x63)
    static let passOfHolder = Self(rawValue: 0x64)
    static let trialUsed = Self(rawValue: 0x65)
}

extension StateKey {
    /// Where a ``Plan`` stands; it stays for ever.
    public static func plan(_ plan: PlanID) -> StateKey {
        StateKey(.plan) { $0.encode(plan.digest) }
    }

    /// What the keys of all plans begin with; the rest is the plan's digest.
    public static let plans = StateKey(.plan)

    /// An entry that only exists: `plan` is for `asset`.
    public static func plan(_ plan: PlanID, of asset: AssetID) -> StateKey {
        StateKey(.planOfAsset) {
            $0.encode(asset.digest)
            $0.encode(plan.digest)
        }
    }

    /// What the keys of an asset's plans begin with; the rest is the plan's digest.
    public static func plans(of asset: AssetID) -> StateKey {
        StateKey(.planOfAsset) { $0.encode(asset.digest) }
    }

    /// Where the ``StoredDigest`` of the plan stands whose included units are served under `offer`.
    public static func plan(including offer: OfferID) -> StateKey {
        StateKey(.planOfOffer) { $0.encode(offer.digest) }
    }

    /// Where a ``Pass`` stands; it goes when the pass ends.
    public static func pass(_ pass: PassID) -> StateKey {
        StateKey(.pass) { $0.encode(pass.digest) }
    }

    /// Where the ``StoredDigest`` of the pass stands that `holder` has of `plan`.
    public static func pass(of holder: AccountID, _ plan: PlanID) -> StateKey {
        StateKey(.passOfHolder) {
            $0.encode(holder.digest)
            $0.encode(plan.digest)
        }
    }

    /// What the keys of a holder's passes begin with; the rest is the plan's digest.
    public static func passes(of holder: AccountID) -> StateKey {
        StateKey(.passOfHolder) { $0.encode(holder.digest) }
    }

    /// An entry that only exists: `account` has had its trial of `plan`; it stays for ever.
    public static func trial(of plan: PlanID, by account: AccountID) -> StateKey {
        StateKey(.trialUsed) {
            $0.encode(plan.digest)
            $0.encode(account.digest)
        }
    }
}
