import CanonicalCoding
import Foundation
import MarketTypes
import Testing

@testable import Identity

struct SchemeVectors: Decodable, Sendable {
    struct Entry: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let scheme: UInt8
        let key, account, digest, signature: String
        let valid: Bool
        var testDescription: String { name }
    }
    struct Policy: Decodable, Sendable, CustomTestStringConvertible {
        let name, key: String
        var testDescription: String { name }
    }
    struct Browser: Decodable, Sendable {
        let authenticatorData, clientDataJSON, der, signature: String
    }
    let purpose: String
    let signatures: [Entry]
    let refusedPolicies: [Policy]
    let der: [Browser]

    /// Without the file every test of it fails on its first line, and says so.
    static let all = (try? Vectors.load(Self.self, "identity/schemes.json"))
}

/// A document that every scheme may sign.
struct Letter: SignableDocument {
    static var signingTag: DomainTag { .transaction }
    static var signingSchemes: SigningSchemes { .all }
    let chain: ChainID
    let number: UInt64

    init(_ number: UInt64) {
        chain = ChainID(Digest(words: (0, 0, 0, 1)))
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

@Suite("Schemes")
struct SchemeTests {
    @Test("there are vectors")
    func present() throws {
        let vectors = try #require(SchemeVectors.all)
        #expect(vectors.signatures.count > 100)
        #expect(vectors.purpose == DomainTag.transaction.rawValue)
    }

    @Test(
        "IDN-15 to IDN-22: a foreign implementation's signature counts, or is refused",
        arguments: SchemeVectors.all?.signatures ?? []
    )
    func signature(_ entry: SchemeVectors.Entry) throws {
        let scheme = try #require(SignatureScheme(rawValue: entry.scheme))
        let bytes = try #require(Hex.decode(entry.key))
        let key = try #require(PublicKey(scheme: scheme, bytes: bytes))
        #expect(key.accountID.digest.description == entry.account)
        let digest = try #require(Digest(hex: entry.digest))
        let raw = try #require(Hex.decode(entry.signature))
        guard let signature = Signature(scheme: scheme, bytes: raw) else {
            #expect(!entry.valid, "too long, so it cannot even be encoded")
            return
        }
        if entry.valid {
            try key.verify(signature, of: digest, for: .transaction)
        } else {
            #expect(throws: SignatureError.invalidSignature) {
                try key.verify(signature, of: digest, for: .transaction)
            }
        }
    }

    @Test(
        "IDN-21: what is no policy is no key",
        arguments: SchemeVectors.all?.refusedPolicies ?? []
    )
    func policy(_ refused: SchemeVectors.Policy) throws {
        let bytes = try #require(Hex.decode(refused.key))
        #expect(PublicKey(scheme: .multisignature, bytes: bytes) == nil)
        var encoder = CanonicalEncoder()
        encoder.encode(SignatureScheme.multisignature.rawValue)
        encoder.encode(bytes: bytes)
        var decoder = CanonicalDecoder(encoder.bytes)
        #expect(throws: CanonicalError.self) { try PublicKey(from: &decoder) }
    }

    @Test("IDN-17: a browser's DER signature becomes the one that counts")
    func browser() throws {
        for entry in try #require(SchemeVectors.all).der {
            let der = try #require(Hex.decode(entry.der))
            func made(_ der: [UInt8]) throws -> WebAuthnAssertion? {
                WebAuthnAssertion(
                    authenticatorData: try #require(Hex.decode(entry.authenticatorData)),
                    clientDataJSON: try #require(Hex.decode(entry.clientDataJSON)),
                    derSignature: der
                )
            }
            let assertion = try #require(try made(der))
            #expect(Hex.encode(try #require(assertion.wrapped).bytes) == entry.signature)
            #expect(try made(der + [0]) == nil)
            #expect(try made(Array(der.dropLast())) == nil)
            for place in 0..<4 {
                var wrong = der
                wrong[place] ^= 0x80
                #expect(try made(wrong) == nil)
            }
        }
    }

    @Test("every bit of a signature and of a key counts")
    func bits() throws {
        let names = ["p256-verified", "secp256k1-text", "policy-0-and-2"]
        let entries = try #require(SchemeVectors.all).signatures
        for entry in entries where names.contains(entry.name) {
            let scheme = try #require(SignatureScheme(rawValue: entry.scheme))
            let digest = try #require(Digest(hex: entry.digest))
            let key = try #require(Hex.decode(entry.key))
            let signature = try #require(Hex.decode(entry.signature))
            for place in signature.indices {
                var wrong = signature
                wrong[place] ^= 1
                #expect(!holds(scheme, key, wrong, digest), "\(entry.name) \(place)")
            }
            // A policy's further members may be others; its signers' bytes may not.
            for place in key.indices where scheme != .multisignature {
                var wrong = key
                wrong[place] ^= 1
                #expect(!holds(scheme, wrong, signature, digest), "\(entry.name) key \(place)")
            }
        }
    }

