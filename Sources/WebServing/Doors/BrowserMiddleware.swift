import HTTPTypes
public import Hummingbird

/// Lets pages of listed origins call the API with a key of their own; cookies never come along.
public struct CrossOriginMiddleware: RouterMiddleware {
    public typealias Context = WebContext

    private let origins: [String]

    /// Creates the middleware for these origins, compared byte for byte.
    public init(origins: [String]) {
        self.origins = Array(origins.prefix(DoorConfiguration.allowedOriginsMax))
    }

    public func handle(
        _ request: Request,
        context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard let origin = request.headers[.origin], origins.contains(origin) else {
            return try await next(request, context)
        }
        if request.method == .options, request.headers[.accessControlRequestMethod] != nil {
            return Response(
                status: .noContent,
                headers: [
                    .accessControlAllowOrigin: origin, .vary: "Origin",
                    .accessControlAllowMethods: "GET, POST, PUT, PATCH, DELETE",
                    .accessControlAllowHeaders:
                        "authorization, content-type, idempotency-key, x-api-key, x-request-id, "
                        + "x-stoa-model, x-stoa-provider",
                    .accessControlMaxAge: "600",
                ]
            )
        }
        do {
            var response = try await next(request, context)
            Self.allow(origin, &response.headers)
            return response
        } catch var problem as Problem {
            Self.allow(origin, &problem.headers)
            throw problem
        }
    }

    private static func allow(_ origin: String, _ headers: inout HTTPFields) {
        headers[.accessControlAllowOrigin] = origin
        headers[.vary] = headers[.vary].map { "\($0), Origin" } ?? "Origin"
        headers[.accessControlExposeHeaders] =
            "ratelimit, ratelimit-policy, retry-after, x-request-id"
    }
}

/// Tells browsers to be careful with every answer, and what a page may load.
public struct PageSafetyMiddleware: RouterMiddleware {
    public typealias Context = WebContext

    /// What the market's pages may do: nothing but with what comes from this site. Pictures and
    /// sound that a page was answered are shown by it.
    public static let pagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        + "media-src blob:; font-src 'self'; connect-src 'self'; form-action 'self'; "
        + "base-uri 'none'; frame-ancestors 'none'"
    private static let dataPolicy = "default-src 'none'; frame-ancestors 'none'"

    /// Creates the middleware.
    public init() {}

    public func handle(
        _ request: Request,
        context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        let isPage = response.headers[.contentType]?.hasPrefix("text/html") ?? false
        let fields: [(HTTPField.Name, String)] = [
            (.contentSecurityPolicy, isPage ? Self.pagePolicy : Self.dataPolicy),
            (.referrerPolicy, "same-origin"),
            (.openerPolicy, "same-origin"),
            (.resourcePolicy, "same-origin"),
            (
                .permissionsPolicy,
                "publickey-credentials-get=(self), publickey-credentials-create=(self), "
                    + "camera=(), microphone=(), geolocation=(), payment=()"
            ),
        ]
        // A page that needs more says so itself.
        for (name, value) in fields where response.headers[name] == nil {
            response.headers[name] = value
        }
        return response
    }
}

extension HTTPField.Name {
    static let openerPolicy = known("cross-origin-opener-policy")
    static let permissionsPolicy = known("permissions-policy")
    static let referrerPolicy = known("referrer-policy")
    static let resourcePolicy = known("cross-origin-resource-policy")
}
