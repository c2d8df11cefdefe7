public import CanonicalCoding

/// So many of these keys: what a key of scheme 4 stands for.
///
/// The key's bytes are this policy's encoding, so an account that several hold together has an
/// address like any other, and the ledger learns who they are with their first transaction.
public struct KeyPolicy: Hashable, Sendable {
    /// The most members.
    public static let membersMax = 16
    static let bytesMin = 2 + 33
    static let bytesMax = 2 + membersMax * 34
    /// The bitmap, and each member's signature after its length.
    static let signatureBytesMax = 2 + membersMax * (4 + 2048)

    /// How many members must sign.
    public let threshold: Int
    /// Who may sign: distinct, ascending by scheme and bytes.
    public let members: [PublicKey]

    /// Creates a policy with the members in order, or returns nil if there are none or too many,
    /// two are the same, one is itself a policy, or the threshold is not from 1 to their number.
    public init?(threshold: Int, members: [PublicKey]) {
        let sorted = members.sorted { Self.precedes($0, $1) }
        guard (1...Self.membersMax).contains(sorted.count),
            (1...sorted.count).contains(threshold),
            sorted.allSatisfy({ $0.scheme != .multisignature }),
            zip(sorted, sorted.dropFirst()).allSatisfy({ Self.precedes($0, $1) })
        else { return nil }
        self.threshold = threshold
        self.members = sorted
    }

    /// The policy of a key of scheme 4, or nil.
    public init?(_ key: PublicKey) {
        guard key.scheme == .multisignature else { return nil }
        self.init(bytes: key.bytes)
    }

    init?(bytes: [UInt8]) {
        var decoder = CanonicalDecoder(bytes)
        do {
            try self.init(from: &decoder)
        } catch {
            return nil
        }
        guard decoder.isAtEnd else { return nil }
    }

    /// The key that stands for this policy.
    public var publicKey: PublicKey {
        var encoder = CanonicalEncoder()
        encode(into: &encoder)
        return PublicKey(policyBytes: encoder.bytes)
    }

    private static func precedes(_ one: PublicKey, _ other: PublicKey) -> Bool {
        one.scheme == other.scheme
            ? one.bytes.lexicographicallyPrecedes(other.bytes)
            : one.scheme.rawValue < other.scheme.rawValue
    }

    /// Joins the signatures of members, one place for each; as many as the threshold are kept.
    ///
    /// - Returns: nil if fewer have signed, or one of another scheme than its key's.
    public func join(_ signatures: [Signature?]) -> Signature? {
        guard signatures.count == members.count else { return nil }
        let places = members.indices.filter { signatures[$0] != nil }.prefix(threshold)
        guard places.count == threshold else { return nil }
        var encoder = CanonicalEncoder()
        encoder.encode(places.reduce(UInt16(0)) { $0 | 1 << UInt16($1) })
        for place in places {
            guard let signature = signatures[place], signature.scheme == members[place].scheme
            else { return nil }
            encoder.encode(bytes: signature.bytes)
        }
        return Signature(scheme: .multisignature, bytes: encoder.bytes)
    }

    /// The signatures in a signature of scheme 4, with the members they are of; nil unless exactly
    /// the threshold's number of members is named, each has one, and nothing follows.
    func parts(of signature: Signature) -> [(key: PublicKey, signature: Signature)]? {
        var decoder = CanonicalDecoder(signature.bytes)
        do throws(CanonicalError) {
            let bitmap = try decoder.decodeUInt16()
            guard bitmap.nonzeroBitCount == threshold, bitmap >> UInt16(members.count) == 0 else {
                return nil
            }
            var parts: [(key: PublicKey, signature: Signature)] = []
            for (place, member) in members.enumerated() where bitmap >> UInt16(place) & 1 == 1 {
                let max = member.scheme.signatureBytesMax
                let bytes = try decoder.decodeBytes(bytesMax: max)
                guard let part = Signature(scheme: member.scheme, bytes: bytes) else { return nil }
                parts.append((member, part))
            }
            return decoder.isAtEnd ? parts : nil
        } catch {
            return nil
        }
    }
}

extension KeyPolicy: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(UInt8(threshold))
        encoder.encode(UInt8(members.count))
        for member in members { encoder.encode(member) }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let threshold = Int(try decoder.decodeUInt8())
        let count = Int(try decoder.decodeUInt8())
        guard count <= Self.membersMax else { throw .tooLong }
        var members: [PublicKey] = []
        for _ in 0..<count {
            let scheme = try SignatureScheme(from: &decoder)
            guard !scheme.hasVariableKey else { throw .invalidValue }
            let bytes = Array(try decoder.decode(fixed: scheme.publicKeyBytes.lowerBound))
            guard let member = PublicKey(scheme: scheme, bytes: bytes) else { throw .invalidValue }
            members.append(member)
        }
        guard let policy = KeyPolicy(threshold: threshold, members: members),
            policy.members == members
        else { throw .invalidValue }
        self = policy
    }
}

extension Signed {
    /// Joins what members of a policy signed into what the policy's key signed.
    ///
    /// Signatures of strangers, and those that do not verify, are left out.
    ///
    /// - Returns: nil if fewer members have signed this document than the policy asks for.
    public static func join(
        _ document: Document,
        policy: KeyPolicy,
        parts: [Signed<Document>]
    ) -> Signed<Document>? {
        let digest = document.signingDigest
        var signatures = [Signature?](repeating: nil, count: policy.members.count)
        for part in parts where part.document == document {
            guard let place = policy.members.firstIndex(of: part.key) else { continue }
            do throws(SignatureError) {
                try part.key.verify(part.signature, of: digest, for: Document.signingTag)
                signatures[place] = part.signature
            } catch {
                continue
            }
        }
        guard let joined = policy.join(signatures) else { return nil }
        return Signed(document: document, key: policy.publicKey, signature: joined)
    }
}
