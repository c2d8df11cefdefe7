import AsyncHTTPClient
public import Logging
import NIOCore
import NIOHTTP1
public import ServiceLifecycle
import Synchronization
public import Telemetry

/// Sends spans to a collector, many at once, twice a second.
///
/// What it keeps is bounded: while a collector is away the newest spans are dropped and counted. A
/// request never waits for it.
public final class SpanExporter: Service {
    /// The most spans that wait.
    static let waitingMax = 8_192
    /// The most in one request.
    static let batchMax = 512
    /// How long between two looks at what waits, in milliseconds.
    private static let pauseMilliseconds = 500
    /// The longest pause after a collector refused or did not answer, in seconds.
    private static let backoffSecondsMax = 30
    /// How long one request may take, with its answer to the last byte.
    private static let timeout = Duration.seconds(10)
    /// How long a graceful stop waits for what is left to be sent.
    private static let farewell = Duration.seconds(5)
    /// The largest answer that is read, in bytes.
    private static let answerBytesMax = 64 << 10

    private enum Outcome: Sendable {
        case taken(rejected: UInt64)
        /// The same request can be sent again, after so many seconds if the collector says.
        case later(seconds: Int?, why: String)
        case refused(String)
    }

    private struct State {
        var waiting: [SpanRecord] = []
        var dropped: UInt64 = 0
        /// Whether the log has it already that spans are lost or wait.
        var isTold = false
    }

    private let destination: OTLPDestination
    private let metrics: MetricsRegistry
    private let service: String
    private let logger: Logger
    private let state = Mutex(State())

    /// Creates the exporter; it sends nothing before ``run()``.
    public init(
        to destination: OTLPDestination,
        service: String,
        metrics: MetricsRegistry,
        logger: Logger
    ) {
        self.destination = destination
        self.metrics = metrics
        self.logger = logger
        self.service = service
    }

    /// Has a span sent soon.
    public func add(_ span: SpanRecord) {
        state.withLock { state in
            guard state.waiting.count < Self.waitingMax else {
                state.dropped += 1
                return
            }
            state.waiting.append(span)
        }
    }

    /// How many spans wait, and how many were dropped since that was last told.
    var queue: (waiting: Int, dropped: UInt64) {
        state.withLock { ($0.waiting.count, $0.dropped) }
    }

    /// Sends until shutdown, and then what is left, once.
    public func run() async throws {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        await cancelWhenGracefulShutdown {
            var pause = Duration.milliseconds(Self.pauseMilliseconds)
            var failures = 0
            while !Task.isCancelled {
                do { try await Task.sleep(for: pause) } catch { return }
                let wait = await self.sendWaiting(client, failures: failures)
                failures = wait == nil ? 0 : failures + 1
                pause = wait ?? .milliseconds(Self.pauseMilliseconds)
            }
        }
        await Self.within(Self.farewell, else: ()) {
            _ = await self.sendWaiting(client, failures: 0)
        }
        try await client.shutdown()
    }

    /// - Returns: how long to wait before trying again; nil if all was sent, or dropped.
    private func sendWaiting(_ client: HTTPClient, failures: Int) async -> Duration? {
        tellDropped()
        while true {
            // Taken out only once they are sent.
            let batch = state.withLock { Array($0.waiting.prefix(Self.batchMax)) }
            guard !batch.isEmpty else { return nil }
            switch await send(batch, client) {
            case .taken(let rejected):
                state.withLock { state in
                    state.waiting.removeFirst(batch.count)
                    if rejected == 0 { state.isTold = false }
                }
                let taken = UInt64(batch.count) - min(rejected, UInt64(batch.count))
                count("stoa_spans_sent", taken)
                if rejected > 0 {
                    count("stoa_spans_dropped", rejected)
                    warn("the collector did not take \(rejected) spans")
                }
            case .refused(let why):
                state.withLock { $0.waiting.removeFirst(batch.count) }
                count("stoa_spans_dropped", UInt64(batch.count))
                warn("the collector refused \(batch.count) spans: \(why)")
            case .later(let seconds, let why):
                if !Task.isCancelled { warn("spans wait for the collector: \(why)") }
                let doubled = 1 << min(failures, 5)
                return .seconds(min(seconds ?? doubled, Self.backoffSecondsMax))
            }
        }
    }

    private func tellDropped() {
        let dropped = state.withLock { state in
            defer { state.dropped = 0 }
            return state.dropped
        }
        guard dropped > 0 else { return }
        count("stoa_spans_dropped", dropped)
        warn("\(dropped) spans were dropped: more came than could be sent")
    }

    /// Says what is wrong, once until all is well again; the numbers say how often.
    private func warn(_ text: String) {
        let isNew = state.withLock { state in
            defer { state.isTold = true }
            return !state.isTold
        }
        guard isNew else { return }
        logger.warning("\(text) (said once until a request is taken whole)")
    }

    private func count(_ name: String, _ spans: UInt64) {
        metrics.count(name, ["service": service], by: Int64(clamping: spans))
    }

    private func send(_ batch: [SpanRecord], _ client: HTTPClient) async -> Outcome {
        let late = Outcome.later(seconds: nil, why: "it did not answer in time")
        return await Self.within(Self.timeout, else: late) { await self.ask(batch, client) }
    }

    /// What comes of `body`, or `late` if that takes too long; then it is cancelled.
    private static func within<Output: Sendable>(
        _ limit: Duration,
        else late: Output,
        _ body: @escaping @Sendable () async -> Output
    ) async -> Output {
        await withTaskGroup(of: Output.self) { group in
            group.addTask { await body() }
            group.addTask {
                try? await Task.sleep(for: limit)
                return late
            }
            defer { group.cancelAll() }
            return await group.next() ?? late
        }
    }

    private func ask(_ batch: [SpanRecord], _ client: HTTPClient) async -> Outcome {
        var request = HTTPClientRequest(url: destination.url)
        request.method = .POST
        for header in destination.headers {
            request.headers.add(name: header.name, value: header.value)
        }
        request.headers.add(name: "content-type", value: OTLPTraces.contentType)
        request.headers.add(name: "user-agent", value: "stoa-otlp")
        let body = OTLPTraces.request(batch, resource: destination.resource)
        request.body = .bytes(ByteBuffer(bytes: body))
        do {
            let response = try await client.execute(request, deadline: .distantFuture)
            let answer = try await response.body.collect(upTo: Self.answerBytesMax)
            switch response.status.code {
            case 200...299:
                let rejected = OTLPTraces.rejected(Array(answer.readableBytesView)) ?? 0
                return .taken(rejected: rejected)
            case 429, 502, 503, 504:
                let wait = response.headers.first(name: "retry-after").flatMap { Int($0) }
                return .later(
                    seconds: wait.map { max(1, $0) },
                    why: "it answered \(response.status.code)"
                )
            default: return .refused("it answered \(response.status.code)")
            }
        } catch is NIOTooManyBytesError {
            return .refused("its answer is too large")
        } catch {
            return .later(seconds: nil, why: "it cannot be reached (\(error))")
        }
    }
}
