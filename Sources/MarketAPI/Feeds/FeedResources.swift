import HTTPServing
import HTTPTypes
import Hummingbird
import LedgerIndex
import MarketTypes
import NIOCore
import Receipts
import WebServing

extension MarketAPI {
    /// What happens, as it happens.
    var feedHandlers: [String: OperationTable.Handler] {
        [
            "readEvents": { try await events($0) },
            "getFeedContract": { _ in .one(feedContract.document, at: nil) },
            "listReceipts": { try await listReceipts($0) },
        ]
    }

    private func events(_ request: APIRequest) async throws -> APIAnswer {
        guard let channel = request.channel else { throw Problem.notFound("path to read") }
        var topics: Set<FeedTopic> = []
        for (place, text) in (request.query["topics"]?.elements ?? []).enumerated() {
            guard let topic = FeedTopic(text: text.string ?? "") else {
                throw Problem.badRequest("is no topic", at: "?topics/\(place)")
            }
            topics.insert(topic)
        }
        var cursor: FeedPosition?
        if let text = request.headers["Last-Event-ID"] ?? request.text("cursor") {
            cursor = FeedPosition(text: text)
            guard cursor != nil else { throw Problem.badRequest("is no place", at: "?cursor") }
        }
        var receipts: ReceiptReader?
        var receiptsPlace: UInt64?
        if topics.contains(.receipts) {
            let (feed, reader) = try receiptReader(request)
            guard let page = try await feed.page(for: reader, behind: nil) else {
                throw Problem.missingForReceipts
            }
            receipts = reader
            receiptsPlace = min(cursor?.receipts ?? page.place, page.place)
        }
        // What the index has by now is not news to a reader that has no cursor.
        let place = try await index.place().height.rawValue
        let reader = FeedReader(topics: topics) { channel.close(promise: nil) }
        guard let joined = feed.join(reader) else { throw Self.tooManyReaders }
        feed.presence.watch(channel) { [feed] _ in feed.leave(joined.number) }
        let now = FeedCursor(height: max(place, joined.height), index: FeedCursor.blockEnd)
        let stream = EventStream(
            feed: feed,
            channel: channel,
            reader: reader,
            seat: FeedSeat(feed, joined.number),
            start: FeedPosition(ledger: cursor?.ledger ?? now, receipts: receiptsPlace),
            height: joined.height,
            receipts: receipts
        )
        var answer = APIAnswer.one(.null, at: nil, .personal)
        answer.stream = { writer in try await stream.write(to: &writer) }
        return answer
    }

    private func receiptReader(
        _ request: APIRequest
    ) throws(Problem) -> (ReceiptFeed, ReceiptReader) {
        guard let receipts = feed.receipts else { throw .noReceipts }
        return (receipts, try receipts.reader(request.caller))
    }

    private func listReceipts(_ request: APIRequest) async throws -> APIAnswer {
        let (receipts, reader) = try receiptReader(request)
        let before = try request.text("cursor").map { text throws(Problem) in
            guard let number = UInt64(text), number > 0, number <= UInt64(Int64.max) else {
                throw Problem.badRequest("is of another question", at: "?cursor")
            }
            return number
        }
        let found = try await receipts.door.log.receipts(
            of: reader.account,
            in: reader.view,
            before: before ?? UInt64(Int64.max),
            limit: request.limit
        )
        let next = found.count == request.limit ? found.last.map { "\($0.number)" } : nil
        let height = try await index.place().height
        var answer = APIAnswer.list(found.map(\.apiDocument), next: next, at: height)
        answer.freshness = .personal
        return answer
    }

    static let tooManyReaders = Problem(
        .serviceUnavailable,
        "feed_unavailable",
        "Nobody more can listen now.",
        hint: "Come back with the last cursor in a few seconds.",
        headers: [.retryAfter: "5"]
    )
}

/// A reader's place among all, given back when the stream is over, and when it is dropped without
/// having been written: of an answer to HEAD only the head is sent.
private final class FeedSeat: Sendable {
    private let feed: EventFeed
    private let number: UInt64

    init(_ feed: EventFeed, _ number: UInt64) {
        self.feed = feed
        self.number = number
    }

    deinit { leave() }

    func leave() { feed.leave(number) }
}

/// One reader's stream of server-sent events.
private struct EventStream: Sendable {
    let feed: EventFeed
    let channel: any Channel
    let reader: FeedReader
    let seat: FeedSeat
    let start: FeedPosition
    let height: UInt64
    /// Whose receipts are told too.
    let receipts: ReceiptReader?

    @concurrent
    func write(to writer: inout any ResponseBodyWriter) async throws {
        defer {
            feed.presence.unwatch(channel)
            seat.leave()
        }
        var last = start
        // The head of the stream, so that the client knows where it is before anything happens.
        try await writer.write(ByteBuffer(string: "retry: 1000\n: at \(start.text)\n\n"))
        let ticket = receipts.flatMap { own in feed.receipts?.join(reader, own.account) }
        defer {
            if let ticket, let receipts { feed.receipts?.leave(ticket, receipts.account) }
        }
        var missing: FeedCursor? = start.ledger
        while let place = missing {
            guard let part = await feed.missed(behind: place, upTo: height, by: reader) else {
                return try await finish(&writer)
            }
            try await write(part.items, &writer, &last)
            missing = part.next
        }
        // What was missed of the receipts.
        if receipts != nil { reader.receiptsWait() }
        while true {
            switch await reader.next() {
            case .items(let items): try await write(items, &writer, &last)
            case .receipts:
                guard try await writeReceipts(&writer, &last) else {
                    return try await finish(&writer)
                }
            case .beat:
                try await writer.write(ByteBuffer(string: ": beat\n\n"))
                // A key that is over by now is noticed though nothing is made.
                guard try await writeReceipts(&writer, &last) else {
                    return try await finish(&writer)
                }
            case .overrun:
                let text = "event: overrun\ndata: {\"cursor\":\"\(last.text)\"}\n\n"
                try await writer.write(ByteBuffer(string: text))
                return try await finish(&writer)
            case .ended: return try await finish(&writer)
            }
        }
    }

    /// Ends the stream, and soon after the connection: a client that reads no more would otherwise
    /// keep it, and a door that is closing, for ever.
    @concurrent
    private func finish(_ writer: inout any ResponseBodyWriter) async throws {
        try await writer.finish(nil)
        channel.eventLoop.scheduleTask(in: .seconds(1)) { [channel] in
            channel.close(promise: nil)
        }
    }

    @concurrent
    private func write(
        _ items: [FeedItem],
        _ writer: inout any ResponseBodyWriter,
        _ last: inout FeedPosition
    ) async throws {
        var text = ""
        for item in items where item.cursor > last.ledger {
            last.ledger = item.cursor
            text += "id: \(last.text)\nevent: \(item.kind)\ndata: \(item.data)\n\n"
        }
        if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
    }

    /// Tells the receipts that were not heard yet; false once the reader may hear no more.
    @concurrent
    private func writeReceipts(
        _ writer: inout any ResponseBodyWriter,
        _ last: inout FeedPosition
    ) async throws -> Bool {
        guard let receipts, let source = feed.receipts else { return true }
        while true {
            guard let page = try await source.page(for: receipts, behind: last.receipts) else {
                return false
            }
            var text = ""
            for entry in page.entries {
                last.receipts = entry.number
                text += "id: \(last.text)\nevent: receipt\ndata: \(entry.apiDocument.line)\n\n"
            }
            last.receipts = page.place
            if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
            guard page.hasMore else { return true }
        }
    }
}
