public import MarketTypes

/// How a seller's provider listens, works and limits; every field but the services has a default.
///
/// It holds no secrets: keys of upstreams are named by the environment variable that holds them.
/// A configuration that was read from a file must still pass ``validate()``.
public struct ProviderConfiguration: Codable, Hashable, Sendable {
    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 lets the system choose one.
    public var port = 8091
    /// The directory of the journal of vouchers and receipts; its parent must exist.
    public var journalDirectory = "provider-journal"
    /// How many calls may be under way at once, all services together.
    public var concurrentCallsMax = 64
    /// How many calls may wait for others to end.
    public var queuedCallsMax = 256
    /// The longest a call waits for its turn, in milliseconds.
    public var queueTimeoutMilliseconds = 15_000
    /// The largest request body in bytes; an offer may allow less.
    public var requestBytesMax = 1 << 20
    /// The same for requests that carry a file; the standard takes files of 25 MB.
    public var uploadBytesMax = 26 << 20
    /// How many requests that carry a file are held at once for one service.
    public var concurrentUploadsMax = 8
    /// The largest answer of an upstream in bytes, all events of a stream together.
    public var responseBytesMax = 64 << 20
    /// The most channels that are served.
    public var channelsMax = 1024
    /// The most receipts of paid claims whose inclusion paths are served, the latest ones.
    ///
    /// Each takes about 32 bytes of memory. Older ones can still be proven from the journal.
    public var anchoredReceiptsMax = 1 << 20
    /// When to be paid.
    public var claims = ClaimPolicy()
    /// When an upstream counts as down.
    public var circuitBreaker = CircuitBreakerLimits()
    /// What is sold, and who does the work.
    public var services: [ServiceConfiguration] = []

    /// Creates a configuration with every default and no services.
    public init() {}
}

/// When a provider asks the ledger to be paid.
public struct ClaimPolicy: Codable, Hashable, Sendable {
    /// A channel in STOA that owes this much is claimed from at once; `amountObol` in files, as a
    /// decimal string or an integer.
    public var amount = Amount(obol: 1_000_000_000)
    /// The same for channels of units that somebody issued, in the unit's smallest part, by its
    /// 64 hex digits. Other units are claimed from by time alone: what they are worth is not
    /// known here.
    public var unitAmounts: [String: Amount] = [:]
    /// A channel that owes anything is claimed from after this many seconds.
    public var intervalSeconds = 3600
    /// The longest that a shutdown waits for calls under way, and again for the last claims, in
    /// seconds.
    public var shutdownTimeoutSeconds = 30

    /// Creates a policy with every default.
    public init() {}

    /// What a channel of a denomination must owe to be claimed from at once; nil for no amount.
    public func amount(of denomination: Denomination) -> Amount? {
        switch denomination {
        case .native: amount
        case .issued(let unit): unitAmounts[unit.description]
        }
    }
}

/// When an upstream counts as down, and for how long.
public struct CircuitBreakerLimits: Codable, Hashable, Sendable {
    /// This many failures in a row stop further calls.
    public var failuresToOpen = 5
    /// How long calls are stopped, in seconds.
    public var openSeconds = 10
    /// How many calls at once may then try whether the upstream is back.
    public var probe = 1

    /// Creates limits with every default.
    public init() {}
}

/// One offer and the server that does its work.
public struct ServiceConfiguration: Codable, Hashable, Sendable {
    /// The offer's name, in 64 hex digits; it must be published.
    public var offer: String
    /// The chain that the offer is on, in 64 hex digits; nil if that is not known.
    public var chain: String?
    /// Who does the work.
    public var upstream: UpstreamConfiguration
    /// How many calls the upstream takes at once.
    public var concurrentCallsMax = 16

    /// Sells `offer`, with every default.
    public init(offer: OfferID, upstream: UpstreamConfiguration) {
        self.offer = offer.digest.description
        self.upstream = upstream
    }
}

/// A server that does the work, and how it is spoken to.
public struct UpstreamConfiguration: Codable, Hashable, Sendable {
    /// What the server understands.
    public enum Kind: String, Codable, Hashable, Sendable {
        /// OpenAI's paths; ``UpstreamConfiguration/url`` is the base of them.
        case openai
        /// Any JSON document to exactly ``UpstreamConfiguration/url``.
        case json
    }

    /// Under which name the server knows the bound on output tokens.
    public enum OutputBound: String, Codable, Hashable, Sendable {
        case maxTokens = "max_tokens"
        case maxCompletionTokens = "max_completion_tokens"
    }

    /// What the server understands.
    public var kind: Kind
    /// Where the server is, such as `http://127.0.0.1:8080` or `https://host/v1`.
    public var url: String
    /// The server's own name for the model; unused by ``Kind/json``.
    public var model: String
    /// The environment variable that holds the server's API key; nil if it needs none.
    public var apiKeyEnvironment: String?
    /// The longest until an answer begins, in seconds.
    public var headerTimeoutSeconds = 60
    /// The longest until an answer is complete, in seconds; an offer may allow less.
    public var totalTimeoutSeconds = 600
    /// Whether streams are asked to end with the usage; false for servers that refuse the option.
    public var includeUsage = true
    /// Under which name the server knows the bound on output tokens.
    public var outputBound = OutputBound.maxTokens
    /// Whether chats may link to images and other files, which the server then fetches: from
    /// wherever a buyer says, and for more input tokens than the request has bytes.
    public var linkedMedia = false

    /// Names a server, with every default.
    public init(kind: Kind, url: String, model: String = "") {
        self.kind = kind
        self.url = url
        self.model = model
    }
}
