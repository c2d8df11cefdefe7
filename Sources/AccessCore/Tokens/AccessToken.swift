public import MarketTypes

/// Why a token lets nobody in, in order of precedence.
public enum TokenRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// The text is no token of this market's form.
    case malformed = 1
    /// It was signed with a key that is not one of this market's, or not any more.
    case unknownKey = 2
    /// The signature does not verify.
    case invalidSignature = 3
    /// It was issued by, or for, somebody else.
    case otherParty = 4
    /// It was issued in the future.
    case notYet = 5
    /// Its time is over.
    case expired = 6
    /// It was revoked, or whoever it stands for is no member any more.
    case revoked = 7

    /// The number for the wire; append-only.
    public var code: UInt32 { rawValue }
}

/// How tokens are signed; the names are those of RFC 7518 and RFC 8037.
public enum TokenAlgorithm: String, CaseIterable, Hashable, Sendable {
    /// Ed25519.
    case edDSA = "EdDSA"
    /// ECDSA over P-256 with SHA-256.
    case es256 = "ES256"
}

/// A public key that checks tokens, and until when.
public struct TokenKey: Hashable, Sendable {
    /// For how long a key signs, in milliseconds: thirty days.
    public static let signingMilliseconds: UInt64 = 30 * 86_400_000
    /// How long before it signs it is published, and after it signed it is kept, in milliseconds:
    /// a day, so that whoever keeps a copy of the published keys has it in time.
    public static let overlapMilliseconds: UInt64 = 86_400_000

    /// Its name in tokens.
    public let id: String
    /// How it signs: a key has one algorithm, whatever a token says.
    public let algorithm: TokenAlgorithm
    /// Ed25519's 32 bytes, or P-256's compressed point.
    public let bytes: [UInt8]
    /// From when it signs.
    public let signsFrom: Timestamp
    /// Until when it signs.
    public let signsUntil: Timestamp
    /// Until when what it signed counts.
    public let verifiesUntil: Timestamp

    /// A key as it is stored.
    public init(
        id: String,
        algorithm: TokenAlgorithm,
        bytes: [UInt8],
        signsFrom: Timestamp,
        signsUntil: Timestamp,
        verifiesUntil: Timestamp
    ) {
        self.id = id
        self.algorithm = algorithm
        self.bytes = bytes
        self.signsFrom = signsFrom
        self.signsUntil = signsUntil
        self.verifiesUntil = verifiesUntil
    }

    /// Whether it signs now.
    public func signs(at now: Timestamp) -> Bool { signsFrom <= now && now < signsUntil }

    /// The first part of every token that this key signs.
    var header: String {
        let text = "{\"alg\":\"\(algorithm.rawValue)\",\"kid\":\"\(id)\",\"typ\":\"at+jwt\"}"
        return URLBase64.encode(text.utf8)
    }

    func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        switch algorithm {
        case .edDSA: Ed25519.isValid(signature, of: message, key: bytes)
        case .es256: P256Key(compressed: bytes)?.isValid(signature, of: message) ?? false
        }
    }

    /// The key as a JSON Web Key (RFC 7517).
    public var jwk: String {
        let head = "\"alg\":\"\(algorithm.rawValue)\",\"kid\":\"\(id)\",\"use\":\"sig\""
        switch algorithm {
        case .edDSA:
            let x = URLBase64.encode(bytes)
            return "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"\(x)\",\(head)}"
        case .es256:
            let point = P256Key(compressed: bytes)?.coordinates
            let (x, y) = (point?.x ?? [], point?.y ?? [])
            return "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\(URLBase64.encode(x))\","
                + "\"y\":\"\(URLBase64.encode(y))\",\(head)}"
        }
    }
}

/// What an access token says (RFC 9068): who may do what, until when.
public struct AccessToken: Hashable, Sendable {
    /// For how long a token counts, in seconds: ten minutes.
    public static let lifeSeconds: UInt64 = 600
    /// How far clocks may differ, in seconds.
    public static let skewSeconds: UInt64 = 30
    /// The longest token in bytes.
    public static let bytesMax = 2_048

    /// Who issued it, and for whom it is: the market's address.
    public let issuer: String
    /// Who acts.
    public let user: UserID
    /// On whose behalf.
    public let organisation: OrganisationID
    /// Through which client.
    public let client: String
    /// What it may do.
    public let scopes: ScopeSet
    /// The grant that it came from.
    public let family: TokenFamilyID
    /// When it was issued, in seconds since 1970.
    public let issued: UInt64

