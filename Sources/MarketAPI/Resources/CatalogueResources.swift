import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import SettlementCore
import WebServing

extension MarketAPI {
    /// Assets and offers.
    var catalogueHandlers: [String: OperationTable.Handler] {
        [
            "listAssets": { request in
                let search = try Self.assetSearch(request)
                return .page(try await index.search(search, request.page())) {
                    .object($0.apiMembers)
                }
            },
            "getAsset": { try await asset($0) },
            "listAssetVersions": { try await versions($0) },
            "listAssetHistory": { request in
                try await history(of: .asset(AssetID(try request.digest("asset"))), request)
            },
            "listOffers": { request in
                let search = try Self.offerSearch(request)
                return .page(try await index.search(search, request.page())) { $0.apiDocument }
            },
            "getOffer": { request in
                guard let offer = try await index.offer(OfferID(try request.digest("offer")))
                else { throw Problem.notFound("offer") }
                return .one(offer.apiDocument, at: nil)
            },
        ]
    }

    private static func assetSearch(_ request: APIRequest) throws(Problem) -> AssetSearch {
        var search = AssetSearch()
        search.text = request.text("text")
        search.kind = request.text("kind").flatMap { AssetKind(named: $0) }
        search.owner = try request.accountFilter("owner")
        search.isCurrent = request.flag("current") ?? true
        return search
    }

    private static func offerSearch(_ request: APIRequest) throws(Problem) -> OfferSearch {
        var search = OfferSearch()
        search.text = request.text("text")
        search.kind = request.text("kind").flatMap { AssetKind(named: $0) }
        let interface = request.text("interface")
        search.interface = CallInterface.allCases.first { $0.name == interface }
        search.denomination = try request.denominationFilter("denomination")
        search.seller = try request.accountFilter("seller")
        search.asset = try request.digestFilter("asset").map { AssetID($0) }
        search.isCurrent = request.flag("current") ?? true
        let unit = request.text("unit").flatMap { Unit(name: $0) }
        if let most = try request.amountFilter("maxPerMillion") {
            guard let unit else { throw .badRequest("needs unit", at: "?maxPerMillion") }
            search.priceLimit = .init(unit, perMillion: most)
        }
        switch request.text("sort") {
        case "newest": search.order = .newest
        case "price":
            guard let unit else { throw .badRequest("price needs unit", at: "?sort") }
            search.order = .price(unit)
        default: search.order = .relevance
        }
        return search
    }

    private func asset(_ request: APIRequest) async throws -> APIAnswer {
        let id = AssetID(try request.digest("asset"))
        guard let entry = try await index.asset(id) else { throw Problem.notFound("asset") }
        let terms = try await ledger.read(AssetTerms.self, .assetTerms(id))
        let unit = ShareUnit.unit(of: id)
        let shares = try await ledger.read(ShareRecord.self, .shares(unit))
        let detail: [(name: String, value: JSON)] = [
            ("terms", terms?.apiDocument ?? .null),
            ("parents", .list(terms?.parents ?? []) { $0.apiDocument }),
            (
                "shares",
                shares.map { shares in
                    .object([
                        ("unit", .digest(unit)), ("count", .wide(shares.count)),
                        ("circulating", .wide(shares.circulating)),
                        ("income", .list(shares.streams) { .unit($0.denomination) }),
                    ])
                } ?? .null
            ),
        ]
        return .one(.object(entry.apiMembers + detail), at: nil)
    }

    /// Versions count from 1, so the cursor is the number of the last one.
    private func versions(_ request: APIRequest) async throws -> APIAnswer {
        let id = AssetID(try request.digest("asset"))
        guard let (asset, height) = try await read(Asset.self, .asset(id)) else {
            throw Problem.notFound("asset")
        }
        var first: UInt32 = 1
        if let cursor = request.text("cursor") {
            guard let last = UInt32(cursor), last < UInt32.max, String(last) == cursor else {
                throw Problem.badRequest("is not one of this question", at: "?cursor")
            }
            first = last + 1
        }
        var items: [JSON] = []
        while first <= asset.latestVersion, items.count < request.limit {
            let version = try await ledger.read(AssetVersion.self, .assetVersion(id, first))
            if let version {
                items.append(
                    .object(
                        "assetVersion",
                        [
                            ("asset", .digest(id.digest)), ("version", .number(UInt64(first))),
                            ("content", .digest(version.content)),
                            ("metadataLink", .text(version.metadataLink)),
                        ]
                    )
                )
            }
            first += 1
        }
        return .list(items, next: first <= asset.latestVersion ? "\(first - 1)" : nil, at: height)
    }
}

extension AssetKind {
    init?(named name: String) {
        guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }
}

extension AssetEntry {
    fileprivate var apiMembers: [(name: String, value: JSON)] {
        [
            ("object", .text("asset")), ("id", .digest(id.digest)), ("name", .text(asset.name)),
            ("kind", .text(asset.kind.name)), ("licence", .text(asset.licence)),
            ("owner", .account(asset.owner)), ("version", .number(UInt64(asset.latestVersion))),
            ("content", .digest(latest.content)), ("metadataLink", .text(latest.metadataLink)),
            ("retiredAt", .height(at: retiredAt)), ("offeredTo", .account(offeredTo)),
        ]
    }
}

extension AssetTerms {
    fileprivate var apiDocument: JSON {
        .object(
            [("licenceText", .digest(licenceText))]
                + [
                    ("training", .text(use.training.name)),
                    ("generativeTraining", .text(use.generativeTraining.name)),
                    ("mining", .text(use.mining.name)), ("inference", .text(use.inference.name)),
                    (
                        "royaltyMinBasisPoints",
                        royaltyMinBasisPoints.map { .number(UInt64($0)) } ?? .null
                    ),
                ]
        )
    }
}

extension AssetParent {
    fileprivate var apiDocument: JSON {
        .object([
            ("asset", .digest(asset.digest)), ("version", .number(UInt64(version))),
            ("shareBasisPoints", .number(UInt64(shareBasisPoints))), ("role", .text(role.name)),
        ])
    }
}

extension OfferEntry {
    var apiDocument: JSON {
        let offer = record.offer
        let prices = offer.prices.prices.entries.map { unit, price in
            (
                name: unit.name,
                value: JSON.object([
                    ("amount", .obol(price.amount)), ("perUnits", .wide(price.perUnits)),
                ])
            )
        }
        return .object(
            "offer",
            [
                ("id", .digest(id.digest)), ("model", .text(offer.model)),
                ("standing", .text(record.standing.name)), ("title", .text(label.title)),
                ("kind", .text(label.kind.name)), ("licence", .text(label.licence)),
                ("interface", .text(offer.interface.name)), ("seller", .account(offer.seller)),
                ("asset", .digest(offer.asset.digest)),
                ("assetVersion", .number(UInt64(offer.assetVersion))),
                ("weights", .digest(offer.weights)), ("endpoint", .text(offer.endpoint)),
                ("receiptKey", .text("\(offer.receiptKey)")),
                ("denomination", .unit(offer.denomination)), ("prices", .object(prices)),
                ("verification", .text(offer.verification.apiName)), ("bond", .obol(offer.bond)),
                ("version", .number(UInt64(offer.version))),
                ("supersedes", .digest(offer.supersedes?.digest)),
                ("publishedAt", .height(at: record.publishedAt)),
                ("expiresAt", .time(offer.expiresAt)),
            ]
        )
    }
}

extension VerificationClass {
    fileprivate var apiName: String {
        switch self {
        case .receipt: "receipt"
        case .repeatable: "repeatable"
        }
    }
}
