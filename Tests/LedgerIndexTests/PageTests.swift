import LedgerClient
import LedgerCore
import MarketTypes
import Testing

@testable import LedgerIndex

@Suite("IDX-30 to IDX-33: pages", .timeLimit(.minutes(5)))
struct PageTests {
    /// Follows pages to the end, while `meanwhile` happens between any two.
    private func all<Item: Sendable>(
        limit: Int,
        _ page: (PageRequest) async throws -> Page<Item>,
        meanwhile: () async throws -> Void
    ) async throws -> [Item] {
        var found: [Item] = []
        var cursor: String?
        repeat {
            let answer = try await page(PageRequest(limit: limit, after: cursor))
            #expect(answer.items.count <= limit)
            #expect(answer.items.count == limit || answer.next == nil, "only the last is short")
            found += answer.items
            cursor = answer.next
            if cursor != nil { try await meanwhile() }
        } while cursor != nil
        return found
    }

    @Test("what was there is seen exactly once while blocks come", arguments: 0..<Soak.seeds / 2)
    func coverage(seed: UInt64) async throws {
        let library = try Library()
        var bazaar = Bazaar(library.ledger, seed: seed)
        var random = SplitMix64(seed: seed)
        bazaar.blocks(120)
        try await library.catchUp()
        let index = library.index
        func grow() async throws {
            bazaar.blocks(1)
            try await library.catchUp()
        }
        func check<Item: Sendable, Key: Hashable>(
            _ what: String,
            _ page: (PageRequest) async throws -> Page<Item>,
            _ key: (Item) -> Key
        ) async throws {
            let before = try await all(limit: 200, page) {}.map(key)
            let limit = 1 + random.below(7)
            let after = try await all(limit: limit, page, meanwhile: grow).map(key)
            let counts = Dictionary(after.map { ($0, 1) }, uniquingKeysWith: +)
            #expect(before.allSatisfy { counts[$0] == 1 }, "\(what): each once, limit \(limit)")
            #expect(counts.values.allSatisfy { $0 == 1 }, "\(what): nothing twice")
        }
        var search = OfferSearch()
        search.isCurrent = false
        let orders: [SearchOrder] = [.newest, .relevance, .price(.outputToken), .price(.call)]
        for text in [nil, "llama", "q", "mit", "a"] {
            for order in orders {
                search.text = text
                search.order = order
                let asked = search
                try await check(
                    "\(text ?? "-") \(order)",
                    { try await index.search(asked, $0) },
                    { $0.id }
                )
            }
        }
        for subject in [Subject.account(Person.alice.id), nil] {
            try await check(
                "history",
                { try await index.history(of: subject, $0) },
                { [$0.height.rawValue, $0.index] }
            )
        }
        for account in [Person.bob.id, nil] {
            try await check(
                "transactions",
                { try await index.transactions(of: account, $0) },
                { $0.transaction.digest }
            )
        }
        try await check("blocks", { try await index.blocks($0) }, { $0.height })
    }

