import FoundationEssentials
import GRDB
public import LedgerClient
import LedgerCore
import Logging
import MarketTypes

/// Proves that an index equals its ledger, or says where it does not.
///
/// It believes nothing that the index says of itself: blocks are read again and compared row by
/// row, the catalogue is compared with the ledger's own state, both ways. A full check makes a
/// second index from the first block on and compares every table of the two.
public struct IndexChecker: Sendable {
    /// How much is compared, and how long is waited.
    public struct Settings: Hashable, Sendable {
        /// Whether all blocks are compared.
        public var isFull = false
        /// How many blocks are compared otherwise, the first and the last among them.
        public var sampleBlocks = 32
        /// How long the index may take to reach the ledger's height.
        public var waitSecondsMax = 30
        /// How often a difference is looked at again because the ledger has moved.
        public var roundsMax = 10

        /// Creates the standard settings.
        public init() {}
    }

    private let database: IndexDatabase
    private let ledger: any LedgerConnection
    private let settings: Settings

    /// Creates a checker of a database, which may be written meanwhile.
    public init(
        database: IndexDatabase,
        ledger: any LedgerConnection,
        settings: Settings = Settings()
    ) {
        self.database = database
        self.ledger = ledger
        self.settings = settings
    }

    /// Compares.
    ///
    /// - Throws: ``IndexError`` if the two cannot be compared, such as
    ///   ``IndexError/behind(ledger:index:)``; ``LedgerClientError``; `DatabaseError`.
    public func check() async throws -> IndexReport {
        let status = try await ledger.status()
        let place = try await awaitIndex(status.height)
        guard status.chain == place.chain else { throw IndexError.otherChain }
        // A ledger that was set back is shorter than what was indexed; one that goes on is not.
        let now = try await ledger.status(reaching: place.height).height
        guard now >= place.height else {
            throw IndexError.ledgerSetBack(
                ledger: now.rawValue,
                index: place.height.rawValue
            )
        }
        var report = IndexReport()
        report.height = place.height
        report.isFull = settings.isFull
        if settings.isFull {
            try await compareEverything(&report)
        } else {
            try await compareSample(&report)
        }
        try await compareCatalogue(&report)
        return report
    }

    /// Waits until the index is as high as the ledger was.
    private func awaitIndex(_ height: BlockHeight) async throws -> IndexPlace {
        let deadline = ContinuousClock.now + .seconds(settings.waitSecondsMax)
        while true {
            let place = try await database.place()
            if place.height >= height { return place }
            guard ContinuousClock.now < deadline else {
                throw IndexError.behind(
                    ledger: height.rawValue,
                    index: place.height.rawValue
                )
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    // MARK: blocks

    private func compareSample(_ report: inout IndexReport) async throws {
        let height = report.height
        report.add(
            try await database.pool.read { db in
                try TotalsComparison(db: db).differences(at: try IndexPlace(db).height)
            }
        )
        guard height.rawValue > 0 else { return }
        var chosen: Set<UInt64> = [1, height.rawValue]
        if UInt64(settings.sampleBlocks) >= height.rawValue {
            chosen = Set(1...height.rawValue)
        } else {
            while chosen.count < settings.sampleBlocks {
                chosen.insert(UInt64.random(in: 1...height.rawValue))
            }
        }
        for number in chosen.sorted() {
            for try await block in ledger.blocks(from: BlockHeight(number)) {
                guard block.height.rawValue == number else {
                    throw IndexError.gap(expected: number, found: block.height.rawValue)
                }
                let rows = try BlockRows(block)
                report.blocks += 1
                report.events += UInt64(rows.events.count)
                report.add(
                    try await database.pool.read { try BlockComparison(db: $0).differences(rows) }
                )
                break
            }
        }
    }

    /// Makes a second index up to where the first one stands, and compares all tables.
    private func compareEverything(_ report: inout IndexReport) async throws {
        let path = database.path + ".check"
        try IndexDatabase.remove(path)
        do {
            try await compare(with: path, &report)
        } catch {
            try? IndexDatabase.remove(path)
            throw error
        }
        try IndexDatabase.remove(path)
    }

    private func compare(with path: String, _ report: inout IndexReport) async throws {
        // Whatever is written meanwhile, this stays as it is.
        let snapshot = try database.pool.makeSnapshot()
        let place = try await snapshot.read { try IndexPlace($0) }
        report.height = place.height
        let fresh = try IndexDatabase(writing: path, chain: place.chain)
        let indexer = Indexer(database: fresh, ledger: ledger, logger: Logger(label: "stoa.index"))
        try await indexer.follow(to: place.height)
        report.blocks = place.height.rawValue
        report.events = try await IndexReader(fresh).status().events
        report.add(try Self.compare(snapshot, fresh))
    }

    private static func compare(
        _ snapshot: DatabaseSnapshot,
        _ fresh: IndexDatabase
    ) throws -> [IndexDifference] {
        try snapshot.read { index in
            try fresh.pool.read { fresh in
                try TableComparison(index: index, fresh: fresh).differences()
            }
        }
    }

    // MARK: catalogue

    private func compareCatalogue(_ report: inout IndexReport) async throws {
        let catalogue = try await LedgerCatalogue(ledger)
        report.assets = UInt64(catalogue.assets.count)
        report.offers = UInt64(catalogue.offers.count)
        let (suspects, strays) = try await database.pool.read { db in
            let comparison = CatalogueComparison(db: db)
            return (try comparison.differences(catalogue), try comparison.strays())
        }
        report.add(strays)
        report.add(try await confirm(suspects))
    }

    /// Looks at each difference again, because ledger and index may have moved between the two
    /// readings: only what still differs once the index has passed the entry's height counts.
    private func confirm(
        _ suspects: [(Subject, IndexDifference)]
    ) async throws -> [IndexDifference] {
        var confirmed: [IndexDifference] = []
        let source = CatalogueSource(ledger)
        for (subject, first) in suspects {
            var difference: IndexDifference? = first
            for _ in 0..<settings.roundsMax where difference != nil {
                let before = try await ledger.status().height
                difference = try await self.difference(subject, source)
                // Nothing moved while it was looked at: it is one.
                if difference != nil, try await ledger.status().height == before { break }
            }
            if let difference { confirmed.append(difference) }
        }
        return confirmed
    }

    private func difference(
        _ subject: Subject,
        _ source: CatalogueSource
    ) async throws -> IndexDifference? {
        if subject.kind == "asset" {
            let id = AssetID(subject.name)
            let (entry, height) = try await source.asset(id)
            _ = try await awaitIndex(height)
            return try await database.pool.read { db in
                try CatalogueComparison(db: db).difference(entry, id)
            }
        }
        let id = OfferID(subject.name)
        let (entry, height) = try await source.offer(id)
        _ = try await awaitIndex(height)
        return try await database.pool.read { db in
            try CatalogueComparison(db: db).difference(entry, id)
        }
    }
}
