import Identity
import MarketTypes
import Testing

@testable import AccessCore

/// Answers of authenticators, made by `python/tests/access_vectors.py`.
struct PasskeyVectors: Decodable, Sendable {
    struct Creation: Decodable, Sendable {
        let name, clientDataJSON, attestationObject: String
        let code: UInt32?
    }
    struct Answer: Decodable, Sendable {
        let name, authenticatorData, clientDataJSON, signature: String
        let code, counter, stored: UInt32?
    }
    let site, origin, challenge, credential, publicKey: String
    let created, refused: [Creation]
    let answers, denied: [Answer]
}

@Suite("ACC-20 to ACC-25: passkeys")
struct PasskeyTests {
    let vectors: PasskeyVectors
    let party: RelyingParty
    let user: UserID

    init() throws {
        vectors = try Vectors.load(PasskeyVectors.self, "access/passkeys.json")
        party = try #require(RelyingParty(id: vectors.site, origins: [vectors.origin]))
        user = try #require(UserID(bytes: bytes(16)))
    }

    private func creation(_ vector: PasskeyVectors.Creation) throws -> PasskeyCreation {
        PasskeyCreation(
            clientDataJSON: try decoded(vector.clientDataJSON),
            attestationObject: try decoded(vector.attestationObject)
        )
    }

    private func decoded(_ text: String) throws -> [UInt8] { try #require(Hex.decode(text)) }

    private func passkey(counter: UInt32 = 0) throws -> Passkey {
        let key = try #require(PublicKey(text: "2:" + vectors.publicKey))
        return Passkey(
            credential: try decoded(vectors.credential),
            user: user,
            key: key,
            counter: counter
        )
    }

    private func answer(
        _ vector: PasskeyVectors.Answer,
        userHandle: [UInt8]? = nil
    ) throws -> PasskeySignIn {
        let answer = PasskeySignIn(
            credential: try decoded(vectors.credential),
            authenticatorData: try decoded(vector.authenticatorData),
            clientDataJSON: try decoded(vector.clientDataJSON),
            derSignature: try decoded(vector.signature),
            userHandle: userHandle
        )
        return try #require(answer)
    }

    @Test("ACC-21: each wrong registration is refused for its reason")
    func refusedCreations() throws {
        #expect(vectors.refused.count >= 18)
        for vector in vectors.refused {
            let error = #expect(throws: PasskeyRefusal.self, "\(vector.name)") {
                try creation(vector).passkey(of: user, at: party)
            }
            #expect(error?.code == vector.code, "\(vector.name)")
        }
    }

    @Test("ACC-20: a registration gives the key that is the wallet")
    func creations() throws {
        for vector in vectors.created {
            let made = try creation(vector)
            #expect(try made.challenge() == Hex.decode(vectors.challenge))
            let passkey = try made.passkey(of: user, at: party)
            #expect(passkey.key.description == "2:" + vectors.publicKey, "\(vector.name)")
            #expect(Hex.encode(passkey.credential) == vectors.credential)
        }
    }

    @Test("ACC-21: no registration with a byte changed, cut or added says anything else")
    func mutations() throws {
        let vector = try #require(vectors.created.first)
        let right = try #require(Hex.decode(vector.attestationObject))
        let client = try #require(Hex.decode(vector.clientDataJSON))
        let expected = try creation(vector).passkey(of: user, at: party)
        for place in right.indices {
            for change in [UInt8(1), 0x20, 0x80, 0xFF] {
                var wrong = right
                wrong[place] ^= change
                let made = PasskeyCreation(clientDataJSON: client, attestationObject: wrong)
                guard let found = try? made.passkey(of: user, at: party) else { continue }
                // What is not bound: the authenticator's model, its count, a backup flag.
                let isKnown =
                    found.key == expected.key || found.credential == expected.credential
                #expect(isKnown, "byte \(place)")
            }
            let made = PasskeyCreation(
                clientDataJSON: client,
                attestationObject: Array(right[..<place])
            )
            #expect(throws: PasskeyRefusal.self) { try made.passkey(of: user, at: party) }
        }
    }

    @Test("ACC-23: each wrong sign-in is refused for its reason")
    func deniedAnswers() throws {
        #expect(vectors.denied.count >= 9)
        for vector in vectors.denied {
            let error = #expect(throws: PasskeyRefusal.self, "\(vector.name)") {
                try answer(vector).check(try passkey(counter: vector.stored ?? 0), at: party)
            }
            #expect(error?.code == vector.code, "\(vector.name)")
        }
        let right = try #require(vectors.answers.first)
        let other = bytes(16, seed: 9)
        #expect(throws: PasskeyRefusal.otherUser) {
            try answer(right, userHandle: other).check(try passkey(), at: party)
        }
    }

    @Test("ACC-22: a sign-in with the right key counts")
    func answers() throws {
        for vector in vectors.answers {
            let next = try answer(vector, userHandle: user.bytes).check(try passkey(), at: party)
            #expect(next.counter == vector.counter)
        }
    }

    @Test("ACC-24: a site is https and a domain, or this machine")
    func sites() throws {
        for (id, origin) in [
            ("market.example", "http://market.example"), ("market.example", "https://evil.example"),
            ("market.example", "https://evilmarket.example"),
            ("market.example", "https://market.example/"), ("", "https://a"), ("*", "https://*"),
            ("market.example", "https://market.example:"),
        ] {
            #expect(RelyingParty(id: id, origins: [origin]) == nil, "\(id) \(origin)")
        }
        let below = RelyingParty(id: "a.example", origins: ["https://m.a.example:8443"])
        #expect(below?.allows(origin: "https://m.a.example:8443") == true)
        #expect(below?.allows(origin: "https://a.example") == false)
        let local = RelyingParty.localhost
        #expect(local.allows(origin: "http://localhost:8080"))
        for origin in [
            "http://localhost.evil.example", "http://localhost:80.evil", "https://localhost",
            "http://127.0.0.1:8080", "http://localhost:", "null",
        ] {
            #expect(!local.allows(origin: origin), "\(origin)")
        }
    }
}
