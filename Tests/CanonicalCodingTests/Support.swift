import Foundation
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
}

/// The golden vectors at the top of the repository, found from where this file stands.
enum Vectors {
    static func load<Value: Decodable>(
        _ type: Value.Type,
        _ path: String,
        from file: String = #filePath
    ) throws -> Value {
        var root = URL(fileURLWithPath: file)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let url = root.appendingPathComponent("Vectors").appendingPathComponent(path)
        return try JSONDecoder().decode(type, from: Data(contentsOf: url))
    }
}

/// A document as `canonical/documents.json` gives it; the fields are for other languages.
struct DocumentVector: Decodable {
    let name, bytes: String
    let digest: String?
}

struct MerkleVectors: Decodable {
    struct Tree: Decodable {
        let leaves, roots: [String]
    }
    struct Root: Decodable {
        let count: Int
        let root: String
    }
    let rfc6962: Tree
    let digests: [Root]
}
