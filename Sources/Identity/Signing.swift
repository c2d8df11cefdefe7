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

    /// The chain on which the signature counts.
    var chain: ChainID { get }
}

extension SignableDocument {
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
    /// - Throws: ``SignatureError`` if the scheme is reserved or the signature does not verify.
    public func verified() throws(SignatureError) -> Verified<Document> {
        let digest = document.signingDigest
        try key.verify(signature, of: digest)
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
    func verify(_ signature: Signature, of digest: Digest) throws(SignatureError) {
        guard scheme == .ed25519 else { throw .unsupportedScheme }
        guard signature.scheme == scheme else { throw .schemeMismatch }
        guard signature.bytes.count == Int(crypto_sign_BYTES) else { throw .invalidSignature }
        let message = digest.bytes
        guard
            crypto_sign_verify_detached(signature.bytes, message, UInt64(message.count), bytes) == 0
        else { throw .invalidSignature }
    }
}
