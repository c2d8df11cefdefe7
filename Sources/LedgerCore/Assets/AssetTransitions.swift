import MarketTypes

extension Ledger {
    /// Publishes a new asset with version 1 (LED-20).
    mutating func publishAsset(
        _ publication: AssetPublication,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard MarketName.isValid(publication.name) else { throw .assets(.invalidName) }
        guard !publication.licence.isEmpty, isPrintable(publication.licence),
            isPrintable(publication.version.metadataLink)
        else { throw .assets(.invalidText) }
        let id = Asset.id(owner: origin.sender, name: publication.name)
        guard !state.contains(.asset(id)) else { throw .assets(.alreadyPublished) }
        let asset = Asset(
            owner: origin.sender,
            name: publication.name,
            kind: publication.kind,
            licence: publication.licence,
            latestVersion: 1
        )
        state.write(asset, .asset(id))
        state.write(publication.version, .assetVersion(id, 1))
        return [.assetPublished(id, version: 1)]
    }

    /// Publishes the next version of an asset that is not retired; earlier ones stay (LED-21).
    mutating func publishAssetVersion(
        _ version: AssetVersion,
        of id: AssetID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard isPrintable(version.metadataLink) else { throw .assets(.invalidText) }
        guard var asset = state.read(Asset.self, .asset(id)) else { throw .assets(.unknownAsset) }
        guard asset.owner == origin.sender else { throw .assets(.notOwner) }
        guard !state.isRetired(id) else { throw .lineage(.retired) }
        guard asset.latestVersion < .max else { throw .assets(.tooManyVersions) }
        asset.latestVersion += 1
        state.write(asset, .asset(id))
        state.write(version, .assetVersion(id, asset.latestVersion))
        return [.assetPublished(id, version: asset.latestVersion)]
    }
}
