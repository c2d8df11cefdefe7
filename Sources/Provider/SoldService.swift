import AsyncHTTPClient
import CanonicalCoding
import Glibc
import Identity
import LedgerCore
import MarketTypes
import NIOCore
import NIOHTTP1
import OpenAIWire
import SettlementCore
import Synchronization

/// One offer, the upstream that does its work, and how many calls that can take.
final class SoldService: Sendable {
    let offer: Offer
    let upstream: UpstreamConfiguration
    let gate: CallGate
    /// How many requests may be held that are as large as uploads; nil if none of these are.
    let uploads: CallGate?
    private let template: HTTPClient.Request
    private let breaker: SharedBreaker

    /// What several services know of one upstream.
    private final class SharedBreaker: Sendable {
        let state: Mutex<CircuitBreaker>
        init(_ limits: CircuitBreakerLimits) { state = Mutex(CircuitBreaker(limits)) }
    }

    /// Sells under another offer of the same model what `twin` sells: one upstream, one limit.
    init(_ offer: Offer, like twin: SoldService) {
        self.offer = offer
        upstream = twin.upstream
        gate = twin.gate
        uploads = twin.uploads
        template = twin.template
        breaker = twin.breaker
    }

    /// Prepares a service.
    ///
    /// - Throws: ``ProviderError/missingKey(environment:)``, or
    ///   ``ProviderError/unusableOffer(_:_:)`` if this provider cannot serve the offer.
    init(
        _ offer: Offer,
        _ service: ServiceConfiguration,
        seller: AccountID,
        receiptKey: PublicKey,
        limits: ProviderConfiguration
    ) throws(ProviderError) {
        let id = offer.id
        guard offer.seller == seller else {
            throw .unusableOffer(id, "its seller is \(offer.seller)")
        }
        guard offer.receiptKey == receiptKey else {
            throw .unusableOffer(id, "its receipts are signed by another key")
        }
        guard (offer.interface == .json) == (service.upstream.kind == .json) else {
            throw .unusableOffer(
                id,
                "its interface is \(offer.interface.name), which an upstream of kind "
                    + "\(service.upstream.kind.rawValue) does not speak"
            )
        }
        self.offer = offer
        upstream = service.upstream
        template = try Self.template(offer, service.upstream)
        gate = CallGate(
            callsMax: service.concurrentCallsMax,
            waitersMax: limits.queuedCallsMax
        )
        uploads =
            offer.interface.isUpload
            ? CallGate(callsMax: limits.concurrentUploadsMax, waitersMax: limits.queuedCallsMax)
            : nil
        breaker = SharedBreaker(limits.circuitBreaker)
    }

    private static func template(
        _ offer: Offer,
        _ upstream: UpstreamConfiguration
    ) throws(ProviderError) -> HTTPClient.Request {
        var headers = HTTPHeaders()
        if let name = upstream.apiKeyEnvironment {
            guard let text = getenv(name), text.pointee != 0 else {
                throw .missingKey(environment: name)
            }
            headers.add(name: "authorization", value: "Bearer " + String(cString: text))
        }
        do {
            return try HTTPClient.Request(
                url: url(offer.interface, upstream),
                method: .POST,
                headers: headers
            )
        } catch {
            throw .unusableOffer(offer.id, "'\(upstream.url)' is no URL")
        }
    }

    /// The URL of an interface; a base that ends in `/v1` already is not given another.
    static func url(_ interface: CallInterface, _ upstream: UpstreamConfiguration) -> String {
        guard upstream.kind == .openai else { return upstream.url }
        let base = upstream.url.hasSuffix("/") ? upstream.url.dropLast() : upstream.url[...]
        let path = interface.path
        return String(base.hasSuffix("/v1") ? base + path.dropFirst("/v1".count) : base + path)
    }
}

extension SoldService {
    /// The most units that one request under this offer can be charged for.
    func unitsMax(_ request: PaidRequest) -> UnitCounts {
        offer.unitsMax(
            requestBytes: request.body.count,
            outputTokens: request.outputTokensMax,
            calls: request.callsMax
        )
    }

    /// The longest that a call may take: the upstream's limit or the offer's.
    var timeout: TimeAmount {
        min(
            .seconds(Int64(upstream.totalTimeoutSeconds)),
            .milliseconds(Int64(offer.limits.callMillisecondsMax))
        )
    }

    /// The request for the upstream.
    func upstreamRequest(_ request: PaidRequest) -> HTTPClient.Request {
        var sent = template
        sent.headers.add(name: "content-type", value: request.contentType)
        sent.headers.add(name: "accept", value: request.accept)
        sent.body = .byteBuffer(request.upstreamBody(for: upstream))
        return sent
    }

    /// Asks whether the upstream is worth calling.
    func admit() -> CircuitBreaker.Admission {
        breaker.state.withLock { $0.admit(atMilliseconds: Self.nowMilliseconds) }
    }

    /// What a call said about the upstream.
    enum Verdict: Hashable, Sendable {
        case works, fails, nothing
    }

    /// Tells what a call that was admitted said about the upstream.
    func report(_ verdict: Verdict, _ admission: CircuitBreaker.Admission) {
        breaker.state.withLock { breaker in
            switch verdict {
            case .works: breaker.succeeded(admission)
            case .fails: breaker.failed(admission, atMilliseconds: Self.nowMilliseconds)
            case .nothing: breaker.abandoned(admission)
            }
        }
    }

    /// Whether calls are refused because the upstream is down.
    var isDown: Bool {
        breaker.state.withLock { $0.isOpen(atMilliseconds: Self.nowMilliseconds) }
    }

    private static var nowMilliseconds: UInt64 {
        NIODeadline.now().uptimeNanoseconds / 1_000_000
    }
}

/// All services by the offer that vouchers name; while the provider runs, only new plans add some.
final class ServiceBoard: Sendable {
    private let services: Mutex<[OfferID: SoldService]>

    init(_ services: [SoldService]) {
        self.services = Mutex(Dictionary(services.map { ($0.offer.id, $0) }) { first, _ in first })
    }

    /// Serves under one more offer; it must be in the journal.
    func add(_ service: SoldService) {
        services.withLock { $0[service.offer.id] = service }
    }

    /// The service that sells under `offer`, or nil.
    func service(_ offer: OfferID) -> SoldService? { services.withLock { $0[offer] } }

    /// All services in order of their offers.
    var all: [SoldService] {
        services.withLock { $0 }.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Whether every upstream is down.
    var isDown: Bool { services.withLock { $0 }.values.allSatisfy(\.isDown) }

    /// The body that lists the offers (CALL-12).
    var listing: [UInt8] {
        var writer = JSONWriter(capacityBytes: 1024)
        writer.object { writer in
            writer.key("data")
            writer.array { writer in
                for service in all {
                    let offer = service.offer
                    writer.object { writer in
                        writer.member("id", offer.id.digest.description)
                        writer.member("model", offer.model)
                        writer.member("interface", offer.interface.name)
                        writer.member("offer", base64: offer.canonicalBytes)
                    }
                }
            }
        }
        return writer.bytes
    }
}

extension JSONWriter {
    /// Writes a member whose value is bytes in base64, or `null`.
    mutating func member(_ key: String, base64 bytes: [UInt8]?) {
        self.key(key)
        guard let bytes else { return null() }
        string(String(decoding: Base64.encode(bytes), as: UTF8.self))
    }
}
