public import AccessCore
import CanonicalCoding
public import MarketTypes

/// The name of a webhook: where an organisation wants to be told what happens.
public struct WebhookID: Hashable, Sendable, CustomStringConvertible {
    static let prefix = "whk_"
    static let bytesCount = 12

    /// The name as it stands in paths.
    public let text: String

    public var description: String { text }

    /// Reads a name; nil for anything else.
    public init?(text: String) {
        let digits = text.dropFirst(Self.prefix.count)
        guard text.hasPrefix(Self.prefix), digits.utf8.count == 2 * Self.bytesCount,
            let bytes = Hex.decode(String(digits)), Hex.encode(bytes) == digits
        else { return nil }
        self.text = text
    }

    init(random bytes: [UInt8]) {
        text = Self.prefix + Hex.encode(bytes.prefix(Self.bytesCount))
    }
}

/// A place in what happens, as the feeds have it: an event of a block, or the end of a block.
public struct WebhookPlace: Hashable, Comparable, Sendable {
    /// What stands for the end of a block: more than any block's events.
    public static let blockEnd: UInt64 = 1 << 24 - 1

    /// The block.
    public let height: UInt64
    /// The event in it.
    public let index: UInt64

    /// Names a place; one that is out of bounds is cut to them.
    public init(height: UInt64, index: UInt64) {
        self.height = min(height, 1 << 35)
        self.index = min(index, Self.blockEnd)
    }

    /// The end of a block: behind it comes the next block's first event.
    public static func end(of height: UInt64) -> WebhookPlace {
        WebhookPlace(height: height, index: blockEnd)
    }

    var stored: Int64 { Int64(height << 24 | index) }

    init(stored: Int64) {
        let bits = UInt64(max(0, stored))
        self.init(height: bits >> 24, index: bits & Self.blockEnd)
    }

    /// The text that feeds have for it.
    public var text: String { "\(height).\(index)" }

    public static func < (lhs: WebhookPlace, rhs: WebhookPlace) -> Bool {
        (lhs.height, lhs.index) < (rhs.height, rhs.index)
    }
}

/// Where an organisation wants to be told what happens, and how that goes.
public struct Webhook: Hashable, Sendable {
    /// Whether something is sent.
    public enum State: String, Sendable {
        case active
        /// Its owner stopped it.
        case paused
        /// It failed for too long, or said that it is gone.
        case disabled
    }

    /// The name.
    public let id: WebhookID
    /// Whose it is.
    public let organisation: OrganisationID
    /// Where things are sent.
    public let url: String
    /// What is sent.
    public let topics: [String]
    /// What its owner says about it.
    public let note: String
    /// How messages are signed.
    public let signing: WebhookSecret.Kind
    /// The key that checks signatures, for ``WebhookSecret/Kind/ed25519``.
    public let publicKey: String?
    /// Whether something is sent.
    public let state: State
    /// When it was made.
    public let created: Timestamp
    /// Everything up to here is queued or was not wanted.
    public let place: WebhookPlace
    /// Everything of its organisation's receipts up to this number is queued; nil if it does not
    /// want them.
    public let receiptsPlace: UInt64?
    /// Whose receipts that number is of; nil before there was an account.
    let receiptsAccount: AccountID?
    /// Since when everything fails; nil if the last message arrived.
    public let failingSince: Timestamp?
    /// Until when the secret before is signed with too; nil if there is none.
    public let overlapUntil: Timestamp?
    /// How many messages wait.
    public let pendingCount: Int
}

/// One message to one webhook.
public struct WebhookDelivery: Hashable, Sendable {
    /// How it stands.
    public enum State: String, Sendable {
        /// It is to be sent, now or later.
        case pending
        /// It arrived.
        case delivered
        /// It was tried as often as there are tries.
        case failed
    }

    /// The delivery's number.
    public let number: Int64
    /// What the receiver knows the message by; the same at each attempt and replay.
    public let message: String
    /// The event's name.
    public let type: String
    /// Where the event stands; for a receipt, where its webhook stood when it was queued.
    public let place: WebhookPlace
    /// The receipt's number, if it is one.
    public let receipt: UInt64?
    /// How it stands.
    public let state: State
    /// How often it was sent.
    public let attempts: Int
    /// When it was queued.
    public let created: Timestamp
    /// When it is sent next; nil if never.
    public let due: Timestamp?
    /// When it was sent last.
    public let sent: Timestamp?
    /// The HTTP status of the last attempt, if there was an answer.
    public let status: Int?
    /// Why the last attempt failed.
    public let fault: String?
    /// How long the last attempt took, in milliseconds.
    public let milliseconds: Int?
}

/// Something that happened, ready to be sent.
public struct WebhookEvent: Sendable {
    /// Where it stands.
    public let place: WebhookPlace
    /// The event's name, with full stops between its parts.
    public let type: String
    /// The message's body: `type`, `timestamp` and `data`.
    public let payload: String
    /// What it is about.
    public let topics: Set<String>

    /// Describes an event.
    public init(place: WebhookPlace, type: String, payload: String, topics: Set<String>) {
        self.place = place
        self.type = type
        self.payload = payload
        self.topics = topics
    }
}

/// A receipt, ready to be sent.
public struct WebhookReceipt: Sendable {
    /// Which of its account's.
    public let number: UInt64
    /// The receipt's digest: the message's name is made of it.
    public let digest: Digest
    /// The message's body: `type`, `timestamp` and `data`.
    public let payload: String

    /// What a message about a receipt is called.
    public static let type = "receipts.made"
    /// The topic of webhooks that want them.
    public static let topic = "receipts"

    /// Describes a receipt.
    public init(number: UInt64, digest: Digest, payload: String) {
        self.number = number
        self.digest = digest
        self.payload = payload
    }
}

/// Where organisations' receipts come from.
public protocol WebhookReceipts: Sendable {
    /// Grows whenever something was added.
    var changeCount: UInt64 { get }
    /// The account that pays for an organisation now, and the number of its last receipt.
    func standing(of organisation: OrganisationID) async throws -> (AccountID, last: UInt64)?
    /// An organisation's receipts that an account paid for, behind a number, in order, at most so
    /// many; what others bought from the same account is left out.
    func receipts(
        of account: AccountID,
        for organisation: OrganisationID,
        behind number: UInt64,
        limit: Int
    ) async throws -> [WebhookReceipt]
}

/// Where events come from; ask for them block by block.
public protocol WebhookSource: Sendable {
    /// The last block whose events are known.
    func lastHeight() async throws -> UInt64
    /// The events of a block, in order; none for a block that is not known.
    func events(of height: UInt64) async throws -> [WebhookEvent]
}
