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
        let random = randomBytes(16)
        return try await database.writeTogether { db in
            guard let id = ReservationID(bytes: random) else {
                throw BudgetRefusal.unknownReservation
            }
            try db.checkRoom(for: request)
            var counters: [(slot: CounterSlot, counter: BudgetCounter)] = []
            for slot in request.slots {
                counters.append((slot, try db.counter(slot, of: request) ?? .zero))
            }
            try rules.check(request) { slot in
                counters.first { $0.slot == slot }?.counter ?? .zero
            }
            for (slot, counter) in counters {
                var next = counter
                try next.reserve(request.amount)
                try db.store(next, slot, of: request)
            }
            let reservation = Reservation(
                id: id,
                request: request,
                created: now,
                voucher: voucher
            )
            try db.change(
                "INSERT INTO reservations VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    Data(id.bytes), request.key.text, request.model, request.denomination.blob,
                    request.amount.blob, request.day, now.stored, voucher?.blob,
                ]
            )
            return reservation
        }
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
        try await database.writeTogether { db in
            let found = try db.reservation(settlement.reservation)
            try db.end(found, charge: settlement.charge)
        }
    }

    /// See ``BudgetStore``.
    public func settle(
        vouchers: [(voucher: Digest, charge: Amount)]
    ) async throws -> [Digest] {
        try await database.writeTogether { db in
            var above: [Digest] = []
            for (voucher, charge) in vouchers {
                let row = try db.row(
                    "SELECT * FROM reservations WHERE voucher = ?",
                    arguments: [voucher.blob]
                )
                guard let found = try row.map({ try Reservation($0) }) else { continue }
                if charge <= found.request.amount {
                    try db.end(found, charge: charge)
                } else {
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
            for row in rows { try db.end(try Reservation(row), charge: .zero) }
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

extension Database {
    /// Ends a reservation: its charge is spent, the rest is free again.
    fileprivate func end(_ found: Reservation, charge: Amount) throws {
        try found.checkSettling(charge)
        for slot in found.request.slots {
            guard var counter = try counter(slot, of: found.request) else {
                throw AccessStoreError.damaged(column: "counters")
            }
            try counter.settle(found.request.amount, charge: charge)
            try store(counter, slot, of: found.request)
        }
        try change(
            "DELETE FROM reservations WHERE id = ?",
            arguments: [Data(found.id.bytes)]
        )
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
    /// Refuses what would grow without end, and forgets days that are long over.
    fileprivate func checkRoom(for request: SpendingRequest) throws {
        let oldest = Int64(request.day) - Int64(LimitBounds.daysKept)
        try change(
            "DELETE FROM counters WHERE day >= 0 AND day < ?",
            arguments: [oldest]
        )
        let open = try number(
            "SELECT count(*) FROM reservations WHERE key = ?",
            arguments: [request.key.text]
        )
        let slot = CounterSlot(model: request.model, day: nil)
        if try counter(slot, of: request) == nil {
            let models = try number(
                "SELECT count(*) FROM counters WHERE key = ? AND day = -1",
                arguments: [request.key.text]
            )
            guard (models ?? 0) <= LimitBounds.modelsPerKeyMax else {
                throw BudgetRefusal.tooManyModels
            }
        }
        guard (open ?? 0) < LimitBounds.openPerKeyMax else { throw BudgetRefusal.tooManyOpen }
    }

    fileprivate func counter(
        _ slot: CounterSlot,
        of request: SpendingRequest
    ) throws -> BudgetCounter? {
        try row(
            """
                SELECT settled, reserved FROM counters
                WHERE key = ? AND denomination = ? AND model = ? AND day = ?
                """,
            arguments: [
                request.key.text, request.denomination.blob, slot.stored.model, slot.stored.day,
            ]
        ).map { row in
            guard let settled = Amount(blob: row[0]), let reserved = Amount(blob: row[1]) else {
                throw AccessStoreError.damaged(column: "counters")
            }
            return BudgetCounter(settled: settled, reserved: reserved)
        }
    }

    fileprivate func store(
        _ counter: BudgetCounter,
        _ slot: CounterSlot,
        of request: SpendingRequest
    ) throws {
        try change(
            """
                INSERT INTO counters VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (key, denomination, model, day) DO UPDATE
                SET settled = excluded.settled, reserved = excluded.reserved
                """,
            arguments: [
                request.key.text, request.denomination.blob, slot.stored.model, slot.stored.day,
                counter.settled.blob, counter.reserved.blob,
            ]
        )
    }

    fileprivate func reservation(_ id: ReservationID) throws -> Reservation {
        let row = try row(
            "SELECT * FROM reservations WHERE id = ?",
            arguments: [Data(id.bytes)]
        )
        guard let row else { throw BudgetRefusal.unknownReservation }
        return try Reservation(row)
    }
}
