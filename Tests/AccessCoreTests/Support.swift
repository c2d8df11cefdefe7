import Foundation
import MarketTypes
import Testing

@testable import AccessCore

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

extension Timestamp {
    static let start = Timestamp(milliseconds: 1_790_000_000_000)
}

/// Bytes that look random and are always the same.
func bytes(_ count: Int, seed: UInt8 = 1) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ Int(seed) &* 101) }
}
