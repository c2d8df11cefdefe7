import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import SettlementCore

/// Brings the ledger to where a seller wants it: asset, version, bond and offer, in one
/// transaction, and only what is missing.
struct Publication {
    let options: SellOptions
    let session: AccountSession
    let receiptKey: PublicKey
    let endpoint: String
    /// What the prices count.
    let denomination: Denomination

    /// What is missing on the ledger, and the offer that buyers will find once it is there.
    func prepare() async throws -> (offer: Offer, missing: [Message]) {
        let ledger = session.ledger
        let named = try options.namedAsset()
        let asset = named ?? Asset.id(owner: session.account, name: options.model)
        let weights = try await weights(of: named)
        var messages: [Message] = []
        let version = try await assetVersion(asset, weights, &messages)
        let bond = try await ledger.bond(session.account)
        if bond.active < options.bond {
            let missing = Amount(obol: options.bond.obol - bond.active.obol)
            messages.append(.depositBond(missing))
        }
        let current = try await ledger.offers(limit: 1) { record in
            record.offer.seller == session.account && record.offer.model == options.model
                && record.offer.interface == options.interface && record.standing == .current
                && record.offer.denomination == denomination
        }.first?.offer
        let offer = try offer(asset: asset, version: version, weights: weights, after: current)
        if let current, isSame(current, offer) { return (current, messages) }
        messages.append(.publishOffer(offer))
        return (offer, messages)
    }

    /// Publishes what is missing, if anything is.
    func publish(_ missing: [Message]) async throws -> TransactionOutcome? {
        missing.isEmpty ? nil : try await session.execute(missing).outcome
    }

    /// The weights' digest: what the options say, or what the named asset's latest version has.
    private func weights(of asset: AssetID?) async throws -> Digest {
        guard let asset else { return try options.weightsDigestValue() }
        guard let known = try await session.ledger.read(Asset.self, .asset(asset)) else {
            throw CommandFailure(
                "there is no asset \(asset.digest)",
                hint: "`stoa asset list` shows yours"
            )
        }
        guard known.owner == session.account else {
            throw CommandFailure(
                "the asset \(asset.digest) belongs to \(known.owner)",
                hint: "only its owner can sell it"
            )
        }
        let key = StateKey.assetVersion(asset, known.latestVersion)
        guard !options.namesWeights,
            let version = try await session.ledger.read(AssetVersion.self, key)
        else { return try options.weightsDigestValue() }
        return version.content
    }

    private func assetVersion(
        _ asset: AssetID,
        _ weights: Digest,
        _ messages: inout [Message]
    ) async throws -> UInt32 {
        let content = AssetVersion(content: weights, metadataLink: "")
        guard let known = try await session.ledger.read(Asset.self, .asset(asset)) else {
            messages.append(
                .publishAsset(
                    AssetPublication(
                        name: options.model,
                        kind: options.interface == .json ? .service : .model,
                        licence: options.licence,
                        version: content
                    )
                )
            )
            return 1
        }
        let key = StateKey.assetVersion(asset, known.latestVersion)
        if try await session.ledger.read(AssetVersion.self, key)?.content == weights {
            return known.latestVersion
        }
        messages.append(.publishAssetVersion(asset: asset, version: content))
        return known.latestVersion + 1
    }

    private func offer(
        asset: AssetID,
        version: UInt32,
        weights: Digest,
        after current: Offer?
    ) throws -> Offer {
        let days = options.days * 86_400_000
        return Offer(
            seller: session.account,
            receiptKey: receiptKey,
            asset: asset,
            assetVersion: version,
            weights: weights,
            model: options.model,
            interface: options.interface,
            endpoint: endpoint,
            denomination: denomination,
            prices: try options.prices(),
            limits: options.limits,
            verification: .receipt,
            bond: options.bond,
            version: (current?.version ?? 0) + 1,
            supersedes: current?.id,
            expiresAt: Timestamp(milliseconds: wallClock().milliseconds + days)
        )
    }

    /// Whether two offers differ in nothing but their age, so that a restart publishes nothing.
    private func isSame(_ old: Offer, _ new: Offer) -> Bool {
        let left = old.expiresAt.milliseconds
        return old.receiptKey == new.receiptKey && old.assetVersion == new.assetVersion
            && old.weights == new.weights && old.endpoint == new.endpoint
            && old.prices == new.prices && old.limits == new.limits && old.bond == new.bond
            && left > wallClock().milliseconds + 86_400_000
    }
}
