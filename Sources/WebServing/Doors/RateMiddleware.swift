import AccessCore
public import AccessStore
import HTTPTypes
public import Hummingbird
public import MarketTypes
import NIOCore

/// How fast an address may ask, whatever it asks for.
public struct AddressRate: Sendable {
    private let limits: any RateStore
    private let policy: RatePolicy
    private let trustsForwarded: Bool
    private let now: @Sendable () -> Timestamp

    init(
        _ limits: any RateStore,
        policy: RatePolicy,
        trustsForwarded: Bool,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.limits = limits
        self.policy = policy
        self.trustsForwarded = trustsForwarded
        self.now = now
    }

    /// Counts one request of an address.
    func take(_ source: String) async throws -> [RateDecision] {
        let use = BucketUse("address:" + AddressBucket.name(of: source), policy)
        return try await limits.take([use], at: now())
    }

    /// Counts one request that passes no middleware, and says in how many seconds it may be tried
    /// again; nil if it may go on.
    ///
    /// - Parameters:
    ///   - connection: the address that the connection came from.
    ///   - forwarded: the lines of its `x-forwarded-for`.
    public func secondsToWait(
        connection: String,
        forwarded: [String]
    ) async throws -> UInt64? {
        let source = trustsForwarded ? Self.address(in: forwarded) ?? connection : connection
        guard let decision = try await take(source).last, !decision.isAllowed else { return nil }
        return max(1, (decision.retryAfterMilliseconds + 999) / 1_000)
    }

    /// Where a request came from, as far as it is known here.
    func source(of request: Request, _ connection: String) -> String {
        guard trustsForwarded else { return connection }
        return Self.address(in: request.headers[values: .forwardedFor]) ?? connection
    }

    /// The address that the proxy before this process wrote, which is the last; nil if it is none.
    ///
    /// Byte by byte: what a client put before it must not combine with the proxy's comma.
    static func address(in lines: [String]) -> String? {
        guard let value = lines.last,
            let last = value.utf8.split(
                separator: UInt8(ascii: ","),
                omittingEmptySubsequences: false
            ).last
        else { return nil }
        let bytes = last.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        let text = String(decoding: bytes, as: UTF8.self)
        return (try? SocketAddress(ipAddress: text, port: 0)) == nil ? nil : text
    }
}

/// Lets each address ask only so fast, before anything else is done for it.
struct AddressRateMiddleware: RouterMiddleware {
    typealias Context = WebContext

    private let rate: AddressRate

    init(_ rate: AddressRate) { self.rate = rate }

    func handle(
        _ request: Request,
        context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.source = rate.source(of: request, context.source)
        let decisions = try await rate.take(context.source)
        return try await RateFields.answer(decisions, request, context, next: next)
    }
}

/// Lets each key ask only so fast, and each organisation only so much in a day.
public struct KeyRateMiddleware: RouterMiddleware {
    public typealias Context = WebContext

    private let limits: any RateStore
    private let now: @Sendable () -> Timestamp

    /// Creates the middleware; it stands after the one that finds out who asks.
    public init(_ limits: any RateStore, now: @escaping @Sendable () -> Timestamp) {
        self.limits = limits
        self.now = now
    }

    public func handle(
        _ request: Request,
        context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard let admission = context.admission else { return try await next(request, context) }
        let name =
            switch admission.caller.proof {
            case .session: "user:\(admission.caller.user)"
            case .key(let key): "key:\(key)"
            case .token(let client): "client:\(client)"
            }
        let uses = [
            BucketUse(name, admission.tier.keyRate),
            BucketUse("day:\(admission.caller.organisation)", admission.tier.dayQuota),
        ]
        let decisions = try await limits.take(uses, at: now())
        return try await RateFields.answer(decisions, request, context, next: next)
    }
}

/// Which bucket an address draws from.
enum AddressBucket {
    /// An IPv4 address stands for itself; of IPv6, a customer has a network of 64 bits at least.
    static func name(of source: String) -> String {
        guard source.utf8.contains(UInt8(ascii: ":")) else { return source }
        let mapped = "::ffff:"
        if source.hasPrefix(mapped), source.utf8.contains(UInt8(ascii: ".")) {
            return String(source.dropFirst(mapped.utf8.count))
        }
        var groups: [Substring] = []
        // Groups before the gap, zeros for the gap, as far as the first four go.
        for group in source.split(separator: ":", omittingEmptySubsequences: false) {
            guard groups.count < 4 else { break }
            if group.isEmpty, !groups.isEmpty || source.hasPrefix("::") {
                groups.append(contentsOf: Array(repeating: "0", count: 4 - groups.count))
            } else {
                groups.append(group)
            }
        }
        return groups.prefix(4).joined(separator: ":") + "::/64"
    }
}

/// The fields of an answer's head that tell of limits.
enum RateFields {
    static func answer(
        _ decisions: [RateDecision],
        _ request: Request,
        _ context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        if let last = decisions.last, !last.isAllowed { throw refusal(decisions) }
        do {
            var response = try await next(request, context)
            add(decisions, to: &response.headers)
            return response
        } catch var problem as Problem {
            add(decisions, to: &problem.headers)
            throw problem
        }
    }

    static func refusal(_ decisions: [RateDecision]) -> Problem {
        var headers = HTTPFields()
        add(decisions, to: &headers)
        let policy = decisions.last?.policy.name ?? ""
        return Problem(
            .tooManyRequests,
            "rate_limited",
            "Too many requests under the limit “\(policy)”; nothing was charged.",
            hint: "Wait for the seconds in Retry-After.",
            headers: headers
        )
    }

    /// The pair of the draft lists every limit; the older three, which hold one, tell of whichever
    /// has least left. What an inner middleware said goes first.
    private static func add(_ decisions: [RateDecision], to headers: inout HTTPFields) {
        let tightest = decisions.min { $0.remaining < $1.remaining }
        for decision in decisions {
            for (text, value) in decision.fields {
                guard let name = HTTPField.Name(text) else { continue }
                if text == "ratelimit" || text == "ratelimit-policy" {
                    headers[name] = headers[name].map { "\($0), \(value)" } ?? value
                } else if decision == tightest || text == "retry-after", headers[name] == nil {
                    headers[name] = value
                }
            }
        }
    }
}
