import CanonicalCoding
import MarketTypes
import SettlementCore
import Testing

@testable import Identity

@Suite("Signatures")
struct SignatureTests {
    private let signed = key(1).sign(Note<AsVoucher>(7)).signed

    private func with(_ bytes: [UInt8]) throws -> Signed<Note<AsVoucher>> {
        let signature = try #require(Signature(scheme: .ed25519, bytes: bytes))
        return Signed(document: signed.document, key: signed.key, signature: signature)
    }

    @Test("IDN-6: a voucher is signed with Ed25519, and nothing else is looked at")
    func reserved() throws {
        for scheme in [SignatureScheme.p256WebAuthn, .secp256k1] {
            let other = try #require(
                PublicKey(scheme: scheme, bytes: [UInt8](repeating: 2, count: 33))
            )
            let claimed = Signed(
                document: signed.document,
                key: other,
                signature: signed.signature
            )
            #expect(throws: SignatureError.unsupportedScheme) { try claimed.verified() }
            let same = try #require(Signature(scheme: scheme, bytes: signed.signature.bytes))
            let both = Signed(document: signed.document, key: other, signature: same)
            #expect(throws: SignatureError.unsupportedScheme) { try both.verified() }
            let mixed = Signed(document: signed.document, key: signed.key, signature: same)
            #expect(throws: SignatureError.schemeMismatch) { try mixed.verified() }
        }
    }

    @Test("IDN-5: a signature with any bit changed is refused")
    func tamperedSignature() throws {
        for place in 0..<64 {
            for bit in 0..<8 {
                var bytes = signed.signature.bytes
                bytes[place] ^= 1 << bit
                let wrong = try with(bytes)
                #expect(throws: SignatureError.invalidSignature) { try wrong.verified() }
            }
        }
    }

    @Test("IDN-5: a signature of another length is refused", arguments: [0, 1, 32, 63])
    func shortSignature(_ count: Int) throws {
        let wrong = try with(Array(signed.signature.bytes.prefix(count)))
        #expect(throws: SignatureError.invalidSignature) { try wrong.verified() }
        #expect(Signature(scheme: .ed25519, bytes: [UInt8](repeating: 0, count: 65)) == nil)
    }

    @Test("IDN-5: S plus the group order, the same signature to a careless check, is refused")
    func malleable() throws {
        let order: [UInt8] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9,
            0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ]
        var bytes = signed.signature.bytes
        var carry: UInt16 = 0
        for index in 0..<32 {
            let sum = UInt16(bytes[32 + index]) + UInt16(order[index]) + carry
            bytes[32 + index] = UInt8(sum & 0xff)
            carry = sum >> 8
        }
        #expect(carry == 0)
        let wrong = try with(bytes)
        #expect(throws: SignatureError.invalidSignature) { try wrong.verified() }
    }

    @Test("IDN-5: keys and points of small order sign nothing")
    func smallOrder() throws {
        var one = [UInt8](repeating: 0, count: 32)
        one[0] = 1
        let zero = [UInt8](repeating: 0, count: 32)
        var minusOne = [UInt8](repeating: 0xff, count: 32)
        minusOne[0] = 0xec
        minusOne[31] = 0x7f
        for point in [one, zero, minusOne] {
            let key = try #require(PublicKey(scheme: .ed25519, bytes: point))
            for first in [one, zero, minusOne] {
                let signature = try #require(Signature(scheme: .ed25519, bytes: first + zero))
                let forged = Signed(
                    document: signed.document,
                    key: key,
                    signature: signature
                )
                #expect(throws: SignatureError.invalidSignature) { try forged.verified() }
            }
        }
    }

    @Test("a key with any bit changed is refused")
    func tamperedKey() throws {
        for place in 0..<32 {
            for bit in 0..<8 {
                var bytes = signed.key.bytes
                bytes[place] ^= 1 << bit
                let other = try #require(PublicKey(scheme: .ed25519, bytes: bytes))
                let wrong = Signed(
                    document: signed.document,
                    key: other,
                    signature: signed.signature
                )
                #expect(throws: SignatureError.invalidSignature) { try wrong.verified() }
            }
        }
    }

    @Test("IDN-4: a signature counts for one document on one chain")
    func tamperedDocument() {
        for note in [Note<AsVoucher>(8), Note<AsVoucher>(7, chain: 2)] {
            let wrong = Signed(document: note, key: signed.key, signature: signed.signature)
            #expect(throws: SignatureError.invalidSignature) { try wrong.verified() }
        }
    }

    @Test("IDN-1: a voucher's signature is not a receipt's, even over the same bytes")
    func wrongPurpose() throws {
        let receipt = Note<AsReceipt>(7)
        #expect(receipt.canonicalBytes == signed.document.canonicalBytes)
        #expect(receipt.signingDigest != signed.document.signingDigest)
        let wrong = Signed(document: receipt, key: signed.key, signature: signed.signature)
        #expect(throws: SignatureError.invalidSignature) { try wrong.verified() }
    }

    @Test("a key of another length than its scheme's is refused")
    func keyLength() {
        for scheme in SignatureScheme.allCases {
            for count in [0, 31, 32, 33, 34, 64, 547]
            where !scheme.publicKeyBytes.contains(count) {
                let bytes = [UInt8](repeating: 2, count: count)
                #expect(PublicKey(scheme: scheme, bytes: bytes) == nil)
            }
        }
    }

    @Test("a seed of another length than 32 bytes makes no key", arguments: [0, 31, 33, 64])
    func seedLength(_ count: Int) {
        #expect(SigningKey(seed: [UInt8](repeating: 1, count: count)) == nil)
    }

    @Test("IDN-3: keys, digests and signatures are the golden ones")
    func golden() throws {
        for vector in try Vectors.load([SignatureVector].self, "identity/signatures.json") {
            switch vector.type {
            case "Voucher": try check(vector, as: Voucher.self)
            case "Receipt": try check(vector, as: Receipt.self)
            default:
                let digest = try #require(Digest(hex: vector.digest))
                try check(vector, digest: digest)
            }
        }
    }

    private func check<Document: SignableDocument>(
        _ vector: SignatureVector,
        as type: Document.Type
    ) throws {
        let bytes = try #require(Hex.decode(vector.bytes))
        let document = try Document(canonicalBytes: bytes)
        #expect(document.signingDigest.description == vector.digest)
        try check(vector, digest: document.signingDigest)
        let whole = try #require(Hex.decode(vector.signed))
        let signed = try Signed<Document>(canonicalBytes: whole)
        #expect(try signed.verified().document == document)
        #expect(signed.canonicalBytes == whole)
    }

    private func check(_ vector: SignatureVector, digest: Digest) throws {
        let seed = try #require(Hex.decode(vector.seed))
        let key = try #require(SigningKey(seed: seed))
        #expect(Hex.encode(key.publicKey.bytes) == vector.publicKey)
        #expect(key.accountID.digest.description == vector.account)
        #expect(key.accountID.description == vector.address)
        #expect(Hex.encode(key.signature(over: digest).bytes) == vector.signature)
    }

    @Test("two fresh keys differ, and each verifies what it signs")
    func fresh() throws {
        let keys = try (0..<2).map { _ in try #require(SigningKey.generate()) }
        #expect(keys[0].publicKey != keys[1].publicKey)
        for key in keys {
            let signed = key.sign(Note<AsReceipt>(1)).signed
            #expect(try signed.verified().key == key.publicKey)
        }
    }

    @Test("codes are distinct and count from 1")
    func codes() {
        let all: [SignatureError] = [.unsupportedScheme, .schemeMismatch, .invalidSignature]
        #expect(all.map(\.code) == [1, 2, 3])
    }
}