    /// Says who may do what.
    public init(
        issuer: String,
        user: UserID,
        organisation: OrganisationID,
        client: String,
        scopes: ScopeSet,
        family: TokenFamilyID,
        at now: Timestamp
    ) {
        self.issuer = issuer
        self.user = user
        self.organisation = organisation
        self.client = client
        self.scopes = scopes
        self.family = family
        issued = now.milliseconds / 1000
    }

    /// Until when it counts, in seconds since 1970.
    public var expires: UInt64 { issued + Self.lifeSeconds }

    /// Header and claims: what is signed.
    ///
    /// - Parameter nonce: what makes it different from every other token.
    public func signingInput(key: TokenKey, nonce: [UInt8]) -> String {
        key.header + "." + URLBase64.encode(claims(nonce: URLBase64.encode(nonce)).utf8)
    }

    private func claims(nonce: String) -> String {
        let texts = [
            ("iss", issuer), ("aud", issuer), ("sub", user.description),
            ("org", organisation.description), ("client_id", client),
            ("scope", scopes.description), ("grant", family.description), ("jti", nonce),
        ]
        let members = texts.map { "\"\($0.0)\":\"\($0.1)\"" }
        return "{" + members.joined(separator: ",") + ",\"iat\":\(issued),\"exp\":\(expires)}"
    }

    /// Checks a token of this market; only the form that the market writes is read.
    ///
    /// - Parameters:
    ///   - keys: the market's own; the token's first part must be exactly that of one of them, so
    ///     that no token chooses how it is checked.
    /// - Throws: ``TokenRefusal``.
    public init(
        _ text: String,
        keys: [TokenKey],
        issuer: String,
        at now: Timestamp
    ) throws(TokenRefusal) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.bytesMax, parts.count == 3,
            let signature = URLBase64.decode(parts[2], bytesMax: 64),
            let payload = URLBase64.decode(parts[1], bytesMax: Self.bytesMax)
        else { throw .malformed }
        let known = keys.first { $0.header == parts[0] && now < $0.verifiesUntil }
        guard let known else { throw .unknownKey }
        let message = Array("\(parts[0]).\(parts[1])".utf8)
        guard known.isValid(signature, of: message) else { throw .invalidSignature }
        guard let token = Self.read(String(decoding: payload, as: UTF8.self)) else {
            throw .malformed
        }
        self = token
        guard token.issuer == issuer else { throw .otherParty }
        let seconds = now.milliseconds / 1000
        guard token.issued <= seconds + Self.skewSeconds else { throw .notYet }
        guard seconds < token.expires + Self.skewSeconds else { throw .expired }
    }

    /// Reads claims that this market wrote: whatever it reads must write back the same.
    private static func read(_ text: String) -> AccessToken? {
        func member(_ name: String) -> String? {
            let head = "\"\(name)\":\""
            guard let start = text.firstRange(of: head)?.upperBound else { return nil }
            return String(text[start...].prefix { $0 != "\"" })
        }
        guard let start = text.firstRange(of: "\"iat\":")?.upperBound,
            let issued = UInt64(text[start...].prefix { $0 != "," }), issued < 1 << 40,
            let issuer = member("iss"), let nonce = member("jti"),
            let user = member("sub").flatMap({ UserID(text: $0) }),
            let organisation = member("org").flatMap({ OrganisationID(text: $0) }),
            let client = member("client_id"),
            let scopes = member("scope").flatMap({ ScopeSet(text: $0) }),
            let family = member("grant").flatMap({ TokenFamilyID(text: $0) })
        else { return nil }
        let token = AccessToken(
            issuer: issuer,
            user: user,
            organisation: organisation,
            client: client,
            scopes: scopes,
            family: family,
            at: Timestamp(milliseconds: issued * 1000)
        )
        return token.claims(nonce: nonce) == text ? token : nil
    }
}

/// Names a grant, and everything that was issued under it; 16 random bytes.
public struct TokenFamilyID: Hashable, Sendable, CustomStringConvertible {
    /// The name's bytes.
    public let bytes: [UInt8]
    /// The name as lower-case hex.
    public var description: String { Hex.encode(bytes) }

    /// Wraps 16 bytes; nil for another count.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads 32 lower-case hex digits; nil for anything else.
    public init?(text: String) {
        guard let bytes = Hex.decode(text), Hex.encode(bytes) == text else { return nil }
        self.init(bytes: bytes)
    }
}
