import HTTPTypes
import Hummingbird
import LedgerClient
import LedgerIndex
import Logging
import NIOCore
import WebServing

/// What went wrong, for people; the middleware writes it as a page.
extension Problem {
    static func missing(_ what: String, hint: String) -> Problem {
        Problem(.notFound, "not_found", what, hint: hint)
    }

    /// Explains an error that a page's question ended with; nil if nobody foresaw it.
    static func explaining(_ error: any Error) -> Problem? {
        switch error {
        case let problem as Problem: return problem
        case let error where Problem(refusal: error) != nil: return Problem(refusal: error)
        case is NIOTooManyBytesError:
            return Problem(
                .contentTooLarge,
                "request_too_large",
                "The form is larger than this page takes; nothing was done.",
                hint: "Type less into it."
            )
        case IndexError.badQuestion(let what) where what.contains("cursor"):
            return Problem(
                .badRequest,
                "bad_request",
                "This link is out of date: the place in the list that it leads to is gone.",
                hint: "Open the list again from its beginning."
            )
        case IndexError.badQuestion(let what):
            return Problem(
                .badRequest,
                "bad_request",
                "That question means nothing here: \(what).",
                hint: "Start again from the page's first form."
            )
        case let error as LedgerClientError where error.code == .overloaded:
            return Problem(
                .serviceUnavailable,
                "overloaded",
                "The ledger has too much to do.",
                hint: "Try again in a moment."
            )
        case is LedgerClientError:
            return Problem(
                .serviceUnavailable,
                "ledger_unreachable",
                "The ledger node does not answer, so this page cannot be shown.",
                hint: "Search and explorer work without it. Try again in a moment; if it stays, "
                    + "the operator must look at the node."
            )
        case let error as HTTPError:
            return Problem(
                error.status,
                error.status == .notFound ? "not_found" : "bad_request",
                error.status == .notFound
                    ? "There is no page at this address." : error.body ?? "That did not work.",
                hint: error.status == .notFound
                    ? "Check the address, or search for what you are looking for." : nil
            )
        default: return nil
        }
    }
}

/// Shows errors of pages as pages; programs get what the frame around this writes for them.
struct PageErrors: RouterMiddleware {
    typealias Context = WebContext

    let portal: Portal

    func handle(
        _ request: Request,
        context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            guard Self.isForPeople(request) else { throw Problem.explaining(error) ?? error }
            if Problem.explaining(error) == nil {
                context.logger.error(
                    "a page failed",
                    metadata: [
                        "request": "\(context.requestID)", "path": "\(Self.logged(request))",
                        "error": "\(type(of: error))",
                    ]
                )
            }
            let problem =
                Problem.explaining(error)
                ?? Problem(
                    .internalServerError,
                    "internal_error",
                    "Something went wrong on this side; nothing was charged.",
                    hint: "Try again; if it stays, tell the operator the request's name below."
                )
            return await portal.page(problem, request, context)
        }
    }

    /// The path for logs: an invitation's is a secret.
    static func logged(_ request: Request) -> String {
        let path = request.uri.path
        return path.hasPrefix(PortalPaths.join) ? PortalPaths.join + "/…" : path
    }

    /// Whether somebody with a browser asks for a page, not a program for a document.
    static func isForPeople(_ request: Request) -> Bool {
        guard [.get, .head, .post].contains(request.method) else { return false }
        let path = request.uri.path
        let isProgram = [
            "/api/", "/v1/", "/auth/", "/oauth/", "/assets/web/", "/assets/lib/",
        ].contains { path.hasPrefix($0) }
        return !isProgram && (request.headers[.accept] ?? "").contains("text/html")
    }
}
