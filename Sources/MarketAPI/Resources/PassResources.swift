import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

extension MarketAPI {
    /// Plans and passes.
    var passHandlers: [String: OperationTable.Handler] {
        [
            "listPlans": { try await plans($0) },
            "getPlan": { request in
                let id = PlanID(try request.digest("plan"))
                return try await one(Plan.self, .plan(id), "plan") { $0.apiDocument(id) }
            },
            "listPasses": { try await passes($0) },
            "getPass": { request in
                let id = PassID(try request.digest("pass"))
                return try await one(Pass.self, .pass(id), "pass") { $0.apiDocument(id) }
            },
        ]
    }

    private func plans(_ request: APIRequest) async throws -> APIAnswer {
        let seller = try request.accountFilter("seller")
        let isCurrent = request.flag("current") ?? false
        func show(_ plan: Plan, _ id: PlanID) -> JSON? {
            let fits = seller.map { $0 == plan.seller } ?? true
            return fits && !(isCurrent && plan.retiredAt != nil) ? plan.apiDocument(id) : nil
        }
        guard let asset = try request.digestFilter("asset") else {
            return try await list(request, under: .plans) { listing in
                show(try Self.decode(Plan.self, listing.value), PlanID(try listing.name))
            }
        }
        return try await list(request, under: .plans(of: AssetID(asset))) { listing in
            let id = PlanID(try listing.name)
            return try await ledger.plan(id).flatMap { show($0, id) }
        }
    }

    private func passes(_ request: APIRequest) async throws -> APIAnswer {
        let plan = try request.digestFilter("plan")
        func show(_ pass: Pass, _ id: PassID) -> JSON? {
            plan.map { $0 == pass.plan.digest } ?? true ? pass.apiDocument(id) : nil
        }
        guard let holder = try request.accountFilter("holder") else {
            return try await list(request, under: .allPasses) { listing in
                show(try Self.decode(Pass.self, listing.value), PassID(try listing.name))
            }
        }
        return try await list(request, under: .passes(of: holder)) { listing in
            let id = PassID(try Self.decode(StoredDigest.self, listing.value).digest)
            return try await ledger.pass(id).flatMap { show($0, id) }
        }
    }
}

extension Plan {
    fileprivate func apiDocument(_ id: PlanID) -> JSON {
        .object(
            "plan",
            [
                ("id", .digest(id.digest)), ("name", .text(terms.name)),
                ("seller", .account(seller)), ("asset", .digest(terms.asset.digest)),
                ("kind", .text(terms.kind.name)), ("price", .obol(terms.price)),
                ("denomination", .unit(terms.denomination)),
                ("periodBlocks", .number(terms.periodBlocks)),
                (
                    "includedUnits",
                    .object(terms.includedUnits.entries.map { ($0.name, .wide($1)) })
                ),
                ("includedOffer", .digest(terms.includedOffer.digest)),
                ("overageOffer", .digest(terms.overageOffer?.digest)),
                ("transferable", .flag(terms.isTransferable)),
                ("sales", .number(UInt64(sales))),
                ("salesMax", terms.salesMax.map { .number(UInt64($0)) } ?? .null),
                ("trialBond", .obol(terms.trialBond)), ("publishedAt", .height(at: publishedAt)),
                ("retiredAt", .height(at: retiredAt)),
            ]
        )
    }
}

extension Pass {
    fileprivate func apiDocument(_ id: PassID) -> JSON {
        .object(
            "pass",
            [
                ("id", .digest(id.digest)), ("plan", .digest(plan.digest)),
                ("holder", .account(holder)),
                (
                    "periods",
                    .list(periods) { period in
                        .object([
                            ("startsAt", .height(at: period.startsAt)),
                            ("endsAt", .height(at: period.endsAt)),
                        ])
                    }
                ),
                (
                    "renewal",
                    renewal.map { renewal in
                        .object([
                            ("priceMax", .obol(renewal.priceMax)),
                            ("renewals", .number(UInt64(renewal.renewals))),
                            ("until", .height(at: renewal.until)),
                        ])
                    } ?? .null
                ),
                ("bond", .obol(bond)),
            ]
        )
    }
}
