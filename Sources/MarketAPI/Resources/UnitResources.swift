import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

extension MarketAPI {
    /// Issued units and their redemptions.
    var unitHandlers: [String: OperationTable.Handler] {
        [
            "listUnits": { request in
                let issuer = try request.accountFilter("issuer")
                return try await list(request, under: .units) { listing in
                    let unit = try Self.decode(UnitRecord.self, listing.value)
                    guard issuer.map({ $0 == unit.issuer }) ?? true else { return nil }
                    return try await show(unit, try listing.name)
                }
            },
            "getUnit": { request in
                let name = try request.digest("unit")
                return try await one(UnitRecord.self, .unit(name), "unit") {
                    try await show($0, name)
                }
            },
            "listRedemptions": { try await redemptions($0) },
        ]
    }

    private func show(_ unit: UnitRecord, _ name: Digest) async throws -> JSON {
        let supply = try await ledger.read(StoredAmount.self, .supply(.issued(name)))
        let terms = unit.terms
        return .object(
            "unit",
            [
                ("id", .digest(name)), ("issuer", .account(unit.issuer)),
                ("ticker", .text(terms.ticker)), ("name", .text(terms.name)),
                ("decimals", .number(UInt64(terms.decimals))),
                ("document", .digest(terms.document)),
                ("link", .text(terms.link)), ("supply", .obol(supply?.amount ?? .zero)),
                ("supplyMax", .obol(terms.supplyMax)), ("minted", .obol(unit.minted)),
                ("burned", .obol(unit.burned)), ("issuedAt", .height(at: unit.issuedAt)),
            ]
        )
    }

    private func redemptions(_ request: APIRequest) async throws -> APIAnswer {
        let unit = try request.digest("unit")
        guard try await ledger.entry(.unit(unit), proven: false).value != nil else {
            throw Problem.notFound("unit")
        }
        return try await list(request, under: .redemptions(of: unit)) { listing in
            let id = try listing.name
            guard let redemption = try await ledger.read(Redemption.self, .redemption(id)) else {
                return nil
            }
            let pot = StateKey.pot(Redemption.pot(id, of: unit))
            let amount = try await ledger.read(StoredAmount.self, pot)?.amount ?? .zero
            return .object(
                "redemption",
                [
                    ("id", .digest(id)), ("unit", .digest(unit)),
                    ("holder", .account(redemption.holder)), ("amount", .obol(amount)),
                    ("reference", .digest(redemption.reference)),
                    ("returnableAt", .height(at: redemption.returnableAt)),
                ]
            )
        }
    }
}
