import Foundation
import GRDB
import LedgerClient
import LedgerCore
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerIndex

/// An index of a ledger, both in one test's hands.
struct Library {
    let ledger: ChainLedger
    let directory: Directory
    let database: IndexDatabase
    let indexer: Indexer
    var index: IndexReader { IndexReader(database) }

    init() throws {
        ledger = ChainLedger()
        directory = try Directory()
        database = try IndexDatabase(writing: directory.file("index"), chain: ledger.genesis.chain)
        indexer = Indexer(database: database, ledger: ledger, logger: silent)
    }

    func catchUp() async throws {
        try await indexer.follow(to: BlockHeight(ledger.height))
    }

    /// Publishes an asset of this name with one offer for each model, in one block.
    @discardableResult
    func publish(
        _ person: Person,
        asset name: String,
        kind: AssetKind = .model,
        licence: String = "MIT",
        models: [(String, UInt128)]
    ) -> [OfferID] {
        let id = Asset.id(owner: person.id, name: name)
        let version = AssetVersion(content: digest(7), metadataLink: "")
        let publication = AssetPublication(
            name: name,
            kind: kind,
            licence: licence,
            version: version
        )
        let offers = models.map { Bazaar.offer(of: id, person, model: $0.0, price: $0.1) }
        let messages = [.publishAsset(publication)] + offers.map { Message.publishOffer($0) }
        let results = ledger.commit([ledger.sign(person, messages)])
        precondition(results[0].isAccepted)
        return offers.map(\.id)
    }
}

@Suite("IDX-20 to IDX-27: searching the catalogue", .timeLimit(.minutes(5)))
struct SearchTests {
    private func models(_ library: Library, _ search: OfferSearch) async throws -> [String] {
        try await library.index.search(search, PageRequest()).items.map(\.record.offer.model)
    }

    private func library() async throws -> Library {
        let library = try Library()
        library.publish(.alice, asset: "llama-weights", models: [("llama-3.1-8b", 30)])
        library.publish(.bob, asset: "tuned", licence: "Apache-2.0", models: [("llama-3.1", 20)])
        library.publish(.carol, asset: "llama-data", kind: .dataset, models: [("corpus", 11)])
        library.publish(.bob, asset: "other", kind: .agent, models: [("smol", 10), ("smol-2", 40)])
        try await library.catchUp()
        return library
    }

    @Test("names come first, then names of assets, then the rest; words match by their beginnings")
    func relevance() async throws {
        let library = try await library()
        var search = OfferSearch()
        search.text = "llama-3.1"
        #expect(try await models(library, search) == ["llama-3.1", "llama-3.1-8b"])
        search.text = "LLAMA"
        #expect(try await models(library, search) == ["llama-3.1", "llama-3.1-8b", "corpus"])
        search.text = "lla mi"
        #expect(try await models(library, search) == ["corpus", "llama-3.1-8b"])
        search.text = "apache"
        #expect(try await models(library, search) == ["llama-3.1"])
        search.text = "dataset"
        #expect(try await models(library, search) == ["corpus"])
        search.text = "\(Person.carol.id)"
        #expect(try await models(library, search) == ["corpus"])
        search.text = "lama"
        #expect(try await models(library, search) == [])
    }

    @Test("IDX-20: a word that another begins with is asked for once, and changes no answer")
    func impliedWords() async throws {
        #expect(try SearchText("c Co CODE code co x c").words == ["CODE", "x"])
        #expect(try SearchText("code codec cod").words == ["codec"])
        #expect(try SearchText("a b a b").words == ["a", "b"])
        let library = try await library()
        let same = [
            ("llama", "l LLA llama ll llama"), ("lla mi", "m lla l mi mi"),
            ("dataset", "dataset data"), ("smol 2", "2 s smol 2 sm"), ("ll mi", "mi ll L M"),
        ]
        for (text, longer) in same {
            for order in [SearchOrder.relevance, .newest, .price(.outputToken)] {
                var search = OfferSearch()
                search.order = order
                search.text = text
                let few = try await models(library, search)
                #expect(!few.isEmpty)
                search.text = longer
                #expect(try await models(library, search) == few)
            }
        }
    }

