import CSodium
import CometBFTTypes
import Identity
import MarketTypes
import Testing

/// A validator's key in a test: it signs an engine's votes, which our own keys cannot.
struct ValidatorKey: Sendable {
    let publicKey: PublicKey
    private let secret: [UInt8]

    init(seed: UInt8) throws {
        var key = [UInt8](repeating: 0, count: Int(crypto_sign_PUBLICKEYBYTES))
        var secret = [UInt8](repeating: 0, count: Int(crypto_sign_SECRETKEYBYTES))
        let seedBytes = [UInt8](repeating: seed, count: Int(crypto_sign_SEEDBYTES))
        try #require(sodium_init() >= 0)
        try #require(crypto_sign_seed_keypair(&key, &secret, seedBytes) == 0)
        publicKey = try #require(PublicKey(scheme: .ed25519, bytes: key))
        self.secret = secret
    }

    func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: Int(crypto_sign_BYTES))
        crypto_sign_detached(&signature, nil, message, UInt64(message.count), secret)
        return signature
    }
}

/// Seeds and powers of a set's validators.
struct Powers: Hashable, Sendable {
    let list: [(seed: UInt8, power: UInt64)]

    init(_ list: [(UInt8, UInt64)]) { self.list = list }

    /// Validators 1 to 4 with power 10 each.
    static let four = Powers([(1, 10), (2, 10), (3, 10), (4, 10)])

    func set() throws -> ValidatorSet {
        try ValidatorSet(
            list.map {
                ConsensusValidator(key: try ValidatorKey(seed: $0.seed).publicKey, power: $0.power)
            }
        )
    }

    static func == (lhs: Powers, rhs: Powers) -> Bool {
        lhs.list.elementsEqual(rhs.list) { $0 == $1 }
    }

    func hash(into hasher: inout Hasher) {
        for member in list { hasher.combine(member.seed) }
    }
}
