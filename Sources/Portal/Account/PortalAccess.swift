public import AccessStore
public import LedgerClient
public import MarketTypes
public import Receipts
public import WebServing
public import Webhooks

/// What the pages behind sign-in stand on; a portal without it has none of them.
public struct PortalAccess: Sendable {
    let door: AccessDoor
    let faucet: Faucet?
    let delegate: (any SpendingDelegate)?
    let archive: (any PurchaseArchive)?
    let webhooks: PortalWebhooks?
    let files: FileStore?

    /// Puts it together.
    ///
    /// - Parameters:
    ///   - door: who may do what; its middleware stands before the pages.
    ///   - faucet: gives people something to try the market with; nil if nothing does.
    ///   - delegate: spends for people who allowed it on the ledger; nil if nobody does.
    ///   - archive: keeps what was signed of what was bought; nil if nothing does.
    ///   - webhooks: keeps webhooks; nil if there are none.
    ///   - files: keeps what calls name; nil if nothing does.
    public init(
        _ door: AccessDoor,
        faucet: Faucet? = nil,
        delegate: (any SpendingDelegate)? = nil,
        archive: (any PurchaseArchive)? = nil,
        webhooks: PortalWebhooks? = nil,
        files: FileStore? = nil
    ) {
        self.door = door
        self.faucet = faucet
        self.delegate = delegate
        self.archive = archive
        self.webhooks = webhooks
        self.files = files
    }
}

/// What the pages of webhooks stand on.
public struct PortalWebhooks: Sendable {
    let store: WebhookStore
    let receipts: ReceiptLog
    let allowsLoopback: Bool
    let testMessage: @Sendable (Webhook, Timestamp) -> String

    /// Puts it together.
    ///
    /// - Parameters:
    ///   - store: keeps the webhooks.
    ///   - receipts: what was bought by now is not news to a new webhook.
    ///   - allowsLoopback: whether messages may go to this machine, for development.
    ///   - testMessage: the body of a message that says nothing but that it arrived.
    public init(
        store: WebhookStore,
        receipts: ReceiptLog,
        allowsLoopback: Bool,
        testMessage: @escaping @Sendable (Webhook, Timestamp) -> String
    ) {
        self.store = store
        self.receipts = receipts
        self.allowsLoopback = allowsLoopback
        self.testMessage = testMessage
    }
}

/// Spends for accounts that granted its key a session (docs/spec/authorization.md).
public protocol SpendingDelegate: Sendable {
    /// The account that the key would control on its own which acts for `account`: what a grant
    /// names. Nil if the key cannot be had now.
    func sessionKey(of account: AccountID) -> AccountID?

    /// What the account paid for last, the newest first, of what `view` shows.
    ///
    /// - Throws: ``PurchasesClosed`` if that cannot be seen now.
    func purchases(
        of account: AccountID,
        in view: PurchaseView,
        limit: Int
    ) async throws -> [Purchase]

    /// One call that the account paid for, as far back as anybody keeps them; nil if there is none
    /// that `view` shows.
    func purchase(
        of account: AccountID,
        in view: PurchaseView,
        receipt: Digest
    ) async throws -> Purchase?

    /// What became of what the account locked in channels; nil if that is not known now.
    ///
    /// - Parameter isLive: whether the account lets it spend now.
    func channelUse(of account: AccountID, isLive: Bool) async -> [ChannelID: ChannelUse]?
}

/// What became of what an account locked in a channel, as far as whoever spends for it knows.
public struct ChannelUse: Hashable, Sendable {
    /// What answered calls cost, whether the seller claimed it or not.
    public let used: Amount
    /// What calls that are under way may cost at most.
    public let promised: Amount

    /// Describes the use of a channel.
    public init(used: Amount, promised: Amount) {
        self.used = used
        self.promised = promised
    }
}

/// Why what was bought cannot be seen now, for example because nothing is granted.
public struct PurchasesClosed: Error, Sendable {
    /// What happened, for people.
    public let detail: String
    /// What to do; nil if nothing can be done.
    public let hint: String?

    /// Says why.
    public init(_ detail: String, hint: String?) {
        self.detail = detail
        self.hint = hint
    }
}

/// A call that was paid for somebody.
public struct Purchase: Hashable, Sendable {
    /// The receipt's digest.
    public let receipt: Digest
    /// Who was paid.
    public let seller: AccountID
    /// What was called.
    public let model: String
    /// What it cost.
    public let charge: Amount
    /// Counted in what.
    public let denomination: Denomination
    /// Whether the whole answer arrived.
    public let isDelivered: Bool
    /// When it ended.
    public let finishedAt: Timestamp
    /// On whose behalf it was bought; nil if nobody wrote that down.
    public let buyer: CallBuyer?

    /// Describes a call.
    public init(
        receipt: Digest,
        seller: AccountID,
        model: String,
        charge: Amount,
        denomination: Denomination,
        isDelivered: Bool,
        finishedAt: Timestamp,
        buyer: CallBuyer?
    ) {
        self.receipt = receipt
        self.seller = seller
        self.model = model
        self.charge = charge
        self.denomination = denomination
        self.isDelivered = isDelivered
        self.finishedAt = finishedAt
        self.buyer = buyer
    }
}

/// Gives a little to whoever signed in, so that they can try the market out.
///
/// A class: Swift 6.3 in debug builds loses its way when an async function is passed an amount
/// with something behind it on the stack (CONTRIBUTING.md), and this is what `give` is called on.
public final class Faucet: Sendable {
    let session: AccountSession
    let amount: Amount

    /// Creates a faucet that pays `amount` from the account of `session` each time.
    public init(_ session: AccountSession, amount: Amount) {
        self.session = session
        self.amount = amount
    }
}
