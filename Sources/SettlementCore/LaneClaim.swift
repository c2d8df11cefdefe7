public import CanonicalCoding
public import Identity
public import MarketTypes

/// One lane's part of a claim: its last voucher and receipt (SET-10).
public struct LaneClaim: Hashable, Sendable {
    /// What the payer promised.
    public let voucher: Signed<Voucher>
    /// What the payee delivered.
    public let receipt: Signed<Receipt>

    /// Pairs them.
    public init(voucher: Signed<Voucher>, receipt: Signed<Receipt>) {
        self.voucher = voucher
        self.receipt = receipt
    }

    /// Checks both signatures.
    ///
    /// - Throws: ``SignatureError``.
    public func verified() throws(SignatureError) -> SettledCall {
        SettledCall(voucher: try voucher.verified(), receipt: try receipt.verified())
    }
}

extension LaneClaim: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(voucher)
        encoder.encode(receipt)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        voucher = try Signed(from: &decoder)
        receipt = try Signed(from: &decoder)
    }
}

/// What the ledger has settled in one lane.
public struct LaneSettlement: Hashable, Sendable {
    /// The sequence number of the last claimed call.
    public let sequence: UInt64
    /// The running total that was paid out.
    public let total: Amount

    /// A lane that was never claimed.
    public static let none = LaneSettlement(sequence: 0, total: .zero)

    /// Creates a settlement.
    public init(sequence: UInt64, total: Amount) {
        self.sequence = sequence
        self.total = total
    }
}

extension LaneSettlement: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(sequence)
        encoder.encode(total)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        sequence = try decoder.decodeUInt64()
        total = try decoder.decodeAmount()
    }
}

/// What the ledger pays for a claim.
public enum ClaimRules {
    /// The payment that one lane's claim is due: its total less what was settled (SET-10).
    ///
    /// A closing channel still pays claims; that is what the closing delay is for.
    ///
    /// - Throws: the first ``SettlementRefusal`` in order of precedence.
    public static func payment(
        for call: SettledCall,
        under offer: Offer,
        in channel: ChannelTerms,
        after settled: LaneSettlement
    ) throws(SettlementRefusal) -> Amount {
        try ReceiptRules.check(call.receipt, for: call.voucher, under: offer, in: channel)
        let receipt = call.receipt.document
        guard receipt.sequence > settled.sequence else { throw .staleSequence }
        guard receipt.total >= settled.total else { throw .wrongTotal }
        guard receipt.total.obol - settled.total.obol >= receipt.charge.obol else {
            throw .wrongTotal
        }
        return Amount(obol: receipt.total.obol - settled.total.obol)
    }
}
