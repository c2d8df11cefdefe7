import GRDB
import LedgerClient
import LedgerCore
import MarketTypes
import Testing

@testable import LedgerIndex

@Suite("IDX-1 to IDX-9: following a ledger", .timeLimit(.minutes(5)))
struct FollowTests {
    /// Makes an index of everything that the ledger has now.
    private func rebuilt(
        _ ledger: ChainLedger,
        _ directory: Directory,
        _ name: String
    ) async throws -> IndexDatabase {
        let database = try IndexDatabase(
            writing: directory.file(name),
            chain: ledger.genesis.chain
        )
        let indexer = Indexer(database: database, ledger: ledger, logger: silent)
        try await indexer.follow(to: BlockHeight(ledger.height))
        return database
    }

    @Test(
        "whatever the batches, the rows are the same as of a fresh index",
        arguments: 0..<Soak.seeds
    )
    func batches(seed: UInt64) async throws {
        let ledger = ChainLedger()
        let directory = try Directory()
        var bazaar = Bazaar(ledger, seed: seed)
        var random = SplitMix64(seed: seed ^ 77)
        let database = try IndexDatabase(
            writing: directory.file("a"),
            chain: ledger.genesis.chain
        )
        let indexer = Indexer(database: database, ledger: ledger, logger: silent)
        var exchange = Exchange(ledger, seed: seed)
        for _ in 0..<12 {
            bazaar.blocks(1 + random.below(6))
            exchange.block()
            // Up to some height below the ledger's: the catalogue is then ahead of the blocks.
            let behind = UInt64(random.below(3))
            let target = max(1, ledger.height - min(behind, ledger.height - 1))
            if target > (try await database.place()).height.rawValue {
                try await indexer.follow(to: BlockHeight(target))
                #expect(try await database.place().height.rawValue == target)
            }
        }
        try await indexer.follow(to: BlockHeight(ledger.height))
        let place = try await database.place()
        #expect(place.catalogueHeight <= place.height, "nothing is newer than the last block")
        let fresh = try await rebuilt(ledger, directory, "b")
        #expect(try await database.dump() == fresh.dump())
        #expect(try await database.count("SELECT count(*) FROM assets") > 0)
        for venue in ["pool", "batch"] {
            let sql = "SELECT count(*) FROM trades WHERE venue = '\(venue)'"
            #expect(try await database.count(sql) > 0, "\(venue)")
        }
    }

    @Test(
        "a process that is killed between any two batches leaves a whole index",
        arguments: 0..<Soak.seeds
    )
    func killed(seed: UInt64) async throws {
        let ledger = ChainLedger()
        let directory = try Directory()
        var bazaar = Bazaar(ledger, seed: seed)
        var random = SplitMix64(seed: seed ^ 99)
        var name = "0"
        var exchange = Exchange(ledger, seed: seed)
        for round in 1...6 {
            bazaar.blocks(1 + random.below(8))
            exchange.block()
            do {
                let database = try IndexDatabase(
                    writing: directory.file(name),
                    chain: ledger.genesis.chain
                )
                let indexer = Indexer(database: database, ledger: ledger, logger: silent)
                // The ledger goes away in the middle of a batch: nothing of the batch stays.
                ledger.failAfter(random.below(12))
                _ = try? await indexer.follow(to: BlockHeight(ledger.height))
                ledger.failAfter(nil)
                // What lies on the disk now is all that is left: the log is not folded in.
                try directory.copy(name, to: "\(round)")
            }
            name = "\(round)"
            let database = try IndexDatabase(
                writing: directory.file(name),
                chain: ledger.genesis.chain
            )
            let place = try await database.place()
            let blocks = try await database.count("SELECT count(*) FROM blocks")
            #expect(UInt64(blocks) == place.height.rawValue)
        }
        let last = try await rebuilt(ledger, directory, name)
        let fresh = try await rebuilt(ledger, directory, "fresh")
        #expect(try await last.dump() == fresh.dump())
    }

    @Test("a state that is older than the block is not taken for the block's")
    func laggingState() async throws {
        let ledger = ChainLedger()
        ledger.lag()
        let directory = try Directory()
        var bazaar = Bazaar(ledger, seed: 9)
        let database = try IndexDatabase(writing: directory.file("a"), chain: ledger.genesis.chain)
        let indexer = Indexer(database: database, ledger: ledger, logger: silent)
        for _ in 0..<80 {
            bazaar.block()
            try await indexer.follow(to: BlockHeight(ledger.height))
        }
        let fresh = try await rebuilt(ledger, directory, "b")
        #expect(try await database.dump() == fresh.dump())
    }

