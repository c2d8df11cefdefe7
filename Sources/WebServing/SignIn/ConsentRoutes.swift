import AccessCore
import AccessStore
import HTTPTypes
import Hummingbird
import MarketTypes
import NIOCore

/// Where a person allows a client to act for them (RFC 6749, 4.1; codes with PKCE alone).
struct ConsentRoutes: Sendable {
    /// The page on which people sign in; it comes back to `next`.
    static let signInPath = "/sign-in"

    private let door: AccessDoor
    private let issuer: TokenIssuer
    private let pages: (any ConsentPages)?

    init(_ door: AccessDoor, issuer: TokenIssuer, pages: (any ConsentPages)?) {
        self.door = door
        self.issuer = issuer
        self.pages = pages
    }

    func addRoutes(to router: Router<WebContext>) {
        router.get(RouterPath(TokenRoutes.authorizationPath)) { request, context in
            try await explaining(request, context) { try await ask(request, context) }
        }
        router.post(RouterPath(TokenRoutes.authorizationPath)) { request, context in
            try await explaining(request, context) { try await decide(request, context) }
        }
    }

    /// Shows people what is wrong as a page.
    private func explaining(
        _ request: Request,
        _ context: WebContext,
        _ answer: () async throws -> Response
    ) async throws -> Response {
        do {
            return try await answer()
        } catch let problem as Problem {
            let page = await pages?.page(explaining: problem, request, context)
            guard let page else { throw problem }
            return page
        }
    }

    /// A request whose client and address are known: errors may be sent there.
    private struct Asked {
        let client: OAuthClient
        let redirect: RedirectURI
        let state: String?
        let fields: FormFields
    }

    private func ask(_ request: Request, _ context: WebContext) async throws -> Response {
        guard let fields = FormFields(request.uri.query ?? "") else { throw Self.unreadable }
        let asked = try await asked(fields)
        guard let caller = context.caller, caller.proof == .session else {
            let next = request.head.path ?? TokenRoutes.authorizationPath
            return Self.moved(to: Self.signInPath + "?next=" + FormFields.encoded(next))
        }
        do {
            let consent = try consent(asked, caller)
            return try await page(question(asked, consent, caller), request, context)
        } catch let refusal as OAuthRefusal {
            return answer(asked, ("error", refusal.rawValue), request)
        }
    }

    private func decide(_ request: Request, _ context: WebContext) async throws -> Response {
        let caller = try context.requireSession()
        var body = request
        let buffer = try await body.collectBody(upTo: FormFields.bytesMax)
        guard let fields = FormFields(String(decoding: buffer.readableBytesView, as: UTF8.self))
        else { throw Self.unreadable }
        // What is allowed was shown on a page of this session's (ACC-26). If the session acts for
        // another organisation by now, it is asked again below, instead of being refused.
        let shown = fields["organisation"].flatMap { OrganisationID(text: $0) }
        guard let token = fields["token"], let session = context.session,
            session.matches(crossSiteToken: token, for: shown ?? caller.organisation)
        else { throw Problem.crossSite }
        let asked = try await asked(fields)
        do {
            guard fields["decision"] == "allow" else { throw OAuthRefusal.accessDenied }
            let consent = try consent(asked, caller)
            guard fields["organisation"] == "\(caller.organisation)",
                fields["granted"] == consent.scopes.description
            else {
                // The session acts for another organisation by now, or may do more or less.
                let changed = question(asked, consent, caller, isChanged: true)
                return try await page(changed, request, context)
            }
            let code = try await issuer.issueCode(
                consent,
                by: caller,
                source: context.source,
                at: door.now()
            )
            return answer(asked, ("code", code), request)
        } catch let refusal as OAuthRefusal {
            return answer(asked, ("error", refusal.rawValue), request)
        }
    }

    /// Finds client and address; until both are known, nobody is sent anywhere.
    private func asked(_ fields: FormFields) async throws -> Asked {
        let client: OAuthClient
        do {
            client = try await door.database.client(fields["client_id"] ?? "")
        } catch is OAuthRefusal {
            throw Problem(
                .badRequest,
                "unknown_client",
                "There is no such client.",
                hint: "The program that led here is not registered at this market, or not any more."
            )
        }
        guard let redirect = client.redirects.first(where: { $0.text == fields["redirect_uri"] })
        else {
            throw Problem(
                .badRequest,
                "unknown_redirect",
                "The client did not register this address; nobody was sent there.",
                hint: "Whoever made the program must register the address that it wants back to."
            )
        }
        return Asked(
            client: client,
            redirect: redirect,
            state: fields["state"],
            fields: fields
        )
    }

