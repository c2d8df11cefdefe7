import CanonicalCoding
import FoundationEssentials
import GRDB
import LedgerCore
import MarketTypes
import SettlementCore

/// Writes the catalogue's rows: of each thing one, with the words it is found by.
struct CatalogueWriter {
    let db: Database

    func write(_ changes: CatalogueChanges) throws {
        let height = changes.height.rawValue.stored
        for (number, entry) in changes.assets { try write(entry, number, height) }
        for (number, entry) in changes.offers { try write(entry, number, height) }
    }

    /// An asset's number never changes; everything else of its row may.
    private func write(_ entry: AssetEntry, _ number: Int64, _ height: Int64) throws {
        let asset = entry.asset
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO assets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT(name) DO UPDATE SET
                    owner = excluded.owner, version = excluded.version,
                    content = excluded.content, link = excluded.link,
                    retired = excluded.retired, offered = excluded.offered,
                    record = excluded.record, read = excluded.read
                RETURNING id
                """
        )
        let id = try Int64.fetchOne(
            statement,
            arguments: [
                number, entry.id.digest.blob, asset.owner.digest.blob, asset.name,
                Int64(asset.kind.rawValue), asset.licence, Int64(asset.latestVersion),
                entry.latest.content.blob, entry.latest.metadataLink,
                entry.retiredAt?.rawValue.stored, entry.offeredTo?.digest.blob,
                Data(asset.canonicalBytes), height,
            ]
        )
        guard let id else { throw DatabaseError(message: "an asset's row was not written") }
        try write(SearchWords(entry), id, isNew: id == number)
    }

    /// Of an offer nothing but its standing ever changes.
    private func write(_ entry: OfferEntry, _ number: Int64, _ height: Int64) throws {
        let offer = entry.record.offer
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO offers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT(name) DO UPDATE SET
                    standing = excluded.standing, record = excluded.record, read = excluded.read
                RETURNING id
                """
        )
        let id = try Int64.fetchOne(
            statement,
            arguments: [
                number, entry.id.digest.blob, offer.seller.digest.blob, offer.asset.digest.blob,
                offer.model, entry.label.title, Int64(entry.label.kind.rawValue),
                entry.label.licence, Int64(offer.interface.rawValue),
                offer.denomination.digest.blob, Int64(entry.record.standing.rawValue),
                entry.record.publishedAt.rawValue.stored, offer.expiresAt.milliseconds.stored,
                Data(entry.record.canonicalBytes), height,
            ]
        )
        guard let id else { throw DatabaseError(message: "an offer's row was not written") }
        guard id == number else { return }
        let prices = try db.cachedStatement(
            sql: "INSERT OR IGNORE INTO prices VALUES (?, ?, ?, ?, ?)"
        )
        for (unit, price) in offer.prices.prices.entries {
            try prices.execute(
                arguments: [
                    id, Int64(unit.rawValue), price.perMillion.blob, price.amount.blob,
                    price.perUnits.stored,
                ]
            )
        }
        try write(SearchWords(entry), id, isNew: true)
    }

    private func write(_ words: SearchWords, _ id: Int64, isNew: Bool) throws {
        let columns: StatementArguments = [
            words.model, words.title, words.kind, words.licence, words.owner, id,
        ]
        let sql =
            "INSERT OR REPLACE INTO words(model, title, kind, licence, owner, rowid) "
            + "VALUES (?, ?, ?, ?, ?, ?)"
        if isNew {
            try db.cachedStatement(sql: sql).execute(arguments: columns)
            return
        }
        // Only an asset's owner can have changed: what did not is not written again.
        let owner = try String.fetchOne(
            try db.cachedStatement(sql: "SELECT owner FROM words WHERE rowid = ?"),
            arguments: [id]
        )
        if owner != words.owner { try db.cachedStatement(sql: sql).execute(arguments: columns) }
    }
}

extension AssetEntry {
    init(_ row: Row) throws {
        let bytes: Data = row["record"]
        guard let asset = try? Asset(canonicalBytes: Array(bytes)) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an asset's record")
        }
        let retired: Int64? = row["retired"]
        self.init(
            id: AssetID(try row.digest("name")),
            asset: asset,
            latest: AssetVersion(content: try row.digest("content"), metadataLink: row["link"]),
            retiredAt: retired.map { BlockHeight(UInt64(bitPattern: $0)) },
            offeredTo: try row.digestIfPresent("offered").map { AccountID($0) }
        )
    }
}

extension OfferEntry {
    init(_ row: Row) throws {
        let bytes: Data = row["record"]
        guard let kind = AssetKind(rawValue: UInt8(clamping: row["kind"] as Int64)),
            let record = try? OfferRecord(canonicalBytes: Array(bytes))
        else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an offer's record") }
        self.init(
            id: OfferID(try row.digest("name")),
            record: record,
            label: AssetLabel(title: row["title"], kind: kind, licence: row["licence"])
        )
    }
}