    @Test("IDX-22: a limit of another unit than the sorted one holds too")
    func limitOfAnotherUnit() async throws {
        let library = try await library()
        var search = OfferSearch()
        search.order = .price(.call)
        #expect(
            try await models(library, search) == ["smol", "llama-3.1", "llama-3.1-8b", "smol-2"]
        )
        // Three output tokens cost 20 with llama-3.1.
        search.priceLimit = .init(.outputToken, perMillion: Amount(obol: 6_666_667))
        #expect(try await models(library, search) == ["smol", "llama-3.1"])
        search.order = .price(.outputToken)
        #expect(try await models(library, search) == ["smol", "corpus", "llama-3.1"])
    }

    @Test("IDX-22: prices in other units are compared with none in STOA")
    func otherDenominations() async throws {
        let library = try await library()
        let unit = Exchange(library.ledger, seed: 1).market.base
        #expect(unit != .native)
        let id = Asset.id(owner: Person.carol.id, name: "llama-data")
        let offer = Bazaar.offer(of: id, .carol, model: "abroad", price: 2, denomination: unit)
        let results = library.ledger.commit([library.ledger.sign(.carol, [.publishOffer(offer)])])
        #expect(results[0].isAccepted)
        try await library.catchUp()
        var search = OfferSearch()
        #expect(try await models(library, search).first == "abroad")
        search.order = .price(.outputToken)
        let native = ["smol", "corpus", "llama-3.1", "llama-3.1-8b", "smol-2"]
        #expect(try await models(library, search) == native)
        search.order = .newest
        search.priceLimit = .init(.outputToken, perMillion: Amount(obol: 3_500_000))
        #expect(try await models(library, search) == ["smol"])
        search.denomination = unit
        #expect(try await models(library, search) == ["abroad"])
        search.order = .price(.outputToken)
        #expect(try await models(library, search) == ["abroad"])
    }

    @Test("filters and orders")
    func filters() async throws {
        let library = try await library()
        var search = OfferSearch()
        #expect(
            try await models(library, search)
                == ["smol-2", "smol", "corpus", "llama-3.1", "llama-3.1-8b"]
        )
        search.seller = Person.bob.id
        #expect(try await models(library, search) == ["smol-2", "smol", "llama-3.1"])
        search.order = .price(.outputToken)
        #expect(try await models(library, search) == ["smol", "llama-3.1", "smol-2"])
        search.priceLimit = .init(.outputToken, perMillion: Amount(obol: 6_666_667))
        #expect(try await models(library, search) == ["smol", "llama-3.1"])
        search.priceLimit = .init(.outputToken, perMillion: Amount(obol: 6_666_666))
        // ⌈20 × 10⁶ ÷ 3⌉ is above the limit.
        #expect(try await models(library, search) == ["smol"])
        search = OfferSearch()
        search.kind = .agent
        search.text = "smol"
        search.order = .price(.outputToken)
        #expect(try await models(library, search) == ["smol", "smol-2"])
        search.order = .price(.call)
        #expect(try await models(library, search) == ["smol", "smol-2"])
        search.order = .price(.second)
        #expect(try await models(library, search) == [], "nothing costs by the second")
        search = OfferSearch()
        search.interface = .embeddings
        #expect(try await models(library, search) == [])
        search.interface = nil
        search.denomination = .issued(digest(1))
        #expect(try await models(library, search) == [])
        search.denomination = nil
        search.asset = Asset.id(owner: Person.carol.id, name: "llama-data")
        #expect(try await models(library, search) == ["corpus"])
    }

    @Test("superseded, withdrawn and expired offers are shown only to who asks for them")
    func current() async throws {
        let library = try Library()
        let offers = library.publish(.alice, asset: "aa", models: [("one", 1), ("two", 2)])
        let asset = Asset.id(owner: Person.alice.id, name: "aa")
        let newer = Bazaar.offer(
            of: asset,
            .alice,
            model: "one",
            price: 5,
            version: 2,
            supersedes: offers[0]
        )
        let brief = Bazaar.offer(
            of: asset,
            .alice,
            model: "brief",
            price: 5,
            lifeMilliseconds: 60_000
        )
        library.ledger.commit([
            library.ledger.sign(
                .alice,
                [.publishOffer(newer), .publishOffer(brief), .withdrawOffer(offers[1])]
            )
        ])
        try await library.catchUp()
        var search = OfferSearch()
        #expect(try await models(library, search) == ["brief", "one"])
        library.ledger.commit([], seconds: 120)
        try await library.catchUp()
        #expect(try await models(library, search) == ["one"])
        search.isCurrent = false
        let all = try await library.index.search(search, PageRequest()).items
        #expect(all.map(\.record.standing) == [.current, .current, .withdrawn, .superseded])
    }

    @Test("IDX-23: an offer that never expires is current, though SQLite counts to 2^63 only")
    func never() async throws {
        let library = try Library()
        library.publish(.alice, asset: "aa", models: [("one", 1)])
        let ends = [UInt64(1) << 63 - 1, 1 << 63, .max]
        let offers = ends.enumerated().map { place, end in
            Bazaar.offer(
                of: Asset.id(owner: Person.alice.id, name: "aa"),
                .alice,
                model: "late-\(place)",
                price: 5,
                lifeMilliseconds: end - 1_700_000_000_000
            )
        }
        let messages = offers.map { Message.publishOffer($0) }
        let results = library.ledger.commit([library.ledger.sign(.alice, messages)])
        #expect(results.allSatisfy { $0.isAccepted })
        try await library.catchUp()
        let found = try await models(library, OfferSearch())
        #expect(found == ["late-2", "late-1", "late-0", "one"])
    }

    @Test("assets are found by name and owner, the owner of now; retired ones on request")
    func assets() async throws {
        let library = try await library()
        let id = Asset.id(owner: Person.alice.id, name: "llama-weights")
        let give = Message.lineage(.offerAsset(id, to: Person.bob.id))
        library.ledger.commit([library.ledger.sign(.alice, [give])])
        library.ledger.commit([library.ledger.sign(.bob, [.lineage(.acceptAsset(id))])])
        try await library.catchUp()
        var search = AssetSearch()
        search.text = "llama"
        search.owner = Person.bob.id
        var found = try await library.index.search(search, PageRequest()).items
        #expect(found.map(\.asset.name) == ["llama-weights"])
        search.owner = nil
        search.text = "\(Person.bob.id) llama"
        found = try await library.index.search(search, PageRequest()).items
        #expect(found.map(\.asset.name) == ["llama-weights"])
        search.text = "\(Person.alice.id)"
        #expect(try await library.index.search(search, PageRequest()).items.isEmpty)
        library.ledger.commit([library.ledger.sign(.bob, [.lineage(.retireAsset(id))])])
        try await library.catchUp()
        search.text = "llama-weights"
        #expect(try await library.index.search(search, PageRequest()).items.isEmpty)
        search.isCurrent = false
        found = try await library.index.search(search, PageRequest()).items
        #expect(found.first?.retiredAt == BlockHeight(library.ledger.height))
    }

    @Test("no text is an error or means something to the word table", arguments: 0..<Soak.seeds)
    func hostileText(seed: UInt64) async throws {
        let library = try await library()
        var random = SplitMix64(seed: seed)
        let pieces = [
            "\"", "'", "*", "^", "(", ")", ":", "{model}", "NEAR(", "AND", "OR", "NOT", "-", "+",
            "llama", "llama*", "model:", ";", "--", "%", "_", "\\", "\u{0}", "é", "e\u{301}", "λ",
            "漢字", "🦙", "\n", ",", "NEAR", "rowid", "1=1", "\u{FFFD}", "٣", "½", "ª", "words",
        ]
        for _ in 0..<100 {
            let text = (0..<random.below(9)).map { _ in random.pick(pieces) ?? "" }
                .joined(separator: random.once(in: 2) ? " " : "")
            var search = OfferSearch()
            search.text = text
            search.order = [.relevance, .newest, .price(.outputToken)][random.below(3)]
            let found = try await models(library, search)
            // Every word must be in a row that is found: no operator widened the question.
            if text.contains("🦙") || text.contains("漢") { continue }
            let plain = text.unicodeScalars.map { scalar -> Character in
                scalar.isASCII && CharacterSet.alphanumerics.contains(scalar)
                    ? Character(scalar) : " "
            }
            let words = String(plain).lowercased().split(separator: " ")
            if words.contains(where: {
                ["near", "and", "or", "not", "rowid", "words"].contains($0)
            }) {
                #expect(found.isEmpty, "\(text.debugDescription)")
            }
            var assets = AssetSearch()
            assets.text = text
            _ = try await library.index.search(assets, PageRequest())
        }
    }

    @Test("texts and limits beyond bounds are refused, and a text without words finds nothing")
    func bounds() async throws {
        let library = try await library()
        var search = OfferSearch()
        for text in ["", "  ", "***", "\"\"", "🦙"] {
            search.text = text
            #expect(try await models(library, search) == [], "\(text.debugDescription)")
        }
        search.text = String(repeating: "a", count: 257)
        await #expect(throws: IndexError.self) { try await models(library, search) }
        search.text = (0..<17).map { "a\($0)" }.joined(separator: " ")
        await #expect(throws: IndexError.self) { try await models(library, search) }
        for limit in [0, 201, -1] {
            #expect(throws: IndexError.self) { try PageRequest(limit: limit) }
        }
    }
}

