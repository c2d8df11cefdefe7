import CanonicalCoding
public import Identity
public import MarketTypes

/// A key in somebody's authenticator, as it is stored; the same key holds the wallet.
public struct Passkey: Hashable, Sendable {
    /// The most passkeys of one user.
    public static let perUserMax = 16
    /// The longest name in bytes.
    public static let labelBytesMax = 64
    /// For how long a challenge may be answered, in milliseconds: five minutes.
    public static let challengeMilliseconds: UInt64 = 300_000
    /// How many random bytes a challenge has.
    public static let challengeBytesCount = 32

    /// The authenticator's name for it.
    public let credential: [UInt8]
    /// Whose it is.
    public let user: UserID
    /// The key, as the ledger knows it.
    public let key: PublicKey
    /// The authenticator's count of signatures; zero for those that do not count.
    public private(set) var counter: UInt32

    /// A passkey as it is stored.
    public init(credential: [UInt8], user: UserID, key: PublicKey, counter: UInt32) {
        self.credential = credential
        self.user = user
        self.key = key
        self.counter = counter
    }

    /// The account on the ledger that this key controls.
    public var account: AccountID { key.accountID }

    /// Takes the count of a sign-in.
    ///
    /// - Throws: ``PasskeyRefusal/counterWentBack`` unless both are zero or the new one is higher.
    mutating func count(_ next: UInt32) throws(PasskeyRefusal) {
        guard (next == 0 && counter == 0) || next > counter else { throw .counterWentBack }
        counter = next
    }
}

/// What a browser answers when it was asked to make a passkey.
public struct PasskeyCreation: Hashable, Sendable {
    /// The longest attestation object in bytes.
    public static let attestationBytesMax = 4096

    private let clientDataJSON: [UInt8]
    private let attestationObject: [UInt8]

    /// Takes the parts as the browser hands them out.
    public init(clientDataJSON: [UInt8], attestationObject: [UInt8]) {
        self.clientDataJSON = clientDataJSON
        self.attestationObject = attestationObject
    }

    /// Which challenge was answered, so that it can be looked up; nothing is checked yet.
    ///
    /// - Throws: ``PasskeyRefusal``.
    public func challenge() throws(PasskeyRefusal) -> [UInt8] {
        try ClientData(clientDataJSON, type: "webauthn.create").challenge
    }

    /// Checks the answer (WebAuthn Level 2, 7.1); the challenge was looked up before.
    ///
    /// - Throws: ``PasskeyRefusal``.
    public func passkey(of user: UserID, at party: RelyingParty) throws(PasskeyRefusal) -> Passkey {
        let client = try ClientData(clientDataJSON, type: "webauthn.create")
        guard party.allows(origin: client.origin) else { throw .otherOrigin }
        guard attestationObject.count <= Self.attestationBytesMax else { throw .malformed }
        var reader = CBORReader(attestationObject[...])
        guard case .map(let parts) = try? reader.item(), reader.isAtEnd, parts.count == 3,
            case .text(let format) = parts[text: "fmt"],
            case .map(let statement) = parts[text: "attStmt"],
            case .bytes(let data) = parts[text: "authData"]
        else { throw .malformed }
        let authenticator = try AuthenticatorData(Array(data), party: party, isCreation: true)
        guard let attested = authenticator.attested,
            let key = PublicKey(scheme: .p256WebAuthn, bytes: attested.key.compressed)
        else { throw .unsupportedKey }
        try checkAttestation(format, statement, Array(data), attested.key)
        return Passkey(
            credential: attested.credential,
            user: user,
            key: key,
            counter: authenticator.counter
        )
    }

    /// No attestation is asked for; authenticators without a maker's key may sign with the new one.
    private func checkAttestation(
        _ format: String,
        _ statement: [CBORReader.Pair],
        _ data: [UInt8],
        _ key: P256Key
    ) throws(PasskeyRefusal) {
        if format == "none", statement.isEmpty { return }
        guard format == "packed", statement.count == 2, statement[text: "alg"] == .negative(6),
            case .bytes(let der) = statement[text: "sig"],
            // Only the signature is of interest: it is brought from DER into r and s.
            let parts = WebAuthnAssertion(
                authenticatorData: [],
                clientDataJSON: [],
                derSignature: Array(der)
            ),
            key.isValid(parts.signature, of: data + Digest(sha256: clientDataJSON).bytes)
        else { throw .unsupportedAttestation }
    }
}

/// What a browser answers when it was asked to sign in.
public struct PasskeySignIn: Hashable, Sendable {
    /// Which passkey signed.
    public let credential: [UInt8]
    private let assertion: WebAuthnAssertion
    private let userHandle: [UInt8]?

    /// Takes the parts as the browser hands them out; nil if one is too long or no signature.
    public init?(
        credential: [UInt8],
        authenticatorData: [UInt8],
        clientDataJSON: [UInt8],
        derSignature: [UInt8],
        userHandle: [UInt8]?
    ) {
        guard (1...AuthenticatorData.credentialBytesMax).contains(credential.count),
            let assertion = WebAuthnAssertion(
                authenticatorData: authenticatorData,
                clientDataJSON: clientDataJSON,
                derSignature: derSignature
            )
        else { return nil }
        self.credential = credential
        self.assertion = assertion
        self.userHandle = userHandle
    }

    /// Which challenge was answered, so that it can be looked up; nothing is checked yet.
    ///
    /// - Throws: ``PasskeyRefusal``.
    public func challenge() throws(PasskeyRefusal) -> [UInt8] {
        try ClientData(assertion.clientDataJSON, type: "webauthn.get").challenge
    }

    /// Checks the answer (WebAuthn Level 2, 7.2); the challenge was looked up before.
    ///
    /// - Returns: the passkey with its new count.
    /// - Throws: ``PasskeyRefusal``.
    public func check(
        _ passkey: Passkey,
        at party: RelyingParty
    ) throws(PasskeyRefusal) -> Passkey {
        let client = try ClientData(assertion.clientDataJSON, type: "webauthn.get")
        guard party.allows(origin: client.origin) else { throw .otherOrigin }
        let authenticator = try AuthenticatorData(
            assertion.authenticatorData,
            party: party,
            isCreation: false
        )
        guard userHandle == nil || userHandle == passkey.user.bytes else { throw .otherUser }
        let signed = assertion.authenticatorData + Digest(sha256: assertion.clientDataJSON).bytes
        guard let key = P256Key(compressed: passkey.key.bytes),
            key.isValid(assertion.signature, of: signed)
        else { throw .invalidSignature }
        var next = passkey
        try next.count(authenticator.counter)
        return next
    }
}
