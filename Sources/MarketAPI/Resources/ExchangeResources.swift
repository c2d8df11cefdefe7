import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

extension MarketAPI {
    /// Pools, sales and orders: what stands on the ledger.
    var exchangeHandlers: [String: OperationTable.Handler] {
        [
            "listPools": { request in
                let unit = try request.denominationFilter("denomination")
                return try await list(request, under: .pools) { listing in
                    let pool = try Self.decode(Pool.self, listing.value)
                    return unit.map { pool.market.has($0) } ?? true ? try await show(pool) : nil
                }
            },
            "getPool": { request in
                let id = PoolID(try request.digest("pool"))
                return try await one(Pool.self, .pool(id), "pool") { try await show($0) }
            },
            "listSales": { try await sales($0) },
            "getSale": { request in
                let id = SaleID(try request.digest("sale"))
                return try await one(Sale.self, .sale(id), "sale") { try await show($0, id) }
            },
            "listOrders": { try await orders($0) },
            "getOrder": { request in
                let id = OrderID(try request.digest("order"))
                return try await one(Order.self, .order(id), "order") { $0.apiDocument(id) }
            },
        ]
    }

    private func amount(in pot: Pot) async throws -> Amount {
        try await ledger.read(StoredAmount.self, .pot(pot))?.amount ?? .zero
    }

    private func show(_ pool: Pool) async throws -> JSON {
        let (base, quote) = (pool.market.base, pool.market.quote)
        return .object(
            "pool",
            [
                ("id", .digest(pool.id.digest)), ("market", .digest(pool.market.id)),
                ("base", .money(try await amount(in: .pool(pool.id, base)), base)),
                ("quote", .money(try await amount(in: .pool(pool.id, quote)), quote)),
                ("feeBasisPoints", .number(UInt64(pool.feeBasisPoints))),
                ("shares", .wide(pool.shares)), ("createdAt", .height(at: pool.createdAt)),
            ]
        )
    }

    private func show(_ sale: Sale, _ id: SaleID) async throws -> JSON {
        .object(
            "sale",
            [
                ("id", .digest(id.digest)), ("seller", .account(sale.seller)),
                ("given", .money(try await amount(in: sale.pot(id)), sale.given)),
                ("rateGiven", .money(sale.rate.given, sale.given)),
                ("rateWanted", .money(sale.rate.wanted, sale.wanted)),
                ("until", .height(at: sale.until)),
            ]
        )
    }

    private func sales(_ request: APIRequest) async throws -> APIAnswer {
        let unit = try request.denominationFilter("denomination")
        func show(_ sale: Sale, _ id: SaleID) async throws -> JSON? {
            guard unit.map({ $0 == sale.given || $0 == sale.wanted }) ?? true else { return nil }
            return try await self.show(sale, id)
        }
        guard let seller = try request.accountFilter("seller") else {
            return try await list(request, under: .sales) { listing in
                let sale = try Self.decode(Sale.self, listing.value)
                return try await show(sale, SaleID(try listing.name))
            }
        }
        return try await list(request, under: .sales(of: seller)) { listing in
            let id = SaleID(try listing.name)
            guard let sale = try await ledger.read(Sale.self, .sale(id)) else { return nil }
            return try await show(sale, id)
        }
    }

    private func orders(_ request: APIRequest) async throws -> APIAnswer {
        let market = try request.digestFilter("market")
        let side = request.text("side")
        func show(_ order: Order, _ id: OrderID) -> JSON? {
            let fits = market.map { $0 == order.market.id } ?? true
            return fits && side.map { $0 == order.side.name } ?? true
                ? order.apiDocument(id) : nil
        }
        guard let owner = try request.accountFilter("owner") else {
            return try await list(request, under: .allOrders) { listing in
                show(try Self.decode(Order.self, listing.value), OrderID(try listing.name))
            }
        }
        return try await list(request, under: .orders(of: owner)) { listing in
            let id = OrderID(try listing.name)
            return try await ledger.read(Order.self, .order(id)).flatMap { show($0, id) }
        }
    }
}

extension Market {
    fileprivate func has(_ unit: Denomination) -> Bool { unit == base || unit == quote }
}

extension Order {
    fileprivate func apiDocument(_ id: OrderID) -> JSON {
        .object(
            "order",
            [
                ("id", .digest(id.digest)), ("owner", .account(owner)),
                ("market", .digest(market.id)), ("base", .unit(market.base)),
                ("quote", .unit(market.quote)), ("side", .text(side.name)),
                ("amount", .wide(amount)), ("filled", .wide(filled)), ("price", .wide(price)),
                ("placedAt", .height(at: placedAt)), ("expiresAt", .height(at: expiresAt)),
            ]
        )
    }
}
