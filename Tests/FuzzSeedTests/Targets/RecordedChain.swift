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

        init?(seed: UInt8, voucher: UInt8? = nil, receipt: UInt8? = nil) {
            func make(_ byte: UInt8) -> SigningKey? {
                SigningKey(seed: [UInt8](repeating: byte, count: 32))
            }
            guard let key = make(seed), let voucherKey = make(voucher ?? seed + 64),
                let receiptKey = make(receipt ?? seed + 128)
            else { return nil }
            self.key = key
            self.voucherKey = voucherKey
            self.receiptKey = receiptKey
        }
    }

    /// A state, and the context of the block that would come next.
    struct Moment: Sendable {
        let state: FuzzState
        let next: BlockContext
    }

    let genesis: Genesis
    let chain: ChainID
    let people: [Person]
    /// What stood before each block of the market's chain, because little is open at its end.
    let earlier: [Moment]
    /// What stood after the last block.
    let last: Moment
    /// The signed transactions, in order.
    let transactions: [[UInt8]]

    var state: FuzzState { last.state }
    var next: BlockContext { last.next }

    static var plain: RecordedChain { get throws { try loadedPlain.get() } }
    static var staked: RecordedChain { get throws { try loadedStaked.get() } }
    static var market: RecordedChain { get throws { try loadedMarket.get() } }

    private static let loadedPlain = Result { try RecordedChain("chain", people) }
    private static let loadedStaked = Result { try RecordedChain("staking", people) }
    private static let loadedMarket = Result { try RecordedChain("market", owners) }

    static let people = (1...5).compactMap { Person(seed: UInt8($0)) }
    private static let owners = (10...17).compactMap {
        Person(seed: UInt8($0), voucher: 101, receipt: 100)
    }

    /// The last moment before an account's transaction with this number.
    func moment(before sequence: UInt64, of account: AccountID) -> Moment {
        let found = earlier.last { moment in
            let entry = moment.state.value(for: .account(account)) ?? []
            let number = (try? Account(canonicalBytes: entry))?.sequence ?? 0
            return number < sequence
        }
        return found ?? last
    }

    private struct Document: Decodable {
        struct Block: Decodable {
            struct Entry: Decodable { let bytes: String }
            let height, time: String
            let transactions: [Entry]
        }
        let genesis: String
        let blocks: [Block]
    }

    private init(_ name: String, _ people: [Person]) throws {
        self.people = people
        let data = Data(try GoldenInputs.contents("ledger/\(name).json"))
        let document = try JSONDecoder().decode(Document.self, from: data)
        genesis = try Genesis(canonicalBytes: Hex.decode(document.genesis) ?? [])
        chain = genesis.chain
        var state = FuzzState()
        state.commit(genesis.changes)
        var transactions: [[UInt8]] = []
        var moments: [Moment] = []
        for block in document.blocks {
            let height = UInt64(block.height) ?? 0
            let time = UInt64(block.time) ?? 0
            let context = BlockContext(
                height: BlockHeight(height),
                time: Timestamp(milliseconds: time)
            )
            if name == "market" { moments.append(Moment(state: state, next: context)) }
            var ledger = Ledger(chain: chain, base: state)
            if name == "market" { _ = ledger.beginBlock(.none, at: context) }
            for entry in block.transactions {
                let bytes = Hex.decode(entry.bytes) ?? []
                let checked = try CheckedTransaction(canonicalBytes: bytes, chain: chain)
                _ = ledger.apply(checked, at: context)
                transactions.append(bytes)
            }
            _ = ledger.endBlock(at: context)
            state.commit(ledger.changes)
        }
        let end = document.blocks.last
        last = Moment(
            state: state,
            next: BlockContext(
                height: BlockHeight((end.flatMap { UInt64($0.height) } ?? 0) + 1),
                time: Timestamp(milliseconds: (end.flatMap { UInt64($0.time) } ?? 0) + 1)
            )
        )
        earlier = moments
        self.transactions = transactions
    }
}
