import CanonicalCoding
import Foundation
import Identity
import LedgerCore
import MarketTypes

/// A committed state in memory.
struct FuzzState: StateReading, Sendable {
    private(set) var entries: [StateKey: [UInt8]] = [:]

    func value(for key: StateKey) -> [UInt8]? { entries[key] }

    mutating func commit(_ changes: [StateChange]) {
        for change in changes { entries[change.key] = change.value }
    }
}

/// One of the recorded chains of the vectors, replayed: a state that has something of everything.
struct RecordedChain: Sendable {
    /// The keys of the people who trade in the recordings (Vectors/ledger/README.md).
    struct Person: Sendable {
        let key, voucherKey, receiptKey: SigningKey

        init?(seed: UInt8) {
            func make(_ byte: UInt8) -> SigningKey? {
                SigningKey(seed: [UInt8](repeating: byte, count: 32))
            }
            guard let key = make(seed), let voucherKey = make(seed + 64),
                let receiptKey = make(seed + 128)
            else { return nil }
            self.key = key
            self.voucherKey = voucherKey
            self.receiptKey = receiptKey
        }
    }

    let genesis: Genesis
    let chain: ChainID
    let state: FuzzState
    /// The context of the block that would come next.
    let next: BlockContext
    /// The signed transactions, in order.
    let transactions: [[UInt8]]

    static let people = (1...5).compactMap { Person(seed: UInt8($0)) }

    static var plain: RecordedChain { get throws { try loadedPlain.get() } }
    static var staked: RecordedChain { get throws { try loadedStaked.get() } }

    private static let loadedPlain = Result { try RecordedChain("chain") }
    private static let loadedStaked = Result { try RecordedChain("staking") }

    private struct Document: Decodable {
        struct Block: Decodable {
            struct Entry: Decodable { let bytes: String }
            let height, time: String
            let transactions: [Entry]
        }
        let genesis: String
        let blocks: [Block]
    }

    private init(_ name: String) throws {
        let data = Data(try GoldenInputs.contents("ledger/\(name).json"))
        let document = try JSONDecoder().decode(Document.self, from: data)
        genesis = try Genesis(canonicalBytes: Hex.decode(document.genesis) ?? [])
        chain = genesis.chain
        var state = FuzzState()
        state.commit(genesis.changes)
        var transactions: [[UInt8]] = []
        var height: UInt64 = 0
        var time: UInt64 = 0
        for block in document.blocks {
            height = UInt64(block.height) ?? 0
            time = UInt64(block.time) ?? 0
            let context = BlockContext(
                height: BlockHeight(height),
                time: Timestamp(milliseconds: time)
            )
            var ledger = Ledger(chain: chain, base: state)
            for entry in block.transactions {
                let bytes = Hex.decode(entry.bytes) ?? []
                let checked = try CheckedTransaction(canonicalBytes: bytes, chain: chain)
                _ = ledger.apply(checked, at: context)
                transactions.append(bytes)
            }
            _ = ledger.endBlock(at: context)
            state.commit(ledger.changes)
        }
        self.state = state
        self.transactions = transactions
        next = BlockContext(
            height: BlockHeight(height + 1),
            time: Timestamp(milliseconds: time + 1)
        )
    }
}
