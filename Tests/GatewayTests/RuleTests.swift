import CanonicalCoding
import Foundation
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import NIOCore
import SettlementCore
import Testing

@testable import Gateway

/// The gateway's own pure parts.
@Suite("Rules of choice and health")
struct RuleTests {
    static let limits: SellerHealthLimits = {
        var limits = SellerHealthLimits()
        limits.failuresMax = 3
        limits.cooldownMilliseconds = 100
        limits.cooldownMillisecondsMax = 350
        return limits
    }()

    @Test("a seller is down after so many failures in a row, and not before")
    func opens() {
        var health = SellerHealth(limits: Self.limits)
        health.failed(at: 10)
        health.failed(at: 20)
        #expect(health.admits(at: 20))
        health.succeeded(afterMicroseconds: 5)
        health.failed(at: 30)
        health.failed(at: 31)
        #expect(health.admits(at: 31))
        health.failed(at: 32)
        #expect(!health.admits(at: 131))
        #expect(health.admits(at: 132))
    }

    @Test("each failed trial doubles the pause up to its limit, and a success ends it")
    func backsOff() {
        var health = SellerHealth(limits: Self.limits)
        for _ in 0..<3 { health.failed(at: 0) }
        var now: UInt64 = 100
        for pause: UInt64 in [200, 350, 350] {
            #expect(health.admits(at: now))
            health.began(at: now)
            #expect(!health.admits(at: now))
            health.failed(at: now)
            #expect(!health.admits(at: now + pause - 1))
            now += pause
            #expect(health.admits(at: now))
        }
        health.began(at: now)
        health.succeeded(afterMicroseconds: 1)
        #expect(health.circuit == .closed)
        #expect(health.admits(at: now))
    }

    @Test("calls that fail together are one fault: the pause is that of one")
    func burst() {
        var health = SellerHealth(limits: Self.limits)
        for _ in 0..<9 { health.failed(at: 0) }
        // Decided on before, sent after: no trial either.
        health.began(at: 50)
        #expect(!health.admits(at: 99))
        #expect(health.admits(at: 100))
    }

    @Test("a trial whose client left is none; a seller that alone refuses is left alone in time")
    func noTrial() {
        var health = SellerHealth(limits: Self.limits)
        for _ in 0..<3 { health.failed(at: 0) }
        health.began(at: 100)
        #expect(!health.admits(at: 100))
        health.abandoned(at: 100)
        #expect(health.admits(at: 100))
        health.succeeded(afterMicroseconds: 1)
        for _ in 0..<2 {
            health.answered()
            health.refusedAlone(at: 200)
        }
        #expect(health.admits(at: 200))
        health.answered()
        health.refusedAlone(at: 200)
        #expect(!health.admits(at: 200))
    }

    @Test("a trial that never ends does not keep a seller down for ever")
    func lostTrial() {
        var health = SellerHealth(limits: Self.limits)
        for _ in 0..<3 { health.failed(at: 0) }
        health.began(at: 100)
        #expect(!health.admits(at: 449))
        #expect(health.admits(at: 450))
    }

    @Test("the average latency moves an eighth of the way, in integers")
    func latency() {
        var health = SellerHealth(limits: Self.limits)
        health.succeeded(afterMicroseconds: 800)
        #expect(health.latencyMicroseconds == 800)
        health.succeeded(afterMicroseconds: 1600)
        #expect(health.latencyMicroseconds == 900)
    }

    @Test("a lane's answer means what call.md says", arguments: [1, 7] as [UInt64])
    func verdicts(sequence: UInt64) throws {
        let key = try #require(SigningKey(seed: [UInt8](repeating: 1, count: 32)))
        let voucher = key.sign(
            Voucher(
                chain: ChainID(.zero),
                channel: ChannelID(.zero),
                lane: LaneID(3),
                sequence: sequence,
                cap: .zero,
                offer: OfferID(.zero),
                request: .zero,
                expiresAt: Timestamp(milliseconds: 1)
            )
        )
        let other = key.sign(
            Voucher(
                chain: ChainID(.zero),
                channel: ChannelID(.zero),
                lane: LaneID(3),
                sequence: sequence,
                cap: .zero,
                offer: OfferID(.zero),
                request: Digest(words: (1, 1, 1, 1)),
                expiresAt: Timestamp(milliseconds: 1)
            )
        )
        func receipt(_ voucher: Verified<Voucher>) -> Signed<Receipt> {
            key.sign(
                Receipt(
                    voucher: voucher,
                    status: .failed,
                    units: UnitCounts(),
                    charge: .zero,
                    total: .zero,
                    response: ResponseChain(voucher: voucher.digest),
                    weights: .zero,
                    parameters: [],
                    startedAt: Timestamp(milliseconds: 1),
                    finishedAt: Timestamp(milliseconds: 1)
                )
            ).signed
        }
        let name = VoucherName(voucher.document)
        func answer(_ last: UInt64, _ open: UInt64?, _ paper: Signed<Receipt>? = nil) throws
            -> LaneVerdict
        {
            let receipt = paper.map { "\"\(base64($0.canonicalBytes))\"" } ?? "null"
            let text =
                #"{"channel":"\#(Digest.zero)","lane":3,"sequence":\#(last),"#
                + #""open":\#(open.map(String.init) ?? "null"),"voucher":null,"#
                + #""receipt":\#(receipt)}"#
            return LaneVerdict(
                try #require(LaneAnswer(Array(text.utf8), about: name)),
                on: voucher
            )
        }
        #expect(try answer(sequence, nil, receipt(voucher)) == .answered(receipt(voucher)))
        #expect(try answer(sequence, nil, receipt(other)) == .contested)
        #expect(try answer(sequence, nil) == .contested)
        #expect(try answer(sequence - 1, sequence) == .serving)
        #expect(try answer(sequence - 1, nil) == .neverHad)
        #expect(try answer(sequence - 1, sequence + 1) == .contested)
        #expect(try answer(sequence + 1, nil) == .contested)
        let wrongLane = #"{"channel":"\#(Digest.zero)","lane":4,"sequence":0,"open":null}"#
        #expect(LaneAnswer(Array(wrongLane.utf8), about: name) == nil)
        #expect(LaneAnswer(Array("[]".utf8), about: name) == nil)
    }

