import CanonicalCoding
import Identity
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
        /// What the engine said when the block began, as the vectors spell it.
        struct Report: Codable {
            struct Vote: Codable {
                var validator: String
                var signed: Bool
            }
            struct Misbehavior: Codable {
                var kind: UInt8
                var validator, height: String
            }
            var proposer: String?
            var votes: [Vote]
            var misbehavior: [Misbehavior]
        }
        struct Update: Codable, Equatable {
            var key, power: String
        }
        var height, time: String
        var report: Report?
        var transactions: [Transaction]
        var transactionsRoot, resultsRoot, changes: String
        var updates: [Update]?
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
        blocks: UInt64,
        next: EngineReport = .none
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
        harness.endBlock(blocks: blocks, report: next)
        block.changes = digest(of: harness.last.changes)
        return block
    }
}

extension ChainRecord.Block.Report {
    init(_ report: EngineReport) {
        proposer = report.proposer.map { Hex.encode($0.bytes) }
        votes = report.votes.map {
            Vote(validator: Hex.encode($0.validator.bytes), signed: $0.signed)
        }
        misbehavior = report.misbehavior.map {
            Misbehavior(
                kind: $0.kind.rawValue,
                validator: Hex.encode($0.validator.bytes),
                height: String($0.height.rawValue)
            )
        }
    }

    /// The report; nil if it is misspelled.
    ///
    /// Powers and times are nothing to the rules.
    var report: EngineReport? {
        func address(_ text: String) -> ValidatorAddress? {
            Hex.decode(text).flatMap { ValidatorAddress(bytes: $0) }
        }
        let votes = self.votes.compactMap { vote in
            address(vote.validator).map {
                EngineReport.Vote(validator: $0, power: 1, signed: vote.signed)
            }
        }
        let misbehavior = self.misbehavior.compactMap { one -> EngineReport.Misbehavior? in
            guard let validator = address(one.validator), let height = UInt64(one.height),
                let kind = EngineReport.MisbehaviorKind(rawValue: one.kind)
            else { return nil }
            return EngineReport.Misbehavior(
                kind: kind,
                validator: validator,
                height: BlockHeight(height),
                time: Timestamp(milliseconds: 0),
                totalPower: 1
            )
        }
        guard votes.count == self.votes.count, misbehavior.count == self.misbehavior.count else {
            return nil
        }
        return EngineReport(
            proposer: proposer.flatMap(address),
            votes: votes,
            misbehavior: misbehavior
        )
    }
}

extension ChainRecord {
    /// Lets a crowd stake for some blocks under an engine that says all it could.
    static func staked(seed: UInt64, blocks: Int) -> ChainRecord {
        var harness = LedgerHarness(
            tokens: 0,
            staking: LedgerHarness.staking,
            validators: [
                Person.alice.validator(staking: 6 * .stoa),
                Person.bob.validator(staking: 4 * .stoa),
            ]
        )
        var auditor = AuditorLedger(harness)
        var crowd = Crowd(seed: seed, hasTokens: false, stakingShare: 2)
        var record = ChainRecord(
            chain: harness.chain.digest.description,
            genesis: Hex.encode(harness.genesis.canonicalBytes),
            blocks: [],
            state: ""
        )
        var report = EngineReport.none
        for _ in 0..<blocks {
            var transactions: [[UInt8]] = []
            for _ in 0..<crowd.random.below(4) {
                let next = crowd.transaction(auditor).bytes
                guard (try? CheckedTransaction(canonicalBytes: next, chain: harness.chain)) != nil
                else { continue }
                _ = auditor.apply(next, at: harness.context)
                transactions.append(next)
            }
            _ = auditor.end()
            let next = crowd.report(auditor, next: harness.context.height.rawValue + 1)
            var block = executed(transactions, &harness, blocks: 1, next: next)
            block.report = Block.Report(report)
            block.updates = harness.last.updates.map {
                Block.Update(key: Hex.encode($0.key.bytes), power: String($0.power))
            }
            record.blocks.append(block)
            report = next
            auditor.begin(report, at: harness.context)
        }
        record.state = digest(of: harness.base.sorted)
        return record
    }
}
