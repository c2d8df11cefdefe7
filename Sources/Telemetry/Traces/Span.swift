import Glibc
import Synchronization

/// One piece of work of a trace, from its beginning to its end.
///
/// A reference, because its end may be far from its beginning: whatever way the work goes, the span
/// is exported once, at the latest when nobody knows of it any more.
public final class Span: Sendable {
    /// What the span of a request is called where it was answered; all others are of requests that
    /// the service made.
    public static let requestName = "request"

    /// The span that the task works for; nil outside of requests.
    @TaskLocal public static var current: Span?

    /// What this span's own calls send as their `traceparent`.
    public let context: TraceContext

    private struct State {
        var requestID: String?
        var status: Int?
        var isOver = false
    }

    private let parent: [UInt8]?
    private let name: String
    private let service: String
    private let export: (@Sendable (SpanRecord) -> Void)?
    private let startMicroseconds: UInt64
    private let start = ContinuousClock.now
    private let state: Mutex<State>

    /// Begins a span.
    ///
    /// - Parameters:
    ///   - parent: the context that the caller sent; nil begins a trace.
    ///   - export: takes the record of a sampled span when it ends; nil drops it.
    public init(
        _ name: String,
        of service: String,
        in parent: TraceContext?,
        requestID: String? = nil,
        export: (@Sendable (SpanRecord) -> Void)?
    ) {
        let own = RandomNames.next()
        if let parent {
            context = parent.child(random: own)
        } else {
            context = .new(trace: RandomNames.pair(), span: own)
        }
        self.parent = parent?.span
        self.name = name
        self.service = service
        self.export = export
        startMicroseconds = Self.microsecondsNow()
        state = Mutex(State(requestID: requestID))
    }

    deinit { end() }

    /// Begins a span below the one that the task works for; nil if it works for none.
    public static func child(_ name: String) -> Span? {
        guard let current else { return nil }
        return Span(
            name,
            of: current.service,
            in: current.context,
            requestID: current.requestID,
            export: current.export
        )
    }

    /// What logs, answers and traces call the request.
    public var requestID: String? { state.withLock { $0.requestID } }

    /// Tells what logs and answers call the request.
    public func setRequestID(_ id: String) { state.withLock { $0.requestID = id } }

    /// Tells the HTTP status that came of it.
    public func setStatus(_ status: Int) { state.withLock { $0.status = status } }

    /// How long it has lasted.
    public var duration: Duration { ContinuousClock.now - start }

    /// Ends the span and exports it; once is enough.
    public func end() {
        let (isFirst, id, status) = state.withLock { state in
            defer { state.isOver = true }
            return (!state.isOver, state.requestID, state.status)
        }
        guard isFirst, context.isSampled, let export else { return }
        export(
            SpanRecord(
                context: context,
                parent: parent,
                name: name,
                service: service,
                startMicroseconds: startMicroseconds,
                durationMicroseconds: UInt64(max(0, duration.nanoseconds) / 1000),
                requestID: id,
                status: status
            )
        )
    }

    private static func microsecondsNow() -> UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return UInt64(max(0, now.tv_sec)) * 1_000_000 + UInt64(max(0, now.tv_nsec)) / 1000
    }
}

/// A span that is over.
public struct SpanRecord: Sendable {
    /// The trace, and the span in it.
    public let context: TraceContext
    /// The span that it is part of; nil for the first of a trace.
    public let parent: [UInt8]?
    /// What was done, of a bounded set of names.
    public let name: String
    /// The service that did it.
    public let service: String
    /// When it began, in microseconds since 1970.
    public let startMicroseconds: UInt64
    /// How long it lasted, in microseconds.
    public let durationMicroseconds: UInt64
    /// What logs and answers call the request.
    public let requestID: String?
    /// The HTTP status that came of it.
    public let status: Int?
}
