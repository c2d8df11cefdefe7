import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("P12: the same transactions give the same state")
struct ChainTests {
    /// Dictionaries have another order in every process, so an order that leaks shows here.
    @Test(
        "a recorded chain has its golden results, changes, updates and state",
        arguments: ["chain", "staking"]
    )
    func golden(name: String) throws {
        let record = try Vectors.load(ChainRecord.self, "ledger/\(name).json")
        let bytes = try #require(Hex.decode(record.genesis))
        let genesis = try Genesis(canonicalBytes: bytes)
        #expect(genesis.chain.digest.description == record.chain)
        var base = MemoryState()
        base.commit(genesis.changes)
        var codes: Set<UInt32> = []
        for block in record.blocks {
            let context = BlockContext(
                height: BlockHeight(try #require(UInt64(block.height))),
                time: Timestamp(milliseconds: try #require(UInt64(block.time)))
            )
            var ledger = Ledger(chain: genesis.chain, base: base)
            if let report = block.report {
                _ = ledger.beginBlock(try #require(report.report), at: context)
            }
            codes.formUnion(try check(block, in: &ledger, genesis.chain, at: context))
            let updates = ledger.endBlock(at: context).validatorUpdates.map {
                ChainRecord.Block.Update(key: Hex.encode($0.key.bytes), power: String($0.power))
            }
            #expect(updates == block.updates ?? [])
            #expect(ChainRecord.digest(of: ledger.changes) == block.changes)
            base.commit(ledger.changes)
        }
        let state = ChainRecord.digest(of: base.sorted)
        print("state of the recorded chain: \(state)")
        #expect(state == record.state)
        #expect(codes.count > 10 && codes.contains(0), "the recording is too tame")
    }

    /// Applies a block's transactions, and returns the codes of their results.
    private func check(
        _ block: ChainRecord.Block,
        in ledger: inout Ledger<MemoryState>,
        _ chain: ChainID,
        at context: BlockContext
    ) throws -> Set<UInt32> {
        var digests: [Digest] = []
        var results: [Digest] = []
        var codes: Set<UInt32> = []
        for transaction in block.transactions {
            let bytes = try #require(Hex.decode(transaction.bytes))
            let checked = try CheckedTransaction(canonicalBytes: bytes, chain: chain)
            let result = ledger.apply(checked, at: context)
            #expect(checked.digest.description == transaction.digest)
            #expect(result.code == transaction.code)
            #expect(result.messageIndex == transaction.messageIndex)
            digests.append(checked.digest)
            results.append(result.digest)
            codes.insert(result.code)
        }
        #expect(MerkleTree.root(of: digests).description == block.transactionsRoot)
        #expect(MerkleTree.root(of: results).description == block.resultsRoot)
        return codes
    }

    @Test("two ledgers side by side make the same changes", arguments: UInt64(0)..<10)
    func twice(seed: UInt64) {
        let first = ChainRecord.recorded(seed: seed, blocks: 12)
        let second = ChainRecord.recorded(seed: seed, blocks: 12)
        #expect(first.state == second.state)
        #expect(first.blocks.map(\.changes) == second.blocks.map(\.changes))
        #expect(first.state != ChainRecord.recorded(seed: seed + 1, blocks: 12).state)
        let staked = ChainRecord.staked(seed: seed, blocks: 12)
        #expect(staked.state == ChainRecord.staked(seed: seed, blocks: 12).state)
    }

    @Test("LED-6: a result's digest is its code and place, not its events")
    func resultDigest() {
        let refused = TransactionResult(refusal: .accounts(.zeroAmount), messageIndex: 2)
        let other = TransactionResult(refusal: .accounts(.zeroAmount), messageIndex: 3)
        let empty = TransactionResult(events: [])
        let eventful = TransactionResult(events: [.offerPublished(.init(digest(1)))])
        #expect(refused.digest != other.digest)
        #expect(empty.digest == eventful.digest)
        #expect(empty.digest == Digest(.transactionResult, [0, 0, 0, 0, 0]))
        #expect(refused.digest == Digest(.transactionResult, [0, 0, 0, 201, 2]))
    }
}