    private func consent(_ asked: Asked, _ caller: Caller) throws -> Consent {
        guard asked.fields["response_type"] == "code" else {
            throw OAuthRefusal.unsupportedResponseType
        }
        guard asked.fields["code_challenge_method"] == "S256",
            let challenge = asked.fields["code_challenge"], PKCE.isChallenge(challenge)
        else { throw OAuthRefusal.invalidRequest }
        return Consent(
            client: asked.client,
            redirect: asked.redirect,
            challenge: challenge,
            scopes: try asked.client.grant(asked.fields["scope"], allowed: caller.scopes)
        )
    }

    private func answer(
        _ asked: Asked,
        _ outcome: (name: String, value: String),
        _ request: Request
    ) -> Response {
        var query = "\(outcome.name)=\(FormFields.encoded(outcome.value))"
        if let state = asked.state { query += "&state=\(FormFields.encoded(state))" }
        query += "&iss=\(FormFields.encoded(door.configuration.issuer(for: request)))"
        let separator = asked.redirect.text.contains("?") ? "&" : "?"
        return Self.moved(to: asked.redirect.text + separator + query)
    }

    private static func moved(to location: String) -> Response {
        Response(
            status: .seeOther,
            headers: [
                .location: location, .cacheControl: "no-store", .referrerPolicy: "no-referrer",
            ]
        )
    }

    private func page(
        _ question: ConsentQuestion,
        _ request: Request,
        _ context: WebContext
    ) async throws -> Response {
        try await pages?.page(asking: question, request, context)
            ?? Self.plainPage(question, context.session)
    }

    private func question(
        _ asked: Asked,
        _ consent: Consent,
        _ caller: Caller,
        isChanged: Bool = false
    ) -> ConsentQuestion {
        let names = [
            "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge",
            "code_challenge_method",
        ]
        return ConsentQuestion(
            client: asked.client.name,
            isConfidential: asked.client.secret != nil,
            scopes: consent.scopes,
            caller: caller,
            origin: asked.redirect.origin,
            action: TokenRoutes.authorizationPath,
            fields: names.compactMap { name in asked.fields[name].map { (name, $0) } } + [
                ("organisation", "\(caller.organisation)"),
                ("granted", consent.scopes.description),
            ],
            isChanged: isChanged
        )
    }

    /// The question without any look, for a door that has no pages.
    private static func plainPage(
        _ question: ConsentQuestion,
        _ session: SessionToken?
    ) -> Response {
        let token = session?.crossSiteToken(for: question.caller.organisation)
        let hidden = (question.fields + [("token", token ?? "")]).map { name, value in
            "<input type=\"hidden\" name=\"\(name)\" value=\"\(escaped(value))\">"
        }
        let client = escaped(question.client)
        let scopes = question.scopes.scopes.map { "<li><code>\($0.rawValue)</code></li>" }
        let text = """
            <!doctype html><html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Allow \(client)? – Stoa</title></head><body><main>
            <h1>Allow \(client) to act for you?</h1>\(question.isChanged ? changed : "")
            <p>For the organisation <code>\(question.caller.organisation)</code>.</p>
            <p>It will be able to:</p><ul>\(scopes.joined())</ul>
            <p>You are sent back to \(escaped(question.origin)).</p>
            <form method="post" action="\(question.action)">\(hidden.joined())
            <button name="decision" value="allow">Allow</button>
            <button name="decision" value="deny">Deny</button></form></main></body></html>
            """
        // Browsers hold a form's whole way, redirects too, against this policy.
        let policy = PageSafetyMiddleware.pagePolicy.replacing(
            "form-action 'self'",
            with: "form-action 'self' \(question.origin)"
        )
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8", .cacheControl: "no-store",
                .contentSecurityPolicy: policy,
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }

    private static let changed = """
        <p>What you can allow has changed since you were asked, and nothing was allowed. This is \
        how it stands now.</p>
        """

    private static func escaped(_ text: String) -> String { HTMLText.escape(text) }

    private static let unreadable = Problem(
        .badRequest,
        "invalid_request",
        "The request has a field twice, or is not in its form."
    )
}
