import CanonicalCoding
public import MarketTypes

/// What an asset's income is divided into: shares, which are units of an issued denomination like
/// any other, so that they can be given, sold, locked and pooled without rules of their own.
public enum ShareUnit {
    /// The most shares that an asset can have.
    public static let countMax: UInt64 = 1 << 48

    /// The name of the unit that counts an asset's shares, whether it has any or not.
    public static func unit(of asset: AssetID) -> Digest {
        Digest(.shareUnit, asset.digest.bytes)
    }

    /// What an amount of an asset's shares counts.
    public static func denomination(of asset: AssetID) -> Denomination {
        .issued(unit(of: asset))
    }
}