    private func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    @Test("every field of a configuration has a default, and no other field is accepted")
    func configuration() throws {
        func read(_ text: String) throws -> GatewayConfiguration {
            try JSONDecoder().decode(GatewayConfiguration.self, from: Data(text.utf8))
        }
        let empty = try read("{}")
        #expect(empty == GatewayConfiguration())
        #expect(empty.validate().isEmpty)
        let some = try read(#"{"port":1234,"budget":{"totalObol":5},"apiKey":"k"}"#)
        #expect(some.port == 1234)
        #expect(some.budget.totalObol == 5)
        #expect(some.budget.channelDepositObol == GatewayBudget().channelDepositObol)
        #expect(!some.validate().isEmpty)
        #expect(throws: DecodingError.self) { try read(#"{"prot":1234}"#) }
        #expect(throws: DecodingError.self) { try read(#"{"budget":{"totalObols":5}}"#) }
        let written = try JSONEncoder().encode(some)
        #expect(try JSONDecoder().decode(GatewayConfiguration.self, from: written) == some)
    }

    @Test("a configuration that cannot work says why")
    func validation() {
        func faults(_ change: (inout GatewayConfiguration) -> Void) -> Int {
            var configuration = GatewayConfiguration()
            change(&configuration)
            return configuration.validate().count
        }
        #expect(faults { $0.host = "0.0.0.0" } == 1)
        #expect(
            faults {
                $0.host = "0.0.0.0"
                $0.apiKey = "0123456789abcdef"
            } == 0
        )
        #expect(faults { $0.apiKey = "short" } == 1)
        #expect(faults { $0.lanesPerChannel = 0 } == 1)
        #expect(faults { $0.lanesPerChannel = 1025 } == 1)
        #expect(faults { $0.budget.totalObol = 1 } == 1)
        #expect(faults { $0.sellers.allow = ["stoa1nobody"] } == 1)
        #expect(faults { $0.concurrentCallsMax = 0 } == 1)
        #expect(faults { $0.voucherValidSeconds = 15 } == 1)
        #expect(faults { $0.health.cooldownMillisecondsMax = .max } == 1)
    }

    @Test("records of the journal survive writing and reading, and nothing else is read")
    func records() throws {
        let key = try #require(SigningKey(seed: [UInt8](repeating: 1, count: 32)))
        let voucher = key.sign(
            Voucher(
                chain: ChainID(.zero),
                channel: ChannelID(.zero),
                lane: LaneID(3),
                sequence: 9,
                cap: Amount(obol: 5),
                offer: OfferID(.zero),
                request: .zero,
                expiresAt: Timestamp(milliseconds: 1)
            )
        )
        var units = UnitCounts()
        units[.inputToken] = 7
        units[.call] = 1
        let strike = StrikeOff(
            seller: key.accountID,
            reason: .wrongReceipt(.overCap),
            at: Timestamp(milliseconds: 5),
            evidence: nil
        )
        let records: [JournalRecord] = [
            .voucher(voucher.signed, unitsMax: units), .voucher(voucher.signed, unitsMax: .init()),
            .voucher(
                voucher.signed,
                unitsMax: units,
                buyer: CallBuyer(organisation: [1, 2], user: [3], key: "abc")
            ), .voucher(
                voucher.signed,
                unitsMax: units,
                buyer: CallBuyer(organisation: [1, 2], user: [])
            ),
            .withdrawn(VoucherName(voucher.document)), .struckOff(strike),
        ]
        for record in records {
            let bytes = record.canonicalBytes
            #expect(try JournalRecord(canonicalBytes: bytes) == record)
            for length in bytes.indices {
                #expect(throws: CanonicalError.self) {
                    try JournalRecord(canonicalBytes: Array(bytes.prefix(length)))
                }
            }
            #expect(throws: CanonicalError.trailingBytes) {
                try JournalRecord(canonicalBytes: bytes + [0])
            }
        }
        #expect(throws: CanonicalError.unknownTag) { try JournalRecord(canonicalBytes: [1, 8]) }
    }

    @Test("every reason for a strike has its own number")
    func strikeCodes() {
        var codes: Set<UInt32> = []
        let reasons =
            [StrikeReason.missingReceipt, .malformedReceipt]
            + SettlementRefusal.allCases.map { .wrongReceipt($0) }
        for reason in reasons {
            #expect(codes.insert(reason.code).inserted)
            #expect(StrikeReason(code: reason.code) == reason)
        }
        #expect(StrikeReason(code: 3) == nil)
        #expect(StrikeReason(code: 799) == nil)
    }
}
