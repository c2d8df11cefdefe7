import HTTPTypes
public import Hummingbird
import NIOCore

/// The pages that operators and their tools read: alive, ready, and the numbers.
public struct OperatorPages: Sendable {
    private let readiness: Readiness
    private let metrics: MetricsRegistry?

    /// Creates the pages; without `metrics` there is no `/metrics`.
    public init(_ readiness: Readiness, metrics: MetricsRegistry? = nil) {
        self.readiness = readiness
        self.metrics = metrics
    }

    /// Answers if the request is for one of these pages.
    public func respond(to request: Request) async -> Response? {
        guard request.method == .get || request.method == .head else { return nil }
        switch request.uri.path {
        case "/health": return Self.json(.ok, #"{"status":"ok"}"#)
        case "/ready": return await ready()
        case "/metrics":
            guard let metrics else { return nil }
            return Self.answer(
                .ok,
                await metrics.currentExposition(),
                "text/plain; version=0.0.4; charset=utf-8"
            )
        default: return nil
        }
    }

    /// Adds the pages that anybody may read, `/health` and `/ready`, to a router.
    public func addRoutes<Context: RequestContext>(to router: Router<Context>) {
        router.get("/health") { _, _ in Self.json(.ok, #"{"status":"ok"}"#) }
        router.get("/ready") { _, _ in await ready() }
    }

    private func ready() async -> Response {
        let answer = await readiness.answer()
        let checks = answer.findings.map { ($0.name, JSONLine.quoted($0.fault ?? "ok")) }
        let text = JSONLine.object([
            ("status", JSONLine.quoted(answer.isReady ? "ready" : "not ready")),
            ("checks", JSONLine.object(checks)),
        ])
        return Self.json(answer.isReady ? .ok : .serviceUnavailable, text)
    }

    private static func json(_ status: HTTPResponse.Status, _ text: String) -> Response {
        answer(status, text, "application/json")
    }

    private static func answer(
        _ status: HTTPResponse.Status,
        _ text: String,
        _ type: String
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}
