import MarketTypes

/// How wallets are hosted for others.
public struct HostedConfiguration: Sendable {
    /// Where the journals are, one directory for each account; it must exist.
    public var directory: String
    /// The most wallets that are open at once.
    public var walletsMax = 256
    /// How long a wallet stays open after its last call, in seconds.
    public var idleSeconds = 900
    /// How many calls of one account may be under way at once.
    public var concurrentCallsMax = 64
    /// How many calls of one account may wait for others to end.
    public var queuedCallsMax = 64
    /// Whether offers may name this machine or a private network as their endpoint.
    public var allowPrivateEndpoints = false
    /// The page on which people allow the market to spend for them.
    public var allowancePage = "/wallet"

    /// Creates a configuration with every default.
    public init(directory: String) {
        self.directory = directory
    }

    /// The messages that a grant must allow: open, top up, close and withdraw channels.
    public static let messageTags: [UInt8] = [6, 7, 9, 10]

    /// The gateway of one account that may spend so much.
    func gateway(of account: AccountID, name: String, limit: Amount) -> GatewayConfiguration {
        var configuration = GatewayConfiguration()
        configuration.journalDirectory = directory + "/" + name
        configuration.concurrentCallsMax = concurrentCallsMax
        configuration.queuedCallsMax = queuedCallsMax
        configuration.sellers.allowPrivateEndpoints = allowPrivateEndpoints
        configuration.recentReceiptsMax = 1_024
        // Fees count against the grant too, so a part of it is not locked.
        let total = UInt64(clamping: max(1, limit.obol - limit.obol / 20))
        configuration.budget.totalObol = total
        configuration.budget.channelDepositObol = max(1, total / 5)
        configuration.budget.topUpBelowObol = configuration.budget.channelDepositObol / 5
        configuration.commands.raiseBudget = "allow {stoa} STOA or more on \(allowancePage)"
        configuration.commands.fundAccount = "send {stoa} STOA to {address}"
        return configuration
    }
}
