import HTTPTypes
import Hummingbird
import LedgerIndex
import MarketTypes
import NIOCore
import WebServing

extension MarketAPI {
    /// What happens, as it happens.
    var feedHandlers: [String: OperationTable.Handler] {
        [
            "readEvents": { try await events($0) },
            "getFeedContract": { _ in .one(feedContract.document, at: nil) },
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
        var cursor: FeedCursor?
        if let text = request.headers["Last-Event-ID"] ?? request.text("cursor") {
            cursor = FeedCursor(text: text)
            guard cursor != nil else { throw Problem.badRequest("is no place", at: "?cursor") }
        }
        // What the index has by now is not news to a reader that has no cursor.
        let place = try await index.place().height.rawValue
        let reader = FeedReader(topics: topics) { channel.close(promise: nil) }
        guard let joined = feed.join(reader) else { throw Self.tooManyReaders }
        channel.closeFuture.whenComplete { [feed] _ in feed.leave(joined.number) }
        let stream = EventStream(
            feed: feed,
            channel: channel,
            reader: reader,
            number: joined.number,
            start: cursor
                ?? FeedCursor(height: max(place, joined.height), index: FeedCursor.blockEnd),
            height: joined.height
        )
        var answer = APIAnswer.one(.null, at: nil, .personal)
        answer.stream = { writer in try await stream.write(to: &writer) }
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

/// One reader's stream of server-sent events.
private struct EventStream: Sendable {
    let feed: EventFeed
    let channel: any Channel
    let reader: FeedReader
    let number: UInt64
    let start: FeedCursor
    let height: UInt64

    @concurrent
    func write(to writer: inout any ResponseBodyWriter) async throws {
        defer { feed.leave(number) }
        var last = start
        // The head of the stream, so that the client knows where it is before anything happens.
        try await writer.write(ByteBuffer(string: "retry: 1000\n: at \(start.text)\n\n"))
        var missing: FeedCursor? = start
        while let place = missing {
            let part = try await feed.part(behind: place, upTo: height, about: reader.topics)
            try await write(part.items, &writer, &last)
            missing = part.next
        }
        while true {
            switch await reader.next() {
            case .items(let items): try await write(items, &writer, &last)
            case .beat: try await writer.write(ByteBuffer(string: ": beat\n\n"))
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
        _ last: inout FeedCursor
    ) async throws {
        var text = ""
        for item in items where item.cursor > last {
            text += "id: \(item.cursor.text)\nevent: \(item.kind)\ndata: \(item.data)\n\n"
            last = item.cursor
        }
        if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
    }
}
