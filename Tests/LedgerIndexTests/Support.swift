import FoundationEssentials
import Identity
import LedgerIndex
import Logging
import MarketTypes

/// A seeded generator, so that every random test can be repeated from its seed.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number below `bound`.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// True once in `n` times.
    mutating func once(in n: Int) -> Bool { below(n) == 0 }

    /// One of `choices`, or nil if there is none.
    mutating func pick<Element>(_ choices: [Element]) -> Element? {
        choices.isEmpty ? nil : choices[below(choices.count)]
    }
}

/// How many seeds the random tests try; `STOA_SOAK_SEEDS` raises it.
enum Soak {
    static let seeds: UInt64 = {
        let text = ProcessInfo.processInfo.environment["STOA_SOAK_SEEDS"]
        return text.flatMap { UInt64($0) } ?? 20
    }()
}

/// Somebody with an account.
struct Person: Sendable {
    let key: SigningKey
    var id: AccountID { key.accountID }

    init(_ seed: UInt8) {
        guard let key = SigningKey(seed: [UInt8](repeating: seed, count: 32)) else {
            preconditionFailure("no secure memory")
        }
        self.key = key
    }

    static let alice = Person(1)
    static let bob = Person(2)
    static let carol = Person(3)
    static let all = [alice, bob, carol]
}

/// A digest of one byte, repeated.
func digest(_ byte: UInt8) -> Digest {
    let word = UInt64(byte) &* 0x0101_0101_0101_0101
    return Digest(words: (word, word, word, word))
}

/// A directory for one test, removed when the test is done.
final class Directory: Sendable {
    let path: String

    init() throws {
        path = "/tmp/stoa-index-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Copies a database's files as they lie there: what a process that is killed leaves behind.
    func copy(_ name: String, to other: String) throws {
        for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: file(name) + suffix)
        {
            try FileManager.default.copyItem(
                atPath: file(name) + suffix,
                toPath: file(other) + suffix
            )
        }
    }
}

/// A logger that says nothing.
let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
