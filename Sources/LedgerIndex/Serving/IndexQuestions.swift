import LedgerCore
import MarketTypes

/// The questions that the HTTP interface answers, each with the parameters it may have.
struct IndexQuestions: Sendable {
    enum Path: String, CaseIterable {
        case status, search, assets, offers, history, counts, transactions, blocks, markets, trades
        case candles
        case asset, offer, transaction

        /// The path below the interface's own.
        var route: String {
            switch self {
            case .asset: "/assets/{name}"
            case .offer: "/offers/{name}"
            case .transaction: "/transactions/{name}"
            default: "/\(rawValue)"
            }
        }

        /// The parameters that mean something.
        var parameters: Set<String> {
            let page: Set<String> = ["limit", "cursor"]
            let subject: Set<String> = [
                "account", "asset", "offer", "channel", "denomination", "kind", "object",
            ]
            let market: Set<String> = ["market", "base", "quote"]
            return switch self {
            case .status, .asset, .offer, .transaction: []
            case .search, .offers:
                page.union([
                    "text", "kind", "interface", "denomination", "seller", "asset", "current",
                    "unit", "maxPerMillion", "sort",
                ])
            case .assets: page.union(["text", "kind", "owner", "current"])
            case .history: page.union(subject)
            case .counts: subject
            case .transactions: page.union(["account"])
            case .blocks, .markets: page
            case .trades: page.union(market)
            case .candles: page.union(market).union(["seconds", "from", "to"])
            }
        }
    }

    let index: IndexReader

    /// Answers a question; nil if there is no such thing.
    func answer(
        _ path: Path,
        name: String?,
        _ parameters: QuestionParameters
    ) async throws -> JSONValue? {
        switch path {
        case .status: return try await index.status().document
        case .search, .offers:
            return try await index.search(parameters.offerSearch(), parameters.page()).document
        case .assets:
            return try await index.search(parameters.assetSearch(), parameters.page()).document
        case .history:
            return try await index.history(of: parameters.subject(), parameters.page()).document
        case .counts:
            guard let subject = try parameters.subject() else {
                throw IndexError.badQuestion("counts are of one thing")
            }
            return try await index.counts(of: subject)?.document
        case .transactions:
            let account = try parameters.account("account")
            return try await index.transactions(of: account, parameters.page()).document
        case .blocks: return try await index.blocks(parameters.page()).document
        case .markets: return try await index.markets(parameters.page()).document
        case .trades:
            guard let market = try await market(parameters) else { return nil }
            return try await index.trades(of: market, parameters.page()).document
        case .candles: return try await candles(parameters)
        case .asset: return try await index.asset(AssetID(digest(name))).map(\.document)
        case .offer: return try await index.offer(OfferID(digest(name))).map(\.document)
        case .transaction: return try await index.transaction(digest(name)).map(\.document)
        }
    }

    private func digest(_ name: String?) throws(IndexError) -> Digest {
        guard let digest = Digest(hex: name ?? "") else {
            throw .badQuestion("the name is not 64 hex digits")
        }
        return digest
    }

    /// The market that is asked for, by its name or by its two units.
    private func market(_ parameters: QuestionParameters) async throws -> Market? {
        let base = try parameters.denomination("base")
        let quote = try parameters.denomination("quote")
        switch (try parameters.digest("market"), base, quote) {
        case (let name?, nil, nil): return try await index.market(named: name)
        case (nil, let base?, let quote?):
            guard let market = Market(base, quote) else {
                throw IndexError.badQuestion("a market has two different units")
            }
            return market
        default: throw IndexError.badQuestion("give either market, or base and quote")
        }
    }

    private func candles(_ parameters: QuestionParameters) async throws -> JSONValue? {
        let seconds = try parameters.number("seconds") ?? 3600
        let from = try parameters.number("from") ?? 0
        let to = try parameters.number("to") ?? UInt64(Int64.max)
        guard from <= to else { throw IndexError.badQuestion("“from” is after “to”") }
        guard let market = try await market(parameters) else { return nil }
        return try await index.candles(
            of: market,
            seconds: seconds,
            in: from...to,
            parameters.page()
        ).document
    }
}
