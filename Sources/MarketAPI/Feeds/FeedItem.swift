import Identity
import LedgerClient
import LedgerIndex
import MarketTypes

/// A place in what happens: behind the event at an index of a block, or behind a whole block.
struct FeedCursor: Hashable, Comparable, Sendable {
    /// What stands for the end of a block: more than any block's events.
    static let blockEnd: UInt64 = 1 << 24 - 1

    let height: UInt64
    let index: UInt64

    var text: String { "\(height).\(index)" }

    init(height: UInt64, index: UInt64) {
        self.height = height
        self.index = index
    }

    /// Reads `height.index`; nil for anything else.
    init?(text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let height = UInt64(parts[0]), let index = UInt64(parts[1]),
            height <= 1 << 35, index <= Self.blockEnd, "\(height).\(index)" == text
        else { return nil }
        self.init(height: height, index: index)
    }

    static func < (lhs: FeedCursor, rhs: FeedCursor) -> Bool {
        (lhs.height, lhs.index) < (rhs.height, rhs.index)
    }
}

/// How far a reader has heard: a place on the ledger, and the number of the last of its own
/// receipts if it hears of those.
struct FeedPosition: Hashable, Sendable {
    var ledger: FeedCursor
    var receipts: UInt64?

    /// The largest number of a receipt that a text may have.
    private static let receiptsMax: UInt64 = 999_999_999_999_999

    var text: String { receipts.map { "\(ledger.text).\($0)" } ?? ledger.text }

    init(ledger: FeedCursor, receipts: UInt64? = nil) {
        self.ledger = ledger
        self.receipts = receipts
    }

    /// Reads `height.index` or `height.index.receipt`; nil for anything else.
    init?(text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3,
            let ledger = FeedCursor(text: parts[..<2].joined(separator: "."))
        else { return nil }
        self.init(ledger: ledger)
        guard parts.count == 3 else { return }
        guard let number = UInt64(parts[2]), number <= Self.receiptsMax, "\(number)" == parts[2]
        else { return nil }
        receipts = number
    }
}

/// What a reader may want to hear of.
enum FeedTopic: Hashable, Sendable {
    case blocks, trades, offers
    /// The receipts of one's own calls.
    case receipts
    case account(AccountID)

    /// Reads `blocks`, `trades`, `offers`, `receipts` or `account:<address>`; nil for anything
    /// else.
    init?(text: String) {
        switch text {
        case "blocks": self = .blocks
        case "trades": self = .trades
        case "offers": self = .offers
        case "receipts": self = .receipts
        default:
            let prefix = "account:"
            guard text.hasPrefix(prefix),
                let account = AccountID(address: String(text.dropFirst(prefix.count)))
            else { return nil }
            self = .account(account)
        }
    }

    var text: String {
        switch self {
        case .blocks: "blocks"
        case .trades: "trades"
        case .offers: "offers"
        case .receipts: "receipts"
        case .account(let account): "account:\(account)"
        }
    }
}

/// Something that happened, written down once for all who hear of it.
final class FeedItem: Sendable {
    /// Where it stands; a reader that comes back resumes behind it.
    let cursor: FeedCursor
    /// `block`, `trade`, `offer` or `event`.
    let kind: String
    /// The document, on one line.
    let data: String
    private let topics: [FeedTopic]

    init(cursor: FeedCursor, kind: String, data: String, topics: [FeedTopic]) {
        self.cursor = cursor
        self.kind = kind
        self.data = data
        self.topics = topics
    }

    /// The texts of what it is about.
    var topicTexts: [String] { topics.map(\.text) }

    /// Whether it is about one of these.
    func isAbout(_ wanted: Set<FeedTopic>) -> Bool { topics.contains { wanted.contains($0) } }

    /// Everything that happened in a block, in order: its events, then the block itself.
    static func items(of block: BlockContents) -> [FeedItem] {
        var senders: [UInt64: AccountID] = [:]
        for entry in block.transactions { senders[entry.index] = entry.transaction.sender }
        let height = block.entry.height.rawValue
        var items = block.events.map { event in
            FeedItem(event, sender: event.transaction.flatMap { senders[$0] })
        }
        items.append(
            FeedItem(
                cursor: FeedCursor(height: height, index: FeedCursor.blockEnd),
                kind: "block",
                data: block.entry.apiDocument.line,
                topics: [.blocks]
            )
        )
        return items
    }

    private convenience init(_ event: EventEntry, sender: AccountID?) {
        var topics: [FeedTopic] = []
        var kind = "event"
        if event.name == "exchange.trade" {
            kind = "trade"
            topics.append(.trades)
        } else if event.name.hasPrefix("offers.") {
            kind = "offer"
            topics.append(.offers)
        }
        for account in ([sender] + Self.accounts(in: event.json)).compactMap(\.self)
        where !topics.contains(.account(account)) {
            topics.append(.account(account))
        }
        self.init(
            cursor: FeedCursor(height: event.height.rawValue, index: event.index),
            kind: kind,
            data: event.apiDocument.line,
            topics: topics
        )
    }

    /// The accounts that an event names: of its values, those that are addresses.
    private static func accounts(in json: String) -> [AccountID] {
        guard let tree = try? JSONReading.object(Array(json.utf8)) else { return [] }
        return (tree.members ?? []).compactMap { member in
            member.value.string.flatMap { AccountID(address: $0) }
        }
    }
}
