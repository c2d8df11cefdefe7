import CometBFTClient
import CometBFTTypes
import LedgerClient
import LedgerCore
import MarketTypes
import Proofs

/// Entries of one state, and who vouches for it.
struct SealedEntries {
    let entries: [EntryProof]
    let seal: ProofSeal

    /// How often entries are read again because a block came between them.
    private static let attemptsMax = 40

    /// Reads entries until all are of the same state.
    static func read(
        _ keys: [StateKey],
        from ledger: any LedgerConnection
    ) async throws -> SealedEntries {
        for _ in 0..<attemptsMax {
            let found =
                if let network = ledger as? NetworkLedger {
                    try await read(keys, from: network)
                } else {
                    try await readSequenced(keys, from: ledger)
                }
            if let found { return found }
        }
        throw CommandFailure(
            "the ledger moves on too fast for entries of one state",
            hint: "try again in a moment"
        )
    }

    private static func readSequenced(
        _ keys: [StateKey],
        from ledger: any LedgerConnection
    ) async throws -> SealedEntries? {
        var entries: [EntryProof] = []
        var seal: ProofSeal?
        for key in keys {
            let found = try await ledger.entry(key, proven: true)
            guard let path = found.proof, let header = found.header else {
                throw CommandFailure(
                    "the ledger has no block yet, so nothing can be proven",
                    hint: "make a transaction first"
                )
            }
            guard seal == nil || seal == .sequencer(header) else { return nil }
            seal = .sequencer(header)
            entries.append(EntryProof(key: key, value: found.value, path: path))
        }
        return seal.map { SealedEntries(entries: entries, seal: $0) }
    }

    private static func read(
        _ keys: [StateKey],
        from network: NetworkLedger
    ) async throws -> SealedEntries? {
        // At once, so that they are of one state even if blocks come quickly.
        let found = try await withThrowingTaskGroup(of: (Int, ProvenEntry).self) { group in
            for (index, key) in keys.enumerated() {
                group.addTask { (index, try await network.provenEntry(key)) }
            }
            var found: [(Int, ProvenEntry)] = []
            for try await entry in group { found.append(entry) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
        guard let block = found.first?.block,
            found.allSatisfy({ $0.block.header.appHash == block.header.appHash })
        else { return nil }
        return SealedEntries(
            entries: found.map { EntryProof(key: $0.key, value: $0.value, path: $0.proof) },
            seal: .validators(try await blocks(to: block, of: network))
        )
    }

    /// The blocks that lead from the genesis' validators to those of `block`, and itself.
    private static func blocks(
        to block: LightBlock,
        of network: NetworkLedger
    ) async throws -> [LightBlock] {
        let first = try await network.lightBlock(at: BlockHeight(1))
        guard first.header.validatorsHash != block.header.validatorsHash else { return [block] }
        var blocks = [first]
        // Those that are still to be reached, the nearest last.
        var ahead = [block]
        while let next = ahead.last, let last = blocks.last {
            do throws(LightRefusal) {
                try next.follow(last)
                blocks.append(next)
                ahead.removeLast()
            } catch {
                let middle = (last.height.rawValue + next.height.rawValue) / 2
                guard case .tooLittleOverlap = error, middle > last.height.rawValue else {
                    throw CommandFailure("the network's blocks do not follow: \(error)")
                }
                ahead.append(try await network.lightBlock(at: BlockHeight(middle)))
            }
            guard blocks.count + ahead.count <= ProofSeal.blocksMax else {
                throw CommandFailure("the validators changed too often for one file")
            }
        }
        return blocks
    }
}