    @Test("the history of an account is every event that names it, and every transaction it sent")
    func history() async throws {
        let library = try Library()
        var bazaar = Bazaar(library.ledger, seed: 3)
        bazaar.blocks(150)
        try await library.catchUp()
        let index = library.index
        var events: [Subject: [String]] = [:]
        var sent: [AccountID: [BlockTransaction]] = [:]
        for height in 1...library.ledger.height {
            let block = try #require(library.ledger.block(height))
            let senders = block.included.flatMap { entry in
                [AccountID](repeating: entry.sender, count: Int(entry.events))
            }
            for (index, event) in block.events.enumerated() {
                let record = event.record
                var subjects = record.fields.compactMap { Subject($0.value) }
                if index < senders.count { subjects.append(.account(senders[index])) }
                for subject in Set(subjects) { events[subject, default: []].append(record.json) }
            }
            for entry in block.included { sent[entry.sender, default: []].append(entry) }
        }
        #expect(events.count > 20)
        for (subject, expected) in events {
            let found = try await all(
                limit: 50,
                { try await index.history(of: subject, $0) },
                meanwhile: {}
            )
            #expect(found.reversed().map(\.json) == expected)
            let counts = try await index.counts(of: subject)
            #expect(counts?.events == UInt64(expected.count))
        }
        for (account, expected) in sent {
            let found = try await all(
                limit: 50,
                { try await index.transactions(of: account, $0) },
                meanwhile: {}
            )
            #expect(found.reversed().map(\.transaction) == expected)
            let counts = try await index.counts(of: .account(account))
            #expect(counts?.transactions == UInt64(expected.count))
            #expect(counts?.refused == UInt64(expected.count { $0.code != 0 }))
        }
        #expect(sent.values.joined().contains { $0.code != 0 }, "some were refused")
        let first = try #require(sent[Person.alice.id]?.first)
        #expect(try await index.transaction(first.digest)?.transaction == first)
        #expect(try await index.counts(of: .account(AccountID(digest(1)))) == nil)
        let nobody = try await index.history(of: .unit(digest(1)), PageRequest())
        #expect(nobody.items.isEmpty && !nobody.hasMore)
    }

    @Test("IDX-33: a block's own transactions and events, and those that one transaction caused")
    func blocks() async throws {
        let library = try Library()
        var bazaar = Bazaar(library.ledger, seed: 7)
        bazaar.blocks(60)
        try await library.catchUp()
        let index = library.index
        for number in 1...library.ledger.height {
            let height = BlockHeight(number)
            let block = try #require(library.ledger.block(number))
            let entry = try #require(try await index.block(height))
            #expect(entry.events == UInt64(block.events.count))
            let sent = try await all(
                limit: 2, { try await index.transactions(in: height, $0) }, meanwhile: {})
            #expect(sent.map(\.transaction) == block.included)
            let events = try await all(
                limit: 3, { try await index.events(in: height, $0) }, meanwhile: {})
            #expect(events.map(\.json) == block.events.map(\.record.json))
            var caused = block.events[...]
            for transaction in sent {
                let found = try await all(
                    limit: 3,
                    { try await index.events(in: height, of: transaction.index, $0) },
                    meanwhile: {})
                let count = Int(transaction.transaction.events)
                #expect(found.map(\.json) == caused.prefix(count).map(\.record.json))
                caused = caused.dropFirst(count)
            }
        }
        let after = BlockHeight(library.ledger.height + 1)
        #expect(try await index.block(after) == nil)
        #expect(try await index.block(BlockHeight(.max)) == nil)
        #expect(try await index.events(in: BlockHeight(.max), PageRequest()).items.isEmpty)
    }

    @Test("a cursor of another question, a changed one and a long one are refused")
    func cursors() async throws {
        let library = try Library()
        var bazaar = Bazaar(library.ledger, seed: 4)
        bazaar.blocks(60)
        try await library.catchUp()
        let index = library.index
        let alice = Subject.account(Person.alice.id)
        let first = try await index.history(of: alice, PageRequest(limit: 1))
        let cursor = try #require(first.next)
        let bob = Subject.account(Person.bob.id)
        var wrong = [
            cursor + "A", String(cursor.dropLast()), "", "!", String(repeating: "A", count: 99),
        ]
        wrong.append(
            "A" + cursor.dropFirst() == cursor ? "B" + cursor.dropFirst() : "A" + cursor.dropFirst()
        )
        await #expect(throws: IndexError.self) {
            try await index.history(of: bob, PageRequest(limit: 1, after: cursor))
        }
        await #expect(throws: IndexError.self) {
            try await index.blocks(PageRequest(limit: 1, after: cursor))
        }
        for text in wrong {
            await #expect(throws: IndexError.self, "\(text)") {
                try await index.history(of: alice, PageRequest(limit: 1, after: text))
            }
        }
    }
}
