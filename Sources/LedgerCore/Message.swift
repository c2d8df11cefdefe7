public import CanonicalCoding
import Identity
public import MarketTypes
public import SettlementCore

/// One thing a transaction does; the tags are part of the canonical encoding and append-only.
public enum Message: Hashable, Sendable {
    case transfer(to: AccountID, denomination: Denomination, amount: Amount)
    case publishAsset(AssetPublication)
    case publishAssetVersion(asset: AssetID, version: AssetVersion)
    case publishOffer(Offer)
    case withdrawOffer(OfferID)
    case openChannel(ChannelOpening)
    case topUpChannel(channel: ChannelID, amount: Amount)
    case claimChannel(ChannelClaim)
    case closeChannel(ChannelID)
    case withdrawChannel(ChannelID)
    case depositBond(Amount)
    case unbond(Amount)
    case withdrawBond
    case reportFraud(FraudProof)
    case staking(StakingMessage)
    case lineage(LineageMessage)
    case shares(SharesMessage)
    case units(UnitMessage)
    case passes(PassMessage)
    case exchange(ExchangeMessage)
    case escrows(EscrowMessage)
    case disputes(DisputeMessage)
    case governance(GovernanceMessage)
    case authorization(AuthorizationMessage)
}

extension Message: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(tag)
        switch self {
        case .transfer(let account, let denomination, let amount):
            encoder.encode(account.digest)
            encoder.encode(denomination)
            encoder.encode(amount)
        case .publishAsset(let publication): encoder.encode(publication)
        case .publishAssetVersion(let asset, let version):
            encoder.encode(asset.digest)
            encoder.encode(version)
        case .publishOffer(let offer): encoder.encode(offer)
        case .withdrawOffer(let offer): encoder.encode(offer.digest)
        case .openChannel(let opening): encoder.encode(opening)
        case .topUpChannel(let channel, let amount):
            encoder.encode(channel.digest)
            encoder.encode(amount)
        case .claimChannel(let claim): encoder.encode(claim)
        case .closeChannel(let channel), .withdrawChannel(let channel):
            encoder.encode(channel.digest)
        case .depositBond(let amount), .unbond(let amount): encoder.encode(amount)
        case .withdrawBond: break
        case .reportFraud(let proof): encoder.encode(proof)
        case .staking(let message): message.encodeFields(into: &encoder)
        case .lineage(let message): message.encodeFields(into: &encoder)
        case .shares(let message): message.encodeFields(into: &encoder)
        case .units(let message): message.encodeFields(into: &encoder)
        case .passes(let message): message.encodeFields(into: &encoder)
        case .exchange(let message): message.encodeFields(into: &encoder)
        case .escrows(let message): message.encodeFields(into: &encoder)
        case .disputes(let message): message.encodeFields(into: &encoder)
        case .governance(let message): message.encodeFields(into: &encoder)
        case .authorization(let message): message.encodeFields(into: &encoder)
        }
    }

    var tag: UInt8 {
        switch self {
        case .transfer: 1
        case .publishAsset: 2
        case .publishAssetVersion: 3
        case .publishOffer: 4
        case .withdrawOffer: 5
        case .openChannel: 6
        case .topUpChannel: 7
        case .claimChannel: 8
        case .closeChannel: 9
        case .withdrawChannel: 10
        case .depositBond: 11
        case .unbond: 12
        case .withdrawBond: 13
        case .reportFraud: 14
        case .staking(let message): message.tag
        case .lineage(let message): message.tag
        case .shares(let message): message.tag
        case .units(let message): message.tag
        case .passes(let message): message.tag
        case .exchange(let message): message.tag
        case .escrows(let message): message.tag
        case .disputes(let message): message.tag
        case .governance(let message): message.tag
        case .authorization(let message): message.tag
        }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let tag = try decoder.decodeUInt8()
        switch tag {
        case 1:
            self = .transfer(
                to: AccountID(try decoder.decodeDigest()),
                denomination: try Denomination(from: &decoder),
                amount: try decoder.decodeAmount()
            )
        case 2: self = .publishAsset(try AssetPublication(from: &decoder))
        case 3:
            self = .publishAssetVersion(
                asset: AssetID(try decoder.decodeDigest()),
                version: try AssetVersion(from: &decoder)
            )
        case 4: self = .publishOffer(try Offer(from: &decoder))
        case 5: self = .withdrawOffer(OfferID(try decoder.decodeDigest()))
        case 6: self = .openChannel(try ChannelOpening(from: &decoder))
        case 7:
            self = .topUpChannel(
                channel: ChannelID(try decoder.decodeDigest()),
                amount: try decoder.decodeAmount()
            )
        case 8: self = .claimChannel(try ChannelClaim(from: &decoder))
        case 9: self = .closeChannel(ChannelID(try decoder.decodeDigest()))
        case 10: self = .withdrawChannel(ChannelID(try decoder.decodeDigest()))
        case 11: self = .depositBond(try decoder.decodeAmount())
        case 12: self = .unbond(try decoder.decodeAmount())
        case 13: self = .withdrawBond
        case 14: self = .reportFraud(try FraudProof(from: &decoder))
        case 15...21: self = .staking(try StakingMessage(tag: tag, from: &decoder))
        default: try self.init(marketTag: tag, from: &decoder)
        }
    }
}

extension Message {
    /// Reads a message of the components that came after staking, each with its own tags.
    private init(
        marketTag tag: UInt8,
        from decoder: inout CanonicalDecoder
    ) throws(CanonicalError) {
        switch tag {
        case LineageMessage.tags: self = .lineage(try LineageMessage(tag: tag, from: &decoder))
        case SharesMessage.tags: self = .shares(try SharesMessage(tag: tag, from: &decoder))
        case UnitMessage.tags: self = .units(try UnitMessage(tag: tag, from: &decoder))
        case PassMessage.tags: self = .passes(try PassMessage(tag: tag, from: &decoder))
        case ExchangeMessage.tags: self = .exchange(try ExchangeMessage(tag: tag, from: &decoder))
        case EscrowMessage.tags: self = .escrows(try EscrowMessage(tag: tag, from: &decoder))
        case DisputeMessage.tags: self = .disputes(try DisputeMessage(tag: tag, from: &decoder))
        case GovernanceMessage.tags:
            self = .governance(try GovernanceMessage(tag: tag, from: &decoder))
        case AuthorizationMessage.tags:
            self = .authorization(try AuthorizationMessage(tag: tag, from: &decoder))
        default: throw .unknownTag
        }
    }
}

/// A message with the signatures inside it checked.
enum CheckedMessage: Hashable, Sendable {
    case plain(Message)
    case claim(ChannelClaim, calls: [SettledCall])
    case fraud(FraudProof, receipts: [Verified<Receipt>])
    case registration(ValidatorRegistration, proof: Verified<ConsensusKeyProof>)

    init(_ message: Message) throws(SignatureError) {
        switch message {
        case .claimChannel(let claim):
            var calls: [SettledCall] = []
            for lane in claim.lanes { calls.append(try lane.verified()) }
            self = .claim(claim, calls: calls)
        case .reportFraud(let proof):
            var receipts: [Verified<Receipt>] = []
            for receipt in proof.receipts { receipts.append(try receipt.verified()) }
            self = .fraud(proof, receipts: receipts)
        case .staking(.registerValidator(let registration)):
            self = .registration(registration, proof: try registration.proof.verified())
        default:
            self = .plain(message)
        }
    }
}
