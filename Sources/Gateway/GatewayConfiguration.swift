/// How a buyer's gateway listens, spends and limits; every field has a default.
///
/// Amounts are in obol. A configuration that was read from a file must still pass ``validate()``.
public struct GatewayConfiguration: Codable, Hashable, Sendable {
    /// The address to listen on; anything but a loopback address needs an ``apiKey``.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 lets the system choose one.
    public var port = 8090
    /// The directory of the journal of vouchers and receipts; its parent must exist.
    public var journalDirectory = "gateway-journal"
    /// What clients must send as `Authorization: Bearer`; nil lets every local program call.
    public var apiKey: String?
    /// What may be locked in channels of STOA; with other budgets, a total of 0 buys nothing in it.
    public var budget = GatewayBudget()
    /// What may be locked in channels of units that somebody issued, the preferred first; offers
    /// in STOA go before them, if it has a budget.
    public var unitBudgets: [UnitBudget] = []
    /// Whom to buy from.
    public var sellers = SellerSelection()
    /// When a seller counts as down.
    public var health = SellerHealthLimits()
    /// The commands that error messages name.
    public var commands = GatewayCommands()
    /// The lanes of each new channel: how many calls one channel carries at once; at most 1024.
    public var lanesPerChannel: UInt16 = 32
    /// How many calls may be under way at once.
    public var concurrentCallsMax = 64
    /// How many calls may wait for others to end.
    public var queuedCallsMax = 256
    /// The longest a call waits for its turn, for a lane or for a channel, in milliseconds.
    public var queueTimeoutMilliseconds = 15_000
    /// How many sellers one call is tried with before it fails.
    public var attemptsMax = 3
    /// The largest request body in bytes.
    public var requestBytesMax = 1 << 20
    /// The same for requests that carry a file; the standard takes files of 25 MB.
    public var uploadBytesMax = 26 << 20
    /// The largest answer in bytes, all chunks of a stream together.
    public var responseBytesMax = 64 << 20
    /// The longest that connecting to a seller may take, in milliseconds.
    public var connectTimeoutMilliseconds = 2_000
    /// The longest a streamed answer may take to begin, in seconds.
    public var headerTimeoutSeconds = 60
    /// The longest a call may take, in seconds.
    public var totalTimeoutSeconds = 600
    /// How long after signing a voucher its call may still start, in seconds.
    public var voucherValidSeconds = 120
    /// How often all offers are read again, in seconds; changes arrive sooner by the blocks.
    public var offersRefreshSeconds = 300
    /// The most offers kept.
    public var offersMax = 4096
    /// The most that one call in STOA may be worth, in obol; nil sets no limit but the budget.
    public var priceMaxObolPerCall: UInt64?
    /// The most that is remembered of calls to look up, for `GET /stoa/v1/receipts`.
    public var recentReceiptsMax = 256

    /// Creates a configuration with every default.
    public init() {}
}

/// What a gateway may lock in channels, in obol.
public struct GatewayBudget: Codable, Hashable, Sendable {
    /// The most that may be locked in this account's channels at any one time.
    public var totalObol: UInt64 = 100_000_000_000
    /// What a new channel or a top-up locks, unless one call needs more.
    public var channelDepositObol: UInt64 = 10_000_000_000
    /// A channel with less than this left to promise is topped up in the background; 0 never.
    public var topUpBelowObol: UInt64 = 2_000_000_000

    /// Creates a budget with every default.
    public init() {}
}

/// Which sellers a gateway buys from.
public struct SellerSelection: Codable, Hashable, Sendable {
    /// The addresses to buy from; empty allows everybody.
    public var allow: [String] = []
    /// The addresses never to buy from.
    public var deny: [String] = []
    /// The least active bond a seller must have, in obol.
    public var minimumBondObol: UInt64 = 0
    /// The most sellers whose offers are kept.
    public var sellersMax = 64
    /// Whether offers may name this machine or a private network as their endpoint; only for a
    /// market whose sellers are one's own, because endpoints come from strangers.
    public var allowPrivateEndpoints = false

    /// Creates a selection that allows everybody.
    public init() {}
}

/// When a seller counts as down, and for how long.
public struct SellerHealthLimits: Codable, Hashable, Sendable {
    /// This many failures in a row stop further calls.
    public var failuresMax: UInt32 = 3
    /// How long the first stop lasts, in milliseconds; it doubles with each failed trial.
    public var cooldownMilliseconds: UInt64 = 1_000
    /// The longest a stop lasts, in milliseconds.
    public var cooldownMillisecondsMax: UInt64 = 60_000

    /// Creates limits with every default.
    public init() {}
}

/// The commands that errors tell people to run.
///
/// `{address}` stands for the payer's address and `{stoa}` for an amount in STOA.
public struct GatewayCommands: Codable, Hashable, Sendable {
    /// Puts money into the payer's account.
    public var fundAccount = "stoa wallet send {address} {stoa}"
    /// Lets the gateway lock more.
    public var raiseBudget = "stoa connect --budget {stoa}"
    /// Puts an issued unit into the payer's account; `{unit}` stands for its 64 digits, `{amount}`
    /// for an amount of it.
    public var fundUnit = "stoa unit send {unit} {address} {amount}"
    /// Lets the gateway lock more of a unit.
    public var raiseUnitBudget = "stoa connect --budget \"{amount} {unit}\""

    /// Creates the commands of this project's own command line.
    public init() {}
}
