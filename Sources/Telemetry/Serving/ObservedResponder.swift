public import Hummingbird

/// Counts, times and traces every request of a responder, and answers `/health` and `/ready`.
public struct ObservedResponder<Base: HTTPResponder>: HTTPResponder {
    public typealias Context = Base.Context

    private let base: Base
    private let telemetry: ServiceTelemetry
    private let pages: OperatorPages
    private let route: @Sendable (Request) -> String?

    /// Stands before a responder.
    ///
    /// - Parameter route: the template of the request's path, of a set that is written down
    ///   somewhere; nil for paths that are none's. Never the path itself: strangers choose it.
    public init(
        _ base: Base,
        telemetry: ServiceTelemetry,
        route: @escaping @Sendable (Request) -> String?
    ) {
        self.base = base
        self.telemetry = telemetry
        pages = OperatorPages(telemetry.readiness)
        self.route = route
    }

    /// Answers a request.
    public func respond(to request: Request, context: Base.Context) async throws -> Response {
        if let page = await pages.respond(to: request) { return page }
        let observed = ObservedRequest(request, telemetry)
        let route = route(request) ?? ObservedRequest.unknownRoute
        do {
            let response = try await Span.$current.withValue(observed.span) {
                try await base.respond(to: request, context: context)
            }
            return observed.watch(response, route: route)
        } catch {
            observed.note(error, route: route)
            throw error
        }
    }
}

/// Counts, times and traces every request of a router; the outermost of its middleware.
public struct ObservedMiddleware<Context: RequestContext>: RouterMiddleware {
    private let telemetry: ServiceTelemetry

    /// Creates the middleware.
    public init(_ telemetry: ServiceTelemetry) {
        self.telemetry = telemetry
    }

    public func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let observed = ObservedRequest(request, telemetry)
        // The router's own word for a path that it does not have.
        let template = context.endpointPath ?? "NotFound"
        let route = template == "NotFound" ? ObservedRequest.unknownRoute : template
        do {
            let response = try await Span.$current.withValue(observed.span) {
                try await next(request, context)
            }
            return observed.watch(response, route: route)
        } catch {
            observed.note(error, route: route)
            throw error
        }
    }
}
