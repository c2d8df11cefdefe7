public import AccessCore
public import AccessStore
import HTTPTypes
public import Hummingbird
public import MarketTypes
import NIOCore

/// Lets each address ask only so fast, before anything else is done for it.
public struct AddressRateMiddleware: RouterMiddleware {
    public typealias Context = WebContext

    private let limits: any RateStore
    private let policy: RatePolicy
    private let trustsForwarded: Bool
    private let now: @Sendable () -> Timestamp

    /// Creates the middleware.
    public init(
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

    public func handle(
        _ request: Request,
        context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if trustsForwarded, let address = Self.forwardedAddress(request) {
            context.source = address
        }
        let use = BucketUse("address:" + AddressBucket.name(of: context.source), policy)
        let decisions = try await limits.take([use], at: now())
        return try await RateFields.answer(decisions, request, context, next: next)
    }
}

extension AddressRateMiddleware {
    /// The address that the proxy before this process wrote, which is the last; nil if it is none.
    ///
    /// Byte by byte: what a client put before it must not combine with the proxy's comma.
    static func forwardedAddress(_ request: Request) -> String? {
        guard let value = request.headers[values: .forwardedFor].last,
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
