public import AccessCore
public import MarketTypes

extension PostgresLimits: BudgetStore {
    /// How many reservations end in one transaction: few enough for a slow network.
    private static let endingsAtOnce = 32

    public func reserve(
        _ request: SpendingRequest,
        under rules: BudgetRules,
        boundTo voucher: Digest?,
        at now: Timestamp
    ) async throws -> Reservation {
        let reservation = try Reservation(request, boundTo: voucher, at: now)
        return try await pool.transaction { connection in
            try connection.lock([request.key], creating: true)
            try connection.checkRoom(for: request)
            let known = try connection.counters(of: request)
            try rules.check(request) { known[$0] ?? .zero }
            var next: [CounterSlot: BudgetCounter] = [:]
            for slot in request.slots {
                var counter = known[slot] ?? .zero
                try counter.reserve(request.amount)
                next[slot] = counter
            }
            try connection.store(next, of: request)
            try connection.run(
                """
                    INSERT INTO stoa_limits.reservations
                    VALUES ($1::bytea, $2::text, $3::text, $4::bytea, $5::bytea, $6::int8,
                        $7::int8, NULLIF($8::bytea, ''::bytea))
                    """,
                [
                    .bytes(reservation.id.bytes), .text(request.key.text), .text(request.model),
                    .bytes(Array(request.denomination.blob)), .amount(request.amount),
                    .day(request.day), .time(now),
                    .bytes(voucher.map { Array($0.bytes) } ?? []),
                ]
            )
            return reservation
        }
    }

    public func bind(_ reservation: ReservationID, to voucher: Digest) async throws {
        try await pool.transaction { connection in
            var found = try connection.lockReservation(reservation)
            try found.bind(to: voucher)
            try connection.run(
                """
                    UPDATE stoa_limits.reservations SET voucher = $2::bytea
                    WHERE id = $1::bytea
                    """,
                [.bytes(reservation.bytes), .digest(voucher)]
            )
        }
    }

    public func settle(_ settlement: Settlement) async throws {
        try await pool.transaction { connection in
            let found = try connection.lockReservation(settlement.reservation)
            try connection.end(found, charge: settlement.charge)
        }
    }

    /// See ``BudgetStore``; many vouchers end in several changes, so that no key is locked for
    /// long.
    public func settle(
        vouchers: [(voucher: Digest, charge: Amount)]
    ) async throws -> [Digest] {
        var above: [Digest] = []
        for start in stride(from: 0, to: vouchers.count, by: Self.endingsAtOnce) {
            let some = Array(vouchers[start...].prefix(Self.endingsAtOnce))
            above += try await pool.transaction { try $0.settle(some) }
        }
        return above
    }

    public func boundVouchers(limit: Int) async throws -> [Digest] {
        let most = max(0, min(limit, LimitBounds.boundVouchersMax))
        return try await pool.transaction { connection in
            try connection.run(
                """
                    SELECT voucher FROM stoa_limits.reservations WHERE voucher IS NOT NULL
                    ORDER BY created, id LIMIT $1::int8
                    """,
                [.integer(Int64(most))]
            ).map { try $0.digest(0) }
        }
    }

    /// See ``BudgetStore``; it forgets the counts of days that are long over, too.
    public func releaseUnbound(before moment: Timestamp) async throws -> Int {
        try await pool.transaction { try $0.forgetDays(before: moment) }
        var released = 0
        while released < LimitBounds.reservationPageMax {
            let count = try await pool.transaction { connection in
                try connection.releaseUnbound(before: moment, limit: Self.endingsAtOnce)
            }
            if count == 0 { break }
            released += count
        }
        return released
    }

    public func openReservations(limit: Int) async throws -> [Reservation] {
        let most = max(0, min(limit, LimitBounds.reservationPageMax))
        return try await pool.transaction { connection in
            try connection.run(
                """
                    SELECT id, key, model, denomination, amount, day, created, voucher
                    FROM stoa_limits.reservations ORDER BY created, id LIMIT $1::int8
                    """,
                [.integer(Int64(most))]
            ).map { try Reservation($0) }
        }
    }

    public func spending(
        of key: APIKeyID,
        at now: Timestamp
    ) async throws -> [SpendingLine] {
        try await pool.transaction { connection in
            try connection.run(
                """
                    SELECT model, day, denomination, settled, reserved FROM stoa_limits.counters
                    WHERE key = $1::text AND day IN (-1, $2::int8)
                    ORDER BY denomination, model, day LIMIT 20000
                    """,
                [.text(key.text), .day(now.dayUTC)]
            ).map { row in
                SpendingLine(
                    slot: try row.slot(model: 0, day: 1),
                    denomination: try row.denomination(2),
                    counter: BudgetCounter(settled: try row.amount(3), reserved: try row.amount(4))
                )
            }
        }
    }

    public func spending(
        of labels: [APIKeyID: String],
        days: ClosedRange<UInt32>
    ) async throws -> [DaySpending] {
        try await pool.transaction { connection in
            try connection.run(
                """
                    SELECT key, model, day, denomination, settled FROM stoa_limits.counters
                    WHERE key = ANY($1::text[]) AND day BETWEEN $2::int8 AND $3::int8
                    ORDER BY day DESC, key, model LIMIT $4::int8
                    """,
                [
                    .textArray(labels.keys.map(\.text)), .day(days.lowerBound),
                    .day(days.upperBound), .integer(Int64(DaySpending.linesMax)),
                ]
            ).map { row in
                let (key, slot) = (try row.key(0), try row.slot(model: 1, day: 2))
                return DaySpending(
                    key: key,
                    label: labels[key] ?? "",
                    model: slot.model,
                    day: slot.day ?? 0,
                    denomination: try row.denomination(3),
                    amount: try row.amount(4)
                )
            }
        }
    }
}
