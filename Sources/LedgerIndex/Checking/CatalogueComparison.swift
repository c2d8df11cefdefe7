import CanonicalCoding
import FoundationEssentials
import GRDB
import LedgerClient
import LedgerCore
import MarketTypes
import SettlementCore

/// What the ledger's state says of every asset and offer, listed by prefix.
struct LedgerCatalogue: Sendable {
    private(set) var assets: [AssetID: AssetEntry] = [:]
    private(set) var offers: [OfferID: OfferEntry] = [:]

    /// Lists everything; the state may move on meanwhile.
    init(_ ledger: any LedgerConnection) async throws {
        var versions: [StateKey: AssetVersion] = [:]
        let names = AssetID(.zero)
        for listing in try await Self.all(ledger, like: .assetVersion(names, 0)) {
            versions[listing.key] = try Self.decode(AssetVersion.self, listing)
        }
        var standings: [StateKey: AssetStanding] = [:]
        for listing in try await Self.all(ledger, like: .assetStanding(names)) {
            standings[listing.key] = try Self.decode(AssetStanding.self, listing)
        }
        for listing in try await Self.all(ledger, like: .assets) {
            let asset = try Self.decode(Asset.self, listing)
            let id = AssetID(try Self.name(listing))
            let key = StateKey.assetVersion(id, asset.latestVersion)
            let standing = standings[.assetStanding(id)]
            assets[id] = AssetEntry(
                id: id,
                asset: asset,
                latest: versions[key] ?? AssetVersion(content: .zero, metadataLink: ""),
                retiredAt: standing?.retiredAt,
                offeredTo: standing?.offeredTo
            )
        }
        let source = CatalogueSource(ledger)
        for listing in try await Self.all(ledger, like: .offers) {
            let record = try Self.decode(OfferRecord.self, listing)
            let id = OfferID(try Self.name(listing))
            let known = assets[record.offer.asset].map { AssetLabel($0.asset) }
            let label: AssetLabel
            // An offer may be of an asset that came after the assets were listed.
            if let known {
                label = known
            } else {
                label = try await source.label(record.offer.asset)
            }
            offers[id] = OfferEntry(id: id, record: record, label: label)
        }
    }

    private static func decode<Value: CanonicalCodable>(
        _ type: Value.Type,
        _ listing: StateListing
    ) throws -> Value {
        do { return try Value(canonicalBytes: listing.value) } catch {
            throw IndexError.malformed("an entry that does not decode as \(type)")
        }
    }

    private static func name(_ listing: StateListing) throws -> Digest {
        guard let name = Digest(bytes: listing.key.bytes.dropFirst()) else {
            throw IndexError.malformed("a key of another length")
        }
        return name
    }

    /// Every entry of the namespace that `key` is in.
    private static func all(
        _ ledger: any LedgerConnection,
        like key: StateKey
    ) async throws -> [StateListing] {
        let prefix = StateKey(bytes: [key.bytes[0]])
        var found: [StateListing] = []
        while true {
            let page = try await ledger.entries(
                prefix: prefix,
                after: found.last?.key,
                limit: 1024
            )
            guard let first = page.first else { return found }
            // A list that does not go on would never end.
            guard found.last.map({ $0.key < first.key }) ?? true else {
                throw IndexError.malformed("a list out of order")
            }
            found += page
        }
    }
}

/// Compares rows of the catalogue with what they should be, all columns and words.
struct CatalogueComparison {
    let db: Database

    /// The names of assets and offers whose rows differ, miss or are too many, with what differs.
    func differences(_ ledger: LedgerCatalogue) throws -> [(Subject, IndexDifference)] {
        var found: [(Subject, IndexDifference)] = []
        for (id, entry) in ledger.assets {
            if let difference = try difference(entry, id) { found.append((.asset(id), difference)) }
        }
        for (id, entry) in ledger.offers {
            if let difference = try difference(entry, id) { found.append((.offer(id), difference)) }
        }
        for name in try names("assets") where ledger.assets[AssetID(name)] == nil {
            let extra = IndexDifference("asset \(name)", expected: nil, found: "a row")
            found.append((.asset(AssetID(name)), extra))
        }
        for name in try names("offers") where ledger.offers[OfferID(name)] == nil {
            let extra = IndexDifference("offer \(name)", expected: nil, found: "a row")
            found.append((.offer(OfferID(name)), extra))
        }
        return found.sorted { $0.1.place < $1.1.place }
    }

    /// Rows of the word and price tables that belong to nothing.
    func strays() throws -> [IndexDifference] {
        try [
            ("words", "SELECT count(*) FROM words"),
            ("prices", "SELECT count(DISTINCT offer) FROM prices"),
        ].compactMap { place, sql in
            let offers = try Int64.fetchOne(db, sql: "SELECT count(*) FROM offers") ?? 0
            let assets = try Int64.fetchOne(db, sql: "SELECT count(*) FROM assets") ?? 0
            let expected = place == "words" ? offers + assets : offers
            let found = try Int64.fetchOne(db, sql: sql) ?? 0
            guard found != expected else { return nil }
            return IndexDifference(
                "number of things with \(place)",
                expected: "\(expected)",
                found: "\(found)"
            )
        }
    }

