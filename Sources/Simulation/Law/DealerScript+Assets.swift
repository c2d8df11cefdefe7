import Identity
import LedgerCore
import MarketTypes

/// Assets with terms and parents, their owners, and keys that act for others.
extension DealerScript {
    /// One of a dealer's assets; they are few, so that names collide.
    var someAsset: AssetID { AssetID(known("asset")) }

    private var assetName: String { "thing-\(chance.number(1...9))" }

    func publishAsset() -> Message? {
        let kinds: [AssetKind] = [.model, .model, .dataset, .agent]
        let publication = AssetPublication(
            name: assetName,
            kind: kinds[chance.index(kinds.count)],
            licence: "MIT",
            version: AssetVersion(content: someDigest, metadataLink: "")
        )
        let permissions: [UsePermission] = [.allowed, .allowed, .allowed, .notAllowed]
        let parents = (0..<chance.index(3)).map { _ in
            AssetParent(
                asset: someAsset,
                version: 1,
                shareBasisPoints: UInt16(chance.number(0...5_000)),
                role: chance.chance(permille: 500) ? .baseModel : .dataset
            )
        }
        let terms = AssetTerms(
            licenceText: nil,
            use: DataUse(all: permissions[chance.index(permissions.count)]),
            royaltyMinBasisPoints: chance.chance(permille: 800)
                ? UInt16(chance.number(0...2_000)) : nil,
            parents: parents.sorted { $0.asset < $1.asset }
        )
        return .lineage(
            .publishAssetWithTerms(
                publication,
                terms,
                metadata: chance.pick([nil, someDigest]) ?? nil
            )
        )
    }

    func changeAsset() -> Message? {
        switch chance.index(8) {
        case 0:
            .publishAssetVersion(
                asset: someAsset,
                version: AssetVersion(content: someDigest, metadataLink: "")
            )
        case 1: .lineage(.setMetadata(asset: someAsset, version: 1, metadata: someDigest))
        case 2, 3: .lineage(.offerAsset(someAsset, to: somebody))
        case 4, 5: .lineage(.acceptAsset(someAsset))
        case 6: .lineage(.cancelAssetOffer(someAsset))
        default:
            chance.chance(permille: 300)
                ? .lineage(.retireAsset(someAsset))
                : .lineage(.acceptAsset(someAsset))
        }
    }

    /// Grants another dealer's key something, or ends that; keys are not rotated here, because
    /// nobody else would sign for the dealer then.
    func authorize() -> Message? {
        switch chance.index(5) {
        case 0: return .authorization(.revokeSession(somebody))
        case 1:
            // The alarm, and its end in the same breath: whoever comes too late loses the key.
            return .authorization(.cancelRotation)
        default:
            let tags = chance.bytes(1 + chance.index(6)).map { $0 % 128 }
            let grant = SessionGrant(
                session: somebody,
                scope: SessionScope(
                    messages: tags + [1],
                    payees: chance.chance(permille: 300) ? [somebody] : []
                ),
                limits: [SessionLimit(.native, Amount(obol: UInt128(chance.number(0...90_000))))],
                periodBlocks: chance.number(1...20),
                validUntil: BlockHeight(height + chance.number(0...40))
            )
            return .authorization(.grantSession(grant))
        }
    }
}
