import CanonicalCoding
import MarketTypes

@testable import LedgerCore

/// A recorded chain, as `Vectors/ledger/chain.json` holds it.
struct ChainRecord: Codable {
    struct Block: Codable {
        struct Transaction: Codable {
            var bytes, digest: String
            var code: UInt32
            var messageIndex: UInt8
        }
        var height, time: String
        var transactions: [Transaction]
        var transactionsRoot, resultsRoot, changes: String
    }
    var chain, genesis: String
    var blocks: [Block]
    var state: String
}

extension ChainRecord {
    /// SHA-256 over entries in order of key.
    static func digest(of changes: [StateChange]) -> String {
        var encoder = CanonicalEncoder()
        for change in changes {
            encoder.encode(bytes: change.key.bytes)
            encoder.encode(change.value != nil)
            if let value = change.value { encoder.encode(bytes: value) }
        }
        return Digest(sha256: encoder.bytes).description
    }

    /// Lets a crowd trade for some blocks, with everything that goes right and wrong.
    static func recorded(seed: UInt64, blocks: Int) -> ChainRecord {
        var harness = LedgerHarness(tokens: 0)
        var auditor = AuditorLedger(harness)
        var crowd = Crowd(seed: seed, hasTokens: false)
        var record = ChainRecord(
            chain: harness.chain.digest.description,
            genesis: Hex.encode(harness.genesis.canonicalBytes),
            blocks: [],
            state: ""
        )
        for number in 0..<blocks {
            var bytes: [[UInt8]] = []
            for index in 0..<4 {
                let next =
                    number == 0
                    ? crowd.opening(auditor, index) : crowd.transaction(auditor).bytes
                guard (try? CheckedTransaction(canonicalBytes: next, chain: harness.chain)) != nil
                else { continue }
                _ = auditor.apply(next, at: harness.context)
                bytes.append(next)
            }
            record.blocks.append(executed(bytes, &harness, blocks: number % 3 == 2 ? 4 : 1))
        }
        record.state = digest(of: harness.base.sorted)
        return record
    }

    /// Executes a block and notes what became of it.
    static func executed(
        _ transactions: [[UInt8]],
        _ harness: inout LedgerHarness,
        blocks: UInt64
    ) -> Block {
        var block = Block(
            height: String(harness.context.height.rawValue),
            time: String(harness.context.time.milliseconds),
            transactions: [],
            transactionsRoot: "",
            resultsRoot: "",
            changes: ""
        )
        var digests: [Digest] = []
        var results: [Digest] = []
        for bytes in transactions {
            let checked = try? CheckedTransaction(canonicalBytes: bytes, chain: harness.chain)
            let result = harness.apply(bytes)
            digests.append(checked?.digest ?? .zero)
            results.append(result.digest)
            block.transactions.append(
                .init(
                    bytes: Hex.encode(bytes),
                    digest: digests.last?.description ?? "",
                    code: result.code,
                    messageIndex: result.messageIndex
                )
            )
        }
        block.transactionsRoot = MerkleTree.root(of: digests).description
        block.resultsRoot = MerkleTree.root(of: results).description
        block.changes = digest(of: harness.ledger.changes)
        harness.endBlock(blocks: blocks)
        return block
    }
}
