import Identity
public import MarketTypes

/// What a webhook may hear of.
public enum WebhookTopic: Hashable, Sendable {
    /// Trades of every market.
    case trades
    /// Offers as they come and go.
    case offers
    /// The receipts of what its organisation paid for.
    case receipts
    /// What concerns an account.
    case account(AccountID)

    /// Reads `trades`, `offers`, `receipts` or `account:<address>`; nil for anything else.
    public init?(text: String) {
        switch text {
        case "trades": self = .trades
        case "offers": self = .offers
        case WebhookReceipt.topic: self = .receipts
        default:
            let prefix = "account:"
            guard text.hasPrefix(prefix),
                let account = AccountID(address: String(text.dropFirst(prefix.count)))
            else { return nil }
            self = .account(account)
        }
    }

    /// The topic as it is written.
    public var text: String {
        switch self {
        case .trades: "trades"
        case .offers: "offers"
        case .receipts: WebhookReceipt.topic
        case .account(let account): "account:\(account)"
        }
    }
}
