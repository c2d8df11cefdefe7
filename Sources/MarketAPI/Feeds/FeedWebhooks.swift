public import LedgerIndex
import MarketTypes
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
