import CLibcrypto
import CSecp256k1
import CanonicalCoding
import Foundation
import Identity
import LedgerCore
import MarketTypes

/// A transaction of the mixed workload, ready to be sent.
struct Step: Sendable {
    /// The component that it is for, or the kind of signature it carries.
    let kind: String
    let bytes: [UInt8]
}

/// An account of the benchmark: its next sequence number, and how it signs.
struct Desk: Sendable {
    let account: AccountID
    /// The chain it signs for, once there is one: a genesis names its accounts.
    var chain = ChainID(.zero)
    private(set) var sequence: UInt64 = 1
    private let seal: @Sendable (Transaction) -> [UInt8]

    private init(_ key: PublicKey, _ seal: @escaping @Sendable (Transaction) -> [UInt8]) {
        account = key.accountID
        self.seal = seal
    }

    /// One with an Ed25519 key, which is made anew each time: each holds a page of locked memory.
    static func plain(_ number: Int) -> Desk {
        Desk(key(number).publicKey) { key(number).sign($0).signed.canonicalBytes }
    }

    /// Signs messages as this account's next transaction, with its own key or another's.
    mutating func sign(_ messages: [Message], by session: SigningKey? = nil) -> [UInt8] {
        let transaction = Transaction(
            chain: chain,
            sender: account,
            sequence: sequence,
            fee: Amount(obol: 10_000_000),
            validUntil: BlockHeight(1 << 40),
            messages: messages
        )
        sequence += 1
        return session?.sign(transaction).signed.canonicalBytes ?? seal(transaction)
    }

    /// One message as a step of the workload.
    mutating func step(_ kind: String, _ message: Message, by session: SigningKey? = nil) -> Step {
        Step(kind: kind, bytes: sign([message], by: session))
    }
}

extension Desk {
    /// One with a passkey: P-256, wrapped as a browser does (WebAuthn).
    static func passkey() -> Desk {
        // Unchecked: made once, and only read by whoever signs.
        nonisolated(unsafe) let pair = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1)
        guard EC_KEY_generate_key(pair) == 1, let group = EC_KEY_get0_group(pair),
            let point = EC_KEY_get0_public_key(pair)
        else { fatalError("no P-256 key") }  // a benchmark has nobody to tell
        var bytes = [UInt8](repeating: 0, count: 33)
        EC_POINT_point2oct(group, point, POINT_CONVERSION_COMPRESSED, &bytes, 33, nil)
        guard let key = PublicKey(scheme: .p256WebAuthn, bytes: bytes) else {
            fatalError("no P-256 key")
        }
        return Desk(key) { transaction in
            let challenge = Data(transaction.signingDigest.bytes).base64EncodedString()
                .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
                .replacingOccurrences(of: "=", with: "")
            let client = Array(
                (#"{"type":"webauthn.get","challenge":""# + challenge
                    + #"","origin":"https://market.example","crossOrigin":false}"#).utf8
            )
            let device = Digest(sha256: [1]).bytes + [0x05, 0, 0, 0, 9]
            let hash = Digest(sha256: device + Digest(sha256: client).bytes).bytes
            var der = [UInt8](repeating: 0, count: 80)
            var length: UInt32 = 0
            ECDSA_sign(0, hash, 32, &der, &length, pair)
            let assertion = WebAuthnAssertion(
                authenticatorData: device,
                clientDataJSON: client,
                derSignature: Array(der.prefix(Int(length)))
            )
            return Self.join(transaction, key, assertion?.wrapped)
        }
    }

    /// One with a key of Ethereum's that signs the digest itself (format 1).
    static func wallet(_ number: Int) -> Desk {
        let secret = Digest(sha256: Array("bench wallet \(number)".utf8)).bytes
        // Unchecked: made once (513 is SECP256K1_CONTEXT_SIGN), and only read by whoever signs.
        nonisolated(unsafe) let context = secp256k1_context_create(513)
        var point = secp256k1_pubkey()
        var bytes = [UInt8](repeating: 0, count: 33)
        var count = 33
        guard let made = context, secp256k1_ec_pubkey_create(made, &point, secret) == 1,
            // 258 is SECP256K1_EC_COMPRESSED, a macro that Swift does not see.
            secp256k1_ec_pubkey_serialize(made, &bytes, &count, &point, 258) == 1,
            let key = PublicKey(scheme: .secp256k1, bytes: bytes)
        else { fatalError("no secp256k1 key") }  // a benchmark has nobody to tell
        return Desk(key) { transaction in
            var signature = secp256k1_ecdsa_signature()
            var rs = [UInt8](repeating: 0, count: 64)
            if let context {
                let digest = transaction.signingDigest.bytes
                secp256k1_ecdsa_sign(context, &signature, digest, secret, nil, nil)
                secp256k1_ecdsa_signature_serialize_compact(context, &rs, &signature)
            }
            let signed = EthereumSignature(format: .digest, rs: rs)?.wrapped
            return Self.join(transaction, key, signed)
        }
    }

    private static func join(
        _ transaction: Transaction,
        _ key: PublicKey,
        _ signature: Signature?
    ) -> [UInt8] {
        guard let signature else { fatalError("no signature") }
        return Signed(document: transaction, key: key, signature: signature).canonicalBytes
    }
}
