/// Why something about a webhook was not done; numbers are append-only.
public enum WebhookRefusal: Error, Hashable, Sendable {
    /// The address is none to which messages are sent.
    case badAddress(String)
    /// The organisation, or the market, has as many as it may.
    case tooMany
    /// There is no such webhook, or it is somebody else's.
    case unknown
    /// A field is longer or has more in it than may be.
    case tooLong(String)
    /// As many messages wait for the webhook as may.
    case tooManyWait

    /// The number that programs know it by.
    public var code: UInt32 {
        switch self {
        case .badAddress: 1
        case .tooMany: 2
        case .unknown: 3
        case .tooLong: 4
        case .tooManyWait: 5
        }
    }
}

/// What strangers may make grow, and how patient the market is with them.
public struct WebhookLimits: Hashable, Sendable {
    /// The most webhooks of one organisation.
    public var perOrganisationMax = 16
    /// The most webhooks of all.
    public var countMax = 10_000
    /// The most messages that wait for one webhook; more stay in the ledger until there is room.
    public var pendingMax = 1_000
    /// The most messages that are over and kept for one webhook; the oldest go first.
    public var keptMax = 1_000
    /// The most topics of one webhook.
    public var topicsMax = 16
    /// The longest address and note, in bytes.
    public var textBytesMax = 1_024
    /// The largest message in bytes; an event that makes a larger one is not sent.
    public var messageBytesMax = 256 << 10
    /// How many messages are under way at once.
    public var concurrencyMax = 16
    /// How many of them may be to one webhook.
    public var concurrencyPerWebhookMax = 2
    /// How many of them may be of one organisation.
    public var concurrencyPerOrganisationMax = 4
    /// How long everything must have failed before a webhook is disabled, in milliseconds.
    public var disabledAfterMilliseconds: UInt64 = 5 * 24 * 3_600_000
    /// The pauses between attempts, in milliseconds; after the last one there is no attempt more.
    public var pausesMilliseconds: [UInt64] = [
        5_000, 5 * 60_000, 30 * 60_000, 2 * 3_600_000, 5 * 3_600_000, 10 * 3_600_000,
        14 * 3_600_000, 20 * 3_600_000, 24 * 3_600_000,
    ]

    /// The standard limits.
    public init() {}

    /// When the next attempt is due; nil if there is none.
    ///
    /// - Parameters:
    ///   - attempts: how many were made.
    ///   - spread: a number from 0 to 1 that moves the pause by up to a tenth either way, so that
    ///     what failed together does not come back together.
    func pause(after attempts: Int, spread: Double) -> UInt64? {
        guard attempts >= 1, attempts <= pausesMilliseconds.count else { return nil }
        let pause = Double(pausesMilliseconds[attempts - 1])
        return UInt64(pause * (0.9 + 0.2 * min(1, max(0, spread))))
    }
}
