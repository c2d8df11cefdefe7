import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("Golden vectors: the market refuses")
struct RefusalVectorTests {
    private static let names = RefusalFile.all.map(\.name)

    private func file(_ name: String) throws -> RefusalFile {
        try #require(RefusalFile.all.first { $0.name == name })
    }

    @Test("recording", .enabled(if: Vectors.isRecording), arguments: names)
    func record(_ name: String) throws {
        try file(name).record(LedgerHarness().chain)
    }

    @Test("each with its code, and nothing changed but fee and sequence number", arguments: names)
    func replay(_ name: String) throws {
        let vectors = try Vectors.load(RefusalVectors.self, file(name).path)
        let chain = ChainID(try #require(Digest(hex: vectors.chain)))
        for vector in vectors.cases {
            var entries: [StateKey: [UInt8]] = [:]
            for entry in vector.entries {
                let value: [UInt8] = try #require(entry[1].flatMap { Hex.decode($0) })
                entries[try key(of: entry)] = value
            }
            #expect(StateTreeHash.root(of: entries).description == vector.before)
            let (result, changes) = try RefusalVector.outcome(
                of: try #require(Hex.decode(vector.transaction)),
                on: WatchedState(entries),
                chain,
                at: BlockContext(
                    height: BlockHeight(try #require(UInt64(vector.height))),
                    time: Timestamp(milliseconds: try #require(UInt64(vector.time)))
                )
            )
            #expect(result.code == vector.code, "\(vector.name)")
            #expect(result.refusal?.name == vector.refusal, "\(vector.name)")
            #expect(result.messageIndex == vector.messageIndex, "\(vector.name)")
            #expect(changes.map { RefusalVector.entry($0.key, $0.value) } == vector.changes)
            for change in changes { entries[change.key] = change.value }
            #expect(StateTreeHash.root(of: entries).description == vector.after, "\(vector.name)")
            #expect(vector.code >= 200 || changes.isEmpty)
        }
    }

    private func key(of entry: RefusalVector.Entry) throws -> StateKey {
        StateKey(bytes: try #require(entry.first?.flatMap { Hex.decode($0) }))
    }

    @Test("every case of the tables has a vector", arguments: names)
    func tables(_ name: String) throws {
        let file = try file(name)
        let vectors = try Vectors.load(RefusalVectors.self, file.path)
        let found = vectors.cases.map { "\($0.refusal): \($0.name)" }
        #expect(found == file.stories.map { "\($0.refusal.name): \($0.name)" })
    }

    /// Every refusal of the market's components.
    private static let refusals: [Refusal] =
        LineageRefusal.allCases.map { .lineage($0) }
        + SharesRefusal.allCases.map { .shares($0) } + UnitRefusal.allCases.map { .units($0) }
        + PassRefusal.allCases.map { .passes($0) } + ExchangeRefusal.allCases.map { .exchange($0) }
        + EscrowRefusal.allCases.map { .escrows($0) }
        + DisputeRefusal.allCases.map { .disputes($0) }
        + GovernanceRefusal.allCases.map { .governance($0) }
        + AuthorizationRefusal.allCases.map { .authorization($0) }
        + DeadlineRefusal.allCases.map { .deadlines($0) }
        + [.wrongSigner, .sessionEnded, .outsideSession, .sessionLimit].map { .transaction($0) }

    @Test("every refusal has a vector, or a reason why there can be none")
    func complete() throws {
        var covered: [UInt32] = []
        for file in RefusalFile.all {
            let vectors = try Vectors.load(RefusalVectors.self, file.path)
            #expect(vectors.component == file.component)
            let codes = vectors.cases.map(\.code)
            for other in vectors.unreachable {
                #expect(!codes.contains(other.code), "\(other.code) can be reached")
                #expect(!other.reason.isEmpty)
            }
            covered += codes + vectors.unreachable.map(\.code)
        }
        for refusal in Self.refusals {
            #expect(covered.contains(refusal.code), "\(refusal.name) has no vector")
        }
    }
}
