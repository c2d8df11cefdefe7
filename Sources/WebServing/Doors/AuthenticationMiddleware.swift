import AccessCore
public import AccessStore
import HTTPTypes
public import Hummingbird
public import MarketTypes
import NIOCore

/// Finds out who makes a request: by an API key, a signed request, a token, or a browser's session.
///
/// A request without any credential goes on, as nobody's. One with a wrong credential does not: a
/// client must learn that its key is over, and not be served as a stranger.
public struct AuthenticationMiddleware: RouterMiddleware {
    public typealias Context = WebContext

    private let database: AccessDatabase
    private let issuer: TokenIssuer
    private let configuration: DoorConfiguration
    private let now: @Sendable () -> Timestamp

    /// Creates the middleware.
    public init(
        _ database: AccessDatabase,
        issuer: TokenIssuer,
        configuration: DoorConfiguration,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.database = database
        self.issuer = issuer
        self.configuration = configuration
        self.now = now
    }

    public func handle(
        _ request: Request,
        context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var (request, context) = (request, context)
        do {
            try await admit(&request, &context)
        } catch {
            throw Problem(refusal: error) ?? error
        }
        do {
            return try await next(request, context)
        } catch {
            throw Problem(refusal: error) ?? error
        }
    }

    private func admit(_ request: inout Request, _ context: inout WebContext) async throws {
        // At these two, the field proves a client, and they check it themselves.
        guard ![TokenRoutes.tokenPath, TokenRoutes.revocationPath].contains(request.uri.path)
        else { return }
        let now = now()
        let fields = request.headers[values: .authorization]
        guard fields.count <= 1 else { throw KeyRefusal.malformed }
        if let field = fields.first {
            if field.hasPrefix(SignedRequest.scheme + " ") {
                context.admission = try await admitSigned(field, &request, at: now)
                context.isSigned = true
            } else {
                guard field.hasPrefix("Bearer ") else { throw KeyRefusal.malformed }
                context.admission = try await admitBearer(field, request, at: now)
            }
        } else if let key = request.headers[.apiKey] {
            context.admission = try await database.admission(try APIKeyText(key), at: now)
        } else if let cookie = request.cookies[configuration.cookieName],
            let token = SessionToken(text: cookie.value)
        {
            // A session that is over is no credential: the browser shows the page to sign in on.
            let admission = try await database.admission(token, at: now)
            context.admission = admission
            if let admission {
                try checkSameSite(request, token, for: admission.caller.organisation)
                context.session = token
            }
        }
        context.caller = context.admission?.caller
        if context.caller != nil { context.bodyPlace?.leave() }
    }

    private func admitBearer(
        _ field: String,
        _ request: Request,
        at now: Timestamp
    ) async throws -> Admission {
        let text = String(field.dropFirst("Bearer ".count))
        // A token has dots, a key has none.
        guard text.utf8.contains(UInt8(ascii: ".")) else {
            return try await database.admission(try APIKeyText(text), at: now)
        }
        let market = configuration.issuer(for: request)
        return try await issuer.admission(text, issuer: market, at: now)
    }

    private func admitSigned(
        _ field: String,
        _ request: inout Request,
        at now: Timestamp
    ) async throws -> Admission {
        let signed = try SignedRequest(field: field)
        let body = try await request.collectBody(upTo: configuration.bodyBytesMax)
        let content = RequestContent(
            method: request.method.rawValue,
            target: request.head.path ?? "/",
            body: Array(body.readableBytesView)
        )
        return try await database.admission(signed, over: content, at: now)
    }

    /// A cookie comes along with whatever a page of another site sends; so it proves nothing for a
    /// change unless the request shows that a page of this site made it.
    private func checkSameSite(
        _ request: Request,
        _ session: SessionToken,
        for organisation: OrganisationID
    ) throws {
        guard ![.get, .head, .options].contains(request.method) else { return }
        if let token = request.headers[.crossSiteToken] {
            guard session.matches(crossSiteToken: token, for: organisation) else {
                throw Problem.staleToken
            }
            return
        }
        guard configuration.isSameSite(request, whenUnsaid: false) else { throw Problem.crossSite }
    }
}

extension DoorConfiguration {
    /// Whether a page of this site made the request.
    ///
    /// - Parameter whenUnsaid: what holds if the request does not say, as of programs.
    func isSameSite(_ request: Request, whenUnsaid: Bool) -> Bool {
        if let site = request.headers[.fetchSite] { return site == "same-origin" }
        if let origin = request.headers[.origin] {
            return isOwn(origin: origin, authority: request.head.authority)
        }
        return whenUnsaid
    }
}

extension Problem {
    static var crossSite: Problem {
        Problem(
            .forbidden,
            "cross_site_request",
            "A page of another site made this request; nothing was done.",
            hint: "Send it from a page of this market, or with an API key."
        )
    }

    /// The page that asks is of another session, or was shown for another organisation.
    static let staleToken = Problem(
        .forbidden,
        "cross_site_request",
        "This page is of another session, or of another organisation than you act for now; "
            + "nothing was done.",
        hint: "Load the page again and send it once more: it acts for whom your account's menu "
            + "names."
    )
}

extension HTTPField.Name {
    static let apiKey = known("x-api-key")
    static let crossSiteToken = known("x-csrf-token")
    static let fetchSite = known("sec-fetch-site")
    static let forwardedFor = known("x-forwarded-for")
}
