import GRDB
import LedgerCore
public import MarketTypes
import SettlementCore

extension IndexReader {
    /// An offer, or nil if there is none.
    public func offer(_ id: OfferID) async throws -> OfferEntry? {
        try await read { db, _ in
            let row = try Row.fetchOne(
                db,
                sql: "SELECT * FROM offers WHERE name = ?",
                arguments: [id.digest.blob]
            )
            return try row.map { try OfferEntry($0) }
        }
    }

    /// An asset, or nil if there is none.
    public func asset(_ id: AssetID) async throws -> AssetEntry? {
        try await read { db, _ in
            let row = try Row.fetchOne(
                db,
                sql: "SELECT * FROM assets WHERE name = ?",
                arguments: [id.digest.blob]
            )
            return try row.map { try AssetEntry($0) }
        }
    }

    /// Finds offers.
    ///
    /// - Throws: ``IndexError/badQuestion(_:)``, or a `DatabaseError`.
    public func search(_ search: OfferSearch, _ page: PageRequest) async throws -> Page<OfferEntry>
    {
        let text = try search.text.map { text throws(IndexError) in try SearchText(text) }
        return try await read { db, place in
            let lister = CatalogueLister(
                db: db,
                table: "offers",
                nameColumn: "model",
                tiers: text.map { CatalogueLister.offerTiers($0) } ?? [],
                text: text,
                condition: search.condition(at: place),
                page: page,
                question: search
            )
            let (rows, next) =
                switch search.order {
                case .price(let unit): try lister.byPrice(of: unit, atMost: search.priceLimit)
                case .newest: try lister.byAge()
                case .relevance: text == nil ? try lister.byAge() : try lister.byRelevance()
                }
            let items = try rows.map { try OfferEntry($0) }
            return Page(items: items, next: next, height: place.height)
        }
    }

    /// Finds assets, by relevance, or with no words the newest first.
    ///
    /// - Throws: ``IndexError/badQuestion(_:)``, or a `DatabaseError`.
    public func search(_ search: AssetSearch, _ page: PageRequest) async throws -> Page<AssetEntry>
    {
        let text = try search.text.map { text throws(IndexError) in try SearchText(text) }
        return try await read { db, place in
            let lister = CatalogueLister(
                db: db,
                table: "assets",
                nameColumn: "title",
                tiers: text.map { CatalogueLister.assetTiers($0) } ?? [],
                text: text,
                condition: search.condition,
                page: page,
                question: search
            )
            let (rows, next) = text == nil ? try lister.byAge() : try lister.byRelevance()
            let items = try rows.map { try AssetEntry($0) }
            return Page(items: items, next: next, height: place.height)
        }
    }
}

extension OfferSearch {
    /// What the prices of the offers count: numbers of different units cannot be compared, so that
    /// a question about prices which names no unit is about STOA.
    private var priced: Denomination? {
        let isAboutPrices = if case .price = order { true } else { priceLimit != nil }
        return denomination ?? (isAboutPrices ? .native : nil)
    }

    fileprivate func condition(at place: IndexPlace) -> Condition {
        var condition = Condition()
        if isCurrent {
            // Stored bit by bit, what exceeds 2^63 is below zero, and later than all that is not.
            let now = place.time.milliseconds.stored
            condition.add("c.standing = 1 AND (c.expires < 0, c.expires) >= (? < 0, ?)", now, now)
        }
        if let kind { condition.add("c.kind = ?", Int64(kind.rawValue)) }
        if let interface { condition.add("c.interface = ?", Int64(interface.rawValue)) }
        if let priced { condition.add("c.unit = ?", priced.digest.blob) }
        if let seller { condition.add("c.seller = ?", seller.digest.blob) }
        if let asset { condition.add("c.asset = ?", asset.digest.blob) }
        if let priceLimit {
            condition.add(
                """
                EXISTS (SELECT 1 FROM prices AS l
                    WHERE l.offer = c.id AND l.unit = ? AND l.million <= ?)
                """,
                Int64(priceLimit.unit.rawValue),
                priceLimit.perMillion.blob
            )
        }
        return condition
    }
}

extension AssetSearch {
    fileprivate var condition: Condition {
        var condition = Condition()
        if isCurrent { condition.add("c.retired IS NULL") }
        if let kind { condition.add("c.kind = ?", Int64(kind.rawValue)) }
        if let owner { condition.add("c.owner = ?", owner.digest.blob) }
        return condition
    }
}
