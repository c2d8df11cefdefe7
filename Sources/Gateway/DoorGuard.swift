import CanonicalCoding
import HTTPTypes
import Hummingbird
import Identity
import MarketTypes
import OpenAIWire
import Synchronization

/// Decides who may spend through this door.
struct DoorGuard: Sendable {
    /// The digest of the key that clients must send; nil if none is needed.
    private let keyDigest: Digest?
    private let ownHost: String

    init(_ configuration: GatewayConfiguration) {
        keyDigest = configuration.apiKey.map { Digest(sha256: Array($0.utf8)) }
        ownHost = configuration.host
    }

    /// Lets a request in, or says why not.
    ///
    /// Without a key, being on this machine is the permission. Web pages are on this machine too,
    /// in the browser, so requests that a page of another origin makes, or that reach this port
    /// under a foreign name (DNS rebinding), are refused.
    func admit(_ request: Request) throws(APIFailure) {
        guard let keyDigest else { return try admitLocal(request) }
        let prefix = "Bearer "
        let bearer = request.headers[.authorization].flatMap { field in
            field.hasPrefix(prefix) ? String(field.dropFirst(prefix.count)) : nil
        }
        // Anthropic's clients send the key in a field of its own. Digests are compared, so the
        // time taken says nothing about the key itself.
        guard let sent = bearer ?? request.headers[.anthropicKey],
            Digest(sha256: Array(sent.utf8)) == keyDigest
        else {
            throw APIFailure(
                .authentication,
                message: "The key is missing or wrong; nothing was charged.",
                hint: "Send the gateway's key as 'Authorization: Bearer'; `stoa call` takes it "
                    + "from --api-key-file or STOA_API_KEY."
            )
        }
    }

    private func admitLocal(_ request: Request) throws(APIFailure) {
        if let authority = request.head.authority, !isLocal(authority[...]) {
            throw APIFailure(
                .authentication,
                message: "This gateway does not answer to that host name.",
                hint: "Use 127.0.0.1 or localhost, or start it with --api-key-file."
            )
        }
        if let origin = request.headers[.origin], !isLocalOrigin(origin) {
            throw APIFailure(
                .authentication,
                message: "Web pages of other origins may not spend here.",
                hint: "Start it with --api-key-file, and send that."
            )
        }
    }

    private func isLocalOrigin(_ origin: String) -> Bool {
        for scheme in ["http://", "https://"] where origin.hasPrefix(scheme) {
            return isLocal(origin.dropFirst(scheme.count))
        }
        return false
    }

    /// Whether `host` or `host:port` names this machine.
    private func isLocal(_ authority: Substring) -> Bool {
        if authority.hasPrefix("[") { return authority.hasPrefix("[::1]") }
        let host = authority.prefix { $0 != ":" }
        return host == "localhost" || host == ownHost || Self.isLoopbackAddress(host)
    }

    private static func isLoopbackAddress(_ host: Substring) -> Bool {
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers.first == "127"
            && numbers.allSatisfy { UInt8($0) != nil }
    }
}

/// Names requests, so that a client's log and the gateway's can be laid side by side.
final class RequestIDs: Sendable {
    private static let bytesMax = 64

    private let prefix: String
    private let count = Atomic<UInt64>(0)

    init() {
        prefix = "req-" + Hex.encode((0..<6).map { _ in UInt8.random(in: .min ... .max) }) + "-"
    }

    /// The client's own name for the request if it is short and plain, otherwise a new one.
    func id(for given: String?) -> String {
        if let given, !given.isEmpty, given.utf8.count <= Self.bytesMax,
            given.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        {
            return given
        }
        return prefix + String(count.wrappingAdd(1, ordering: .relaxed).newValue)
    }
}

extension HTTPField.Name {
    static let requestID = known("x-request-id")
    static let anthropicKey = known("x-api-key")
    static let cache = known("x-stoa-cache")
    static let cost = known("x-stoa-cost")
    /// The 64 digits of the issued unit that the cost counts; absent for obol.
    static let costUnit = known("x-stoa-cost-unit")
    static let receipt = known("x-stoa-receipt")
    static let seller = known("x-stoa-seller")
    static let model = known("x-stoa-model")
    /// The wishes of a `/v1/call`, whose body is the seller's from end to end.
    static let wishes = known("x-stoa-provider")
    /// Says that a test key was answered.
    static let test = known("x-stoa-test")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else {
            preconditionFailure("\(name) is written here and a valid name")
        }
        return name
    }
}
