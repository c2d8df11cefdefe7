import GRDB
import LedgerClient
import LedgerCore
import MarketTypes
import Testing

@testable import LedgerIndex

@Suite("IDX-50 to IDX-55: proving that an index equals its ledger", .timeLimit(.minutes(5)))
struct CheckTests {
    private func library(seed: UInt64) async throws -> Library {
        let library = try Library()
        var bazaar = Bazaar(library.ledger, seed: seed)
        library.publish(.alice, asset: "first", models: [("model-a", 10), ("model-b", 12)])
        bazaar.blocks(80)
        var exchange = Exchange(library.ledger, seed: seed)
        for _ in 0..<20 { exchange.block() }
        try await library.catchUp()
        return library
    }

    private func check(
        _ library: Library,
        full: Bool = false,
        blocks: Int = 1000,
        waitSeconds: Int = 1
    ) async throws -> IndexReport {
        var settings = IndexChecker.Settings()
        settings.isFull = full
        settings.waitSecondsMax = waitSeconds
        settings.sampleBlocks = blocks
        return try await IndexChecker(
            database: library.database,
            ledger: library.ledger,
            settings: settings
        ).check()
    }

    @Test("a whole index is equal, by sample and in full", arguments: 0..<Soak.seeds / 4)
    func equal(seed: UInt64) async throws {
        let library = try await library(seed: seed)
        for full in [false, true] {
            let report = try await check(library, full: full)
            #expect(report.isEqual, "\(report.differences)")
            #expect(report.blocks == library.ledger.height)
            #expect(report.height.rawValue == library.ledger.height)
            #expect(report.offers >= 2 && report.assets >= 1 && report.events > 10)
        }
    }

    /// What can be wrong, and whether only a full check finds it.
    private static let plants: [(sql: String, onlyFull: Bool)] = [
        ("DELETE FROM events WHERE id = (SELECT max(id) FROM events)", false),
        ("UPDATE events SET json = '{}' WHERE id = (SELECT min(id) FROM events)", false),
        ("UPDATE events SET cause = cause + 1 WHERE id = (SELECT min(id) FROM events)", false),
        ("UPDATE events SET name = 'x' WHERE id = (SELECT min(id) FROM events)", false),
        ("INSERT INTO events VALUES ((SELECT max(id) FROM events) + 9, NULL, 'x', '{}')", false),
        ("DELETE FROM blocks WHERE height = 7", false),
        ("UPDATE blocks SET time = time + 1 WHERE height = 7", false),
        ("UPDATE blocks SET digest = zeroblob(32) WHERE height = 7", false),
        ("INSERT INTO blocks VALUES (100000, 1, 0, 0, zeroblob(32))", false),
        ("DELETE FROM mentions WHERE event = (SELECT max(event) FROM mentions)", false),
        ("INSERT INTO mentions VALUES (1, 1)", false),
        ("UPDATE subjects SET events = events + 1 WHERE id = 1", false),
        ("UPDATE subjects SET last = last + 1 WHERE id = 1", true),
        ("UPDATE subjects SET refused = refused + 1 WHERE id = 1", true),
        (
            "UPDATE transactions SET code = code + 1 WHERE id = (SELECT min(id) FROM transactions)",
            false
        ),
        (
            """
            UPDATE transactions SET fee = zeroblob(16)
            WHERE id = (SELECT max(id) FROM transactions)
            """, false
        ),
        ("DELETE FROM transactions WHERE id = (SELECT max(id) FROM transactions)", false),
        ("UPDATE trades SET price = zeroblob(16) WHERE venue = 'batch'", false),
        ("UPDATE trades SET venue = 'sale' WHERE id = (SELECT max(id) FROM trades)", false),
        ("DELETE FROM trades WHERE id = (SELECT min(id) FROM trades)", false),
        ("UPDATE candles SET trades = trades + 1 WHERE seconds = 60", false),
        ("UPDATE candles SET high = zeroblob(16) WHERE seconds = 3600", true),
        ("UPDATE markets SET trades = trades + 1", false),
        ("UPDATE offers SET standing = 4 - standing WHERE model = 'model-a'", false),
        ("UPDATE offers SET model = 'model-c' WHERE model = 'model-a'", false),
        ("UPDATE offers SET expires = expires + 1 WHERE model = 'model-a'", false),
        ("DELETE FROM offers WHERE model = 'model-a'", false),
        ("UPDATE prices SET million = zeroblob(16)", false),
        ("UPDATE prices SET units = units + 1", false),
        ("DELETE FROM prices WHERE unit = 3", false),
        ("INSERT INTO prices VALUES (1, 3, zeroblob(16), zeroblob(16), 1)", false),
        (
            """
            INSERT INTO offers SELECT id + 1, zeroblob(32), seller, asset, model, title, kind,
            licence, interface, unit, standing, published, expires, record, read FROM offers LIMIT 1
            """, false
        ),
        ("UPDATE offers SET id = id + 1 WHERE model = 'model-a'", false),
        ("UPDATE words SET model = 'other' WHERE model = 'model-a'", false),
        ("DELETE FROM words WHERE rowid = (SELECT max(rowid) FROM words)", false),
        ("INSERT INTO words(rowid, model) VALUES (5, 'x')", false),
        ("UPDATE assets SET owner = zeroblob(32) WHERE title = 'first'", false),
        ("UPDATE assets SET retired = 1 WHERE title = 'first'", false),
        ("UPDATE assets SET licence = 'GPL' WHERE title = 'first'", false),
        ("DELETE FROM assets WHERE title = 'first'", false),
    ]

