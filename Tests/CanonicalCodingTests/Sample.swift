import CanonicalCoding
import Identity
import MarketTypes

@testable import LedgerCore
@testable import SettlementCore

/// The documents of `Vectors/canonical/documents.json`, built field by field a second time.
enum Sample {
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

    static func price(_ amount: UInt128, per units: UInt64) -> Price {
        guard let price = Price(amount: Amount(obol: amount), perUnits: units) else {
            preconditionFailure("a price per nothing")
        }
        return price
    }

    static var prices: PriceTable {
        var prices = SortedMap<Unit, Price>()
        prices[.inputToken] = price(150, per: 1000)
        prices[.outputToken] = price(600, per: 1000)
        prices[.call] = price(7, per: 1)
        return PriceTable(prices)
    }

    static let limits = OfferLimits(
        requestBytesMax: 1_048_576,
        inputTokensMax: 8192,
        outputTokensMax: 2048,
        templateTokensMax: 64,
        callMillisecondsMax: 120_000
    )

    static let offer = Offer(
        seller: AccountID(digest(0x11)),
        receiptKey: key(2).publicKey,
        asset: AssetID(digest(0x12)),
        assetVersion: 3,
        weights: digest(0x13),
        model: "small-1",
        interface: .chat,
        endpoint: "https://seller.example:8443",
        denomination: .native,
        prices: prices,
        limits: limits,
        verification: .receipt,
        bond: Amount(obol: 5_000_000_000),
        version: 1,
        supersedes: nil,
        expiresAt: Timestamp(milliseconds: 1_900_000_000_000)
    )

    static var secondOffer: Offer {
        var prices = SortedMap<Unit, Price>()
        prices[.inputToken] = price(.max, per: .max)
        return Offer(
            seller: offer.seller,
            receiptKey: offer.receiptKey,
            asset: offer.asset,
            assetVersion: 3,
            weights: offer.weights,
            model: "embed_2.b",
            interface: .embeddings,
            endpoint: "http://127.0.0.1:9000",
            denomination: .issued(digest(0x14)),
            prices: PriceTable(prices),
            limits: limits,
            verification: .repeatable,
            bond: offer.bond,
            version: 2,
            supersedes: offer.id,
            expiresAt: offer.expiresAt
        )
    }

    static let voucher = Voucher(
        chain: ChainID(digest(0x21)),
        channel: ChannelID(digest(0x22)),
        lane: LaneID(5),
        sequence: 7,
        cap: Amount(obol: 123_456_789_012_345_678_901),
        offer: offer.id,
        request: RequestDigest.of(
            path: "/v1/chat/completions",
            body: Array(#"{"model":"small-1"}"#.utf8)
        ),
        expiresAt: Timestamp(milliseconds: 1_800_000_060_000)
    )

    static let signedVoucher = key(1).sign(voucher)

    static func receipt(
        _ status: CallStatus,
        units: [(Unit, UInt64)],
        charge: UInt128,
        total: UInt128,
        chunks: [String],
        parameters: [CallParameter]
    ) -> Receipt {
        var response = ResponseChain(voucher: signedVoucher.digest)
        for chunk in chunks { response.append(Array(chunk.utf8)) }
        return Receipt(
            voucher: signedVoucher,
            status: status,
            units: SortedMap(units) ?? UnitCounts(),
            charge: Amount(obol: charge),
            total: Amount(obol: total),
            response: response,
            weights: digest(0x13),
            parameters: parameters,
            startedAt: Timestamp(milliseconds: 1_800_000_000_000),
            finishedAt: Timestamp(milliseconds: 1_800_000_001_234)
        )
    }

    static let delivered = receipt(
        .delivered,
        units: [(.inputToken, 1200), (.outputToken, 34), (.call, 1)],
        charge: 208,
        total: 1208,
        chunks: ["first", "", "second"],
        parameters: [
            CallParameter(name: "seed", value: "42"),
            CallParameter(name: "temperature", value: "0.2"),
        ]
    )
    static let failed = receipt(
        .failed,
        units: [],
        charge: 0,
        total: 1000,
        chunks: [],
        parameters: []
    )
    static let signedDelivered = key(2).sign(delivered).signed
    static let signedFailed = key(2).sign(failed).signed

    static let laneClaim = LaneClaim(voucher: signedVoucher.signed, receipt: signedDelivered)
    static let assetVersion = AssetVersion(
        content: digest(0x13),
        metadataLink: "https://seller.example/card"
    )

    static var genesis: Genesis {
        let made = Genesis(
            name: "stoa-vector",
            time: Timestamp(milliseconds: 1_700_000_000_000),
            sequencer: key(4).publicKey,
            parameters: .standard,
            allocations: [
                .init(account: AccountID(digest(2)), amount: Amount(obol: 5)),
                .init(
                    account: AccountID(digest(1)),
                    amount: Amount(obol: 1_000_000_000_000_000_000)
                ),
            ]
        )
        guard let made else { preconditionFailure("the sample is a valid genesis") }
        return made
    }

    static let header = BlockHeader(
        chain: ChainID(digest(0x21)),
        height: BlockHeight(12),
        time: Timestamp(milliseconds: 1_800_000_000_000),
        parent: digest(0x31),
        transactionsRoot: digest(0x32),
        resultsRoot: digest(0x33),
        stateRoot: digest(0x34)
    )

    static func transaction(_ messages: [Message]) -> Transaction {
        Transaction(
            chain: ChainID(digest(0x21)),
            sender: key(3).accountID,
            sequence: 9,
            fee: Amount(obol: 4000),
            validUntil: BlockHeight(1000),
            messages: messages
        )
    }

    static func channel(_ denomination: Denomination, _ status: Channel.Status) -> Channel {
        Channel(
            payer: AccountID(digest(0x40)),
            payee: AccountID(digest(0x11)),
            denomination: denomination,
            deposit: Amount(obol: 1_000_077),
            paid: Amount(obol: 1208),
            voucherKey: key(1).publicKey,
            lanes: 32,
            claims: 1,
            status: status,
            closingDelayBlocks: 600
        )
    }
}
