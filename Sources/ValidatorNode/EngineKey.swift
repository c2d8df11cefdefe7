import CanonicalCoding
import FoundationEssentials
public import Identity
import LedgerCore
import MarketTypes

/// A key of the ordering engine: it signs votes, or names a node to its peers.
///
/// The engine keeps its keys unsealed in files of its own, so such a key never owns money.
public struct EngineKey: Sendable {
    /// The key that others check with.
    public let publicKey: PublicKey
    /// The key that signs, for the proof that its owner has it.
    public let signingKey: SigningKey
    private let seed: [UInt8]

    /// Takes a seed; nil unless it has 32 bytes and there is secure memory.
    public init?(seed: [UInt8]) {
        guard let key = SigningKey(seed: seed) else { return nil }
        self.seed = seed
        signingKey = key
        publicKey = key.publicKey
    }

    /// Makes a fresh key.
    public static func generate() -> EngineKey? {
        var generator = SystemRandomNumberGenerator()
        return EngineKey(
            seed: (0..<SigningKey.seedBytes).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
        )
    }

    /// How the engine's peers name a node that has this key: 40 lower-case digits.
    public var nodeID: String {
        Hex.encode(ValidatorAddress(consensusKey: publicKey).bytes)
    }

    var address: String {
        Hex.encode(ValidatorAddress(consensusKey: publicKey).bytes).uppercased()
    }

    /// The engine's `priv_validator_key.json`.
    var validatorFile: EngineKeyFile {
        EngineKeyFile(
            address: address,
            pub_key: publicDocument,
            priv_key: EngineKeyFile.Key(type: Self.privateType, value: secret)
        )
    }

    /// The engine's `node_key.json`.
    var nodeFile: EngineKeyFile {
        EngineKeyFile(
            address: nil,
            pub_key: nil,
            priv_key: EngineKeyFile.Key(type: Self.privateType, value: secret)
        )
    }

    var publicDocument: EngineKeyFile.Key {
        EngineKeyFile.Key(
            type: "tendermint/PubKeyEd25519",
            value: Data(publicKey.bytes).base64EncodedString()
        )
    }

    private static let privateType = "tendermint/PrivKeyEd25519"
    private var secret: String { Data(seed + publicKey.bytes).base64EncodedString() }

    /// Reads the key from the text of a `priv_validator_key.json` or `node_key.json`.
    ///
    /// - Returns: nil if the text is not such a file, or its public part does not belong to it.
    public init?(file text: String) {
        guard let file = try? JSONDecoder().decode(EngineKeyFile.self, from: Data(text.utf8)),
            file.priv_key.type == Self.privateType,
            let bytes = Data(base64Encoded: file.priv_key.value), bytes.count == 64
        else { return nil }
        self.init(seed: Array(bytes.prefix(SigningKey.seedBytes)))
        guard publicKey.bytes == Array(bytes.suffix(32)) else { return nil }
    }
}

/// A key in the engine's own JSON.
struct EngineKeyFile: Codable {
    struct Key: Codable {
        let type, value: String
    }

    let address: String?
    let pub_key: Key?
    let priv_key: Key
}
