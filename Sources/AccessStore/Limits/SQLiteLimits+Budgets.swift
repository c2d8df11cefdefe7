public import AccessCore
import FoundationEssentials
import GRDB
public import MarketTypes

extension SQLiteLimits: BudgetStore {
    public func reserve(
        _ request: SpendingRequest,
        under rules: BudgetRules,
        boundTo voucher: Digest?,
        at now: Timestamp
    ) async throws -> Reservation {
        let reservation = try Reservation(request, boundTo: voucher, at: now)
        try await database.countTogether { sheet in
            try sheet.reserve(reservation, under: rules)
        }
        return reservation
    }

    public func bind(_ reservation: ReservationID, to voucher: Digest) async throws {
        try await database.writeTogether { db in
            var found = try db.reservation(reservation)
            try found.bind(to: voucher)
            try db.change(
                "UPDATE reservations SET voucher = ? WHERE id = ?",
                arguments: [voucher.blob, Data(reservation.bytes)]
            )
        }
    }

    public func settle(_ settlement: Settlement) async throws {
        try await database.countTogether { sheet in
            let found = try sheet.db.reservation(settlement.reservation)
            try sheet.end(found, charge: settlement.charge)
        }
    }

    /// See ``BudgetStore``; a row that is damaged keeps no other from its end.
    public func settle(
        vouchers: [(voucher: Digest, charge: Amount)]
    ) async throws -> [Digest] {
        try await database.countTogether { sheet in
            var above: [Digest] = []
            for (voucher, charge) in vouchers {
                let row = try sheet.db.row(
                    "SELECT * FROM reservations WHERE voucher = ?",
                    arguments: [voucher.blob]
                )
                do {
                    guard let found = try row.map({ try Reservation($0) }) else { continue }
                    if charge <= found.request.amount {
                        try sheet.end(found, charge: charge)
                    } else {
                        above.append(voucher)
                    }
                } catch let error as DatabaseError {
                    throw error
                } catch {
                    // It changed nothing.
                    above.append(voucher)
                }
            }
            return above
        }
    }

    public func boundVouchers(limit: Int) async throws -> [Digest] {
        try await database.read { db in
            try db.rows(
                """
                    SELECT voucher FROM reservations WHERE voucher IS NOT NULL
                    ORDER BY created, id LIMIT ?
                    """,
                arguments: [max(0, min(limit, LimitBounds.boundVouchersMax))]
            ).map { try $0.digest("voucher") }
        }
    }

    public func releaseUnbound(before moment: Timestamp) async throws -> Int {
        try await database.write { db in
            let rows = try db.rows(
                """
                    SELECT * FROM reservations WHERE voucher IS NULL AND created < ?
                    ORDER BY created, id LIMIT ?
                    """,
                arguments: [moment.stored, LimitBounds.reservationPageMax]
            )
            let sheet = CounterSheet(db)
            for row in rows { try sheet.end(try Reservation(row), charge: .zero) }
            try sheet.write()
            return rows.count
        }
    }

    public func openReservations(limit: Int) async throws -> [Reservation] {
        try await database.read { db in
            try db.rows(
                "SELECT * FROM reservations ORDER BY created, id LIMIT ?",
                arguments: [max(0, min(limit, LimitBounds.reservationPageMax))]
            ).map { try Reservation($0) }
        }
    }

    public func spending(
        of key: APIKeyID,
        at now: Timestamp
    ) async throws -> [SpendingLine] {
        try await database.read { db in
            try db.rows(
                """
                    SELECT * FROM counters WHERE key = ? AND day IN (-1, ?)
                    ORDER BY denomination, model, day
                    """,
                arguments: [key.text, now.dayUTC]
            ).map { row in
                let (model, day): (String, Int64) = (row["model"], row["day"])
                return SpendingLine(
                    slot: CounterSlot(
                        model: model.isEmpty ? nil : model,
                        day: day < 0 ? nil : UInt32(clamping: day)
                    ),
                    denomination: try row.denomination("denomination"),
                    counter: BudgetCounter(
                        settled: try row.amount("settled"),
                        reserved: try row.amount("reserved")
                    )
                )
            }
        }
    }
}

extension CounterSlot {
    /// The columns `model` and `day`.
    var stored: (model: String, day: Int64) { (model ?? "", day.map(Int64.init) ?? -1) }
}

extension Reservation {
    init(_ row: Row) throws {
        guard let id = ReservationID(bytes: row.bytes("id")),
            let request = SpendingRequest(
                key: try row.key("key"),
                model: row["model"],
                amount: try row.amount("amount"),
                denomination: try row.denomination("denomination"),
                at: Timestamp(milliseconds: UInt64(max(0, row["day"] as Int64)) * 86_400_000)
            )
        else { throw AccessStoreError.damaged(column: "reservation") }
        self.init(
            id: id,
            request: request,
            created: row.time("created"),
            voucher: try row.digestIfPresent("voucher")
        )
    }
}

extension Database {
    fileprivate func reservation(_ id: ReservationID) throws -> Reservation {
        let row = try row(
            "SELECT * FROM reservations WHERE id = ?",
            arguments: [Data(id.bytes)]
        )
        guard let row else { throw BudgetRefusal.unknownReservation }
        return try Reservation(row)
    }
}
