public import AccessCore
public import Hummingbird
public import NIOCore

/// What a request carries through the doors of the market: its name, where it came from, and who
/// makes it once that is proven.
public struct WebContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// The connection, for answers that must know when the client leaves.
    public let channel: any Channel
    /// The address that the request came from, without its port; "local" for other sockets.
    public let source: String
    /// What logs, answers and traces call the request.
    public var requestID: String
    /// Who makes it; nil until a middleware has proven it.
    public var caller: Caller?

    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
        self.source = source.channel.remoteAddress?.ipAddress ?? "local"
        requestID = Self.newRequestID()
    }

    /// A name that no earlier request of any process had.
    private static func newRequestID() -> String {
        let bytes = (0..<12).map { _ in UInt8.random(in: .min ... .max) }
        return "req_"
            + bytes.map { byte in
                let text = String(byte, radix: 16)
                return byte < 16 ? "0" + text : text
            }.joined()
    }
}
