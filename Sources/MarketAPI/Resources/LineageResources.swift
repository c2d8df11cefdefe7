import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

extension MarketAPI {
    /// Where assets come from, and who earns by them.
    var lineageHandlers: [String: OperationTable.Handler] {
        [
            "getLineage": { try await lineage($0) },
            "listChildren": { request in
                let id = try await knownAsset(request)
                return try await list(request, under: .children(of: id)) { listing in
                    .object(
                        "child",
                        [("id", .digest(try listing.name)), ("parent", .digest(id.digest))]
                    )
                }
            },
            "listIncome": { request in
                let id = try await knownAsset(request)
                return try await list(request, under: .earnings(of: id)) { listing in
                    try Self.income(listing, of: id)
                }
            },
            "listHolders": { try await holders($0) },
        ]
    }

    private func knownAsset(_ request: APIRequest) async throws -> AssetID {
        let id = AssetID(try request.digest("asset"))
        guard try await ledger.entry(.asset(id), proven: false).value != nil else {
            throw Problem.notFound("asset")
        }
        return id
    }

    private func lineage(_ request: APIRequest) async throws -> APIAnswer {
        let id = try await knownAsset(request)
        let found = try await read(Lineage.self, .lineage(id))
        let children = try await ledger.entries(
            prefix: .children(of: id),
            after: nil,
            limit: 64
        )
        let nodes = JSON.list(found?.value.nodes ?? []) { node in
            .object([
                ("asset", .digest(node.asset.digest)), ("depth", .number(UInt64(node.depth))),
                (
                    "parents",
                    .list(node.parents) { edge in
                        .object([
                            ("asset", .digest(edge.parent.digest)),
                            ("shareBasisPoints", .number(UInt64(edge.shareBasisPoints))),
                        ])
                    }
                ),
            ])
        }
        let document = JSON.object(
            "lineage",
            [
                ("id", .digest(id.digest)), ("depth", .number(UInt64(found?.value.depth ?? 0))),
                ("edges", .number(UInt64(found?.value.edges ?? 0))), ("nodes", nodes),
                ("children", .array(try children.map { .digest(try $0.name) })),
            ]
        )
        return .one(document, at: found?.height)
    }

    private static func income(_ listing: StateListing, of id: AssetID) throws -> JSON {
        let unit = Digest(bytes: listing.key.bytes.dropFirst(33).prefix(Digest.byteCount))
        guard let unit else {
            throw LedgerClientError(.malformedAnswer, "a key of earnings is too short")
        }
        let source = try listing.name
        let money = JSON.money(
            try decode(StoredAmount.self, listing.value).amount,
            unit == .zero ? .native : .issued(unit)
        )
        return .object(
            "income",
            [
                ("source", .digest(source)),
                ("kind", .text(source == id.digest ? "sales" : "royalty")),
            ] + (money.members ?? [])
        )
    }

    private func holders(_ request: APIRequest) async throws -> APIAnswer {
        let id = try await knownAsset(request)
        let unit = ShareUnit.unit(of: id)
        return try await list(request, under: .shareHoldings(unit)) { listing in
            // Read after the holding: a stream's index only grows, and what a holding has been
            // paid up to is never beyond it.
            guard let record = try await ledger.read(ShareRecord.self, .shares(unit)) else {
                return nil
            }
            let account = AccountID(try listing.name)
            let shares =
                try await ledger.read(
                    StoredAmount.self,
                    .issuedBalance(account, unit)
                )?.amount ?? .zero
            let holding = try Self.decode(ShareHolding.self, listing.value)
                .settled(record, shares: UInt64(clamping: shares.obol))
            guard let holding else {
                throw LedgerClientError(.malformedAnswer, "a holding does not fit its shares")
            }
            let owed = zip(record.streams, holding.entitlements).map { stream, entitlement in
                JSON.money(Amount(obol: entitlement.owed), stream.denomination)
            }
            return .object(
                "holder",
                [("id", .account(account)), ("shares", .obol(shares)), ("owed", .array(owed))]
            )
        }
    }
}
