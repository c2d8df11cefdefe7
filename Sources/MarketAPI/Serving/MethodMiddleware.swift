import HTTPTypes
import Hummingbird
import WebServing

/// Answers methods that no route has, such as `QUERY`, at the paths of the contract: the router
/// itself would say that there is no such path.
struct MethodMiddleware: RouterMiddleware {
    typealias Context = WebContext

    let server: APIServer

    @concurrent
    func handle(
        _ request: Request,
        context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        guard !MarketAPI.methods.contains(request.method), path.hasPrefix(MarketAPI.prefix),
            server.table.find(path.dropFirst(MarketAPI.prefix.count)) != nil
        else { return try await next(request, context) }
        return try await server.respond(request, context)
    }
}