    private func names(_ table: String) throws -> [Digest] {
        try Row.fetchAll(db, sql: "SELECT name FROM \(table)").map { try $0.digest("name") }
    }

    /// How the row of an asset is another than the ledger's entry says, or nil.
    func difference(_ entry: AssetEntry?, _ id: AssetID) throws -> IndexDifference? {
        let row = try Row.fetchOne(
            db,
            sql: "SELECT * FROM assets WHERE name = ?",
            arguments: [id.digest.blob]
        )
        return try difference(
            "asset \(id.digest)",
            entry.map(columns),
            row,
            entry.map { SearchWords($0) }
        )
    }

    /// How the row of an offer is another than the ledger's entry says, or nil.
    func difference(_ entry: OfferEntry?, _ id: OfferID) throws -> IndexDifference? {
        let place = "offer \(id.digest)"
        let row = try Row.fetchOne(
            db,
            sql: "SELECT * FROM offers WHERE name = ?",
            arguments: [id.digest.blob]
        )
        let words = entry.map { SearchWords($0) }
        if let found = try difference(place, entry.map(columns), row, words) { return found }
        guard let entry, let number: Int64 = row?["id"] else { return nil }
        let expected = entry.record.offer.prices.prices.entries.map { unit, price in
            "\(unit.name) \(price.perMillion.obol) = \(price.amount.obol)/\(price.perUnits)"
        }
        let prices = try Row.fetchAll(
            db,
            sql: "SELECT * FROM prices WHERE offer = ? ORDER BY unit",
            arguments: [number]
        ).map { row in
            let unit = Unit(rawValue: UInt8(clamping: row["unit"] as Int64))
            return "\(unit?.name ?? "?") \(try row.amount("million").obol) = "
                + "\(try row.amount("amount").obol)/\(row.number("units"))"
        }
        guard prices != expected else { return nil }
        return IndexDifference(
            "prices of \(place)",
            expected: expected.joined(separator: ", "),
            found: prices.joined(separator: ", ")
        )
    }

    private func difference(
        _ place: String,
        _ expected: [String: DatabaseValue]?,
        _ row: Row?,
        _ words: SearchWords?
    ) throws -> IndexDifference? {
        guard let expected, let words else {
            return row.map { _ in IndexDifference(place, expected: nil, found: "a row") }
        }
        guard let row else { return IndexDifference(place, expected: "a row", found: nil) }
        for (column, value) in expected.sorted(by: { $0.key < $1.key }) {
            let found: DatabaseValue = row[column]
            guard found == value else {
                return IndexDifference(
                    "\(place), \(column)",
                    expected: value.plain,
                    found: found.plain
                )
            }
        }
        let stored = try Row.fetchOne(
            db,
            sql: "SELECT * FROM words WHERE rowid = ?",
            arguments: [row["id"] as Int64]
        )
        let found = stored.map { row in
            ["model", "title", "kind", "licence", "owner"].map { row[$0] as String }
        }
        let wanted = [words.model, words.title, words.kind, words.licence, words.owner]
        guard found != wanted else { return nil }
        return IndexDifference(
            "words of \(place)",
            expected: wanted.joined(separator: " "),
            found: found?.joined(separator: " ")
        )
    }

    private func columns(_ entry: AssetEntry) -> [String: DatabaseValue] {
        [
            "owner": entry.asset.owner.digest.blob.databaseValue,
            "title": entry.asset.name.databaseValue,
            "kind": Int64(entry.asset.kind.rawValue).databaseValue,
            "licence": entry.asset.licence.databaseValue,
            "version": Int64(entry.asset.latestVersion).databaseValue,
            "content": entry.latest.content.blob.databaseValue,
            "link": entry.latest.metadataLink.databaseValue,
            "retired": entry.retiredAt?.rawValue.stored.databaseValue ?? .null,
            "offered": entry.offeredTo?.digest.blob.databaseValue ?? .null,
            "record": Data(entry.asset.canonicalBytes).databaseValue,
        ]
    }

    private func columns(_ entry: OfferEntry) -> [String: DatabaseValue] {
        let offer = entry.record.offer
        return [
            "seller": offer.seller.digest.blob.databaseValue,
            "asset": offer.asset.digest.blob.databaseValue,
            "model": offer.model.databaseValue,
            "title": entry.label.title.databaseValue,
            "kind": Int64(entry.label.kind.rawValue).databaseValue,
            "licence": entry.label.licence.databaseValue,
            "interface": Int64(offer.interface.rawValue).databaseValue,
            "unit": offer.denomination.digest.blob.databaseValue,
            "standing": Int64(entry.record.standing.rawValue).databaseValue,
            "published": entry.record.publishedAt.rawValue.stored.databaseValue,
            "expires": offer.expiresAt.milliseconds.stored.databaseValue,
            "record": Data(entry.record.canonicalBytes).databaseValue,
        ]
    }
}
