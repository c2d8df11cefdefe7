import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore
@testable import SettlementCore

/// Bytes that mean nothing, and the refusal that each must get.
struct MalformedCase: Sendable, CustomTestStringConvertible {
    let name: String
    let refusal: CanonicalError
    let decode: @Sendable () throws(CanonicalError) -> Void

    var testDescription: String { name }

    /// The `good` document with `wrong` in place of the bytes at `offset`.
    init<Document: CanonicalCodable>(
        _ name: String,
        _ refusal: CanonicalError,
        _ good: Document,
        at offset: Int,
        _ wrong: [UInt8]
    ) {
        var bytes = good.canonicalBytes
        bytes.replaceSubrange(offset..<offset + wrong.count, with: wrong)
        self.init(name, refusal, Document.self, bytes)
    }

    init<Document: CanonicalCodable>(
        _ name: String,
        _ refusal: CanonicalError,
        _ type: Document.Type,
        _ bytes: [UInt8]
    ) {
        self.name = name
        self.refusal = refusal
        decode = { () throws(CanonicalError) in _ = try Document(canonicalBytes: bytes) }
    }
}

@Suite("Decoding refuses")
struct RefusalTests {
    @Test("what is malformed, with the right reason", arguments: MalformedCase.all)
    func refuses(_ malformed: MalformedCase) {
        #expect(throws: malformed.refusal) { try malformed.decode() }
    }

    @Test("a bool that is neither 0 nor 1")
    func bools() throws {
        for byte in UInt8.min...UInt8.max {
            var decoder = CanonicalDecoder([byte])
            switch byte {
            case 0: #expect(try !decoder.decodeBool())
            case 1: #expect(try decoder.decodeBool())
            default: #expect(throws: CanonicalError.unknownTag) { try decoder.decodeBool() }
            }
        }
    }

    @Test("CAN-10: a length that exceeds its limit, before anything is read or allocated")
    func lengths() {
        for length in [5, 1 << 20, UInt32.max] as [UInt32] {
            var encoder = CanonicalEncoder()
            encoder.encode(length)
            var bytes = CanonicalDecoder(encoder.bytes)
            #expect(throws: CanonicalError.tooLong) { try bytes.decodeBytes(bytesMax: 4) }
            var text = CanonicalDecoder(encoder.bytes)
            #expect(throws: CanonicalError.tooLong) { try text.decodeString(bytesMax: 4) }
            var list = CanonicalDecoder(encoder.bytes)
            #expect(throws: CanonicalError.tooLong) {
                try list.decodeList(of: LaneSettlement.self, countMax: 4)
            }
        }
    }

    @Test("CAN-10: a long list of nothing")
    func emptyLists() {
        var encoder = CanonicalEncoder()
        encoder.encode(UInt32.max)
        var list = CanonicalDecoder(encoder.bytes)
        #expect(throws: CanonicalError.truncated) {
            try list.decodeList(of: LaneSettlement.self, countMax: .max)
        }
    }

    @Test("codes are distinct and count from 1")
    func codes() {
        let all: [CanonicalError] = [
            .truncated, .unknownVersion, .unknownTag, .tooLong, .invalidText, .invalidValue,
            .trailingBytes,
        ]
        #expect(all.map(\.code) == Array(1...7))
    }

    @Test("CAN-5: text keeps its bytes, whatever they are in Unicode's eyes")
    func text() throws {
        for text in ["", "é", "e\u{301}", "\u{0}", "🏛", "\u{feff}a"] {
            var encoder = CanonicalEncoder()
            encoder.encode(text)
            var decoder = CanonicalDecoder(encoder.bytes)
            let again = try decoder.decodeString(bytesMax: 8)
            #expect(Array(again.utf8) == Array(text.utf8))
            #expect(decoder.isAtEnd)
        }
    }
}

extension MalformedCase {
    static let all: [MalformedCase] = texts + tags + prices + units + lists

