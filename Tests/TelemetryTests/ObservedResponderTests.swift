import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization
import Telemetry
import Testing

@Suite("Observed requests")
struct ObservedResponderTests {
    private struct Echo: HTTPResponder {
        typealias Context = Void

        func respond(to request: Request, context: Void) async throws -> Response {
            guard request.uri.path != "/broken" else { throw HTTPError(.badRequest) }
            let child = Span.child("work")
            child?.end()
            if request.uri.path == "/things/stream" {
                let body = ResponseBody { writer in
                    let isInside = Span.child("piece") != nil
                    try await writer.write(ByteBuffer(string: isInside ? "+" : "-"))
                    try await writer.finish(nil)
                }
                return Response(status: .ok, body: body)
            }
            return Response(
                status: .ok,
                headers: [.contentType: "text/plain"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: child?.context.header ?? "-"))
            )
        }
    }

    private final class Sink: ResponseBodyWriter {
        private let bytes: Shared
        final class Shared: Sendable { let text = Mutex("") }

        init(_ bytes: Shared) { self.bytes = bytes }
        func write(_ buffer: ByteBuffer) async throws {
            bytes.text.withLock { $0 += String(buffer: buffer) }
        }
        func finish(_ trailers: HTTPFields?) async throws {}
    }

    private func responder(
        _ registry: MetricsRegistry,
        _ spans: Spans
    ) -> ObservedResponder<Echo> {
        let telemetry = ServiceTelemetry(service: "test", metrics: registry) { record in
            spans.all.withLock { $0.append(record) }
        }
        return ObservedResponder(Echo(), telemetry: telemetry) { request in
            request.uri.path.hasPrefix("/things/") ? "/things/{name}" : nil
        }
    }

    private final class Spans: Sendable {
        let all = Mutex<[SpanRecord]>([])
    }

    private func ask(
        _ responder: ObservedResponder<Echo>,
        _ path: String,
        _ headers: HTTPFields = [:]
    ) async throws -> (Response, String) {
        let request = Request(
            head: .init(
                method: .get,
                scheme: nil,
                authority: nil,
                path: path,
                headerFields: headers
            ),
            body: RequestBody(buffer: ByteBuffer())
        )
        let response = try await responder.respond(to: request, context: ())
        let shared = Sink.Shared()
        try await response.body.write(Sink(shared))
        return (response, shared.text.withLock { $0 })
    }

    @Test("P9: paths that strangers make up are no labels")
    func templates() async throws {
        let registry = MetricsRegistry()
        let responder = responder(registry, Spans())
        for number in 0..<50 {
            _ = try await ask(responder, "/things/\(number)")
            _ = try await ask(responder, "/made-up/\(number)")
        }
        await #expect(throws: HTTPError.self) { try await ask(responder, "/broken") }
        let view = MetricsView(try MetricsText.read(registry.exposition()))
        #expect(
            view.values(of: "route", in: "stoa_http_requests_total") == ["/things/{name}", "none"]
        )
        #expect(view.sum("stoa_http_requests_total", where: ["status": "2xx"]) == 100)
        #expect(view.sum("stoa_http_requests_total", where: ["status": "4xx"]) == 1)
        #expect(view.sum("stoa_http_request_seconds_count") == 101)
        #expect(view.sum("stoa_http_in_flight") == 0)
    }

    @Test("a stream is under way until its last byte, and its pieces are part of the request")
    func stream() async throws {
        let registry = MetricsRegistry()
        let responder = responder(registry, Spans())
        let request = Request(
            head: .init(method: .get, scheme: nil, authority: nil, path: "/things/stream"),
            body: RequestBody(buffer: ByteBuffer())
        )
        let response = try await responder.respond(to: request, context: ())
        func inFlight() throws -> Double? {
            MetricsView(try MetricsText.read(registry.exposition())).sum("stoa_http_in_flight")
        }
        #expect(try inFlight() == 1)
        let shared = Sink.Shared()
        try await response.body.write(Sink(shared))
        #expect(shared.text.withLock { $0 } == "+")
        #expect(try inFlight() == 0)
    }

    @Test("an answer that nobody reads is counted too")
    func dropped() async throws {
        let registry = MetricsRegistry()
        let responder = responder(registry, Spans())
        let request = Request(
            head: .init(method: .get, scheme: nil, authority: nil, path: "/things/stream"),
            body: RequestBody(buffer: ByteBuffer())
        )
        _ = try await responder.respond(to: request, context: ())
        let view = MetricsView(try MetricsText.read(registry.exposition()))
        #expect(view.sum("stoa_http_requests_total") == 1)
        #expect(view.sum("stoa_http_in_flight") == 0)
    }

    @Test("a trace that the client began goes on, and what is no trace begins one")
    func traces() async throws {
        let spans = Spans()
        let responder = responder(MetricsRegistry(), spans)
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let field = try #require(HTTPField.Name("traceparent"))
        let sent = try await ask(responder, "/things/1", [field: parent]).1
        #expect(sent.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-"))
        let records = spans.all.withLock { $0 }
        #expect(records.map(\.name) == ["work", "request"])
        #expect(records[1].parent == TraceContext(header: parent)?.span)
        #expect(records[0].parent == records[1].context.span)
        #expect(sent == records[0].context.header)
        let other = try await ask(responder, "/things/1", [field: "00-nonsense"]).1
        #expect(TraceContext(header: other)?.trace != records[0].context.trace)
    }

    @Test("a span is one line of JSON, whatever the client calls its request")
    func line() async throws {
        let spans = Spans()
        let name = try #require(HTTPField.Name("x-request-id"))
        _ = try await ask(responder(MetricsRegistry(), spans), "/things/1", [name: "a\"}{b"])
        let record = try #require(spans.all.withLock { $0.last })
        let object =
            try JSONSerialization.jsonObject(with: Data(record.line.utf8)) as? [String: Any]
        let span = object?["span"] as? [String: Any]
        #expect(span?["request_id"] as? String == "a\"}{b")
        #expect(span?["status"] as? Int == 200)
        #expect((span?["trace_id"] as? String)?.count == 32)
        #expect(record.line.filter { $0 == "\n" }.count == 1)
    }

    @Test("log lines of a request carry its names")
    func metadata() async throws {
        let lines = Mutex<[String]>([])
        let sink: @Sendable (String) -> Void = { line in lines.withLock { $0.append(line) } }
        let logger = Logger(label: "stoa.test") { label in
            var handler = JSONLogHandler(label: label, sink: sink)
            handler.metadataProvider = JSONLogHandler.requestNames
            return handler
        }
        let span = Span("request", of: "test", in: nil, requestID: "req-1", export: nil)
        Span.$current.withValue(span) { logger.info("inside") }
        logger.info("outside")
        let found = lines.withLock { $0 }
        #expect(found[0].contains("\"request_id\":\"req-1\""))
        #expect(found[0].contains("\"trace_id\":\"\(span.context.traceText)\""))
        #expect(!found[1].contains("trace_id"))
    }
}
