import AccessStore
public import HTTPTypes
public import Hummingbird
import Logging
import NIOCore
import Telemetry

/// The outermost middleware: names the request, turns every error into a problem, and adds what
/// belongs on each answer.
public struct FrameMiddleware: RouterMiddleware {
    public typealias Context = WebContext

    private let isTLS: Bool

    /// Creates the middleware.
    ///
    /// - Parameter isTLS: whether clients come over TLS, so that they may be told to stay with it.
    public init(isTLS: Bool) {
        self.isTLS = isTLS
    }

    /// Lets the request through, and makes of whatever comes back an answer.
    public func handle(
        _ request: Request,
        context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let name = request.headers[.requestID], Self.isPlain(name) { context.requestID = name }
        Span.current?.setRequestID(context.requestID)
        let body = OnceBody(request.body)
        var request = request
        request.body = RequestBody(asyncSequence: body)
        var response: Response
        do {
            response = try await next(request, context)
        } catch let problem as Problem {
            response = try problem.response(from: request, context: context)
        } catch let error as HTTPError {
            let problem = Problem(
                error.status,
                Self.code(of: error.status),
                error.body ?? "There is no \(request.method) \(request.uri.path).",
                hint: error.status == .notFound ? "GET /api/v1 lists what there is." : nil
            )
            response = try problem.response(from: request, context: context)
        } catch is NIOTooManyBytesError {
            let problem = Problem(
                .contentTooLarge,
                Self.code(of: .contentTooLarge),
                "The body is larger than this route takes; nothing was charged.",
                hint: "Send less at once."
            )
            response = try problem.response(from: request, context: context)
        } catch {
            let problem = Problem(refusal: error) ?? .unforeseen
            if problem.status.code >= 500 {
                let name = (error as? AccessStoreError)?.description ?? "\(type(of: error))"
                context.logger.error(
                    "a request failed",
                    metadata: ["request": "\(context.requestID)", "error": "\(name)"]
                )
            }
            response = try problem.response(from: request, context: context)
        }
        response.headers[.requestID] = context.requestID
        response.headers[.contentTypeOptions] = "nosniff"
        if isTLS { response.headers[.strictTransportSecurity] = "max-age=31536000" }
        if response.status.code >= 400, request.headers[.connection]?.lowercased() == "close" {
            response.body = Self.lingering(response.body, after: body)
        }
        return response
    }

    /// A client that closes its connection after this request may send all of its body before it
    /// reads why that was refused; unless somebody reads on, both would wait for the other.
    private static func lingering(_ answer: ResponseBody, after body: OnceBody) -> ResponseBody {
        ResponseBody(contentLength: answer.contentLength) { writer in
            try await answer.write(writer)
            var bytes = 0
            for try await piece in body {
                bytes += piece.readableBytes
                if bytes > BodyLimitMiddleware.lingerBytesMax { return }
            }
        }
    }

    private static func code(of status: HTTPResponse.Status) -> String {
        switch status {
        case .notFound: "not_found"
        case .methodNotAllowed: "method_not_allowed"
        case .contentTooLarge: "request_too_large"
        default: "bad_request"
        }
    }

    /// Whether a client's own name for its request may stand in logs: short, visible ASCII.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 64
            && name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") }
    }
}

extension Problem {
    fileprivate static var unforeseen: Problem {
        Problem(
            .internalServerError,
            "internal_error",
            "Something went wrong on this side; nothing was charged.",
            hint: "Try again; if it stays, tell the operator the request's id."
        )
    }
}

extension HTTPField.Name {
    /// What logs, answers and traces call the request.
    public static let requestID = known("x-request-id")
    static let contentTypeOptions = known("x-content-type-options")

    /// A name that is written in the source, and so is valid.
    static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else {
            preconditionFailure("\(name) is written here and a valid name")
        }
        return name
    }
}
