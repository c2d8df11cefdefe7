import AccessCore
import AccessStore
import HTTPTypes
import Hummingbird
import Identity
import MarketTypes
import NIOCore
import OpenAIWire

/// Signing in and out with passkeys, in the JSON of `PublicKeyCredential.toJSON()` and
/// `parseCreationOptionsFromJSON()` (WebAuthn Level 3, 5.1).
struct PasskeyRoutes: Sendable {
    static let prefix = "/auth"
    private static let bodyBytesMax = 16 << 10

    private let door: AccessDoor

    init(_ door: AccessDoor) {
        self.door = door
    }

    func addRoutes(to router: Router<WebContext>) {
        let group = router.group(RouterPath(Self.prefix))
        group.post("passkeys/create/begin") { try await beginCreation($0, $1) }
        group.post("passkeys/create/finish") { try await finishCreation($0, $1) }
        group.post("sign-in/begin") { try await beginSignIn($0, $1) }
        group.post("sign-in/finish") { try await finishSignIn($0, $1) }
        group.post("sign-out") { try await signOut($0, $1) }
        group.get("session") { try await session($0, $1) }
    }

    private func beginCreation(_ request: Request, _ context: WebContext) async throws -> Response {
        try await guardDoor(request, context)
        let object = try await body(request)
        let signedIn = context.caller.flatMap { $0.proof == .session ? $0.user : nil }
        if let signedIn, let session = context.session {
            // Whoever found an open browser must not leave a key of their own behind.
            try await door.database.requireFresh(session, of: signedIn, at: door.now())
        }
        guard let name = try object.string("name") else {
            throw Problem.invalid("The name is missing", at: "#/name")
        }
        let offer = try await door.passkeys.beginCreation(
            name: name,
            for: signedIn,
            at: door.now()
        )
        return Self.json { creationOptions(offer, &$0) }
    }

