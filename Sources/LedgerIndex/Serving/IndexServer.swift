import FoundationEssentials
import HTTPTypes
import Hummingbird
public import Logging
import MarketTypes
import NIOCore
public import ServiceLifecycle

/// Answers questions about the ledger over HTTP (docs/spec/index.md): reading only.
public struct IndexServer: Service {
    /// Where to listen.
    public struct Configuration: Sendable {
        /// The address to listen on; loopback unless told otherwise.
        public var host = "127.0.0.1"
        /// The port; 0 takes a free one.
        public var port = 0

        /// Creates the standard configuration.
        public init() {}
    }

    private let index: IndexReader
    private let configuration: Configuration
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// Creates a server.
    ///
    /// - Parameter onListening: told the port once the server accepts connections.
    public init(
        index: IndexReader,
        configuration: Configuration,
        logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.index = index
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until the service is told to stop.
    public func run() async throws {
        let application = Application(
            router: router(),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: "stoa-index"
            ),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
            logger: logger
        )
        try await application.run()
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.add(middleware: ProblemMiddleware())
        let routes = router.group("/index/v1")
        let questions = IndexQuestions(index: index)
        for question in IndexQuestions.Path.allCases {
            routes.get(RouterPath(question.route)) { request, context in
                await answer {
                    let pairs = request.uri.queryParameters.map {
                        (String($0.key), String($0.value))
                    }
                    let parameters = try QuestionParameters(pairs, known: question.parameters)
                    let name = context.parameters.get("name")
                    return try await questions.answer(question, name: name, parameters)
                }
            }
        }
        return router
    }

    /// Writes a document, or the problem that kept it from being made.
    private func answer(_ make: () async throws -> JSONValue?) async -> Response {
        do {
            guard let document = try await make() else {
                return .problem(404, "not found", "the index has nothing of this name")
            }
            return .json(document, .ok, "application/json")
        } catch let error as IndexError {
            if case .badQuestion(let what) = error { return .problem(400, "bad question", what) }
            logger.error("no answer", metadata: ["error": "\(error)"])
            return .problem(503, "index unavailable", "\(error)")
        } catch {
            logger.error("no answer", metadata: ["error": "\(error)"])
            return .problem(500, "index unreadable", "the index could not be read")
        }
    }
}

/// Says in the interface's own way that a path or a method is none of its.
private struct ProblemMiddleware: RouterMiddleware {
    typealias Context = BasicRequestContext

    @concurrent
    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError {
            return .problem(Int(error.status.code), "no such question", "see docs/spec/index.md")
        }
    }
}

extension Response {
    /// What went wrong, as RFC 9457 writes it down.
    fileprivate static func problem(_ status: Int, _ title: String, _ detail: String) -> Response {
        let document = JSONValue.object([
            ("type", .text("about:blank")), ("title", .text(title)),
            ("status", .number(UInt64(status))), ("detail", .text(detail)),
        ])
        return json(document, .init(code: status), "application/problem+json")
    }

    fileprivate static func json(
        _ document: JSONValue,
        _ status: HTTPResponse.Status,
        _ type: String
    ) -> Response {
        var bytes: [UInt8] = []
        document.write(to: &bytes)
        return Response(
            status: status,
            headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}
