import CanonicalCoding
import Identity
import MarketTypes

@testable import LedgerCore

/// A chain that uses every component, as `Vectors/ledger/market.json` holds it.
///
/// The transactions are the specification's second implementation's, which also signed them; what
/// became of them is recorded here.
struct MarketChain: Codable {
    /// Something that the ledger did: what it told, and what changed.
    struct Step: Codable, Equatable {
        var events: [String]
        /// Keys and values; no value where the entry is gone.
        var changes: [[String?]]
    }
    struct Transaction: Codable {
        /// What it does, in the story's words.
        var about, bytes: String
        var code: UInt32?
        var messageIndex: UInt8?
        var step: Step?
    }
    struct Block: Codable {
        var height, time: String
        var report: ChainRecord.Block.Report
        var begin: Step?
        var transactions: [Transaction]
        var end: Step?
        var stateRoot: String?
    }
    var genesis: String
    var genesisRoot: String?
    var blocks: [Block]

    static let path = "ledger/market.json"
}

extension MarketChain {
    /// Executes what is written down and notes what becomes of it.
    func played() throws -> MarketChain {
        var played = self
        let genesis = try Genesis(canonicalBytes: Hex.decode(genesis) ?? [])
        var player = MarketPlayer(genesis)
        played.genesisRoot = player.root
        for place in blocks.indices { try player.play(&played.blocks[place]) }
        return played
    }

    func record() throws {
        var lines: [String] = []
        for block in try played().blocks { lines.append(try Vectors.line(block)) }
        try Vectors.write(
            """
            {"genesis":"\(genesis)",
            "genesisRoot":"\(try played().genesisRoot ?? "")",
            "blocks":[
            \(lines.joined(separator: ",\n"))
            ]}

            """,
            Self.path
        )
    }
}

/// A ledger that tells after each step what changed.
struct MarketPlayer {
    private let chain: ChainID
    private var base = MemoryState()
    private var current: [StateKey: [UInt8]]

    init(_ genesis: Genesis) {
        chain = genesis.chain
        base.commit(genesis.changes)
        current = base.entries
    }

    var root: String { StateTreeHash.root(of: current).description }

    mutating func play(_ block: inout MarketChain.Block) throws {
        let context = BlockContext(
            height: BlockHeight(UInt64(block.height) ?? 0),
            time: Timestamp(milliseconds: UInt64(block.time) ?? 0)
        )
        var ledger = Ledger(chain: chain, base: base)
        let begun = ledger.beginBlock(block.report.report ?? .none, at: context)
        block.begin = step(begun, ledger)
        for place in block.transactions.indices {
            let bytes = Hex.decode(block.transactions[place].bytes) ?? []
            let checked = try CheckedTransaction(canonicalBytes: bytes, chain: chain)
            let result = ledger.apply(checked, at: context)
            block.transactions[place].code = result.code
            block.transactions[place].messageIndex = result.messageIndex
            block.transactions[place].step = step(result.events, ledger)
        }
        let ended = ledger.endBlock(at: context).events
        block.end = step(ended, ledger)
        base.commit(ledger.changes)
        block.stateRoot = root
    }

    private mutating func step(
        _ events: [Event],
        _ ledger: Ledger<MemoryState>
    ) -> MarketChain.Step {
        var changes: [[String?]] = []
        // An entry that came and went within the block is not among the ledger's changes.
        let all = ledger.changes
        let known = Set(all.map(\.key))
        let gone = current.keys.filter { base.value(for: $0) == nil && !known.contains($0) }
            .map { StateChange(key: $0, value: nil) }
        for change in (all + gone).sorted(by: { $0.key < $1.key })
        where current[change.key] != change.value {
            current[change.key] = change.value
            changes.append([Hex.encode(change.key.bytes), change.value.map { Hex.encode($0) }])
        }
        return MarketChain.Step(
            events: events.map { Hex.encode($0.canonicalBytes) },
            changes: changes
        )
    }
}
