import CanonicalCoding
public import MarketTypes

extension StateKey {
    /// What the keys of all assets begin with.
    public static let assets = StateKey(.asset)

    /// Where an asset stands.
    public static func asset(_ asset: AssetID) -> StateKey {
        StateKey(.asset) { $0.encode(asset.digest) }
    }

    /// Where one version of an asset stands.
    public static func assetVersion(_ asset: AssetID, _ version: UInt32) -> StateKey {
        StateKey(.assetVersion) {
            $0.encode(asset.digest)
            $0.encode(version)
        }
    }
}
