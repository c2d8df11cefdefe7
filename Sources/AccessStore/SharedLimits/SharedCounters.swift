import AccessCore
import MarketTypes

/// What one transaction does with keys, counters and reservations.
extension PostgresConnection {
    /// Locks keys, in the order of their names; everything of a key is changed under its lock.
    func lock(_ keys: [APIKeyID], creating: Bool) throws {
        guard !keys.isEmpty else { return }
        let names: [PostgresValue] = [.textArray(keys.map(\.text))]
        let locking = """
            SELECT key FROM stoa_limits.keys WHERE key = ANY($1::text[])
            ORDER BY key FOR UPDATE
            """
        if try run(locking, names).count == keys.count { return }
        guard creating, keys.count == 1 else { throw PostgresFault.conflict }
        try run(
            """
                INSERT INTO stoa_limits.keys SELECT unnest($1::text[])
                ON CONFLICT DO NOTHING
                """,
            names
        )
        guard try run(locking, names).count == keys.count else { throw PostgresFault.conflict }
    }

    /// Finds a reservation, and locks its key.
    ///
    /// - Throws: ``BudgetRefusal/unknownReservation``.
    func lockReservation(_ id: ReservationID) throws -> Reservation {
        let sql = """
            SELECT id, key, model, denomination, amount, day, created, voucher
            FROM stoa_limits.reservations WHERE id = $1::bytea
            """
        guard let first = try run(sql, [.bytes(id.bytes)]).first else {
            throw BudgetRefusal.unknownReservation
        }
        try lock([try Reservation(first).request.key], creating: false)
        // Read again: it may have ended before its key was locked.
        guard let row = try run(sql, [.bytes(id.bytes)]).first else {
            throw BudgetRefusal.unknownReservation
        }
        return try Reservation(row)
    }

    private func unbound(before moment: Timestamp, limit: Int) throws -> [Reservation] {
        try run(
            """
                SELECT id, key, model, denomination, amount, day, created, voucher
                FROM stoa_limits.reservations WHERE voucher IS NULL AND created < $1::int8
                ORDER BY created, id LIMIT $2::int8
                """,
            [.time(moment), .integer(Int64(limit))]
        ).map { try Reservation($0) }
    }

    func releaseUnbound(before moment: Timestamp, limit: Int) throws -> Int {
        let keys = Set(try unbound(before: moment, limit: limit).map(\.request.key))
        try lock(Array(keys), creating: false)
        // Read again: some may have been bound before their keys were locked.
        let open = try unbound(before: moment, limit: limit)
            .filter { keys.contains($0.request.key) }
        for reservation in open { try end(reservation, charge: .zero) }
        return open.count
    }

    /// Ends what is bound to vouchers.
    ///
    /// - Returns: those that were charged more than was set aside, or whose counts are damaged.
    func settle(_ vouchers: [(voucher: Digest, charge: Amount)]) throws -> [Digest] {
        let names: [PostgresValue] = [.byteArray(vouchers.map { Array($0.voucher.bytes) })]
        let sql = """
            SELECT id, key, model, denomination, amount, day, created, voucher
            FROM stoa_limits.reservations WHERE voucher = ANY($1::bytea[])
            """
        let keys = Set(try run(sql, names).map { try $0.key(1) })
        try lock(Array(keys), creating: false)
        // Read again: some may have ended before their keys were locked.
        var open: [Digest: Reservation] = [:]
        for row in try run(sql, names) {
            let found = try Reservation(row)
            if let voucher = found.voucher, keys.contains(found.request.key) {
                open[voucher] = found
            }
        }
        var above: [Digest] = []
        for (voucher, charge) in vouchers {
            guard let found = open[voucher] else { continue }
            do {
                try end(found, charge: charge)
                open[voucher] = nil
            } catch AccessStoreError.damaged {
                // Thrown before anything of it is written; the others' ends are none the worse.
                above.append(voucher)
            } catch is BudgetRefusal {
                above.append(voucher)
            }
        }
        return above
    }

    /// Forgets the counts of days that are long over; what somebody uses now waits for next time.
    ///
    /// Those on which something is set aside stay, and the last two that were counted: a clock that
    /// was ahead for a while comes back to them.
    func forgetDays(before moment: Timestamp) throws {
        try run(
            """
                DELETE FROM stoa_limits.counters AS c USING (
                    SELECT key, denomination, model, day FROM stoa_limits.counters
                    WHERE day >= 0 AND day < $1::int8 AND reserved = $2::bytea AND day < (
                        SELECT max(day) FROM stoa_limits.counters
                        WHERE day >= 0 AND day < (
                            SELECT max(day) FROM stoa_limits.counters
                            WHERE day >= 0 AND day < $3::int8))
                    LIMIT 1000 FOR UPDATE SKIP LOCKED
                ) AS old
                WHERE (c.key, c.denomination, c.model, c.day)
                    = (old.key, old.denomination, old.model, old.day)
                """,
            [
                .integer(Int64(moment.dayUTC) - Int64(LimitBounds.daysKept)), .amount(.zero),
                .day(moment.dayUTC),
            ]
        )
    }

