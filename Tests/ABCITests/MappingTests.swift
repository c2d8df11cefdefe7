import ABCI
import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import Testing

@Suite("From the engine's values to the ledger's, and back")
struct MappingTests {
    @Test("a time is the millisecond it lies in; what is no time is nil")
    func time() {
        let milliseconds = { (seconds: Int64, nanos: Int32) in
            Timestamp(EngineTime(seconds: seconds, nanos: nanos))?.milliseconds
        }
        #expect(milliseconds(0, 0) == 0)
        #expect(milliseconds(0, 999_999) == 0)
        #expect(milliseconds(0, 1_000_000) == 1)
        #expect(milliseconds(1_763_856_000, 999_999_999) == 1_763_856_000_999)
        #expect(milliseconds(-1, 0) == nil)
        #expect(milliseconds(-62_135_596_800, 0) == nil)
        #expect(milliseconds(1, -1) == nil)
        #expect(milliseconds(1, 1_000_000_000) == nil)
        #expect(milliseconds(Int64(UInt64.max / 1000), 615_000_000) == .max)
        #expect(milliseconds(Int64(UInt64.max / 1000), 616_000_000) == nil)
        #expect(milliseconds(.max, 0) == nil)
    }

    @Test("only a vote for the block counts as signed, and evidence keeps every field")
    func report() throws {
        let report = try EngineReport(Golden.blockWithNamedVotes)
        let address = try #require(ValidatorAddress(bytes: Golden.address))
        #expect(report.proposer == address)
        #expect(report.votes.map(\.signed) == [true, false, false])
        #expect(report.votes.allSatisfy { $0.validator == address && $0.power == 10 })
        #expect(
            report.misbehavior == [
                EngineReport.Misbehavior(
                    kind: .duplicateVote,
                    validator: address,
                    height: BlockHeight(7),
                    time: Timestamp(milliseconds: 1_763_856_000_123),
                    totalPower: 40
                ),
                EngineReport.Misbehavior(
                    kind: .lightClientAttack,
                    validator: address,
                    height: BlockHeight(8),
                    time: Timestamp(milliseconds: 0),
                    totalPower: 0
                ),
            ]
        )
        #expect(try EngineReport(BlockRequest()) == .none)
    }

    @Test("a refusal is its code, its name and the message's index; an acceptance has no data")
    func results() throws {
        for refusal in TransactionRefusal.allCases {
            let result = ExecutionResult(refusal: refusal)
            #expect(result.code == 100 + refusal.rawValue)
            #expect(result.log == "transaction.\(refusal)")
            #expect(result.data == [0])
            #expect(result.codespace == "stoa")
        }
        let accepted = ExecutionResult.accepted
        #expect(accepted.code == 0)
        #expect(accepted.data.isEmpty)
        #expect(accepted.log.isEmpty)
        #expect(accepted.gasWanted == 0 && accepted.gasUsed == 0)
    }

    @Test("an event is its canonical bytes in hex, not indexed, and can be read back")
    func events() throws {
        let event = Event.bondChanged(Chain.alice.accountID, active: Amount(obol: 7))
        let mapped = EngineEvent(event)
        #expect(mapped.type == "stoa")
        let attribute = try #require(mapped.attributes.first)
        #expect(mapped.attributes.count == 1)
        #expect(attribute.key == "event")
        #expect(!attribute.index)
        #expect(attribute.value == attribute.value.lowercased())
        let bytes = try #require(Hex.decode(attribute.value))
        #expect(try Event(canonicalBytes: bytes) == event)
    }

    @Test("codes of refused questions are append-only")
    func queryCodes() {
        #expect(
            QueryRefusal.allCases.map { "\($0.rawValue) \($0)" } == [
                "1 unknownPath", "2 malformedQuestion", "3 heightNotKept", "4 unavailable",
            ]
        )
    }
}

extension Golden {
    /// Evidence, and a commit in which every validator is named.
    static var blockWithNamedVotes: BlockRequest {
        var block = Golden.block
        block.lastCommit.votes.removeLast()
        return block
    }
}
