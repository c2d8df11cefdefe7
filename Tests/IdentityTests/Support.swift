import CanonicalCoding
import Foundation
import Identity
import MarketTypes
import Testing

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

struct SignatureVector: Decodable, Sendable, CustomTestStringConvertible {
    let name, type, seed, publicKey, account, address, bytes, digest, signature, signed: String
    var testDescription: String { name }
}

struct AddressVectors: Decodable {
    struct Valid: Decodable {
        let account, address: String
    }
    struct Official: Decodable {
        let prefix, bytes, text: String
    }
    struct Invalid: Decodable {
        let reason, address: String
    }
    let valid: [Valid]
    let bip350: [Official]
    let invalid: [Invalid]
}

struct KeystoreVector: Decodable, Sendable {
    let passphrase, seed, text: String
}

/// A document whose one field is a number, to be signed for a purpose of choice.
struct Note<Purpose: NotePurpose>: SignableDocument {
    static var signingTag: DomainTag { Purpose.tag }
    let chain: ChainID
    let number: UInt64

    init(_ number: UInt64, chain: UInt64 = 1) {
        self.chain = ChainID(Digest(words: (0, 0, 0, chain)))
        self.number = number
    }

    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(chain.digest)
        encoder.encode(number)
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        chain = ChainID(try decoder.decodeDigest())
        number = try decoder.decodeUInt64()
    }
}

protocol NotePurpose: Hashable, Sendable {
    static var tag: DomainTag { get }
}

enum AsVoucher: NotePurpose {
    static var tag: DomainTag { .voucher }
}

enum AsReceipt: NotePurpose {
    static var tag: DomainTag { .receipt }
}

func key(_ seed: UInt8) -> SigningKey {
    guard let key = SigningKey(seed: [UInt8](repeating: seed, count: 32)) else {
        preconditionFailure("no secure memory")
    }
    return key
}