@Suite("IDX-34: how much there is in an index", .timeLimit(.minutes(5)))
struct StatusTests {
    /// What a reader that has counted nothing yet says.
    private func counted(_ library: Library) async throws -> [UInt64] {
        let status = try await library.index.status()
        return [status.transactions, status.events]
    }

    @Test("what was counted is remembered; what comes is added, and another history begins anew")
    func totals() async throws {
        let library = try Library()
        let index = library.index
        func remembered() async throws -> [UInt64] {
            let status = try await index.status()
            return [status.transactions, status.events]
        }
        #expect(try await remembered() == [0, 0])
        library.publish(.alice, asset: "one", models: [("one-a", 1), ("one-b", 2)])
        try await library.catchUp()
        let first = try await counted(library)
        #expect(first[0] == 1 && first[1] >= 3)
        #expect(try await remembered() == first)
        library.publish(.bob, asset: "two", models: [("two-c", 3)])
        library.publish(.bob, asset: "three", models: [("three-d", 3)])
        try await library.catchUp()
        let second = try await counted(library)
        #expect(second[0] == 3 && second[1] > first[1])
        #expect(try await remembered() == second)
        // A block that was counted is not read again.
        try await library.database.pool.write { db in
            try db.execute(sql: "UPDATE blocks SET events = events + 100 WHERE height = 1")
        }
        #expect(try await remembered() == second)
        #expect(try await counted(library) == [3, second[1] + 100])
        // An index that was made anew has another block there, or ends lower.
        try await library.database.pool.write { db in
            try db.execute(
                sql: "UPDATE blocks SET digest = ? WHERE height = (SELECT height FROM place)",
                arguments: [digest(9).blob]
            )
        }
        #expect(try await remembered() == [3, second[1] + 100])
        try await library.database.pool.write { db in
            try db.execute(sql: "DELETE FROM blocks WHERE height > 1")
            try db.execute(sql: "UPDATE place SET height = 1")
        }
        #expect(try await remembered() == [1, first[1] + 100])
    }
}