    @Test("each planted difference is found", arguments: plants.indices)
    func planted(number: Int) async throws {
        let library = try await library(seed: 42)
        let (sql, onlyFull) = Self.plants[number]
        let before = try await library.database.dump()
        try await library.database.plant(sql)
        #expect(try await library.database.dump() != before, "the plant changes something")
        let sampled = try await check(library)
        #expect(sampled.isEqual == onlyFull, "\(sql)")
        let full = try await check(library, full: true)
        #expect(!full.isEqual, "\(sql)")
        #expect(full.differenceCount >= UInt64(full.differences.count))
        // A new index is right again.
        #expect(throws: IndexError.busy(path: library.database.path)) {
            try IndexDatabase.remove(library.database.path)
        }
    }

    @Test("an index that is behind says so, and one of another chain")
    func behind() async throws {
        let library = try await library(seed: 1)
        library.ledger.commit([])
        let height = library.ledger.height
        await #expect(throws: IndexError.behind(ledger: height, index: height - 1)) {
            try await check(library)
        }
        let other = ChainLedger(name: "other")
        let checker = IndexChecker(database: library.database, ledger: other)
        await #expect(throws: IndexError.otherChain) { try await checker.check() }
        library.ledger.setBack(to: 50)
        await #expect(throws: IndexError.ledgerSetBack(ledger: 50, index: height - 1)) {
            try await check(library)
        }
    }

    @Test("while ledger and index move on, nothing that is equal is called different")
    func moving() async throws {
        let library = try await library(seed: 2)
        let follower = Task {
            try await library.indexer.follow()
        }
        var bazaar = Bazaar(library.ledger, seed: 11)
        let traffic = Task {
            while !Task.isCancelled {
                bazaar.block()
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        for _ in 0..<10 {
            let report = try await check(library, blocks: 20, waitSeconds: 120)
            #expect(report.isEqual, "\(report.differences)")
        }
        let full = try await check(library, full: true, waitSeconds: 120)
        #expect(full.isEqual, "\(full.differences)")
        // The ledger forgets an offer that the index has: found although everything moves.
        let first = try await library.index.search(OfferSearch(), PageRequest()).items.last
        library.ledger.forget(.offer(try #require(first?.id)))
        #expect(try await !check(library, blocks: 20, waitSeconds: 120).isEqual)
        traffic.cancel()
        follower.cancel()
        _ = await traffic.result
        _ = await follower.result
    }
}
