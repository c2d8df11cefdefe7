import FoundationEssentials
import GRDB
import MarketTypes

/// Lists rows of one table of the catalogue in one of three orders, each of which an index or the
/// word table gives without sorting, so that a page costs what it holds.
struct CatalogueLister<Question: Sendable> {
    typealias Found = (rows: [Row], next: String?)

    let db: Database
    let table: String
    /// The column that a search for a whole name asks first.
    let nameColumn: String
    /// Questions to the word table, the most relevant first; no row answers two of them.
    let tiers: [String]
    let text: SearchText?
    let condition: Condition
    let page: PageRequest
    let question: Question

    /// The latest first.
    func byAge() throws -> Found {
        let key = try PageCursor.key(page, of: question, bytes: 8)
        let before = key.map { Int64(keyBytes: $0) } ?? .max
        guard text?.words.isEmpty != true else { return ([], nil) }
        let rows: [Row]
        if let text {
            rows = try matches(text.everywhere, before: before, limit: page.limit + 1)
        } else {
            rows = try fetch(
                "SELECT c.* FROM \(table) AS c WHERE c.id < ? AND \(condition.sql) "
                    + "ORDER BY c.id DESC LIMIT ?",
                [before] + condition.arguments + [page.limit + 1]
            )
        }
        return cut(rows) { ($0["id"] as Int64).keyBytes }
    }

    /// The cheapest first, then the oldest.
    ///
    /// A limit of the same unit ends the walk; one of another is a condition of each row.
    func byPrice(of unit: Unit, atMost limit: OfferSearch.PriceLimit?) throws -> Found {
        let key = try PageCursor.key(page, of: question, bytes: 24)
        guard text?.words.isEmpty != true else { return ([], nil) }
        var after = Condition()
        if let key, let price = Amount(blob: .init(key.prefix(16))) {
            after.add("(p.million, p.offer) > (?, ?)", price.blob, Int64(keyBytes: key.suffix(8)))
        }
        if let limit, limit.unit == unit { after.add("p.million <= ?", limit.perMillion.blob) }
        if let text {
            after.add("p.offer IN (SELECT rowid FROM words WHERE words MATCH ?)", text.everywhere)
        }
        let rows = try fetch(
            "SELECT c.*, p.million FROM prices AS p CROSS JOIN \(table) AS c ON c.id = p.offer "
                + "WHERE p.unit = ? AND \(after.sql) AND \(condition.sql) "
                + "ORDER BY p.million, p.offer LIMIT ?",
            [Int64(unit.rawValue)] + after.arguments + condition.arguments + [page.limit + 1]
        )
        return cut(rows) { row in
            Array((row["million"] as Data)) + (row["id"] as Int64).keyBytes
        }
    }

    /// What has this very name, then tier after tier, each the latest first.
    func byRelevance() throws -> Found {
        let key = try PageCursor.key(page, of: question, bytes: 9)
        guard let text, !text.words.isEmpty else { return ([], nil) }
        var found: [(tier: UInt8, row: Row)] = []
        let firstTier = key?.first ?? 0
        guard Int(firstTier) <= tiers.count else {
            throw IndexError.badQuestion("the cursor is not one of this question")
        }
        for tier in firstTier...UInt8(tiers.count) where found.count <= page.limit {
            let isFirst = tier == firstTier
            let before = isFirst ? key.map { Int64(keyBytes: $0.dropFirst()) } ?? .max : .max
            let limit = page.limit + 1 - found.count
            let rows =
                tier == 0
                ? try named(text.name, before: before, limit: limit)
                : try matches(
                    tiers[Int(tier) - 1],
                    before: before,
                    limit: limit,
                    notNamed: text.name
                )
            found += rows.map { (tier, $0) }
        }
        let next = found.count > page.limit ? found[page.limit - 1] : nil
        return (
            found.prefix(page.limit).map(\.row),
            next.map { next in
                let key = [next.tier] + (next.row["id"] as Int64).keyBytes
                return PageCursor(question: question, key: key).text
            }
        )
    }

    private func named(_ name: String, before: Int64, limit: Int) throws -> [Row] {
        try fetch(
            "SELECT c.* FROM \(table) AS c WHERE c.\(nameColumn) = ? AND c.id < ? "
                + "AND \(condition.sql) ORDER BY c.id DESC LIMIT ?",
            [name, before] + condition.arguments + [limit]
        )
    }

    private func matches(
        _ match: String,
        before: Int64,
        limit: Int,
        notNamed name: String? = nil
    ) throws -> [Row] {
        var condition = condition
        if let name { condition.add("c.\(nameColumn) <> ?", name) }
        return try fetch(
            "SELECT c.* FROM words CROSS JOIN \(table) AS c ON c.id = words.rowid "
                + "WHERE words MATCH ? AND words.rowid < ? AND \(condition.sql) "
                + "ORDER BY words.rowid DESC LIMIT ?",
            [match, before] + condition.arguments + [limit]
        )
    }

    /// The text of a statement depends on which conditions there are, never on values, so that few
    /// are kept; making one anew costs more than a search for a rare word.
    private func fetch(_ sql: String, _ arguments: StatementArguments) throws -> [Row] {
        try Row.fetchAll(try db.cachedStatement(sql: sql), arguments: arguments)
    }

    private func cut(_ rows: [Row], key: (Row) -> [UInt8]) -> Found {
        let last = rows.count > page.limit ? rows[page.limit - 1] : nil
        return (
            Array(rows.prefix(page.limit)),
            last.map { PageCursor(question: question, key: key($0)).text }
        )
    }
}

extension CatalogueLister {
    /// Names, then names with the asset's, then everything.
    static func offerTiers(_ text: SearchText) -> [String] where Question == OfferSearch {
        [
            text.inside("model"), text.inside("model title", outside: "model"),
            text.outside("model title"),
        ]
    }

    /// Names, then everything.
    static func assetTiers(_ text: SearchText) -> [String] where Question == AssetSearch {
        [text.inside("title"), text.outside("title")]
    }
}
