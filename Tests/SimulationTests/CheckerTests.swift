import Identity
import LedgerCore
import MarketTypes
import SettlementCore
import Testing

@testable import Simulation

/// Each checker on its own, with what it must not let pass.
@Suite("Simulation checkers")
struct CheckerTests {
    private let channel = ChannelID(Digest(words: (1, 2, 3, 4)))

    private func entry(_ key: [UInt8], _ value: [UInt8]) -> StateChange {
        StateChange(key: StateKey(bytes: key), value: value)
    }

    private func bytes(_ value: UInt128) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    private func bytes(_ value: UInt64) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    private func account(_ name: UInt8, _ balance: UInt128) -> StateChange {
        entry(
            [0x01] + [UInt8](repeating: name, count: 32),
            [1] + bytes(UInt64(1)) + bytes(balance)
        )
    }

    private func channel(deposit: UInt128, paid: UInt128, status: UInt8 = 1) -> StateChange {
        let parties = [UInt8](repeating: 0, count: 64)
        let rest = [1] + [UInt8](repeating: 0, count: 32) + [0, 2, 0, 0, 0, 0, status]
        return entry(
            [0x20] + channel.digest.bytes,
            [1] + parties + [0] + bytes(deposit) + bytes(paid) + rest
        )
    }

    private func lane(_ sequence: UInt64, _ total: UInt128) -> StateChange {
        entry([0x21] + channel.digest.bytes + [0, 0], [1] + bytes(sequence) + bytes(total))
    }

    @Test("P1: an obol too many or too few is seen, wherever it is")
    func money() {
        var checker = MoneyChecker(supply: 100)
        #expect(checker.apply([account(1, 60), account(2, 40)]) == nil)
        #expect(checker.apply([account(1, 10), channel(deposit: 50, paid: 0)]) == nil)
        #expect(checker.apply([account(2, 60), channel(deposit: 50, paid: 20)]) == nil)
        var other = checker
        #expect(other.apply([channel(deposit: 50, paid: 20, status: 3)]) != nil)
        #expect(checker.apply([entry([0x03], [1] + bytes(UInt128(1)))]) != nil)
    }

    private var open: LaneChecker {
        var checker = LaneChecker()
        checker.promised(CallName(channel: channel, lane: LaneID(0), sequence: 2), cap: 30)
        checker.has(LaneName(channel: channel, lane: LaneID(0)), total: 10, callMax: 15)
        _ = checker.apply([channel(deposit: 50, paid: 0)])
        return checker
    }

    @Test("a lane settles what was promised, once, and the channel pays exactly that")
    func lanes() {
        var checker = open
        #expect(checker.apply([channel(deposit: 50, paid: 20), lane(2, 20)]) == nil)
        #expect(checker.apply([channel(deposit: 50, paid: 20), lane(2, 20)]) != nil, "again")
        checker = open
        #expect(checker.apply([channel(deposit: 50, paid: 21), lane(2, 20)]) != nil, "too much")
        checker = open
        #expect(
            checker.apply([channel(deposit: 50, paid: 31), lane(2, 31)]) != nil,
            "over the cap"
        )
        checker = open
        #expect(checker.apply([channel(deposit: 50, paid: 20), lane(3, 20)]) != nil, "no voucher")
        checker = open
        #expect(checker.apply([channel(deposit: 10, paid: 20), lane(2, 20)]) != nil, "no deposit")
    }

    @Test("P6: a payer is out at most one call beyond what it has receipts for")
    func exposure() {
        var checker = open
        #expect(checker.apply([channel(deposit: 50, paid: 26), lane(2, 26)]) != nil)
        checker = open
        let name = LaneName(channel: channel, lane: LaneID(0))
        #expect(checker.delivered(name, charge: 5, total: 15) == nil)
        #expect(checker.delivered(name, charge: 5, total: 21) != nil)
    }

    @Test("an engine's set takes no key twice, and removes none that is not there")
    func validatorSet() throws {
        let keys = try #require(Cast.shared).validators
        let both = [
            ValidatorUpdate(key: keys[0], power: 5), ValidatorUpdate(key: keys[1], power: 5),
        ]
        let gone = [ValidatorUpdate(key: keys[0], power: 0)]
        var checker = SetChecker(both)
        #expect(checker.apply(gone, at: 1) == nil)
        #expect(checker.apply(gone, at: 1) == nil, "another node says the same")
        #expect(checker.apply(both, at: 1) != nil, "another node says something else")
        #expect(checker.apply(gone, at: 2) != nil, "it is not there any more")
        #expect(checker.apply(both + both, at: 3) != nil, "twice")
    }

    @Test("a decision counts once")
    func decisions() {
        var witness = Witness()
        #expect(witness.tookEffect(Digest(words: (1, 0, 0, 0))) == nil)
        #expect(witness.tookEffect(Digest(words: (2, 0, 0, 0))) == nil)
        #expect(witness.tookEffect(Digest(words: (1, 0, 0, 0))) != nil)
    }
}
