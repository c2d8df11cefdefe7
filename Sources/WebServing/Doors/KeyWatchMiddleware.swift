import AccessCore
public import AccessStore
import HTTPTypes
public import Hummingbird
import Logging
public import MarketTypes
public import Telemetry

/// Counts what each key does and what it is refused, and notes when one asks unusually often.
///
/// It stands between the middleware that finds out who asks and the one that limits them, so that
/// what is turned away counts too. A key is named by its id; its secret is never here.
public struct KeyWatchMiddleware: RouterMiddleware {
    public typealias Context = WebContext

    /// The most keys that have numbers of their own.
    private static let keysMax = 256
    /// The most that have rates of their own: keys, and people in sessions and with programs.
    private static let ratesMax = 4_096

    private let database: AccessDatabase
    private let metrics: MetricsRegistry
    private let names = BoundedNames(countMax: keysMax)
    private let rates: RequestRates
    private let now: @Sendable () -> Timestamp

    /// Creates the middleware.
    public init(
        _ database: AccessDatabase,
        telemetry: ServiceTelemetry,
        rules: RequestRate.Rules = .init(),
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.database = database
        metrics = telemetry.metrics
        rates = RequestRates(rules: rules, countMax: Self.ratesMax)
        self.now = now
    }

    public func handle(
        _ request: Request,
        context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        let name = context.caller.map(Self.name)
        if let caller = context.caller, let name {
            metrics.count("stoa_key_requests", ["key": names.label(name)])
            let whose = Self.rateName(caller)
            if let alarm = rates.note(whose, milliseconds: now().milliseconds) {
                metrics.count("stoa_key_anomalies", ["key": names.label(name)])
                await note(alarm, whose, caller, context)
            }
        }
        do {
            let response = try await next(request, context)
            count(response.status.code, name)
            return response
        } catch {
            if let problem = error as? Problem { count(problem.status.code, name) }
            throw error
        }
    }

    private func count(_ status: Int, _ name: String?) {
        guard let name, let reason = RefusalReason.label(status: status) else { return }
        metrics.count("stoa_key_refusals", ["key": names.label(name), "reason": reason])
    }

    private func note(
        _ alarm: RequestRate.Alarm,
        _ name: String,
        _ caller: Caller,
        _ context: WebContext
    ) async {
        context.logger.warning(
            "a key asks unusually often",
            metadata: [
                "key": "\(name)", "requests": "\(alarm.count)", "usual": "\(alarm.usualMax)",
                "request": "\(context.requestID)",
            ]
        )
        do {
            try await database.noteUnusualUse(
                of: name,
                by: caller,
                count: alarm.count,
                usualMax: alarm.usualMax,
                source: context.source,
                at: now()
            )
        } catch {
            context.logger.error("the audit log cannot be written", metadata: ["key": "\(name)"])
        }
    }

    /// Whose requests are counted together to see what is usual: many people's never are, so that
    /// nobody is noted for what others do.
    private static func rateName(_ caller: Caller) -> String {
        switch caller.proof {
        case .key: name(caller)
        case .session, .token: "\(name(caller)) user:\(caller.user)"
        }
    }

    /// What numbers are called by, of which there are only so many.
    private static func name(_ caller: Caller) -> String {
        switch caller.proof {
        case .session: "session"
        case .key(let key): key.text
        case .token(let client): "client \(client)"
        }
    }
}