    private func holds(
        _ scheme: SignatureScheme,
        _ key: [UInt8],
        _ signature: [UInt8],
        _ digest: Digest
    ) -> Bool {
        guard let key = PublicKey(scheme: scheme, bytes: key),
            let signature = Signature(scheme: scheme, bytes: signature)
        else { return false }
        return (try? key.verify(signature, of: digest, for: .transaction)) != nil
    }

    @Test("a plain signature is not taken for a wallet's, nor a wallet's for a passkey's")
    func mixed() throws {
        let letter = Letter(1)
        let signed = key(1).sign(letter).signed
        let bytes = [UInt8](repeating: 2, count: 33)
        for scheme in [SignatureScheme.p256WebAuthn, .secp256k1] {
            let other = try #require(PublicKey(scheme: scheme, bytes: bytes))
            let claimed = Signed(document: letter, key: other, signature: signed.signature)
            #expect(throws: SignatureError.schemeMismatch) { try claimed.verified() }
        }
    }

    @Test("Keccak-256 is that of Ethereum")
    func keccak() throws {
        struct Entry: Decodable { let bytes, hash: String }
        for entry in try Vectors.load([Entry].self, "identity/keccak.json") {
            let bytes = try #require(Hex.decode(entry.bytes))
            #expect(Hex.encode(Keccak256.hash(bytes)) == entry.hash)
        }
    }

    @Test("Base64 for URLs has no padding, for every length", arguments: 0...66)
    func base64(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ 201) }
        let padded = Data(bytes).base64EncodedString()
        let expected = padded.replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=",
            with: ""
        )
        #expect(Base64URL.encode(bytes) == expected)
    }
}

@Suite("Several keys together")
struct KeyPolicyTests {
    private let letter = Letter(7)

    @Test("IDN-22: sign when enough of them have, in whatever order they came")
    func join() throws {
        let keys = (1...5).map { key(UInt8($0)) }
        let policy = try #require(KeyPolicy(threshold: 3, members: keys.map(\.publicKey)))
        let parts = keys.map { $0.sign(letter).signed }
        #expect(Signed.join(letter, policy: policy, parts: Array(parts.prefix(2))) == nil)
        #expect(Signed.join(letter, policy: policy, parts: [parts[0], parts[0], parts[1]]) == nil)
        for chosen in [[0, 1, 2], [4, 2, 0], [4, 3, 2, 1, 0]] {
            let joined = try #require(
                Signed.join(letter, policy: policy, parts: chosen.map { parts[$0] })
            )
            #expect(try joined.verified().key == policy.publicKey)
            let again = try Signed<Letter>(canonicalBytes: joined.canonicalBytes)
            #expect(again == joined)
        }
        #expect(policy.publicKey.signatureCount == 3)
        #expect(keys[0].publicKey.signatureCount == 1)
    }

    @Test("IDN-22: strangers and forgers do not count")
    func strangers() throws {
        let keys = (1...3).map { key(UInt8($0)) }
        let policy = try #require(KeyPolicy(threshold: 2, members: keys.map(\.publicKey)))
        let honest = keys[0].sign(letter).signed
        let stranger = key(9).sign(letter).signed
        let other = keys[1].sign(Letter(8)).signed
        let forged = Signed(
            document: letter,
            key: keys[1].publicKey,
            signature: stranger.signature
        )
        for bad in [stranger, other, forged] {
            #expect(Signed.join(letter, policy: policy, parts: [honest, bad]) == nil)
        }
        let good = keys[2].sign(letter).signed
        #expect(Signed.join(letter, policy: policy, parts: [forged, good, honest]) != nil)
    }

    @Test("IDN-21: are named in one order only, and keep their account")
    func order() throws {
        let keys = (1...4).map { key(UInt8($0)).publicKey }
        let one = try #require(KeyPolicy(threshold: 2, members: keys))
        let two = try #require(KeyPolicy(threshold: 2, members: keys.reversed()))
        #expect(one == two)
        #expect(one.publicKey.accountID == two.publicKey.accountID)
        #expect(KeyPolicy(one.publicKey) == one)
        let higher = try #require(KeyPolicy(threshold: 3, members: keys))
        #expect(higher.publicKey.accountID != one.publicKey.accountID)
        #expect(KeyPolicy(threshold: 2, members: keys + [keys[0]]) == nil)
        #expect(KeyPolicy(threshold: 0, members: keys) == nil)
        #expect(KeyPolicy(threshold: 5, members: keys) == nil)
        #expect(KeyPolicy(threshold: 1, members: []) == nil)
        #expect(KeyPolicy(threshold: 1, members: [one.publicKey]) == nil)
        #expect(KeyPolicy(keys[0]) == nil)
    }
}
