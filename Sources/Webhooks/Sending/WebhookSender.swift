import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// What came of sending a message.
public struct WebhookOutcome: Hashable, Sendable {
    /// The HTTP status, if there was an answer.
    public let status: Int?
    /// Why the message did not arrive; nil if it did.
    public let fault: String?

    /// Whether the message arrived.
    public var isDelivered: Bool { fault == nil }

    static func failed(_ fault: String, _ status: Int? = nil) -> WebhookOutcome {
        WebhookOutcome(status: status, fault: fault)
    }
}

/// Sends messages to addresses that strangers chose, and reaches no network but the internet.
///
/// The host is resolved once; if one of its addresses is not public nothing is sent, and the
/// connection goes to the very address that was looked at, so that a resolver that changes its
/// mind (DNS rebinding) changes nothing. No redirect is followed.
public struct WebhookSender: Sendable {
    /// The longest that sending and the whole answer may take.
    static let timeout = TimeAmount.seconds(10)
    /// The largest answer in bytes; receivers have nothing to say.
    static let answerBytesMax = 64 << 10

    private let resolver: any HostResolving
    /// Whether messages may go to this machine, for development.
    public let allowsLoopback: Bool

    /// Creates a sender.
    public init(resolver: any HostResolving, allowsLoopback: Bool) {
        self.resolver = resolver
        self.allowsLoopback = allowsLoopback
    }

    /// Sends a message once.
    public func send(
        _ body: [UInt8],
        to address: String,
        headers: [(String, String)]
    ) async -> WebhookOutcome {
        let deadline = NIODeadline.now() + Self.timeout
        let url: WebhookURL
        do throws(WebhookRefusal) {
            url = try WebhookURL(address, allowsLoopback: allowsLoopback)
        } catch {
            return .failed("the address is none that messages are sent to")
        }
        let found: [NetworkAddress]
        do {
            found = try await resolver.addresses(of: url.host)
        } catch {
            return .failed("the host's address could not be found in time")
        }
        guard let first = found.first else { return .failed("the host has no address") }
        guard found.allSatisfy({ isAllowed($0, url) }) else {
            return .failed("the host has an address that is not on the internet")
        }
        // A resolver that was slow has taken from the time of the rest.
        guard deadline > .now() else { return .failed("no answer in time") }
        return await post(body, url, first, headers, deadline)
    }

    private func isAllowed(_ address: NetworkAddress, _ url: WebhookURL) -> Bool {
        if allowsLoopback, address.isLoopback { return true }
        return url.isSecure && address.isPublic
    }

    private func post(
        _ body: [UInt8],
        _ url: WebhookURL,
        _ address: NetworkAddress,
        _ headers: [(String, String)],
        _ deadline: NIODeadline
    ) async -> WebhookOutcome {
        // A client for each message: what it knows of hosts is of this message alone.
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        configuration.dnsOverride = [url.host: address.text]
        configuration.maximumUsesPerConnection = 1
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let outcome = await exchange(client, body, url, headers, deadline)
        try? await client.shutdown()
        return outcome
    }

    private func exchange(
        _ client: HTTPClient,
        _ body: [UInt8],
        _ url: WebhookURL,
        _ headers: [(String, String)],
        _ deadline: NIODeadline
    ) async -> WebhookOutcome {
        do {
            var request = try HTTPClient.Request(url: url.text, method: .POST)
            for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
            request.body = .bytes(body)
            let reader = ResponseAccumulator(request: request, maxBodySize: Self.answerBytesMax)
            let answer = try await client.execute(
                request: request,
                delegate: reader,
                deadline: deadline
            ).get()
            let status = Int(answer.status.code)
            return (200..<300).contains(status)
                ? WebhookOutcome(status: status, fault: nil)
                : .failed((300..<400).contains(status) ? "it redirects" : "it refuses", status)
        } catch is ResponseAccumulator.ResponseTooBigError {
            return .failed("the answer is too large")
        } catch let error as HTTPClientError {
            let late: [HTTPClientError] = [
                .deadlineExceeded, .readTimeout, .connectTimeout, .cancelled,
            ]
            return .failed(
                late.contains(error) ? "no answer in time" : "the connection broke: \(error)"
            )
        } catch {
            return .failed("it cannot be reached")
        }
    }
}