    private func creationOptions(_ offer: PasskeyOffer, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.key("rp")
            writer.object { writer in
                writer.member("id", door.passkeys.party.id)
                writer.member("name", "Stoa")
            }
            writer.key("user")
            writer.object { writer in
                writer.member("id", URLBase64.encode(offer.user.bytes))
                writer.member("name", offer.name)
                writer.member("displayName", offer.name)
            }
            writer.member("challenge", URLBase64.encode(offer.challenge))
            writer.key("pubKeyCredParams")
            writer.array { writer in
                writer.object { writer in
                    writer.member("type", "public-key")
                    writer.key("alg")
                    writer.raw("-7".utf8)
                }
            }
            writer.member("timeout", Passkey.challengeMilliseconds)
            writer.key("excludeCredentials")
            writer.array { writer in
                for credential in offer.existing {
                    writer.object { writer in
                        writer.member("type", "public-key")
                        writer.member("id", URLBase64.encode(credential))
                    }
                }
            }
            writer.key("authenticatorSelection")
            writer.object { writer in
                writer.member("residentKey", "required")
                writer.member("requireResidentKey", true)
                writer.member("userVerification", "required")
            }
            writer.member("attestation", "none")
        }
    }

    private func finishCreation(
        _ request: Request,
        _ context: WebContext
    ) async throws -> Response {
        try await guardDoor(request, context)
        let response = try await credential(request).response
        let creation = PasskeyCreation(
            clientDataJSON: try Self.bytes(response, "clientDataJSON", 2_048),
            attestationObject: try Self.bytes(response, "attestationObject", 8_192)
        )
        let signedIn = try await door.passkeys.finishCreation(
            creation,
            source: context.source,
            at: door.now()
        )
        return welcome(signedIn)
    }

    private func beginSignIn(_ request: Request, _ context: WebContext) async throws -> Response {
        try await guardDoor(request, context)
        let challenge = try await door.passkeys.beginSignIn(at: door.now())
        return Self.json { writer in
            writer.object { writer in
                writer.member("rpId", door.passkeys.party.id)
                writer.member("challenge", URLBase64.encode(challenge))
                writer.member("timeout", Passkey.challengeMilliseconds)
                writer.key("allowCredentials")
                writer.array { _ in }
                writer.member("userVerification", "required")
            }
        }
    }

    private func finishSignIn(_ request: Request, _ context: WebContext) async throws -> Response {
        try await guardDoor(request, context)
        let (id, response) = try await credential(request)
        let handle = try response.string("userHandle")
        guard
            let answer = PasskeySignIn(
                credential: id,
                authenticatorData: try Self.bytes(response, "authenticatorData", 1_024),
                clientDataJSON: try Self.bytes(response, "clientDataJSON", 2_048),
                derSignature: try Self.bytes(response, "signature", 128),
                userHandle: handle.map { URLBase64.decode($0, bytesMax: 64) ?? [] }
            )
        else { throw PasskeyRefusal.malformed }
        let signedIn = try await door.passkeys.finishSignIn(
            answer,
            source: context.source,
            at: door.now()
        )
        return welcome(signedIn)
    }

    private func signOut(_ request: Request, _ context: WebContext) async throws -> Response {
        if let session = context.session {
            try await door.database.endSession(session, source: context.source, at: door.now())
        }
        var response = Response(status: .noContent)
        response.headers[.setCookie] = door.configuration.endedCookie
        return response
    }

    private func session(_ request: Request, _ context: WebContext) async throws -> Response {
        guard let caller = context.caller else { throw Problem.unauthenticated }
        let user = try await door.database.user(caller.user)
        return Self.json { writer in
            writer.object { writer in
                writer.member("user", "\(caller.user)")
                writer.member("name", user?.name)
                writer.member("organisation", "\(caller.organisation)")
                writer.member("account", caller.account?.description)
                writer.member("scopes", caller.scopes.description)
                if let session = context.session {
                    let token = session.crossSiteToken(for: caller.organisation)
                    writer.member("csrfToken", token)
                }
            }
        }
    }

    /// Nobody is signed in as another by a page of another site, and nobody tries without end.
    private func guardDoor(_ request: Request, _ context: WebContext) async throws {
        guard door.configuration.isSameSite(request, whenUnsaid: true) else {
            throw Problem.crossSite
        }
        let bucket = "signin:" + AddressBucket.name(of: context.source)
        let use = BucketUse(bucket, door.configuration.signInRate)
        let decisions = try await door.limits.take([use], at: door.now())
        if let last = decisions.last, !last.isAllowed { throw RateFields.refusal(decisions) }
    }

    private func welcome(_ signedIn: SignedIn) -> Response {
        // Whoever signs in acts for themselves at first.
        let token = signedIn.token.crossSiteToken(for: OrganisationID(of: signedIn.user))
        var response = Self.json { writer in
            writer.object { writer in
                writer.member("user", "\(signedIn.user)")
                writer.member("account", "\(signedIn.account)")
                writer.member("csrfToken", token)
            }
        }
        response.headers[.setCookie] = door.configuration.cookie(of: signedIn.token)
        return response
    }

    private func body(_ request: Request) async throws -> JSONObject {
        var request = request
        let buffer = try await request.collectBody(upTo: Self.bodyBytesMax)
        do throws(JSONRefusal) {
            return try JSONObject(Array(buffer.readableBytesView))
        } catch {
            throw Problem.invalid("The body is not JSON: \(error.message)", at: "#")
        }
    }

    private func credential(
        _ request: Request
    ) async throws -> (id: [UInt8], response: JSONObject) {
        let object = try await body(request)
        guard try object.string("type") == "public-key", let id = try object.string("rawId"),
            let bytes = URLBase64.decode(id, bytesMax: 1_024),
            let response = try object.object("response")
        else { throw PasskeyRefusal.malformed }
        return (bytes, response)
    }

    private static func bytes(
        _ object: JSONObject,
        _ name: String,
        _ bytesMax: Int
    ) throws -> [UInt8] {
        guard let text = try object.string(name),
            let bytes = URLBase64.decode(text, bytesMax: bytesMax)
        else { throw PasskeyRefusal.malformed }
        return bytes
    }

    private static func json(_ body: (inout JSONWriter) -> Void) -> Response {
        Response(json: body)
    }
}

extension Problem {
    static func invalid(_ detail: String, at pointer: String) -> Problem {
        Problem(
            .badRequest,
            "invalid_request",
            detail + ".",
            faults: [Fault(detail, at: pointer)]
        )
    }
}

extension Response {
    /// An answer in JSON that nobody stores.
    init(json body: (inout JSONWriter) -> Void, status: HTTPResponse.Status = .ok) {
        var writer = JSONWriter(capacityBytes: 512)
        body(&writer)
        self.init(
            status: status,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: writer.bytes))
        )
    }
}

extension DoorConfiguration {
    /// What a browser keeps of a session.
    func cookie(of token: SessionToken) -> String {
        "\(cookieName)=\(token.text); Path=/; HttpOnly; SameSite=Lax; "
            + "Max-Age=\(WebSession.lifeMilliseconds / 1000)\(isTLS ? "; Secure" : "")"
    }

    /// What makes a browser forget it.
    public var endedCookie: String {
        "\(cookieName)=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0\(isTLS ? "; Secure" : "")"
    }
}
