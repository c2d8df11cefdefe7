import CSodium
public import CanonicalCoding
public import MarketTypes

/// A document that exists to be signed, for exactly one purpose, on exactly one chain.
///
/// There is no function that signs bytes: a signer always knows what it signs. The purpose is
/// hashed in as a tag and the chain is a field of every document, so that a signature can never
/// be replayed as another kind of document or on another chain.
public protocol SignableDocument: CanonicalCodable, Hashable {
    /// The one purpose that signatures over this type serve.
    static var signingTag: DomainTag { get }

    /// Keys of which schemes may sign it: Ed25519 alone, unless the type says otherwise.
    static var signingSchemes: SigningSchemes { get }

    /// The chain on which the signature counts.
    var chain: ChainID { get }
}

extension SignableDocument {
    public static var signingSchemes: SigningSchemes { .ed25519 }

    /// What is signed: the tag and the canonical bytes, hashed together.
    ///
    /// It also names the document wherever another document refers to it.
    public var signingDigest: Digest { Digest(Self.signingTag, of: self) }
}

/// A document, the key that claims to have signed it, and the signature.
public struct Signed<Document: SignableDocument>: Hashable, Sendable {
    /// What was signed.
    public let document: Document
    /// The key that the signature is checked against; whether that key may sign is another rule.
    public let key: PublicKey
    /// The signature over the document's signing digest.
    public let signature: Signature

    /// Joins the parts; nothing is checked.
    public init(document: Document, key: PublicKey, signature: Signature) {
        self.document = document
        self.key = key
        self.signature = signature
    }

    /// Checks the signature.
    ///
    /// - Throws: ``SignatureError`` if keys of this scheme may not sign such a document, or the
    ///   signature does not verify.
    public func verified() throws(SignatureError) -> Verified<Document> {
        guard Document.signingSchemes.contains(key.scheme) else { throw .unsupportedScheme }
        let digest = document.signingDigest
        try key.verify(signature, of: digest, for: Document.signingTag)
        return Verified(signed: self, digest: digest)
    }
}

/// A signed document whose signature was checked: the only form that rules accept.
///
/// It can be made in two ways, by checking and by signing, so that a signature is checked once,
/// in parallel with others, and never again.
public struct Verified<Document: SignableDocument>: Hashable, Sendable {
    /// The document with its key and signature.
    public let signed: Signed<Document>
    /// The document's signing digest, already computed.
    public let digest: Digest

    fileprivate init(signed: Signed<Document>, digest: Digest) {
        self.signed = signed
        self.digest = digest
    }

    /// What was signed.
    public var document: Document { signed.document }
    /// The key that signed it.
    public var key: PublicKey { signed.key }
}

extension SigningKey {
    /// Signs `document` for its one purpose, on the chain it names.
    public func sign<Document: SignableDocument>(_ document: Document) -> Verified<Document> {
        let digest = document.signingDigest
        let signed = Signed(
            document: document,
            key: publicKey,
            signature: signature(over: digest)
        )
        return Verified(signed: signed, digest: digest)
    }
}

extension Signed: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(document)
        encoder.encode(key)
        encoder.encode(signature)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        document = try Document(from: &decoder)
        key = try PublicKey(from: &decoder)
        signature = try Signature(from: &decoder)
    }
}

extension PublicKey {
    /// Checks `signature` over a document's signing digest.
    ///
    /// - Throws: ``SignatureError``.
    func verify(
        _ signature: Signature,
        of digest: Digest,
        for purpose: DomainTag
    ) throws(SignatureError) {
        guard signature.scheme == scheme else { throw .schemeMismatch }
        let isValid =
            switch scheme {
            case .ed25519: isSignedPlainly(digest, signature.bytes)
            case .p256WebAuthn:
                WebAuthnAssertion(bytes: signature.bytes)?.isSigned(by: bytes, over: digest)
                    ?? false
            case .secp256k1:
                EthereumSignature(bytes: signature.bytes)?
                    .isSigned(by: bytes, over: digest, for: purpose) ?? false
            case .multisignature: isSignedTogether(digest, signature, for: purpose)
            }
        guard isValid else { throw .invalidSignature }
    }

    private func isSignedPlainly(_ digest: Digest, _ signature: [UInt8]) -> Bool {
        guard signature.count == Int(crypto_sign_BYTES) else { return false }
        let message = digest.bytes
        return crypto_sign_verify_detached(signature, message, UInt64(message.count), bytes) == 0
    }

    private func isSignedTogether(
        _ digest: Digest,
        _ signature: Signature,
        for purpose: DomainTag
    ) -> Bool {
        guard let parts = KeyPolicy(self)?.parts(of: signature) else { return false }
        for part in parts {
            do throws(SignatureError) {
                try part.key.verify(part.signature, of: digest, for: purpose)
            } catch {
                return false
            }
        }
        return true
    }
}
