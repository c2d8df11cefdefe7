import MarketTypes

extension Ledger {
    /// Applies a message about where assets come from and whose they are.
    mutating func apply(
        _ message: LineageMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .publishAssetWithTerms(let publication, let terms, let metadata):
            try publishAsset(publication, under: terms, metadata: metadata, from: origin)
        case .setMetadata(let asset, let version, let metadata):
            try setMetadata(metadata, of: asset, version: version, from: origin)
        case .offerAsset(let asset, let account):
            try offerAsset(asset, to: account, from: origin)
        case .acceptAsset(let asset): try acceptAsset(asset, from: origin)
        case .cancelAssetOffer(let asset): try cancelAssetOffer(asset, from: origin)
        case .retireAsset(let asset): try retireAsset(asset, from: origin)
        }
    }

    /// Publishes an asset with what it was made from and may be used for (LIN-10).
    private mutating func publishAsset(
        _ publication: AssetPublication,
        under terms: AssetTerms,
        metadata: Digest?,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        var events = try publishAsset(publication, from: origin)
        do { try terms.checkForm(under: publication.licence) } catch { throw .lineage(error) }
        let id = Asset.id(owner: origin.sender, name: publication.name)
        let lineage: Lineage
        do throws(LineageRefusal) {
            var above: [Lineage] = []
            for parent in terms.parents {
                guard parent.asset != id else { throw .unknownParent }
                above.append(try ancestry(of: parent, for: publication.kind, under: terms.use))
            }
            lineage = try Lineage(of: id, from: terms.parents, with: above)
        } catch {
            throw .lineage(error)
        }
        state.write(terms, .assetTerms(id))
        state.write(lineage, .lineage(id))
        events.append(.lineage(.termsPublished(id, terms: terms.digest)))
        for parent in terms.parents {
            state.write(Presence(), .child(id, of: parent.asset))
            events.append(.lineage(.parentNamed(id, parent: parent)))
        }
        if let metadata {
            state.write(StoredDigest(metadata), .assetMetadata(id, 1))
            events.append(.lineage(.metadataSet(id, version: 1, metadata: metadata)))
        }
        return events
    }

    /// Checks that a parent lets this child be made of it; returns what it descends from itself
    /// (LIN-11).
    private func ancestry(
        of parent: AssetParent,
        for kind: AssetKind,
        under use: DataUse
    ) throws(LineageRefusal) -> Lineage {
        guard let asset = state.read(Asset.self, .asset(parent.asset)),
            state.contains(.assetVersion(parent.asset, parent.version))
        else { throw .unknownParent }
        guard parent.role.suits(asset.kind) else { throw .wrongRole }
        guard let terms = state.read(AssetTerms.self, .assetTerms(parent.asset)),
            let minimum = terms.royaltyMinBasisPoints,
            let lineage = state.read(Lineage.self, .lineage(parent.asset))
        else { throw .derivationNotAllowed }
        guard !state.isRetired(parent.asset) else { throw .parentRetired }
        guard parent.shareBasisPoints >= minimum else { throw .shareBelowMinimum }
        if kind == .model {
            guard asset.kind == .model || terms.use.training != .notAllowed else {
                throw .trainingNotAllowed
            }
        } else {
            guard !use.isLooser(than: terms.use) else { throw .looserThanParent }
        }
        return lineage
    }

    /// Says which document describes a version (LIN-12).
    private mutating func setMetadata(
        _ metadata: Digest,
        of id: AssetID,
        version: UInt32,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        _ = try assetOwned(by: origin.sender, id)
        guard !state.isRetired(id) else { throw .lineage(.retired) }
        guard state.contains(.assetVersion(id, version)) else { throw .lineage(.unknownVersion) }
        state.write(StoredDigest(metadata), .assetMetadata(id, version))
        return [.lineage(.metadataSet(id, version: version, metadata: metadata))]
    }
}

extension AssetTerms {
    /// Checks what needs no state.
    func checkForm(under licence: String) throws(LineageRefusal) {
        guard licence.hasPrefix(Self.ownLicencePrefix) == (licenceText != nil) else {
            throw .invalidLicence
        }
        guard royaltyMinBasisPoints ?? 0 <= Lineage.sharesMax else { throw .invalidMinimum }
        guard zip(parents, parents.dropFirst()).allSatisfy({ $0.asset < $1.asset }) else {
            throw .parentsNotAscending
        }
        let shares = parents.reduce(UInt32(0)) { $0 + UInt32($1.shareBasisPoints) }
        guard shares <= UInt32(Lineage.sharesMax) else { throw .sharesTooLarge }
    }
}