    private static func named(_ utf8: [UInt8]) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.encode(CanonicalEncoder.version)
        encoder.encode(bytes: utf8)
        encoder.encode("")
        return encoder.bytes
    }

    private static let texts: [MalformedCase] = [
        ("a byte that begins nothing", [0xff]), ("a sequence that is too long", [0xc0, 0x80]),
        ("a surrogate", [0xed, 0xa0, 0x80]), ("a sequence cut short", [0xe2, 0x82]),
        ("a continuation alone", [0x80]), ("above U+10FFFF", [0xf4, 0x90, 0x80, 0x80]),
    ].map { MalformedCase($0.0, .invalidText, CallParameter.self, named($0.1)) }

    private static let tags: [MalformedCase] = [
        MalformedCase(
            "key of no scheme",
            .unknownTag,
            Sample.key(1).publicKey,
            at: 1,
            [0]
        ),
        MalformedCase(
            "key of scheme 5",
            .unknownTag,
            Sample.key(1).publicKey,
            at: 1,
            [5]
        ),
        MalformedCase(
            "a longer key's scheme",
            .truncated,
            Sample.key(1).publicKey,
            at: 1,
            [2]
        ),
        MalformedCase("denomination 2", .unknownTag, Denomination.native, at: 1, [2]),
        MalformedCase("message 0", .unknownTag, Message.withdrawBond, at: 1, [0]),
        MalformedCase("message 22", .unknownTag, Message.withdrawBond, at: 1, [22]),
        MalformedCase("fraud 0", .unknownTag, FraudProof.self, [1, 0]),
        MalformedCase("fraud 4", .unknownTag, FraudProof.self, [1, 4]),
        MalformedCase(
            "event 21",
            .unknownTag,
            Event.offerPublished(Sample.offer.id),
            at: 1,
            [21]
        ),
        MalformedCase(
            "standing 0",
            .unknownTag,
            OfferRecord(offer: Sample.offer, standing: .current, publishedAt: BlockHeight(1)),
            at: Sample.offer.canonicalBytes.count,
            [0]
        ),
        MalformedCase("status 0", .unknownTag, Sample.failed, at: 1 + 138, [0]),
        MalformedCase("status 4", .unknownTag, Sample.failed, at: 1 + 138, [4]),
        MalformedCase(
            "asset kind 7",
            .unknownTag,
            AssetPublication(
                name: "ab",
                kind: .model,
                licence: "x",
                version: Sample.assetVersion
            ),
            at: 7,
            [7]
        ),
    ]

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    private static func price(_ unit: UInt8, per units: UInt8) -> [UInt8] {
        [unit] + zeros(15) + [9] + zeros(7) + [units]
    }

    private static func table(
        _ name: String,
        _ refusal: CanonicalError,
        _ entries: [[UInt8]]
    ) -> MalformedCase {
        let bytes: [UInt8] = [1, UInt8(entries.count)] + entries.flatMap(\.self)
        return MalformedCase(name, refusal, PriceTable.self, bytes)
    }

    private static let prices: [MalformedCase] = [
        table("a price per nothing", .invalidValue, [price(1, per: 0)]),
        table("two prices for one unit", .invalidValue, [price(1, per: 1), price(1, per: 2)]),
        table("prices in descending order", .invalidValue, [price(2, per: 1), price(1, per: 1)]),
        table("a price for unit 0", .unknownTag, [price(0, per: 1)]),
        table("a price for unit 6", .unknownTag, [price(6, per: 1)]),
        table("six prices", .tooLong, (0..<6).map { price($0, per: 1) }),
    ]

    /// The failed receipt with other units in it; they stand behind the status.
    private static func counts(
        _ name: String,
        _ refusal: CanonicalError,
        _ counts: [(unit: UInt8, count: UInt8)]
    ) -> MalformedCase {
        var units: [UInt8] = [UInt8(counts.count)]
        for (unit, count) in counts { units += [unit] + zeros(7) + [count] }
        var bytes = Sample.failed.canonicalBytes
        bytes.replaceSubrange(140..<141, with: units)
        return MalformedCase(name, refusal, Receipt.self, bytes)
    }

    private static let units: [MalformedCase] = [
        counts("a unit used zero times", .invalidValue, [(1, 0)]),
        counts("a unit counted twice", .invalidValue, [(3, 1), (3, 1)]),
        counts("units in descending order", .invalidValue, [(2, 1), (1, 1)]),
        counts("unit 0", .unknownTag, [(0, 1)]),
        counts("unit 6", .unknownTag, [(6, 1)]),
        counts("six units", .tooLong, (0..<6).map { ($0, 1) }),
    ]

    private static func parameters(_ names: [String]) -> [UInt8] {
        let list = names.map { CallParameter(name: $0, value: "1") }
        return Sample.receipt(
            .failed,
            units: [],
            charge: 0,
            total: 0,
            chunks: [],
            parameters: list
        ).canonicalBytes
    }

    private static func allocations(_ pairs: [(UInt8, UInt128)]) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.encode(fixed: Sample.genesis.canonicalBytes.dropLast(100))
        encoder.encode(UInt32(pairs.count))
        for (account, amount) in pairs {
            encoder.encode(Sample.digest(account))
            encoder.encode(Amount(obol: amount))
        }
        return encoder.bytes
    }

    private static let supplyMax = UInt128(UInt64.max) * Amount.obolPerStoa

    private static let lists: [MalformedCase] = [
        MalformedCase(
            "parameters out of order",
            .invalidValue,
            Receipt.self,
            parameters(["b", "a"])
        ),
        MalformedCase(
            "a parameter named twice",
            .invalidValue,
            Receipt.self,
            parameters(["a", "a"])
        ),
        MalformedCase(
            "seventeen parameters",
            .tooLong,
            Receipt.self,
            parameters((10...26).map { "p\($0)" })
        ),
        MalformedCase(
            "a parameter's name of 65 bytes",
            .tooLong,
            Receipt.self,
            parameters([String(repeating: "n", count: 65)])
        ),
        MalformedCase(
            "a transaction that does nothing",
            .invalidValue,
            Sample.transaction([])
        ),
        MalformedCase(
            "33 messages",
            .tooLong,
            Sample.transaction(Array(repeating: .withdrawBond, count: 33))
        ),
        MalformedCase(
            "129 lanes in a claim",
            .tooLong,
            ChannelClaim(
                channel: ChannelID(.zero),
                lanes: Array(repeating: Sample.laneClaim, count: 129),
                receiptsRoot: .zero,
                receiptsCount: 0,
                release: false
            )
        ),
        MalformedCase(
            "an account allocated twice",
            .invalidValue,
            Genesis.self,
            allocations([(1, 5), (1, 5)])
        ),
        MalformedCase(
            "allocations in descending order",
            .invalidValue,
            Genesis.self,
            allocations([(2, 5), (1, 5)])
        ),
        MalformedCase(
            "a supply above the most",
            .invalidValue,
            Genesis.self,
            allocations([(1, supplyMax), (2, 1)])
        ),
        MalformedCase(
            "a supply that overflows",
            .invalidValue,
            Genesis.self,
            allocations([(1, .max), (2, .max)])
        ),
        MalformedCase(
            "a sequencer nobody can verify",
            .invalidValue,
            Genesis.self,
            [1, 0, 0, 0, 0] + zeros(8) + [2] + zeros(33 + 48 + 4)
        ),
        MalformedCase(
            "a channel that paid more than it had",
            .invalidValue,
            Sample.channel(.native, .open),
            at: 66,
            zeros(16)
        ),
        MalformedCase(
            "nine unbondings",
            .tooLong,
            Bond.self,
            [1] + zeros(16) + [9] + zeros(9 * 24)
        ),
        MalformedCase(
            "a signature of 65 bytes",
            .tooLong,
            Signature.self,
            [1, 1, 0, 0, 0, 65] + zeros(65)
        ),
    ]

    /// A value that can be built in memory and has no encoding.
    private init<Document: CanonicalCodable>(
        _ name: String,
        _ refusal: CanonicalError,
        _ value: Document
    ) {
        self.init(name, refusal, Document.self, value.canonicalBytes)
    }
}
