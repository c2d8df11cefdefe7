import AccessCore
import AccessStore
import HTTPTypes
import Hummingbird
import MarketTypes
import NIOCore
import OpenAIWire

/// Tokens for programs: RFC 6749 with PKCE, RFC 7009, RFC 8414 and RFC 7517.
struct TokenRoutes: Sendable {
    static let tokenPath = "/oauth/token"
    static let revocationPath = "/oauth/revoke"
    static let authorizationPath = "/oauth/authorize"
    static let keysPath = "/.well-known/jwks.json"
    static let clientsPath = "/oauth/clients"

    private let door: AccessDoor
    private let issuer: TokenIssuer

    init(_ door: AccessDoor, issuer: TokenIssuer) {
        self.door = door
        self.issuer = issuer
    }

    func addRoutes(to router: Router<WebContext>) {
        router.get("/.well-known/oauth-authorization-server") { request, _ in
            metadata(door.configuration.issuer(for: request))
        }
        router.get(RouterPath(Self.keysPath)) { _, _ in
            let keys = try await issuer.keys(at: door.now()).map(\.jwk).joined(separator: ",")
            return Response(
                status: .ok,
                headers: [.contentType: "application/json", .cacheControl: "max-age=3600"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: "{\"keys\":[\(keys)]}"))
            )
        }
        router.post(RouterPath(Self.tokenPath)) { request, context in
            try await answering { try await token(request, context) }
        }
        router.post(RouterPath(Self.revocationPath)) { request, context in
            try await answering { try await revoke(request, context) }
        }
        router.get(RouterPath(Self.clientsPath)) { _, context in try await clients(context) }
        router.post(RouterPath(Self.clientsPath)) { try await register($0, $1) }
        router.delete(RouterPath(Self.clientsPath + "/:client")) { _, context in
            try await end(context)
        }
    }

    private func metadata(_ issuer: String) -> Response {
        Response(json: { writer in
            writer.object { writer in
                writer.member("issuer", issuer)
                writer.member("authorization_endpoint", issuer + Self.authorizationPath)
                writer.member("token_endpoint", issuer + Self.tokenPath)
                writer.member("revocation_endpoint", issuer + Self.revocationPath)
                writer.member("jwks_uri", issuer + Self.keysPath)
                for (name, texts) in [
                    ("scopes_supported", Scope.allCases.map(\.rawValue)),
                    ("response_types_supported", ["code"]),
                    ("response_modes_supported", ["query"]),
                    (
                        "grant_types_supported",
                        ["authorization_code", "client_credentials", "refresh_token"]
                    ),
                    ("token_endpoint_auth_methods_supported", Self.authenticationMethods),
                    ("revocation_endpoint_auth_methods_supported", Self.authenticationMethods),
                    ("code_challenge_methods_supported", ["S256"]),
                ] {
                    writer.key(name)
                    writer.array { writer in for text in texts { writer.string(text) } }
                }
                writer.member("authorization_response_iss_parameter_supported", true)
            }
        })
    }

    private static let authenticationMethods = [
        "client_secret_basic", "client_secret_post", "none",
    ]

    private func token(_ request: Request, _ context: WebContext) async throws -> Response {
        let form = try await form(request, context)
        let client = try await client(request, form)
        let (market, now) = (door.configuration.issuer(for: request), door.now())
        let issued: IssuedTokens
        switch form["grant_type"] {
        case "authorization_code":
            guard let code = form["code"], let verifier = form["code_verifier"] else {
                throw OAuthRefusal.invalidRequest
            }
            issued = try await issuer.redeem(
                code: code,
                client: client,
                redirect: form["redirect_uri"],
                verifier: verifier,
                issuer: market,
                source: context.source,
                at: now
            )
        case "refresh_token":
            guard let token = form["refresh_token"] else { throw OAuthRefusal.invalidRequest }
            issued = try await issuer.renew(
                token,
                client: client,
                scope: form["scope"],
                issuer: market,
                source: context.source,
                at: now
            )
        case "client_credentials":
            issued = try await issuer.issue(
                to: client,
                scope: form["scope"],
                issuer: market,
                source: context.source,
                at: now
            )
        case nil: throw OAuthRefusal.invalidRequest
        default: throw OAuthRefusal.unsupportedGrantType
        }
        return Response(json: { writer in
            writer.object { writer in
                writer.member("access_token", issued.access)
                writer.member("token_type", "Bearer")
                writer.member("expires_in", AccessToken.lifeSeconds)
                if let refresh = issued.refresh { writer.member("refresh_token", refresh) }
                writer.member("scope", issued.scopes.description)
            }
        })
    }

    private func revoke(_ request: Request, _ context: WebContext) async throws -> Response {
        let form = try await form(request, context)
        let client = try await client(request, form)
        guard let token = form["token"] else { throw OAuthRefusal.invalidRequest }
        try await issuer.revoke(
            token,
            client: client,
            issuer: door.configuration.issuer(for: request),
            source: context.source,
            at: door.now()
        )
        return Response(status: .ok, headers: [.cacheControl: "no-store"])
    }

    /// A person registers a client of their organisation.
    private func register(_ request: Request, _ context: WebContext) async throws -> Response {
        let caller = try context.requireSession()
        _ = try context.require(.writeKeys)
        var request = request
        let buffer = try await request.collectBody(upTo: FormFields.bytesMax)
        let object = try JSONObject(Array(buffer.readableBytesView))
        var redirects: [RedirectURI] = []
        let listed = try object.array("redirectURIs", countMax: OAuthClient.redirectsMax) ?? []
        for value in listed {
            let text = String(decoding: object.raw(value).dropFirst().dropLast(), as: UTF8.self)
            guard value.kind == .string, let redirect = RedirectURI(text) else {
                throw Problem.invalid("A redirect is not https or local", at: "#/redirectURIs")
            }
            redirects.append(redirect)
        }
        guard let name = try object.string("name"),
            let scopes = ScopeSet(text: try object.string("scope") ?? "")
        else { throw Problem.invalid("The name or the scope is missing", at: "#") }
        let made = try await door.database.registerClient(
            ClientRequest(
                name: name,
                redirects: redirects,
                scopes: scopes,
                isConfidential: try object.bool("confidential") ?? true
            ),
            by: caller,
            source: context.source,
            at: door.now()
        )
        return Response(
            json: { writer in
                writer.object { writer in
                    writer.member("clientId", made.client.id)
                    if let secret = made.secret { writer.member("clientSecret", secret) }
                }
            },
            status: .created
        )
    }

    /// The clients of the person's organisation that were not ended, without their secrets.
    private func clients(_ context: WebContext) async throws -> Response {
        let caller = try context.requireSession()
        _ = try context.require(.writeKeys)
        let clients = try await door.database.clients(of: caller.organisation)
        return Response(json: { writer in
            writer.object { writer in
                writer.key("clients")
                writer.array { writer in
                    for client in clients { Self.write(client, to: &writer) }
                }
            }
        })
    }

    private static func write(_ client: OAuthClient, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("clientId", client.id)
            writer.member("name", client.name)
            writer.member("scope", client.scopes.description)
            writer.member("confidential", client.secret != nil)
            writer.key("redirectURIs")
            writer.array { writer in
                for redirect in client.redirects { writer.string(redirect.text) }
            }
        }
    }

    /// A person ends a client of their organisation, and everything that was issued to it.
    private func end(_ context: WebContext) async throws -> Response {
        let caller = try context.requireSession()
        _ = try context.require(.writeKeys)
        let id = context.parameters.get("client") ?? ""
        do {
            try await door.database.revokeClient(
                id,
                by: caller,
                source: context.source,
                at: door.now()
            )
        } catch OAuthRefusal.invalidClient {
            throw Problem.unknownClient
        }
        return Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }

    // MARK: Who asks

    private func form(_ request: Request, _ context: WebContext) async throws -> FormFields {
        let bucket = "token:" + AddressBucket.name(of: context.source)
        let use = BucketUse(bucket, door.configuration.tokenRate)
        let decisions = try await door.limits.take([use], at: door.now())
        if let last = decisions.last, !last.isAllowed { throw RateFields.refusal(decisions) }
        let type = request.headers[.contentType]?.split(separator: ";").first
        var request = request
        let buffer = try await request.collectBody(upTo: FormFields.bytesMax)
        guard type?.lowercased() == "application/x-www-form-urlencoded",
            let form = FormFields(String(decoding: buffer.readableBytesView, as: UTF8.self))
        else { throw OAuthRefusal.invalidRequest }
        return form
    }

    /// The client, proven by its secret if it has one; in one way, not in two.
    private func client(_ request: Request, _ form: FormFields) async throws -> OAuthClient {
        var (id, secret) = (form["client_id"], form["client_secret"])
        if let field = request.headers[.authorization] {
            guard field.lowercased().hasPrefix("basic "), secret == nil,
                let bytes = Base64.decode(Array(field.dropFirst(6).utf8))
            else { throw OAuthRefusal.invalidClient }
            let pair = String(decoding: bytes, as: UTF8.self)
                .split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, id == nil || id == String(pair[0]) else {
                throw OAuthRefusal.invalidClient
            }
            (id, secret) = (String(pair[0]), String(pair[1]))
        }
        guard let id else { throw OAuthRefusal.invalidClient }
        let client = try await door.database.client(id)
        try client.authenticate(secret)
        return client
    }

    /// Errors of these two endpoints have a form of their own (RFC 6749, 5.2).
    private func answering(
        _ body: @concurrent () async throws -> Response
    ) async throws -> Response {
        do {
            return try await body()
        } catch let refusal as OAuthRefusal {
            var response = Response(
                json: { writer in
                    writer.object { $0.member("error", refusal.rawValue) }
                },
                status: refusal == .invalidClient ? .unauthorized : .badRequest
            )
            if refusal == .invalidClient {
                response.headers[.wwwAuthenticate] = "Basic realm=\"stoa\""
            }
            return response
        }
    }
}

extension DoorConfiguration {
    /// The market's address, as tokens name it: the public one, or on this machine the one that
    /// was asked.
    func issuer(for request: Request) -> String {
        if let origin = party.origins.first { return origin }
        guard let authority = request.head.authority, Self.isLoopback(authority),
            authority.utf8.allSatisfy({ $0 != UInt8(ascii: "\"") && $0 > 0x20 && $0 < 0x7F })
        else { return "http://localhost" }
        return "http://" + authority
    }
}