    @Test("a batch that fails in the middle leaves nothing behind")
    func abandoned() async throws {
        let ledger = ChainLedger()
        let directory = try Directory()
        var bazaar = Bazaar(ledger, seed: 5)
        bazaar.blocks(30)
        let database = try await rebuilt(ledger, directory, "a")
        let before = try await database.dump()
        bazaar.blocks(5)
        var rows: [BlockRows] = []
        for height in 31...35 { rows.append(try BlockRows(#require(ledger.block(UInt64(height))))) }
        struct Killed: Error {}
        let (batch, gap) = (rows, [rows[0], rows[2]])
        await #expect(throws: Killed.self) {
            try await database.pool.write { db in
                try BlockWriter(db: db).write(batch, CatalogueChanges())
                throw Killed()
            }
        }
        #expect(try await database.dump() == before)
        await #expect(throws: IndexError.gap(expected: 32, found: 33)) {
            try await database.pool.write { db in
                try BlockWriter(db: db).write(gap, CatalogueChanges())
            }
        }
        #expect(try await database.dump() == before)
    }

    @Test("IDX-3: a ledger that tells of its last block late was not set back")
    func lateStanding() async throws {
        let ledger = ChainLedger()
        let directory = try Directory()
        var bazaar = Bazaar(ledger, seed: 7)
        bazaar.blocks(10)
        let database = try await rebuilt(ledger, directory, "a")
        ledger.tellLate(2)
        let indexer = Indexer(database: database, ledger: ledger, logger: silent)
        let height = try await indexer.checkPlace()
        #expect(height.rawValue == ledger.height)
        ledger.tellLate(2)
        let report = try await IndexChecker(database: database, ledger: ledger).check()
        #expect(report.isEqual)
    }

    @Test("another genesis, a ledger that was set back and another history are refused")
    func refused() async throws {
        let ledger = ChainLedger()
        let directory = try Directory()
        var bazaar = Bazaar(ledger, seed: 6)
        bazaar.blocks(10)
        do {
            let database = try await rebuilt(ledger, directory, "a")
            ledger.setBack(to: 9)
            let indexer = Indexer(database: database, ledger: ledger, logger: silent)
            await #expect(throws: IndexError.ledgerSetBack(ledger: 9, index: 10)) {
                try await indexer.follow()
            }
            ledger.commit([], seconds: 77_777)
            await #expect(throws: IndexError.otherHistory(height: 10)) {
                try await indexer.follow()
            }
            let other = Indexer(
                database: database,
                ledger: ChainLedger(name: "other"),
                logger: silent
            )
            await #expect(throws: IndexError.otherChain) { try await other.follow() }
            #expect(throws: IndexError.busy(path: directory.file("a"))) {
                try IndexDatabase(writing: directory.file("a"), chain: ledger.genesis.chain)
            }
        }
        #expect(throws: IndexError.otherChain) {
            let other = ChainLedger(name: "other").genesis.chain
            return try IndexDatabase(writing: directory.file("a"), chain: other)
        }
        #expect(throws: IndexError.missing(path: directory.file("none"))) {
            try IndexDatabase(reading: directory.file("none"))
        }
    }

    @Test("a rebuild gives the same index, and leaves the old one if it fails")
    func rebuild() async throws {
        let ledger = ChainLedger()
        let directory = try Directory()
        var bazaar = Bazaar(ledger, seed: 7)
        bazaar.blocks(40)
        let before: [String: [String]]
        do { before = try await rebuilt(ledger, directory, "a").dump() }
        let rebuild = IndexRebuild(path: directory.file("a"), ledger: ledger, logger: silent)
        ledger.failAfter(3)
        await #expect(throws: LedgerClientError.self) { try await rebuild.run() }
        ledger.failAfter(nil)
        do {
            let old = try IndexDatabase(reading: directory.file("a"))
            #expect(try await old.dump() == before)
        }
        let place = try await rebuild.run()
        #expect(place.height.rawValue == 40)
        let new = try IndexDatabase(reading: directory.file("a"))
        #expect(try await new.dump() == before)
    }

    @Test("a follower goes on when blocks come, and after the ledger was away")
    func service() async throws {
        let ledger = ChainLedger()
        let directory = try Directory()
        var bazaar = Bazaar(ledger, seed: 8)
        let database = try IndexDatabase(writing: directory.file("a"), chain: ledger.genesis.chain)
        let indexer = Indexer(database: database, ledger: ledger, logger: silent)
        var settings = IndexFollower.Settings()
        settings.pauseMilliseconds = 1
        let follower = IndexFollower(indexer: indexer, settings: settings, logger: silent)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await follower.run() }
            for round in 0..<6 {
                ledger.failAfter(round % 2 == 0 ? nil : 0)
                bazaar.blocks(10)
                try await Task.sleep(for: .milliseconds(20))
                ledger.failAfter(nil)
                while try await database.place().height.rawValue < ledger.height {
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
        }
        let live = try await database.dump()
        let fresh = try await rebuilt(ledger, directory, "b")
        #expect(try await live == fresh.dump())
    }
}
