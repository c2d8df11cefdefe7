import HTTPTypes
import Hummingbird
import Synchronization

/// One request from its arrival to its answer, of a stream to the last byte.
///
/// A reference, because an answer may be dropped before anybody writes it: it is counted once
/// whatever way it goes.
final class ObservedRequest: Sendable {
    private struct Ending {
        var route = ObservedRequest.unknownRoute
        var status = 0
        var isOver = false
    }

    /// What a path is called that is no route's.
    static let unknownRoute = "none"

    let span: Span
    private let telemetry: ServiceTelemetry
    private let method: String
    private let ending = Mutex(Ending())

    init(_ request: Request, _ telemetry: ServiceTelemetry) {
        self.telemetry = telemetry
        method = Self.label(request.method)
        let fields = request.headers[values: .traceparent]
        // Two of them cannot both be right: a new trace begins (Trace Context, 3.2).
        let parent = fields.count == 1 ? TraceContext(header: fields[0]) : nil
        span = Span(
            Span.requestName,
            of: telemetry.service,
            in: parent,
            export: telemetry.export
        )
        if let id = request.headers[.requestName], Self.isPlain(id) { span.setRequestID(id) }
        telemetry.metrics.adjust("stoa_http_in_flight", ["service": telemetry.service], by: 1)
    }

    deinit { end() }

    /// Takes over what the answer says, and watches its body to the end if it is a stream.
    ///
    /// A body of known length is complete by now. It is left as it is: the server writes it and
    /// the head at once, which it would not do with a closure around it.
    func watch(_ response: Response, route: String) -> Response {
        if let id = response.headers[.requestName] { span.setRequestID(id) }
        note(status: response.status.code, route: route)
        let body = response.body
        guard body.contentLength == nil else {
            end()
            return response
        }
        var response = response
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            defer { self.end() }
            // The body's own calls are part of the request too.
            let writer = writer
            try await Span.$current.withValue(self.span) { try await body.write(writer) }
        }
        return response
    }

    /// Takes over an error that is answered further out.
    func note(_ error: any Error, route: String) {
        note(status: (error as? any HTTPResponseError)?.status.code ?? 500, route: route)
    }

    private func note(status: Int, route: String) {
        ending.withLock {
            $0.route = route
            $0.status = status
        }
        span.setStatus(status)
    }

    private func end() {
        let ended = ending.withLock { ending -> Ending? in
            defer { ending.isOver = true }
            return ending.isOver ? nil : ending
        }
        guard let ended else { return }
        span.end()
        let service = telemetry.service
        let metrics = telemetry.metrics
        metrics.adjust("stoa_http_in_flight", ["service": service], by: -1)
        metrics.count(
            "stoa_http_requests",
            [
                "service": service, "route": ended.route, "method": method,
                "status": (1...5).contains(ended.status / 100)
                    ? "\(ended.status / 100)xx" : BoundedNames.other,
            ]
        )
        if let reason = RefusalReason.label(status: ended.status) {
            metrics.count("stoa_refusals", ["service": service, "reason": reason])
        }
        metrics.observe(
            "stoa_http_request",
            ["service": service, "route": ended.route],
            span.duration
        )
    }

    /// Whether a client's own name for its request may stand in logs: short, visible ASCII.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 64
            && name.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func label(_ method: HTTPRequest.Method) -> String {
        let known: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
        return known.contains(method) ? method.rawValue : BoundedNames.other
    }
}

extension HTTPField.Name {
    static let traceparent = known(TraceContext.headerName)
    static let requestName = known("x-request-id")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else {
            preconditionFailure("\(name) is written here and a valid name")
        }
        return name
    }
}
