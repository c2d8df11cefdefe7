import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes

/// What a denomination is called, and how its amounts are written.
struct UnitName: Hashable, Sendable {
    let name: String
    /// How many digits stand behind the point.
    let decimals: Int
    /// Where more is said of it; nil for the native unit.
    let link: String?

    static let native = UnitName(name: "STOA", decimals: 9, link: nil)

    /// An amount for the template `money`.
    func fill(_ amount: Amount) -> Fill {
        var fill = Fill(["digits": MoneyText.exact(amount, decimals: decimals), "unit": name])
        fill.put("unitHref", link)
        return fill
    }

    func text(_ amount: Amount) -> String {
        MoneyText.exact(amount, decimals: decimals) + " " + name
    }
}

/// Where pages get what they show: each question is bounded.
struct PageSource: Sendable {
    /// The most entries that one list of a page reads from the ledger.
    static let listMax = 200
    /// The most entries that a page looks at to find some among them.
    static let scannedMax = 1024
    /// The most questions that one page asks the ledger at once.
    static let questionsMax = 16

    let ledger: any LedgerConnection
    let index: IndexReader
    let now: Timestamp

    /// Entries under a prefix in order of key, at most `limit`.
    func listed(
        _ prefix: StateKey,
        after: StateKey? = nil,
        limit: Int = listMax
    ) async throws -> [StateListing] {
        let page = try await ledger.entries(prefix: prefix, after: after, limit: limit)
        guard page.allSatisfy({ $0.key.bytes.starts(with: prefix.bytes) }) else {
            throw LedgerClientError(.malformedAnswer, "the node's list has other keys")
        }
        return Array(page.prefix(limit))
    }

    /// What of the entries under a prefix is wanted, in order of key, at most `limit`.
    ///
    /// A page of the ledger may end early: only an empty one is the end.
    ///
    /// - Returns: what was found, and whether there are entries that were not looked at.
    func found<Value>(
        _ prefix: StateKey,
        limit: Int,
        _ make: (StateListing) throws -> Value?
    ) async throws -> (items: [Value], isCut: Bool) {
        var items: [Value] = []
        var after: StateKey?
        var scanned = 0
        while true {
            let wanted = min(256, Self.scannedMax - scanned + 1)
            let page = try await listed(prefix, after: after, limit: wanted)
            if page.isEmpty { return (items, false) }
            for listing in page {
                guard after.map({ $0 < listing.key }) ?? true else {
                    throw LedgerClientError(.malformedAnswer, "a list is out of order")
                }
                guard items.count < limit, scanned < Self.scannedMax else { return (items, true) }
                if let item = try make(listing) { items.append(item) }
                after = listing.key
                scanned += 1
            }
        }
    }

    /// What ends the keys under a prefix, as digests.
    func names(_ prefix: StateKey, limit: Int = listMax) async throws -> [Digest] {
        try await listed(prefix, limit: limit).compactMap {
            Digest(bytes: $0.key.bytes.suffix(Digest.byteCount))
        }
    }

    /// Answers a question about each item, some at once, in the items' order.
    func each<Item: Sendable, Value: Sendable>(
        _ items: [Item],
        _ question: @escaping @Sendable (Item) async throws -> Value
    ) async throws -> [Value] {
        try await withThrowingTaskGroup(of: (Int, Value).self) { group in
            var found: [Int: Value] = [:]
            for (place, item) in items.enumerated() {
                if place >= Self.questionsMax, let (done, value) = try await group.next() {
                    found[done] = value
                }
                group.addTask { (place, try await question(item)) }
            }
            for try await (done, value) in group { found[done] = value }
            return items.indices.compactMap { found[$0] }
        }
    }

    /// What denominations are called; one that nobody knows is called by its digits.
    func units(_ denominations: some Sequence<Denomination>) async throws
        -> [Denomination: UnitName]
    {
        var found: [Denomination: UnitName] = [.native: .native]
        for denomination in denominations where found[denomination] == nil {
            found[denomination] = try await unit(denomination)
        }
        return found
    }

    func unit(_ denomination: Denomination) async throws -> UnitName {
        guard case .issued(let unit) = denomination else { return .native }
        if let record = try await ledger.read(ShareRecord.self, .shares(unit)) {
            let name = try await index.asset(record.asset)?.asset.name
            return UnitName(
                name: "shares of \(name ?? NameText.short(record.asset.digest))",
                decimals: 0,
                link: PortalPaths.asset(record.asset)
            )
        }
        if let record = try await ledger.read(UnitRecord.self, .unit(unit)) {
            return UnitName(
                name: record.terms.ticker,
                decimals: Int(record.terms.decimals),
                link: PortalPaths.account(record.issuer)
            )
        }
        return UnitName(name: NameText.short(unit), decimals: 0, link: nil)
    }

    /// What assets are called, those that are known.
    func assets(_ assets: some Sequence<AssetID>) async throws -> [AssetID: AssetEntry] {
        var found: [AssetID: AssetEntry] = [:]
        for asset in assets where found[asset] == nil {
            found[asset] = try await index.asset(asset)
        }
        return found
    }

    /// The last block that the index has; nil before the first.
    func latestBlock() async throws -> BlockEntry? {
        try await index.blocks(PageRequest(limit: 1)).items.first
    }

    /// A time for templates.
    func time(_ time: Timestamp) -> Fill { TimeText.fill(time, now: now) }
}
