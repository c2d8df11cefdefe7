import CLibcrypto
public import MarketTypes

/// SHA-256 (FIPS 180-4), fed piece by piece.
public struct SHA256Hasher {
    private var state = SHA256_CTX()

    /// Creates a hasher that has seen nothing.
    public init() {
        stoa_sha256_init(&state)
    }

    /// Absorbs `bytes`.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        stoa_sha256_update(&state, bytes.baseAddress, bytes.count)
    }

    /// Absorbs `bytes`.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Absorbs the 32 bytes of `digest`.
    public mutating func update(_ digest: Digest) {
        let words = digest.words
        let raw = (
            words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian
        )
        withUnsafeBytes(of: raw) { update($0) }
    }

    /// Absorbs one byte.
    public mutating func update(_ byte: UInt8) {
        withUnsafeBytes(of: byte) { update($0) }
    }

    /// Returns the hash of everything absorbed; the hasher is spent afterwards.
    public mutating func finalize() -> Digest {
        var out: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &out) { raw in
            stoa_sha256_final(raw.bindMemory(to: UInt8.self).baseAddress, &state)
        }
        return Digest(
            words: (
                UInt64(bigEndian: out.0), UInt64(bigEndian: out.1), UInt64(bigEndian: out.2),
                UInt64(bigEndian: out.3)
            )
        )
    }
}

/// Why something is hashed or signed: each purpose has its own tag, so that bytes made for one
/// can never be taken for another.
public enum DomainTag: String, CaseIterable, Sendable {
    case account = "stoa/account/1"
    case asset = "stoa/asset/1"
    case assetTerms = "stoa/asset-terms/1"
    case blockHeader = "stoa/block-header/1"
    case channel = "stoa/channel/1"
    case chunk = "stoa/chunk/1"
    case consensusKeyProof = "stoa/consensus-key-proof/1"
    case dispute = "stoa/dispute/1"
    case disputeSeed = "stoa/dispute-seed/1"
    case escrow = "stoa/escrow/1"
    case fraudSubject = "stoa/fraud-subject/1"
    case genesis = "stoa/genesis/1"
    case jobTerms = "stoa/job-terms/1"
    case juryVote = "stoa/jury-vote/1"
    case keyPolicy = "stoa/key-policy/1"
    case laneQuery = "stoa/lane-query/1"
    case offer = "stoa/offer/1"
    case order = "stoa/order/1"
    case pass = "stoa/pass/1"
    case plan = "stoa/plan/1"
    case pool = "stoa/pool/1"
    case proposal = "stoa/proposal/1"
    case receipt = "stoa/receipt/1"
    case redemption = "stoa/redemption/1"
    case request = "stoa/request/1"
    case sale = "stoa/sale/1"
    case shareUnit = "stoa/share-unit/1"
    case stateKey = "stoa/state-key/1"
    case stateValue = "stoa/state-value/1"
    case transaction = "stoa/transaction/1"
    case transactionResult = "stoa/transaction-result/1"
    case unit = "stoa/unit/1"
    case voucher = "stoa/voucher/1"
}

extension Digest {
    /// Hashes `bytes` alone: for content whose identity must be the plain SHA-256, such as files.
    public init(sha256 bytes: [UInt8]) {
        var hasher = SHA256Hasher()
        hasher.update(bytes)
        self = hasher.finalize()
    }

    /// Hashes the tag's length, the tag and `bytes`.
    public init(_ tag: DomainTag, _ bytes: [UInt8]) {
        var hasher = SHA256Hasher(tag)
        hasher.update(bytes)
        self = hasher.finalize()
    }

    /// Hashes a document under its tag.
    public init(_ tag: DomainTag, of document: some CanonicalCodable) {
        self.init(tag, document.canonicalBytes)
    }
}

extension SHA256Hasher {
    /// Creates a hasher that has absorbed the length of `tag` in one byte, and `tag`.
    public init(_ tag: DomainTag) {
        self.init()
        var text = tag.rawValue
        text.withUTF8 { raw in
            update(UInt8(truncatingIfNeeded: raw.count))
            update(UnsafeRawBufferPointer(raw))
        }
    }
}
