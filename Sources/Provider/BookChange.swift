import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// What the provider writes down before it acts; the tags are append-only.
///
/// Applied in the order of the journal, the changes rebuild the book exactly.
enum BookChange: Hashable, Sendable {
    /// A channel's terms, before its first voucher and after each change of deposit.
    case terms(ChannelTerms)
    /// An offer, before the first voucher under it.
    case offer(Offer)
    /// A voucher, before its work begins.
    case voucher(Verified<Voucher>)
    /// A receipt, before it is sent.
    case receipt(Verified<Receipt>)
    /// A claim was drawn up from what the book holds at this point.
    case claimBegun(ChannelID)
    /// The ledger paid that claim.
    case claimPaid(ChannelID)
    /// That claim was given up.
    case claimDropped(ChannelID)
    /// What the ledger says it settled in some lanes.
    case settled(ChannelID, [ClaimedLane])
    /// A channel that is closed and has nothing open.
    case forgotten(ChannelID)
    /// A voucher whose call counts in a pass's period, before its work begins.
    case passVoucher(Verified<Voucher>, PassUse, unitsMax: UnitCounts)
}

extension BookChange: CanonicalCodable {
    func encode(into encoder: inout CanonicalEncoder) {
        switch self {
        case .terms(let terms):
            encoder.encode(UInt8(1))
            encoder.encode(terms: terms)
        case .offer(let offer):
            encoder.encode(UInt8(2))
            encoder.encode(offer)
        case .voucher(let voucher):
            encoder.encode(UInt8(3))
            encoder.encode(voucher.signed)
        case .receipt(let receipt):
            encoder.encode(UInt8(4))
            encoder.encode(receipt.signed)
        case .claimBegun(let channel): encode(5, channel, &encoder)
        case .claimPaid(let channel): encode(6, channel, &encoder)
        case .claimDropped(let channel): encode(7, channel, &encoder)
        case .settled(let channel, let lanes):
            encode(8, channel, &encoder)
            encoder.encode(list: lanes)
        case .forgotten(let channel): encode(9, channel, &encoder)
        case .passVoucher(let voucher, let use, let unitsMax):
            encoder.encode(UInt8(10))
            encoder.encode(voucher.signed)
            encoder.encode(use)
            encoder.encode(units: unitsMax)
        }
    }

    private func encode(_ tag: UInt8, _ channel: ChannelID, _ encoder: inout CanonicalEncoder) {
        encoder.encode(tag)
        encoder.encode(channel.digest)
    }

    /// Signatures are checked again, because what lies on a disk proves nothing by itself.
    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch try decoder.decodeUInt8() {
        case 1: self = .terms(try decoder.decodeTerms())
        case 2: self = .offer(try Offer(from: &decoder))
        case 3: self = .voucher(try Self.verified(try Signed(from: &decoder)))
        case 4: self = .receipt(try Self.verified(try Signed(from: &decoder)))
        case 5: self = .claimBegun(ChannelID(try decoder.decodeDigest()))
        case 6: self = .claimPaid(ChannelID(try decoder.decodeDigest()))
        case 7: self = .claimDropped(ChannelID(try decoder.decodeDigest()))
        case 8:
            let channel = ChannelID(try decoder.decodeDigest())
            let lanesMax = Int(ChannelTerms.lanesMax)
            self = .settled(
                channel,
                try decoder.decodeList(of: ClaimedLane.self, countMax: lanesMax)
            )
        case 9: self = .forgotten(ChannelID(try decoder.decodeDigest()))
        case 10:
            let voucher = try Self.verified(try Signed<Voucher>(from: &decoder))
            let use = try PassUse(from: &decoder)
            self = .passVoucher(voucher, use, unitsMax: try decoder.decodeUnits())
        default: throw .unknownTag
        }
    }

    private static func verified<Document>(
        _ signed: Signed<Document>
    ) throws(CanonicalError) -> Verified<Document> {
        do { return try signed.verified() } catch { throw .invalidValue }
    }
}

extension CanonicalEncoder {
    /// Appends terms; whether the channel is open is the ledger's to say, so it is left out.
    fileprivate mutating func encode(terms: ChannelTerms) {
        encode(terms.chain.digest)
        encode(terms.id.digest)
        encode(terms.payer.digest)
        encode(terms.payee.digest)
        encode(terms.denomination)
        encode(terms.deposit)
        encode(terms.voucherKey)
        encode(terms.lanes)
    }
}

extension CanonicalDecoder {
    fileprivate mutating func decodeTerms() throws(CanonicalError) -> ChannelTerms {
        let terms = ChannelTerms(
            chain: ChainID(try decodeDigest()),
            id: ChannelID(try decodeDigest()),
            payer: AccountID(try decodeDigest()),
            payee: AccountID(try decodeDigest()),
            denomination: try Denomination(from: &self),
            deposit: try decodeAmount(),
            voucherKey: try PublicKey(from: &self),
            lanes: try decodeUInt16(),
            isOpen: true
        )
        guard (1...ChannelTerms.lanesMax).contains(terms.lanes) else { throw .invalidValue }
        return terms
    }
}
