public import CanonicalCoding
public import MarketTypes
public import SettlementCore

/// Something that changed, for followers of the ledger; the tags are append-only.
public enum Event: Hashable, Sendable {
    case transferred(AccountTransferred)
    case assetPublished(AssetID, version: UInt32)
    case offerPublished(OfferID)
    case offerWithdrawn(OfferID)
    case channelOpened(ChannelID, payer: AccountID, payee: AccountID)
    case channelToppedUp(ChannelID, deposit: Amount)
    case channelClaimed(ChannelID, paid: Amount)
    case channelClosing(ChannelID, closesAt: BlockHeight)
    case channelClosed(ChannelID, refunded: Amount)
    case bondChanged(AccountID, active: Amount)
    case bondSlashed(AccountID, amount: Amount, subject: FraudSubject)
    case staking(StakingEvent)
    case lineage(LineageEvent)
    case shares(SharesEvent)
    case units(UnitEvent)
    case passes(PassEvent)
    case exchange(ExchangeEvent)
    case escrows(EscrowEvent)
    case disputes(DisputeEvent)
    case governance(GovernanceEvent)
    case authorization(AuthorizationEvent)
}

extension Event: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        switch self {
        case .transferred(let transfer):
            encoder.encode(UInt8(1))
            encoder.encode(transfer)
        case .assetPublished(let asset, let version):
            encoder.encode(UInt8(2))
            encoder.encode(asset.digest)
            encoder.encode(version)
        case .offerPublished(let offer): encode(3, offer.digest, &encoder)
        case .offerWithdrawn(let offer): encode(4, offer.digest, &encoder)
        case .channelOpened(let channel, let payer, let payee):
            encode(5, channel.digest, &encoder)
            encoder.encode(payer.digest)
            encoder.encode(payee.digest)
        case .channelToppedUp(let channel, let amount):
            encode(6, channel.digest, &encoder)
            encoder.encode(amount)
        case .channelClaimed(let channel, let amount):
            encode(7, channel.digest, &encoder)
            encoder.encode(amount)
        case .channelClosing(let channel, let height):
            encode(8, channel.digest, &encoder)
            encoder.encode(height.rawValue)
        case .channelClosed(let channel, let amount):
            encode(9, channel.digest, &encoder)
            encoder.encode(amount)
        case .bondChanged(let account, let amount):
            encode(10, account.digest, &encoder)
            encoder.encode(amount)
        case .bondSlashed(let account, let amount, let subject):
            encode(11, account.digest, &encoder)
            encoder.encode(amount)
            encoder.encode(subject.channel.digest)
            encoder.encode(subject.lane.rawValue)
            encoder.encode(subject.sequence)
        case .staking(let event): event.encode(into: &encoder)
        case .lineage(let event): event.encode(into: &encoder)
        case .shares(let event): event.encode(into: &encoder)
        case .units(let event): event.encode(into: &encoder)
        case .passes(let event): event.encode(into: &encoder)
        case .exchange(let event): event.encode(into: &encoder)
        case .escrows(let event): event.encode(into: &encoder)
        case .disputes(let event): event.encode(into: &encoder)
        case .governance(let event): event.encode(into: &encoder)
        case .authorization(let event): event.encode(into: &encoder)
        }
    }

    private func encode(_ tag: UInt8, _ digest: Digest, _ encoder: inout CanonicalEncoder) {
        encoder.encode(tag)
        encoder.encode(digest)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let tag = try decoder.decodeUInt8()
        if tag == 1 {
            self = .transferred(try AccountTransferred(from: &decoder))
            return
        }
        guard tag <= 20 else {
            try self.init(marketTag: tag, from: &decoder)
            return
        }
        let name = try decoder.decodeDigest()
        switch tag {
        case 2: self = .assetPublished(AssetID(name), version: try decoder.decodeUInt32())
        case 3: self = .offerPublished(OfferID(name))
        case 4: self = .offerWithdrawn(OfferID(name))
        case 5:
            self = .channelOpened(
                ChannelID(name),
                payer: AccountID(try decoder.decodeDigest()),
                payee: AccountID(try decoder.decodeDigest())
            )
        case 6: self = .channelToppedUp(ChannelID(name), deposit: try decoder.decodeAmount())
        case 7: self = .channelClaimed(ChannelID(name), paid: try decoder.decodeAmount())
        case 8:
            self = .channelClosing(
                ChannelID(name),
                closesAt: BlockHeight(try decoder.decodeUInt64())
            )
        case 9: self = .channelClosed(ChannelID(name), refunded: try decoder.decodeAmount())
        case 10: self = .bondChanged(AccountID(name), active: try decoder.decodeAmount())
        case 11:
            self = .bondSlashed(
                AccountID(name),
                amount: try decoder.decodeAmount(),
                subject: FraudSubject(
                    channel: ChannelID(try decoder.decodeDigest()),
                    lane: LaneID(try decoder.decodeUInt16()),
                    sequence: try decoder.decodeUInt64()
                )
            )
        default:
            self = .staking(
                try StakingEvent(tag: tag, of: AccountID(name), from: &decoder)
            )
        }
    }
}

extension Event {
    /// Reads an event of the components that came after staking, each with its own tags.
    private init(
        marketTag tag: UInt8,
        from decoder: inout CanonicalDecoder
    ) throws(CanonicalError) {
        switch tag {
        case LineageEvent.tags: self = .lineage(try LineageEvent(tag: tag, from: &decoder))
        case SharesEvent.tags: self = .shares(try SharesEvent(tag: tag, from: &decoder))
        case UnitEvent.tags: self = .units(try UnitEvent(tag: tag, from: &decoder))
        case PassEvent.tags: self = .passes(try PassEvent(tag: tag, from: &decoder))
        case ExchangeEvent.tags: self = .exchange(try ExchangeEvent(tag: tag, from: &decoder))
        case EscrowEvent.tags: self = .escrows(try EscrowEvent(tag: tag, from: &decoder))
        case DisputeEvent.tags: self = .disputes(try DisputeEvent(tag: tag, from: &decoder))
        case GovernanceEvent.tags: self = .governance(try GovernanceEvent(tag: tag, from: &decoder))
        case AuthorizationEvent.tags:
            self = .authorization(try AuthorizationEvent(tag: tag, from: &decoder))
        default: throw .unknownTag
        }
    }
}
