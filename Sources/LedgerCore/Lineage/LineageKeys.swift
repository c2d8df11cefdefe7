import CanonicalCoding
public import MarketTypes

extension StateNamespace {
    static let assetTerms = Self(rawValue: 0x12)
    static let lineage = Self(rawValue: 0x13)
    static let childOfAsset = Self(rawValue: 0x14)
    static let earnings = Self(rawValue: 0x15)
    static let assetMetadata = Self(rawValue: 0x16)
    static let assetStanding = Self(rawValue: 0x17)
}

extension StateKey {
    /// Where an asset's ``AssetTerms`` stand, if it was published with any.
    public static func assetTerms(_ asset: AssetID) -> StateKey {
        StateKey(.assetTerms) { $0.encode(asset.digest) }
    }

    /// Where an asset's ``Lineage`` stands, if it was published with terms.
    public static func lineage(_ asset: AssetID) -> StateKey {
        StateKey(.lineage) { $0.encode(asset.digest) }
    }

    /// An entry that only exists: `child` names `parent` as one of its parents.
    public static func child(_ child: AssetID, of parent: AssetID) -> StateKey {
        StateKey(.childOfAsset) {
            $0.encode(parent.digest)
            $0.encode(child.digest)
        }
    }

    /// What the keys of all children of an asset begin with; they end with the child.
    public static func children(of parent: AssetID) -> StateKey {
        StateKey(.childOfAsset) { $0.encode(parent.digest) }
    }

    /// What the keys of all earnings of an asset begin with; they end with denomination, zero for
    /// the native one, and source.
    public static func earnings(of asset: AssetID) -> StateKey {
        StateKey(.earnings) { $0.encode(asset.digest) }
    }

    /// Where the ``StoredAmount`` stands that `asset` has ever earned of `source`'s sales: all its
    /// sales less royalties if that is the asset itself, royalties otherwise.
    public static func earnings(
        of asset: AssetID,
        in denomination: Denomination,
        from source: AssetID
    ) -> StateKey {
        StateKey(.earnings) {
            $0.encode(asset.digest)
            switch denomination {
            case .native: $0.encode(Digest.zero)
            case .issued(let unit): $0.encode(unit)
            }
            $0.encode(source.digest)
        }
    }

    /// Where the ``StoredDigest`` of the document stands that describes one version.
    public static func assetMetadata(_ asset: AssetID, _ version: UInt32) -> StateKey {
        StateKey(.assetMetadata) {
            $0.encode(asset.digest)
            $0.encode(version)
        }
    }

    /// Where an asset's ``AssetStanding`` stands; absent while there is nothing to say.
    public static func assetStanding(_ asset: AssetID) -> StateKey {
        StateKey(.assetStanding) { $0.encode(asset.digest) }
    }
}
