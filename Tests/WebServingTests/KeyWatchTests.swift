import AccessCore
import AccessStore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import MarketTypes
import NIOCore
import NIOEmbedded
import Synchronization
import Telemetry
import Testing

@testable import WebServing

@Suite("What a door sees of keys", .timeLimit(.minutes(1)))
struct KeyWatchTests {
    private let directory = NSTemporaryDirectory() + "/watch-\(UInt64.random(in: 0 ... .max))"
    private let database: AccessDatabase
    private let caller: Caller

    init() async throws {
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: false
        )
        database = try AccessDatabase(path: directory + "/access.sqlite")
        let owner = try await database.localOperator(at: Timestamp(milliseconds: 1))
        caller = Caller(
            user: owner.user,
            organisation: owner.organisation,
            account: nil,
            scopes: .all,
            proof: .key(try #require(APIKeyID(text: "4fGh2KqLmN8p")))
        )
    }

    private func ask(
        _ middleware: KeyWatchMiddleware,
        _ answer: Result<Response, Problem> = .success(Response(status: .ok)),
        as other: Caller? = nil
    ) async throws {
        let request = Request(
            head: HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/"),
            body: RequestBody(buffer: ByteBuffer())
        )
        var context = WebContext(
            source: ApplicationRequestContextSource(
                channel: EmbeddedChannel(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        context.caller = other ?? caller
        _ = try await middleware.handle(request, context: context) { _, _ in try answer.get() }
    }

    @Test("TEL-13: unusual use is in the audit log once, is counted, and nothing is refused")
    func unusual() async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let registry = MetricsRegistry()
        let clock = Mutex<UInt64>(1_800_000_000_000)
        var rules = RequestRate.Rules()
        rules.floor = 3
        rules.learningMinutes = 1
        let middleware = KeyWatchMiddleware(
            database,
            telemetry: ServiceTelemetry(service: "market", metrics: registry),
            rules: rules,
            now: { Timestamp(milliseconds: clock.withLock { $0 }) }
        )
        for _ in 0..<10 { try await ask(middleware) }
        #expect(try await unusualUse().isEmpty, "it is new")
        // Long enough for the first minute to be forgotten.
        clock.withLock { $0 += 24 * 3_600_000 }
        for _ in 0..<3 { try await ask(middleware) }
        #expect(try await unusualUse().isEmpty)
        for _ in 0..<10 { try await ask(middleware) }
        let records = try await unusualUse()
        #expect(records.map(\.subject) == ["4fGh2KqLmN8p"])
        #expect(records.first?.actor == "system")
        #expect(records.first?.detail == "4 requests in a minute, usual are at most 3")
        let view = MetricsView(try MetricsText.read(registry.exposition()))
        let key = ["key": "4fGh2KqLmN8p"]
        #expect(view.sum("stoa_key_anomalies_total", where: key) == 1)
        #expect(view.sum("stoa_key_requests_total", where: key) == 23)
        #expect(try await database.verifyAudit().count > 0)
    }

    @Test(
        "TEL-13: many people who each do what is usual are not unusual together",
        arguments: [Caller.Proof.session, .token(client: "client-a")]
    )
    func together(_ proof: Caller.Proof) async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let registry = MetricsRegistry()
        let clock = Mutex<UInt64>(1_800_000_000_000)
        let middleware = KeyWatchMiddleware(
            database,
            telemetry: ServiceTelemetry(service: "market", metrics: registry),
            now: { Timestamp(milliseconds: clock.withLock { $0 }) }
        )
        let people = try (1...2 as ClosedRange<UInt8>).map { seed in
            Caller(
                user: try #require(UserID(bytes: [UInt8](repeating: seed, count: 16))),
                organisation: caller.organisation,
                account: nil,
                scopes: .all,
                proof: proof
            )
        }
        for person in people { try await ask(middleware, as: person) }
        clock.withLock { $0 += 3_600_000 }
        for _ in 0..<40 {
            for person in people { try await ask(middleware, as: person) }
        }
        #expect(try await unusualUse().isEmpty)
        for _ in 0..<40 { try await ask(middleware, as: people[0]) }
        let name = proof == .session ? "session" : "client client-a"
        #expect(try await unusualUse().map(\.subject) == ["\(name) user:\(people[0].user)"])
        // People are no labels.
        let view = MetricsView(try MetricsText.read(registry.exposition()))
        #expect(view.sum("stoa_key_requests_total", where: ["key": name]) == 122)
        #expect(view.sum("stoa_key_anomalies_total", where: ["key": name]) == 1)
    }

    @Test("what is refused is counted, thrown or answered")
    func refusals() async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let registry = MetricsRegistry()
        let middleware = KeyWatchMiddleware(
            database,
            telemetry: ServiceTelemetry(service: "market", metrics: registry),
            now: { Timestamp(milliseconds: 1) }
        )
        let limited = Problem(.tooManyRequests, "rate_limited", "no")
        await #expect(throws: Problem.self) { try await ask(middleware, .failure(limited)) }
        try await ask(middleware, .success(Response(status: .init(code: 402))))
        try await ask(middleware, .success(Response(status: .notFound)))
        let view = MetricsView(try MetricsText.read(registry.exposition()))
        let series = "stoa_key_refusals_total"
        #expect(view.sum(series, where: ["reason": "rate"]) == 1)
        #expect(view.sum(series, where: ["reason": "payment"]) == 1)
        #expect(view.sum(series, where: ["key": "4fGh2KqLmN8p"]) == 2)
    }

    private func unusualUse() async throws -> [AuditRecord] {
        try await database.auditRecords(after: 0, of: nil, limit: 100)
            .filter { $0.action == .keyUnusual }
    }
}
