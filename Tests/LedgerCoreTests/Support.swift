import Foundation
import Identity
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

/// The golden vectors at the top of the repository, found from where this file stands.
enum Vectors {
    private static let root: URL = {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        return root.appendingPathComponent("Vectors")
    }()

    static func load<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        try JSONDecoder().decode(type, from: data(path))
    }

    static func data(_ path: String) throws -> Data {
        try Data(contentsOf: root.appendingPathComponent(path))
    }

    /// Whether the tests are asked to write vectors anew instead of checking them.
    static let isRecording =
        ProcessInfo.processInfo.environment["STOA_RECORD_VECTORS"] == "1"

    static func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: root.appendingPathComponent(path))
    }

    /// A value as JSON on one line, the same in every process.
    static func line(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

/// How many seeds the random tests try; `STOA_SOAK_SEEDS` raises it.
enum Soak {
    static let seeds: Range<UInt64> = {
        let text = ProcessInfo.processInfo.environment["STOA_SOAK_SEEDS"]
        return 0..<(text.flatMap { UInt64($0) } ?? 200)
    }()
}

/// Somebody with an account, and the keys for vouchers and receipts.
struct Person: Sendable {
    let name: String
    let key: SigningKey
    let voucherKey: SigningKey
    let receiptKey: SigningKey

    var id: AccountID { key.accountID }

    init(_ name: String, seed: UInt8) {
        self.name = name
        key = Self.key(seed)
        voucherKey = Self.key(seed + 64)
        receiptKey = Self.key(seed + 128)
    }

    private static func key(_ seed: UInt8) -> SigningKey {
        guard let key = SigningKey(seed: [UInt8](repeating: seed, count: 32)) else {
            preconditionFailure("no secure memory")
        }
        return key
    }

    static let alice = Person("alice", seed: 1)
    static let bob = Person("bob", seed: 2)
    static let carol = Person("carol", seed: 3)
    static let dave = Person("dave", seed: 4)
    static let erin = Person("erin", seed: 5)
    static let all = [alice, bob, carol, dave, erin]

    /// Who has this account.
    static func of(_ account: AccountID) -> Person? { all.first { $0.id == account } }
}

/// A digest of one byte, repeated.
func digest(_ byte: UInt8) -> Digest {
    let word = UInt64(byte) &* 0x0101_0101_0101_0101
    return Digest(words: (word, word, word, word))
}
