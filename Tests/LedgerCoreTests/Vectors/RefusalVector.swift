import CanonicalCoding
import Identity
import MarketTypes

@testable import LedgerCore

/// A transaction that must be refused, as `Vectors/ledger/refusals` holds it.
struct RefusalVector: Codable {
    /// An entry's key and value in hex; no value where it is gone.
    typealias Entry = [String?]

    var name, refusal: String
    var code: UInt32
    var messageIndex: UInt8
    var height, time: String
    /// What the transaction looks at, by ascending key; what stands elsewhere makes no difference.
    var entries: [Entry]
    var before, transaction: String
    var changes: [Entry]
    var after: String
}

/// A code that no transaction is refused with, and why.
struct UnreachableCode: Codable, Sendable {
    var code: UInt32
    var name, reason: String
}

/// The refusals of one component.
struct RefusalVectors: Decodable {
    var chain: String
    var component: UInt32
    var unreachable: [UnreachableCode]
    var cases: [RefusalVector]
}

extension RefusalVector {
    /// What a transaction makes of the entries that it meets.
    static func outcome(
        of bytes: [UInt8],
        on state: some StateReading,
        _ chain: ChainID,
        at context: BlockContext
    ) throws -> (result: TransactionResult, changes: [StateChange]) {
        let checked = try CheckedTransaction(canonicalBytes: bytes, chain: chain)
        var ledger = Ledger(chain: chain, base: state)
        let result = ledger.apply(checked, at: context)
        return (result, ledger.changes)
    }

    static func entry(_ key: StateKey, _ value: [UInt8]?) -> Entry {
        [Hex.encode(key.bytes), value.map { Hex.encode($0) }]
    }

    /// Records what becomes of a transaction, and of the entries that it looks at.
    init(_ name: String, _ refusal: Refusal, _ met: MetTransaction, _ chain: ChainID) throws {
        let watched = WatchedState(met.entries)
        let (result, changes) = try Self.outcome(of: met.bytes, on: watched, chain, at: met.context)
        var entries = watched.seen
        self.name = name
        self.refusal = refusal.name
        code = result.code
        messageIndex = result.messageIndex
        height = String(met.context.height.rawValue)
        time = String(met.context.time.milliseconds)
        self.entries = entries.keys.sorted().map { Self.entry($0, entries[$0]) }
        before = StateTreeHash.root(of: entries).description
        transaction = Hex.encode(met.bytes)
        self.changes = changes.map { Self.entry($0.key, $0.value) }
        for change in changes { entries[change.key] = change.value }
        after = StateTreeHash.root(of: entries).description
    }
}

/// One refusal as a test plays it: what it is, and the transaction with the state that it met.
struct RefusalStory: Sendable {
    let name: String
    let refusal: Refusal
    let play: @Sendable () -> MetTransaction?

    init(
        _ name: String,
        _ refusal: Refusal,
        _ play: @escaping @Sendable () -> MetTransaction?
    ) {
        (self.name, self.refusal, self.play) = (name, refusal, play)
    }
}

/// A component's file of refusals, and where its cases come from.
struct RefusalFile: Sendable, CustomStringConvertible {
    let name: String
    let component: UInt32
    let stories: [RefusalStory]
    let unreachable: [UnreachableCode]

    init(
        _ name: String,
        _ component: UInt32,
        _ stories: [RefusalStory],
        unreachable: [UnreachableCode] = []
    ) {
        (self.name, self.component) = (name, component)
        (self.stories, self.unreachable) = (stories, unreachable)
    }

    var description: String { name }
    var path: String { "ledger/refusals/\(name).json" }

    /// Plays every story anew and writes the file.
    func record(_ chain: ChainID) throws {
        var lines: [String] = []
        for story in stories {
            guard let met = story.play() else { continue }
            lines.append(
                try Vectors.line(RefusalVector(story.name, story.refusal, met, chain))
            )
        }
        let head = try unreachable.map { try Vectors.line($0) }.joined(separator: ",\n")
        try Vectors.write(
            """
            {"chain":"\(chain.digest)","component":\(component),
            "unreachable":[\(head)],
            "cases":[
            \(lines.joined(separator: ",\n"))
            ]}

            """,
            path
        )
    }
}