    /// Ends a reservation: its charge is spent, the rest is free again.
    func end(_ found: Reservation, charge: Amount) throws {
        try found.checkSettling(charge)
        var next = try counters(of: found.request)
        for slot in found.request.slots {
            guard var counter = next[slot] else {
                throw AccessStoreError.damaged(column: "counters")
            }
            try counter.settle(found.request.amount, charge: charge)
            next[slot] = counter
        }
        try store(next, of: found.request)
        try run(
            "DELETE FROM stoa_limits.reservations WHERE id = $1::bytea",
            [.bytes(found.id.bytes)]
        )
    }

    /// Refuses what would grow without end.
    func checkRoom(for request: SpendingRequest) throws {
        let row = try run(
            """
                SELECT
                    (SELECT count(*) FROM stoa_limits.reservations WHERE key = $1::text),
                    (SELECT count(*) FROM stoa_limits.counters
                     WHERE key = $1::text AND day = -1),
                    (SELECT count(*) FROM stoa_limits.counters
                     WHERE key = $1::text AND denomination = $2::bytea AND model = $3::text
                     AND day = -1)
                """,
            [
                .text(request.key.text), .bytes(Array(request.denomination.blob)),
                .text(request.model),
            ]
        ).first
        guard let row else { throw AccessStoreError.damaged(column: "reservations") }
        let isKnown = try row.count(2) > 0
        if !isKnown, try row.count(1) > UInt64(LimitBounds.modelsPerKeyMax) {
            throw BudgetRefusal.tooManyModels
        }
        guard try row.count(0) < UInt64(LimitBounds.openPerKeyMax) else {
            throw BudgetRefusal.tooManyOpen
        }
    }

    /// The counters of a request's four slots that are there.
    func counters(of request: SpendingRequest) throws -> [CounterSlot: BudgetCounter] {
        let rows = try run(
            """
                SELECT model, day, settled, reserved FROM stoa_limits.counters
                WHERE key = $1::text AND denomination = $2::bytea
                AND model IN ('', $3::text) AND day IN (-1, $4::int8)
                """,
            [
                .text(request.key.text), .bytes(Array(request.denomination.blob)),
                .text(request.model), .day(request.day),
            ]
        )
        var found: [CounterSlot: BudgetCounter] = [:]
        for row in rows {
            found[try row.slot(model: 0, day: 1)] = BudgetCounter(
                settled: try row.amount(2),
                reserved: try row.amount(3)
            )
        }
        return found
    }

    func store(_ counters: [CounterSlot: BudgetCounter], of request: SpendingRequest) throws {
        var values: [PostgresValue] = [
            .text(request.key.text), .bytes(Array(request.denomination.blob)),
            .text(request.model), .day(request.day),
        ]
        for slot in request.slots {
            guard let counter = counters[slot] else {
                throw AccessStoreError.damaged(column: "counters")
            }
            values += [.amount(counter.settled), .amount(counter.reserved)]
        }
        // In the order of `SpendingRequest.slots`.
        try run(
            """
                INSERT INTO stoa_limits.counters VALUES
                ($1::text, $2::bytea, '', -1, $5::bytea, $6::bytea),
                ($1::text, $2::bytea, '', $4::int8, $7::bytea, $8::bytea),
                ($1::text, $2::bytea, $3::text, -1, $9::bytea, $10::bytea),
                ($1::text, $2::bytea, $3::text, $4::int8, $11::bytea, $12::bytea)
                ON CONFLICT (key, denomination, model, day) DO UPDATE
                SET settled = excluded.settled, reserved = excluded.reserved
                """,
            values
        )
    }
}

extension Reservation {
    /// The columns `id, key, model, denomination, amount, day, created, voucher`.
    init(_ row: PostgresRow) throws {
        let day = try row.count(5)
        guard let id = ReservationID(bytes: try row.bytes(0)), UInt32(exactly: day) != nil,
            let request = SpendingRequest(
                key: try row.key(1),
                model: try row.text(2),
                amount: try row.amount(4),
                denomination: try row.denomination(3),
                at: Timestamp(milliseconds: day * 86_400_000)
            )
        else { throw AccessStoreError.damaged(column: "reservations") }
        self.init(
            id: id,
            request: request,
            created: try row.time(6),
            voucher: try row.digestIfPresent(7)
        )
    }
}
