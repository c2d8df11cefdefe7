import MarketTypes

extension Ledger {
    /// Lets an account become the owner of an asset (LIN-20).
    mutating func offerAsset(
        _ id: AssetID,
        to account: AccountID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        _ = try assetOwned(by: origin.sender, id)
        guard account != origin.sender else { throw .lineage(.sameOwner) }
        var standing = state.standing(of: id)
        standing.offeredTo = account
        state.write(standing, of: id)
        return [.lineage(.assetOffered(id, to: account))]
    }

    /// Makes the sender the owner of an asset that was offered to it (LIN-21).
    mutating func acceptAsset(
        _ id: AssetID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        var asset = try asset(id)
        var standing = state.standing(of: id)
        guard let account = standing.offeredTo else { throw .lineage(.notOffered) }
        guard account == origin.sender else { throw .lineage(.notRecipient) }
        let before = asset.owner
        asset.owner = account
        standing.offeredTo = nil
        state.write(asset, .asset(id))
        state.write(standing, of: id)
        return [.lineage(.assetTransferred(id, from: before, to: account))]
    }

    /// Ends an offer of an asset: the owner takes it back, or who would get it declines (LIN-22).
    mutating func cancelAssetOffer(
        _ id: AssetID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        let asset = try asset(id)
        var standing = state.standing(of: id)
        guard let account = standing.offeredTo else { throw .lineage(.notOffered) }
        guard origin.sender == asset.owner || origin.sender == account else {
            throw .lineage(.notRecipient)
        }
        standing.offeredTo = nil
        state.write(standing, of: id)
        return [.lineage(.assetOfferEnded(id))]
    }

    /// Ends versions, offers and children of an asset, and whatever offer to own it there was: who
    /// would accept should know what it gets (LIN-23).
    mutating func retireAsset(
        _ id: AssetID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        _ = try assetOwned(by: origin.sender, id)
        var standing = state.standing(of: id)
        guard standing.retiredAt == nil else { throw .lineage(.retired) }
        let wasOffered = standing.offeredTo != nil
        standing = AssetStanding(retiredAt: origin.height, offeredTo: nil)
        state.write(standing, of: id)
        return (wasOffered ? [.lineage(.assetOfferEnded(id))] : [])
            + [.lineage(.assetRetired(id))]
    }

    /// An asset that must exist.
    func asset(_ id: AssetID) throws(Refusal) -> Asset {
        guard let asset = state.read(Asset.self, .asset(id)) else { throw .assets(.unknownAsset) }
        return asset
    }

    /// An asset that must exist and be the account's.
    func assetOwned(by account: AccountID, _ id: AssetID) throws(Refusal) -> Asset {
        let asset = try asset(id)
        guard asset.owner == account else { throw .assets(.notOwner) }
        return asset
    }
}
