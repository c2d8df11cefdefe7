public import AccessCore
import AccessStore
public import LedgerIndex
public import MarketTypes
import Receipts
public import Webhooks

/// What the feeds tell, as messages for webhooks; blocks are none.
public struct FeedWebhooks: WebhookSource {
    private let index: IndexReader

    /// Reads an index.
    public init(index: IndexReader) {
        self.index = index
    }

    /// The last block whose events are known.
    public func lastHeight() async throws -> UInt64 { try await index.place().height.rawValue }

    /// The events of a block, in order.
    public func events(of height: UInt64) async throws -> [WebhookEvent] {
        guard let block = try await index.block(at: BlockHeight(height)) else { return [] }
        // The block itself comes behind its events, and is left out.
        return zip(block.events, FeedItem.items(of: block)).map { event, item in
            WebhookEvent(
                place: WebhookPlace(height: item.cursor.height, index: item.cursor.index),
                type: event.name,
                payload: JSON.object([
                    ("type", .text(event.name)), ("timestamp", .time(event.time)),
                    ("data", .written(item.data)),
                ]).line,
                topics: Set(item.topicTexts)
            )
        }
    }
}

/// Organisations' receipts, as messages for webhooks.
public struct ReceiptWebhooks: WebhookReceipts {
    private let door: ReceiptDoor

    /// Reads a log of receipts.
    public init(_ door: ReceiptDoor) {
        self.door = door
    }

    /// Grows whenever something was added.
    public var changeCount: UInt64 { door.log.changeCount }

    /// The account that pays for an organisation now, and the number of its last receipt.
    public func standing(
        of organisation: OrganisationID
    ) async throws -> (AccountID, last: UInt64)? {
        guard let account = try await door.access.account(of: organisation) else { return nil }
        return (account, last: try await door.log.last(of: account))
    }

    /// The receipts of an organisation that an account paid for, behind a number, in order.
    public func receipts(
        of account: AccountID,
        for organisation: OrganisationID,
        behind number: UInt64,
        limit: Int
    ) async throws -> [WebhookReceipt] {
        try await door.log.receipts(
            of: account,
            in: try await door.access.purchases(of: organisation),
            behind: number,
            limit: limit
        ).map { entry in
            WebhookReceipt(
                number: entry.number,
                digest: entry.receipt.digest,
                payload: JSON.object([
                    ("type", .text(WebhookReceipt.type)),
                    ("timestamp", .time(entry.receipt.finished)), ("data", entry.apiDocument),
                ]).line
            )
        }
    }
}
