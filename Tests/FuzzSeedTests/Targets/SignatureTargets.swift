import CanonicalCoding
import Foundation
import MarketTypes

@testable import Identity

extension FuzzTarget {
    /// What passkeys, wallets and several keys say they signed.
    static let accountSignatures: [FuzzTarget] = [.signatures, .browserSignatures]

    /// Signatures of every scheme that accounts have: a passkey's authenticator data and JSON, a
    /// wallet's text or typed data, a policy's bitmap.
    ///
    /// An input is the number of a golden entry, in two bytes, and a signature for it: nobody has
    /// the keys, so none holds but the golden ones.
    static let signatures = FuzzTarget(
        "signatures",
        bytesMax: 34 << 10,
        seeds: { GoldenSignatures.entries.map { $0.input } }
    ) { bytes in
        guard bytes.count >= 2, !GoldenSignatures.entries.isEmpty else { return false }
        let number = (Int(bytes[0]) << 8 | Int(bytes[1])) % GoldenSignatures.entries.count
        let entry = GoldenSignatures.entries[number]
        let raw = Array(bytes.dropFirst(2))
        guard let key = entry.publicKey, let signature = Signature(scheme: key.scheme, bytes: raw)
        else { return false }
        let holds = (try? key.verify(signature, of: entry.digest, for: .transaction)) != nil
        if holds { try require(entry.valid.contains(raw), "a signature that nobody made") }
        if let assertion = WebAuthnAssertion(bytes: raw) {
            try require(assertion.wrapped?.bytes == raw, "an assertion has two encodings")
        }
        return holds
    }

    /// A signature as browsers hand it out, in DER: what is read has 64 bytes and one encoding.
    static let browserSignatures = FuzzTarget(
        "browser-signatures",
        bytesMax: 1 << 10,
        seeds: {
            try GoldenInputs.strings("der", in: "identity/schemes.json")
                .compactMap { Hex.decode($0) }
        }
    ) { bytes in
        let assertion = WebAuthnAssertion(
            authenticatorData: [],
            clientDataJSON: [],
            derSignature: bytes
        )
        guard let assertion else { return false }
        try require(assertion.signature.count == 64, "a signature of another size")
        let wrapped = assertion.wrapped
        try require(wrapped != nil, "an assertion that cannot be written")
        let again = wrapped.flatMap { WebAuthnAssertion(bytes: $0.bytes) }
        try require(again == assertion, "an assertion that reads as another")
        return true
    }
}

/// The entries of `identity/schemes.json`, by key and digest.
private enum GoldenSignatures {
    struct Entry: Sendable {
        let scheme: UInt8
        let key: [UInt8]
        let digest: Digest
        let number: Int
        let signature: [UInt8]
        /// The signatures that hold for this key and digest.
        var valid: [[UInt8]]

        var publicKey: PublicKey? {
            SignatureScheme(rawValue: scheme).flatMap { PublicKey(scheme: $0, bytes: key) }
        }
        var input: [UInt8] { [UInt8(number >> 8), UInt8(number & 255)] + signature }
    }

    private struct Document: Decodable {
        struct Entry: Decodable {
            let scheme: UInt8
            let key, digest, signature: String
            let valid: Bool
        }
        let signatures: [Entry]
    }

    static let entries: [Entry] = {
        guard let bytes = try? GoldenInputs.contents("identity/schemes.json"),
            let document = try? JSONDecoder().decode(Document.self, from: Data(bytes))
        else { return [] }
        var found: [Entry] = []
        for (number, entry) in document.signatures.enumerated() {
            guard let key = Hex.decode(entry.key), let digest = Digest(hex: entry.digest),
                let signature = Hex.decode(entry.signature)
            else { continue }
            let valid = document.signatures.filter {
                $0.valid && $0.key == entry.key && $0.digest == entry.digest
            }
            found.append(
                Entry(
                    scheme: entry.scheme,
                    key: key,
                    digest: digest,
                    number: number,
                    signature: signature,
                    valid: valid.compactMap { Hex.decode($0.signature) }
                )
            )
        }
        return found
    }()
}
