public import AccessCore
public import AccessStore
public import Hummingbird
import MarketTypes
public import NIOCore
import Telemetry

/// What a request carries through the doors of the market: its name, where it came from, and who
/// makes it once that is proven.
public struct WebContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// The connection, for answers that must know when the client leaves.
    public let channel: any Channel
    /// The address that the request came from, without its port; "local" for other sockets.
    public internal(set) var source: String
    /// The bucket that the address draws from where it may do something only so often.
    public var sourceBucket: String { AddressBucket.name(of: source) }
    /// What logs, answers and traces call the request.
    public var requestID: String
    /// Who makes it; nil until a middleware has proven it.
    public var caller: Caller?
    /// What else is known of whoever makes it; nil until a middleware has proven it.
    public internal(set) var admission: Admission?
    /// Whether the request itself is signed, and not sent before.
    public internal(set) var isSigned = false
    /// The place that its body takes among those of its address that have not come yet.
    var bodyPlace: BodyPlace?
    /// The browser's session, if that is who makes it.
    public internal(set) var session: SessionToken?

    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
        self.source = source.channel.remoteAddress?.ipAddress ?? "local"
        requestID = Self.newRequestID()
    }

    /// A name that no earlier request of any process had.
    private static func newRequestID() -> String {
        let words = RandomNames.pair()
        let bytes = withUnsafeBytes(of: words.0.bigEndian) { Array($0.prefix(4)) }
            + withUnsafeBytes(of: words.1.bigEndian) { Array($0) }
        return "req_" + Hex.encode(bytes)
    }

    /// Who makes the request, if they may do that.
    ///
    /// - Throws: a problem with status 401 if nobody is proven, 403 that names a missing scope.
    public func require(_ scope: Scope) throws -> Caller {
        guard let caller else { throw Problem.unauthenticated }
        guard caller.scopes.contains(scope) else { throw Problem.missing(scope) }
        return caller
    }

    /// Who makes the request, if a person does in a browser's session.
    ///
    /// - Throws: a problem with status 401 or 403.
    public func requireSession() throws -> Caller {
        guard let caller else { throw Problem.unauthenticated }
        guard caller.proof == .session else { throw Problem.sessionNeeded }
        return caller
    }

    /// Who makes the request, if they may do that and a key signed this very request, or a person
    /// makes it in a browser's session: for calls that move money.
    ///
    /// - Throws: a problem with status 401 or 403.
    public func requireSigned(_ scope: Scope) throws -> Caller {
        let caller = try require(scope)
        guard isSigned || caller.proof == .session else {
            throw Problem(SignedRequestRefusal.unsigned)
        }
        return caller
    }
}
