import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import Testing
import WebServing

@testable import MarketAPI

@Suite("Feeds")
struct FeedTests {
    private func item(_ height: UInt64, _ index: UInt64, _ topics: [FeedTopic]) -> FeedItem {
        FeedItem(
            cursor: FeedCursor(height: height, index: index),
            kind: "event",
            data: "{}",
            topics: topics
        )
    }

    @Test(
        "places that are none are refused",
        arguments: [
            "", "1", "1.", ".1", "1.2.3", "01.2", "1.16777216", "-1.0", "99999999999.0", "a.b",
        ]
    )
    func cursors(text: String) {
        #expect(FeedCursor(text: text) == nil)
    }

    @Test("FEED-3: a block's place is behind those of its events")
    func order() throws {
        let block = FeedCursor(height: 7, index: FeedCursor.blockEnd)
        #expect(try #require(FeedCursor(text: block.text)) == block)
        #expect(FeedCursor(height: 7, index: 4095) < block)
        #expect(block < FeedCursor(height: 8, index: 0))
    }

    @Test(
        "messages that are not in the document are refused",
        arguments: [
            "", "[]", "{}", #"{"type":"shout"}"#, #"{"type":"subscribe"}"#,
            #"{"type":"subscribe","topics":[]}"#, #"{"type":"subscribe","topics":["shoes"]}"#,
            #"{"type":"subscribe","topics":["blocks"],"cursor":"1"}"#,
            #"{"type":"subscribe","topics":["blocks"],"more":1}"#,
            #"{"type":"unsubscribe","topics":["blocks"],"cursor":"1.0"}"#,
            #"{"type":"subscribe","topics":["account:"#
                + #"stoa1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"]}"#,
        ]
    )
    func refusedMessages(text: String) throws {
        let contract = try FeedContract.load()
        #expect(throws: Problem.self) { try contract.read(Array(text.utf8)) }
    }

    @Test("a subscription is read as the document says")
    func subscription() throws {
        let contract = try FeedContract.load()
        let alice = Person.alice.id
        let text = #"{"type":"subscribe","topics":["blocks","account:\#(alice)"],"cursor":"3.1"}"#
        let cursor = FeedPosition(ledger: FeedCursor(height: 3, index: 1))
        #expect(
            try contract.read(Array(text.utf8)) == .subscribe([.blocks, .account(alice)], cursor)
        )
    }

    @Test("FEED-4: a reader that falls behind is told so, and loses what was kept for it")
    func overrun() async {
        let reader = FeedReader(topics: [.trades]) {}
        for number in 0..<UInt64(FeedReader.itemsMax) { reader.push([item(1, number, [.trades])]) }
        reader.push([item(2, 0, [.offers])])
        guard case .items(let items) = await reader.next() else {
            Issue.record("it had only as many as may wait")
            return
        }
        #expect(items.count == FeedReader.itemsMax)
        for number in 0...UInt64(FeedReader.itemsMax) { reader.push([item(3, number, [.trades])]) }
        guard case .overrun = await reader.next() else {
            Issue.record("one too many waited")
            return
        }
    }

    @Test("FEED-4: a reader that is busy for too long is cut off, one that waits is not")
    func stall() async {
        let (cuts, cut) = AsyncStream<Void>.makeStream()
        let reader = FeedReader(topics: [.blocks]) { cut.finish() }
        reader.cutIfStalled(since: .now)
        reader.push([item(1, 0, [.blocks])])
        _ = await reader.next()
        reader.cutIfStalled(since: .now - .seconds(60))
        reader.cutIfStalled(since: .now + .seconds(60))
        for await _ in cuts {}
        guard case .ended = await reader.next() else {
            Issue.record("it was cut off")
            return
        }
    }

    @Test("FEED-1, FEED-2: readers hear what they asked for, once, in order, from where they say")
    func feed() async throws {
        let market = try await MarketFixture()
        let feed = market.api.feed
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await feed.run() }
            let reader = FeedReader(topics: [.blocks, .account(Person.bob.id)]) {}
            let joined = try await join(reader, feed)
            #expect(joined.height == market.ledger.height)
            let one = Message.transfer(
                to: Person.bob.id,
                denomination: .native,
                amount: Amount(obol: 1)
            )
            for _ in 0..<3 {
                try market.ledger.execute(.alice, [one])
                try await market.follow()
            }
            var heard: [FeedItem] = []
            listening: while heard.count < 6 {
                switch await reader.next() {
                case .items(let items): heard += items
                case .beat, .receipts: continue
                case .overrun, .ended: break listening
                }
            }
            let cursors = heard.map(\.cursor)
            #expect(cursors == cursors.sorted())
            #expect(heard.map(\.kind) == ["event", "block", "event", "block", "event", "block"])
            let missed = try await feed.part(
                behind: cursors[1],
                upTo: market.ledger.height,
                about: reader.topics
            )
            #expect(missed.next == nil)
            #expect(missed.items.map(\.cursor) == Array(cursors.dropFirst(2)))
            feed.leave(joined.number)
            #expect(feed.readerCount == 0)
            group.cancelAll()
        }
    }

    @Test("FEED-4: what was missed is read in turn, and no further for a reader that has left")
    func missedParts() async throws {
        let market = try await MarketFixture()
        let one = Message.transfer(
            to: Person.bob.id,
            denomination: .native,
            amount: Amount(obol: 1)
        )
        while market.ledger.height < 130 { try market.ledger.execute(.alice, [one]) }
        try await market.follow()
        let feed = market.api.feed
        let height = market.ledger.height
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await feed.run() }
            let reader = FeedReader(topics: [.account(AccountID(digest(0xee)))]) {}
            let joined = try await join(reader, feed)
            let start = FeedCursor(height: 0, index: 0)
            let first = try #require(await feed.missed(behind: start, upTo: height, by: reader))
            #expect(first.items.isEmpty, "nothing is about the account")
            let next = try #require(first.next)
            #expect(next.height < height)
            feed.leave(joined.number)
            #expect(await feed.missed(behind: next, upTo: height, by: reader) == nil)
            // What is asked for in vain is not read: the second is answered, the first is not.
            let (parts, part) = AsyncStream<Bool>.makeStream()
            for isWanted in [false, true] {
                let isTaken = feed.replay(
                    EventFeed.Replay(
                        cursor: next,
                        height: height,
                        topics: reader.topics,
                        isWanted: { isWanted },
                        deliver: { _, _ in part.yield(isWanted) }
                    )
                )
                #expect(isTaken)
            }
            for await isWanted in parts {
                #expect(isWanted)
                break
            }
            group.cancelAll()
        }
    }

    /// Joins once the feed has begun.
    private func join(
        _ reader: FeedReader,
        _ feed: EventFeed
    ) async throws -> (number: UInt64, height: UInt64) {
        while true {
            if let joined = feed.join(reader) { return joined }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test("a feed that has not begun takes nobody")
    func notBegun() async throws {
        let market = try await MarketFixture()
        #expect(market.api.feed.join(FeedReader(topics: [.blocks]) {}) == nil)
    }
}
