import CanonicalCoding
public import Identity
public import MarketTypes

/// How an offer's answers can be called; the numbers are append-only.
public enum CallInterface: UInt8, Hashable, CaseIterable, Sendable {
    /// `POST /v1/chat/completions`.
    case chat = 1
    /// `POST /v1/embeddings`.
    case embeddings = 2
    /// `POST /v1/call`: any JSON document in, any JSON document out.
    case json = 3
    /// `POST /v1/images/generations`: a description in, images out.
    case images = 4
    /// `POST /v1/audio/speech`: text in, audio out.
    case speech = 5
    /// `POST /v1/audio/transcriptions`: a form with an audio file in, text out.
    case transcription = 6

    /// The name used in configuration and JSON.
    public var name: String {
        switch self {
        case .chat: "chat"
        case .embeddings: "embeddings"
        case .json: "json"
        case .images: "images"
        case .speech: "speech"
        case .transcription: "transcription"
        }
    }

    /// The interface whose calls are posted to `path`; nil if there is none.
    public init?(path: String) {
        guard let match = Self.allCases.first(where: { $0.path == path }) else { return nil }
        self = match
    }

    /// Whether requests carry a file, and so may be as large as one.
    public var isUpload: Bool { self == .transcription }

    /// The path of the interface on a provider and, where it is OpenAI's, on a gateway.
    public var path: String {
        switch self {
        case .chat: "/v1/chat/completions"
        case .embeddings: "/v1/embeddings"
        case .json: "/v1/call"
        case .images: "/v1/images/generations"
        case .speech: "/v1/audio/speech"
        case .transcription: "/v1/audio/transcriptions"
        }
    }
}

/// How an answer may be checked beyond its receipt; the numbers are append-only.
public enum VerificationClass: UInt8, Hashable, Sendable {
    /// The receipt binds the answer to the seller; nothing else is promised.
    case receipt = 0
    /// The seller promises the same answer to the same request, so that a stranger can repeat it.
    case repeatable = 1
}

/// What one call may cost the seller at most; a request beyond a limit is refused, not cut.
public struct OfferLimits: Hashable, Sendable {
    /// The largest request body in bytes.
    public let requestBytesMax: UInt32
    /// The most input tokens one call may be charged for.
    public let inputTokensMax: UInt32
    /// The most output tokens one call may ask for.
    public let outputTokensMax: UInt32
    /// The most tokens that the seller's prompt template adds to what the buyer sent.
    public let templateTokensMax: UInt32
    /// The longest a call may take, in milliseconds.
    public let callMillisecondsMax: UInt32

    /// Creates limits.
    public init(
        requestBytesMax: UInt32,
        inputTokensMax: UInt32,
        outputTokensMax: UInt32,
        templateTokensMax: UInt32,
        callMillisecondsMax: UInt32
    ) {
        self.requestBytesMax = requestBytesMax
        self.inputTokensMax = inputTokensMax
        self.outputTokensMax = outputTokensMax
        self.templateTokensMax = templateTokensMax
        self.callMillisecondsMax = callMillisecondsMax
    }
}

/// What is sold, by whom, at which price: the document whose digest buyers sign (SET-2).
public struct Offer: Hashable, Sendable {
    /// The longest model name and endpoint in bytes.
    public static let modelBytesMax = 64
    /// The longest endpoint URL in bytes.
    public static let endpointBytesMax = 256

    /// Who is paid.
    public let seller: AccountID
    /// The key that signs this offer's receipts; never the seller's account key.
    public let receiptKey: PublicKey
    /// What is offered.
    public let asset: AssetID
    /// Which version of the asset.
    public let assetVersion: UInt32
    /// The digest of the weights, or of whatever else determines the answers.
    public let weights: Digest
    /// The name that buyers put in the `model` field.
    public let model: String
    /// How the offer is called.
    public let interface: CallInterface
    /// The base URL of the seller's provider.
    public let endpoint: String
    /// What the prices count.
    public let denomination: Denomination
    /// What each unit costs.
    public let prices: PriceTable
    /// What one call may ask for.
    public let limits: OfferLimits
    /// How an answer may be checked.
    public let verification: VerificationClass
    /// The stake that the seller promises to keep at risk while the offer stands.
    public let bond: Amount
    /// Counts the versions of this offer from 1.
    public let version: UInt32
    /// The version this one replaces; nil for the first.
    public let supersedes: OfferID?
    /// The last moment at which a call may start under this offer.
    public let expiresAt: Timestamp

    /// The offer's name: the digest of its canonical bytes.
    public var id: OfferID { OfferID(Digest(.offer, of: self)) }

    /// Creates an offer; ``LedgerCore`` checks its rules when it is published.
    public init(
        seller: AccountID,
        receiptKey: PublicKey,
        asset: AssetID,
        assetVersion: UInt32,
        weights: Digest,
        model: String,
        interface: CallInterface,
        endpoint: String,
        denomination: Denomination,
        prices: PriceTable,
        limits: OfferLimits,
        verification: VerificationClass,
        bond: Amount,
        version: UInt32,
        supersedes: OfferID?,
        expiresAt: Timestamp
    ) {
        self.seller = seller
        self.receiptKey = receiptKey
        self.asset = asset
        self.assetVersion = assetVersion
        self.weights = weights
        self.model = model
        self.interface = interface
        self.endpoint = endpoint
        self.denomination = denomination
        self.prices = prices
        self.limits = limits
        self.verification = verification
        self.bond = bond
        self.version = version
        self.supersedes = supersedes
        self.expiresAt = expiresAt
    }

    /// The most that one call under this offer can be charged for.
    ///
    /// An input token is at least one byte of what the buyer sent, or one of the template's.
    ///
    /// - Parameter calls: how many units `call` is: as many as the images asked for, otherwise 1.
    public func unitsMax(
        requestBytes: Int,
        outputTokens: UInt32,
        calls: UInt64 = 1
    ) -> UnitCounts {
        var units = UnitCounts()
        let input = UInt64(requestBytes) + UInt64(limits.templateTokensMax)
        for (unit, _) in prices.prices.entries {
            switch unit {
            case .inputToken: units[unit] = min(input, UInt64(limits.inputTokensMax))
            case .outputToken: units[unit] = UInt64(min(outputTokens, limits.outputTokensMax))
            case .call: units[unit] = calls
            case .second: units[unit] = (UInt64(limits.callMillisecondsMax) + 999) / 1000
            case .byte: units[unit] = Self.responseBytesMax
            }
            if units[unit] == 0 { units[unit] = nil }
        }
        return units
    }

    /// The largest answer that can be charged by the byte.
    public static let responseBytesMax: UInt64 = 64 << 20
}
