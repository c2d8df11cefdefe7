import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore

/// One buyer, one seller, one channel between them: what all scenarios start from.
enum Market {
    static let chain = ChainID(digest(0xc0))
    static let channel = ChannelID(digest(0xc1))
    static let weights = digest(0xc2)
    static let request = digest(0xc3)
    static let voucherKey = key(1)
    static let receiptKey = key(2)
    static let strangerKey = key(3)
    static let payer = key(4).accountID
    static let payee = key(5).accountID
    static let now = Timestamp(milliseconds: 1_000_000)
    static let voucherEnd = Timestamp(milliseconds: 1_060_000)
    static let offerEnd = Timestamp(milliseconds: 9_000_000)

    static func digest(_ byte: UInt8) -> Digest {
        let word = UInt64(byte) &* 0x0101_0101_0101_0101
        return Digest(words: (word, word, word, word))
    }

    static func key(_ seed: UInt8) -> SigningKey {
        guard let key = SigningKey(seed: [UInt8](repeating: seed, count: 32)) else {
            preconditionFailure("no secure memory")
        }
        return key
    }

    static func table(_ entries: [(Unit, UInt128, UInt64)]) -> PriceTable {
        var prices = SortedMap<Unit, Price>()
        for (unit, amount, perUnits) in entries {
            prices[unit] = Price(amount: Amount(obol: amount), perUnits: perUnits)
        }
        return PriceTable(prices)
    }

    static func counts(_ entries: [(Unit, UInt64)]) -> UnitCounts {
        SortedMap(entries) ?? UnitCounts()
    }

    /// 3 obol for 10 input tokens, 1 for each output token, 5 for the call, bytes for nothing.
    static let prices = table([
        (.inputToken, 3, 10), (.outputToken, 1, 1), (.call, 5, 1), (.byte, 0, 1),
    ])

    static func offer(
        seller: AccountID = payee,
        prices: PriceTable = prices,
        denomination: Denomination = .native,
        model: String = "small"
    ) -> Offer {
        Offer(
            seller: seller,
            receiptKey: receiptKey.publicKey,
            asset: AssetID(digest(0xc4)),
            assetVersion: 1,
            weights: weights,
            model: model,
            interface: .chat,
            endpoint: "http://seller",
            denomination: denomination,
            prices: prices,
            limits: OfferLimits(
                requestBytesMax: 1 << 20,
                inputTokensMax: 500,
                outputTokensMax: 200,
                templateTokensMax: 16,
                callMillisecondsMax: 1500
            ),
            verification: .receipt,
            bond: .zero,
            version: 1,
            supersedes: nil,
            expiresAt: offerEnd
        )
    }

    /// The most units of a call, which come to 200 × 3 ÷ 10 + 100 + 5 = 165 obol.
    static let unitsMax = counts([(.inputToken, 200), (.outputToken, 100), (.call, 1)])
    static let chargeMax = Amount(obol: 165)

    static func terms(deposit: UInt128 = 1000, lanes: UInt16 = 4) -> ChannelTerms {
        ChannelTerms(
            chain: chain,
            id: channel,
            payer: payer,
            payee: payee,
            denomination: .native,
            deposit: Amount(obol: deposit),
            voucherKey: voucherKey.publicKey,
            lanes: lanes,
            isOpen: true
        )
    }
}

/// A voucher whose every field can be set before it is signed.
struct VoucherDraft: Sendable {
    var chain = Market.chain
    var channel = Market.channel
    var lane: UInt16 = 0
    var sequence: UInt64 = 2
    var cap: UInt128 = 265
    var offer = Market.offer().id
    var request = Market.request
    var expiresAt = Market.voucherEnd

    var voucher: Voucher {
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
    }
}

/// A receipt whose every field can be set before it is signed, wrong ones included.
struct ReceiptDraft: Sendable {
    var chain = Market.chain
    var channel = Market.channel
    var lane: UInt16 = 0
    var sequence: UInt64 = 2
    /// The voucher's digest; nil for that of the voucher at hand.
    var voucher: Digest?
    var offer = Market.offer().id
    var status = CallStatus.delivered
    var units = Market.counts([(.inputToken, 101), (.outputToken, 40), (.call, 1)])
    var charge: UInt128 = 76  // ⌈30.3⌉ + 40 + 5
    var total: UInt128 = 176
    var request = Market.request
    /// The response head; nil for the voucher's digest, as of an answer without chunks.
    var response: Digest?
    var chunks: UInt32 = 0
    var weights = Market.weights
    var startedAt = Market.now
    var finishedAt = Timestamp(milliseconds: 1_000_500)

    func receipt(answering digest: Digest) throws -> Receipt {
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
        encoder.encode(response ?? digest)
        encoder.encode(chunks)
        encoder.encode(weights)
        encoder.encode(UInt32(0))
        encoder.encode(startedAt.milliseconds)
        encoder.encode(finishedAt.milliseconds)
        return try Receipt(canonicalBytes: encoder.bytes)
    }
}

extension Market {
    /// A seller's channel whose lane 0 has had one call, of 100 obol.
    static func payeeChannel(terms: ChannelTerms = terms()) throws -> PayeeChannel {
        var channel = PayeeChannel(terms: terms)
        let free = offer(prices: table([(.call, 100, 1)]))
        let voucher = voucherKey.sign(
            VoucherDraft(sequence: 1, cap: 100, offer: free.id).voucher
        )
        try channel.admit(
            voucher,
            under: free,
            request: request,
            chargeMax: Amount(obol: 100),
            now: now
        )
        let outcome = CallOutcome(
            status: .delivered,
            units: counts([(.call, 1)]),
            response: ResponseChain(voucher: voucher.digest),
            parameters: [],
            startedAt: now,
            finishedAt: now
        )
        try channel.finish(
            receiptKey.sign(try channel.draft(voucher, under: free, outcome: outcome))
        )
        return channel
    }

    /// The buyer's side of the same channel, at the same point.
    static func payerChannel(terms: ChannelTerms = terms()) throws -> PayerChannel {
        var channel = PayerChannel(terms: terms)
        let free = offer(prices: table([(.call, 100, 1)]))
        let promise = try channel.reserve(
            offer: free,
            request: request,
            unitsMax: counts([(.call, 1)]),
            now: now,
            expiresAt: voucherEnd
        )
        let voucher = voucherKey.sign(promise)
        let draft = ReceiptDraft(
            sequence: 1,
            offer: free.id,
            units: counts([(.call, 1)]),
            charge: 100,
            total: 100
        )
        let receipt = receiptKey.sign(try draft.receipt(answering: voucher.digest))
        try channel.accept(receipt, for: voucher, under: free, response: nil)
        return channel
    }
}
