import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("Golden vectors: a chain that uses everything")
struct MarketChainTests {
    @Test("recording", .enabled(if: Vectors.isRecording))
    func record() throws {
        try Vectors.load(MarketChain.self, MarketChain.path).record()
    }

    @Test("P12: its results, events, changes and roots")
    func replay() throws {
        let chain = try Vectors.load(MarketChain.self, MarketChain.path)
        let played = try chain.played()
        #expect(played.genesisRoot == chain.genesisRoot)
        for (mine, theirs) in zip(played.blocks, chain.blocks) {
            #expect(mine.begin == theirs.begin, "block \(mine.height)")
            for (one, other) in zip(mine.transactions, theirs.transactions) {
                #expect(one.code == 0, "\(one.about)")
                #expect(one.code == other.code && one.messageIndex == other.messageIndex)
                #expect(one.step == other.step, "\(one.about)")
            }
            #expect(mine.end == theirs.end, "block \(mine.height)")
            #expect(mine.stateRoot == theirs.stateRoot, "block \(mine.height)")
        }
    }

    /// The tags that a decoder of the market knows.
    private func tags(_ read: ([UInt8]) throws(CanonicalError) -> Void) -> [UInt8] {
        (UInt8(30)...255).filter { tag in
            do throws(CanonicalError) {
                try read([1, tag])
                return true
            } catch {
                return error != .unknownTag
            }
        }
    }

    @Test("every message and every event of the market is in it")
    func complete() throws {
        let chain = try Vectors.load(MarketChain.self, MarketChain.path)
        var messages: Set<UInt8> = []
        var events: Set<UInt8> = []
        for block in chain.blocks {
            for transaction in block.transactions {
                let bytes = try #require(Hex.decode(transaction.bytes))
                let signed = try Signed<Transaction>(canonicalBytes: bytes)
                messages.formUnion(signed.document.messages.map(\.tag))
            }
            let steps = [block.begin, block.end] + block.transactions.map(\.step)
            for event in steps.compactMap({ $0 }).flatMap(\.events) {
                events.insert(try #require(Hex.decode(event))[1])
            }
        }
        let known = tags { bytes throws(CanonicalError) in
            _ = try Message(canonicalBytes: bytes)
        }
        for tag in known { #expect(messages.contains(tag), "no message \(tag)") }
        let told = tags { bytes throws(CanonicalError) in _ = try Event(canonicalBytes: bytes) }
        for tag in told { #expect(events.contains(tag), "no event \(tag)") }
    }
}
