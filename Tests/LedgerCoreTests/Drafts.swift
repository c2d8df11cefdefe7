import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore

/// A voucher whose every field can be set before it is signed.
struct VoucherDraft: Sendable {
    var chain: ChainID
    var channel: ChannelID
    var lane: UInt16
    var sequence: UInt64
    var cap: UInt128
    var offer: OfferID
    var request = digest(0x99)
    var expiresAt = Timestamp(milliseconds: 1_000_000_000)
    var signer: SigningKey

    var signed: Verified<Voucher> {
        signer.sign(
            Voucher(
                chain: chain,
                channel: channel,
                lane: LaneID(lane),
                sequence: sequence,
                cap: Amount(obol: cap),
                offer: offer,
                request: request,
                expiresAt: expiresAt
            )
        )
    }
}

/// A receipt whose every field can be set before it is signed, wrong ones included.
struct ReceiptDraft: Sendable {
    var chain: ChainID
    var channel: ChannelID
    var lane: UInt16
    var sequence: UInt64
    /// The voucher's digest; nil for that of the voucher at hand.
    var voucher: Digest?
    var offer: OfferID
    var status = CallStatus.delivered
    var units: UnitCounts
    var charge: UInt128
    var total: UInt128
    var request = digest(0x99)
    var response = digest(0x98)
    var weights: Digest
    var startedAt = Timestamp(milliseconds: 5000)
    var finishedAt = Timestamp(milliseconds: 6000)
    var signer: SigningKey

    func signed(answering digest: Digest) -> Verified<Receipt> {
        var encoder = CanonicalEncoder()
        encoder.encode(CanonicalEncoder.version)
        for name in [chain.digest, channel.digest] { encoder.encode(name) }
        encoder.encode(lane)
        encoder.encode(sequence)
        encoder.encode(voucher ?? digest)
        encoder.encode(offer.digest)
        encoder.encode(status.rawValue)
        encoder.encode(UInt8(units.count))
        for (unit, count) in units.entries {
            encoder.encode(unit.rawValue)
            encoder.encode(count)
        }
        encoder.encode(charge)
        encoder.encode(total)
        encoder.encode(request)
        encoder.encode(response)
        encoder.encode(UInt32(1))
        encoder.encode(weights)
        encoder.encode(UInt32(0))
        encoder.encode(startedAt.milliseconds)
        encoder.encode(finishedAt.milliseconds)
        do {
            return signer.sign(try Receipt(canonicalBytes: encoder.bytes))
        } catch {
            preconditionFailure("a draft without an encoding: \(error)")
        }
    }
}

/// One call before it is signed by both sides.
struct CallDraft: Sendable {
    var voucher: VoucherDraft
    var receipt: ReceiptDraft

    /// A right call: `units` of `offer`, after `settled` in its lane, with room in the cap.
    init(
        chain: ChainID,
        channel: ChannelID,
        lane: UInt16,
        after settled: LaneSettlement,
        under offer: Offer,
        units: UnitCounts,
        payer: Person,
        payee: Person
    ) {
        let charge = (try? offer.prices.charge(for: units))?.obol ?? 0
        let total = settled.total.obol &+ charge
        voucher = VoucherDraft(
            chain: chain,
            channel: channel,
            lane: lane,
            sequence: settled.sequence &+ 1,
            cap: total,
            offer: offer.id,
            signer: payer.voucherKey
        )
        receipt = ReceiptDraft(
            chain: chain,
            channel: channel,
            lane: lane,
            sequence: settled.sequence &+ 1,
            offer: offer.id,
            units: units,
            charge: charge,
            total: total,
            weights: offer.weights,
            signer: payee.receiptKey
        )
    }

    var claim: LaneClaim {
        let promise = voucher.signed
        return LaneClaim(
            voucher: promise.signed,
            receipt: receipt.signed(answering: promise.digest).signed
        )
    }
}
