import Identity
import MarketTypes
import SettlementCore

extension Ledger {
    /// Publishes an offer, and supersedes the one it replaces (LED-30).
    mutating func publishOffer(
        _ offer: Offer,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard offer.seller == origin.sender else { throw .offers(.notSeller) }
        do { try offer.checkForm() } catch { throw .offers(error) }
        guard state.exists(offer.denomination) else {
            throw .offers(.unknownDenomination)
        }
        guard let asset = state.read(Asset.self, .asset(offer.asset)),
            let version = state.read(
                AssetVersion.self,
                .assetVersion(offer.asset, offer.assetVersion)
            ),
            version.content == offer.weights
        else { throw .offers(.unknownAsset) }
        guard asset.owner == origin.sender else { throw .offers(.notOwner) }
        guard !state.isRetired(offer.asset) else { throw .lineage(.retired) }
        try checkIncomeShared(offer.denomination, of: offer.asset)
        guard offer.expiresAt > origin.context.time else { throw .offers(.alreadyExpired) }
        guard state.bond(origin.sender).active >= offer.bond else { throw .offers(.bondTooSmall) }
        guard !state.contains(.offer(offer.id)) else { throw .offers(.alreadyPublished) }
        if let older = offer.supersedes {
            try supersede(older, by: offer)
        } else {
            guard offer.version == 1 else { throw .offers(.invalidVersion) }
        }
        let record = OfferRecord(offer: offer, standing: .current, publishedAt: origin.height)
        state.write(record, .offer(offer.id))
        return [.offerPublished(offer.id)]
    }

    private mutating func supersede(_ id: OfferID, by offer: Offer) throws(Refusal) {
        guard var older = state.read(OfferRecord.self, .offer(id)) else {
            throw .offers(.unknownOffer)
        }
        guard older.offer.seller == offer.seller, older.standing == .current,
            offer.version > older.offer.version, offer.version - older.offer.version == 1
        else { throw .offers(.invalidVersion) }
        older.standing = .superseded
        state.write(older, .offer(id))
    }

    /// Takes an offer back; what was served under it stays claimable (LED-31).
    mutating func withdrawOffer(
        _ id: OfferID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard var record = state.read(OfferRecord.self, .offer(id)) else {
            throw .offers(.unknownOffer)
        }
        guard record.offer.seller == origin.sender else { throw .offers(.notSeller) }
        guard record.standing == .current else { throw .offers(.notCurrent) }
        record.standing = .withdrawn
        state.write(record, .offer(id))
        return [.offerWithdrawn(id)]
    }
}

extension Offer {
    /// Checks what needs no state.
    func checkForm() throws(OfferRefusal) {
        guard MarketName.isValid(model) else { throw .invalidModel }
        guard isPrintable(endpoint), !endpoint.utf8.contains(UInt8(ascii: " ")), namesHost else {
            throw .invalidEndpoint
        }
        let units = prices.prices.entries.map(\.key)
        guard !units.isEmpty, units.allSatisfy({ countable.contains($0) }) else {
            throw .invalidPrices
        }
        let asksForTokens = interface == .chat
        guard limits.requestBytesMax > 0, limits.callMillisecondsMax > 0,
            !asksForTokens || limits.outputTokensMax > 0
        else { throw .invalidLimits }
        guard receiptKey.scheme == .ed25519 else { throw .unsupportedKey }
    }

    /// Whether the endpoint is http or https and goes on with a host: a letter, digit or `[`.
    private var namesHost: Bool {
        for scheme in ["http://", "https://"] where endpoint.hasPrefix(scheme) {
            guard let first = endpoint.utf8.dropFirst(scheme.utf8.count).first else { return false }
            let letter = first | 0x20  // lower case
            return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
                || first == UInt8(ascii: "[")
        }
        return false
    }

    private var countable: [Unit] {
        switch interface {
        case .chat: [.inputToken, .outputToken, .call, .second, .byte]
        case .embeddings: [.inputToken, .call, .second, .byte]
        case .json, .images, .speech, .transcription: [.call, .second, .byte]
        }
    }
}
