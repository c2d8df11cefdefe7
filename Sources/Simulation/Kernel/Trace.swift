import CanonicalCoding
import MarketTypes

/// One thing that happened in a run.
struct TraceLine {
    let time: UInt64
    let what: StaticString
    let who: String
    let number: UInt64
    let other: UInt64
    let name: Digest?

    var text: String {
        var line = "\(time) ms \(who) \(what) \(number)"
        if other != 0 { line += " \(other)" }
        if let name { line += " \(name.description.prefix(12))" }
        return line
    }
}

/// What happened, as a digest of all of it and the last lines of it.
///
/// Two runs did the same if and only if their digests are the same.
struct Trace {
    /// The most lines that are remembered for the report of a failure.
    static let tailMax = 40

    private(set) var tail: [TraceLine] = []
    private(set) var lines: [String] = []
    private let keepsLines: Bool
    private var head = Digest.zero
    private var pending: [UInt8] = []

    init(keepsLines: Bool) {
        self.keepsLines = keepsLines
    }

    mutating func note(_ line: TraceLine) {
        func add(_ value: UInt64) {
            withUnsafeBytes(of: value.bigEndian) { pending.append(contentsOf: $0) }
        }
        add(line.time)
        add(line.number)
        add(line.other)
        line.what.withUTF8Buffer { pending.append(contentsOf: $0) }
        pending.append(contentsOf: line.who.utf8)
        line.name?.append(to: &pending)
        pending.append(0xff)
        if pending.count > 4096 { fold() }
        tail.append(line)
        if tail.count > 2 * Self.tailMax { tail.removeFirst(Self.tailMax) }
        if keepsLines { lines.append(line.text) }
    }

    private mutating func fold() {
        var hasher = SHA256Hasher()
        hasher.update(head)
        hasher.update(pending)
        head = hasher.finalize()
        pending.removeAll(keepingCapacity: true)
    }

    /// The digest of everything so far.
    var digest: Digest {
        var copy = self
        copy.fold()
        return copy.head
    }

    /// The last lines.
    var lastLines: [String] { tail.suffix(Self.tailMax).map(\.text) }
}
