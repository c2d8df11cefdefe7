public import GRPCNIOTransportHTTP2Posix
import NIOCore

/// Where the door listens, what stands behind it, and what a stranger may ask for.
public struct GRPCDoorConfiguration: Sendable {
    /// The address to listen on, of IPv4 or IPv6; loopback unless told otherwise.
    public var host = "127.0.0.1"
    /// The port; 0 takes a free one.
    public var port = 26800
    /// The node's HTTP interface; nil serves no node.
    public var node: String?
    /// The provider's HTTP interface; nil serves no provider.
    public var provider: String?
    /// The door's certificate and key; plain text without.
    public var security = HTTP2ServerTransport.Posix.TransportSecurity.plaintext
    /// The numbers that bound it.
    public var limits = Limits()

    /// Creates the standard configuration, with nothing behind it.
    public init() {}

    /// What a stranger may ask for.
    public struct Limits: Sendable {
        /// Connections at a time; one more is closed at once.
        public var connectionsMax = 256
        /// Connections of one address at a time, which is an IPv6 network of 64 bits; addresses of
        /// this machine are not counted.
        public var connectionsPerAddressMax = 64
        /// Calls at a time on one connection; HTTP/2 lets a client wait with the next.
        public var streamsPerConnectionMax = 64
        /// Calls at a time that ask a node or a provider; one more is refused.
        public var callsMax = 256
        /// Watches of health and streams of reflection at a time; one more is refused.
        public var watchesMax = 256
        /// Calls of one address at a time that ask a node or a provider; addresses of this machine
        /// are not counted, here and below.
        public var callsPerAddressMax = 64
        /// Watches of one address at a time.
        public var watchesPerAddressMax = 64
        /// Calls of one kind at a time whose message has not come; one more is refused.
        public var openingsMax = 128
        /// Those of one address.
        public var openingsPerAddressMax = 16
        /// How long a message may take to come.
        public var messageSecondsMax: Int64 = 10
        /// How long a paid call's message may take, which has a body.
        public var bodySecondsMax: Int64 = 30
        /// How long a stream of reflection may stand without a question.
        public var questionSecondsMax: Int64 = 30
        /// The largest body of a paid call.
        public var bodyBytesMax = 8 << 20
        /// The largest answer of a node, or of a provider that was asked for nothing paid.
        public var answerBytesMax = 32 << 20
        /// The largest answer of a paid call: as large as a provider's own limit, for what the
        /// door throws away was paid for.
        public var paidAnswerBytesMax = 64 << 20
        /// The largest event of a stream, as for providers and gateways.
        public var eventBytesMax = 4 << 20
        /// An answer in one piece of more bytes than this is a large one.
        public var largeAnswerBytes = 1 << 20
        /// Large answers that are collected at a time; the next wait at the provider.
        public var largeAnswersMax = 8
        /// The longest that a node is waited for, unless a call's deadline is earlier; a
        /// submission waits for its block.
        public var nodeSecondsMax: Int64 = 30
        /// The longest that a paid call may take, unless its deadline is earlier.
        public var callSecondsMax: Int64 = 900
        /// How long a client may leave unread what it was sent.
        public var unreadSecondsMax: Int64 = 30
        /// How long a connection may be silent before the client is asked whether it is there, and
        /// how long the client may take to say so.
        public var silentSecondsMax: Int64 = 60
        /// How long a connection may be open before its client begins to speak.
        public var greetingSecondsMax: Int64 = 10
        /// How long calls may go on once the door is told to stop.
        public var drainSecondsMax: Int64 = 20
        /// How long a connection may stand idle.
        public var idleSecondsMax: Int64 = 600
        /// How often node and provider are asked whether they serve.
        public var probeMilliseconds: Int64 = 1000
        /// How long they may take to say so.
        public var probeSecondsMax: Int64 = 3

        /// The largest message that the transport reads; a little more than any method takes, so
        /// that a method can say what is too large.
        var messageBytesMax: Int { bodyBytesMax + (1 << 20) }

        /// When a connection is closed whose client does not leave by itself.
        var patience: SilenceGuard.Patience {
            SilenceGuard.Patience(
                greeting: .seconds(greetingSecondsMax),
                silence: .seconds(2 * silentSecondsMax + 10),
                idle: .seconds(idleSecondsMax + silentSecondsMax)
            )
        }

        /// Creates the standard limits.
        public init() {}
    }
}
