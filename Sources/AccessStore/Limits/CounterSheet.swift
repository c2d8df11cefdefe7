import AccessCore
import FoundationEssentials
import GRDB
import MarketTypes

/// The counters that a transaction changes: each is read once and written once, however many calls
/// share the transaction.
///
/// Whoever uses it checks everything before it changes anything, so that nothing need be undone.
final class CounterSheet {
    private struct Name: Hashable {
        let key: APIKeyID
        let denomination: Denomination
        /// As SQLite compares it: texts that look the same are not.
        let model: [UInt8]
        let day: UInt32?

        init(_ request: SpendingRequest, _ slot: CounterSlot) {
            key = request.key
            denomination = request.denomination
            model = Array(slot.stored.model.utf8)
            day = slot.day
        }
    }

    private struct Line {
        var counter: BudgetCounter
        /// Whether the table has a row for it.
        var isStored: Bool
        var isChanged = false
    }

    let db: Database
    private var lines: [Name: Line] = [:]
    /// In the order in which they were changed.
    private var changed: [Name] = []
    /// Reservations of keys that have not ended.
    private var open: [APIKeyID: Int] = [:]

    /// Begins with what the database has; it must be in a transaction that writes.
    init(_ db: Database) {
        self.db = db
    }

    /// Sets aside what a call may cost.
    ///
    /// - Throws: ``BudgetRefusal``, and nothing changed; or a `DatabaseError`.
    func reserve(_ reservation: Reservation, under rules: BudgetRules) throws {
        let request = reservation.request
        try read(request)
        try checkRoom(for: request)
        try rules.check(request) { slot in
            lines[Name(request, slot)]?.counter ?? .zero
        }
        let next = try request.slots.map { slot in
            var counter = lines[Name(request, slot)]?.counter ?? .zero
            try counter.reserve(request.amount)
            return counter
        }
        try db.change(
            "INSERT INTO reservations VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                Data(reservation.id.bytes), request.key.text, request.model,
                request.denomination.blob, request.amount.blob, request.day,
                reservation.created.stored, reservation.voucher?.blob,
            ]
        )
        open[request.key, default: 0] += 1
        for (slot, counter) in zip(request.slots, next) { set(counter, Name(request, slot)) }
    }

    /// Ends a reservation: its charge is spent, the rest is free again.
    ///
    /// - Throws: ``BudgetRefusal``, and nothing changed; or an error of the database.
    func end(_ found: Reservation, charge: Amount) throws {
        try found.checkSettling(charge)
        try read(found.request)
        let next = try found.request.slots.map { slot in
            guard let line = lines[Name(found.request, slot)], line.isStored || line.isChanged
            else { throw AccessStoreError.damaged(column: "counters") }
            var counter = line.counter
            try counter.settle(found.request.amount, charge: charge)
            return counter
        }
        try db.change(
            "DELETE FROM reservations WHERE id = ?",
            arguments: [Data(found.id.bytes)]
        )
        if let count = open[found.request.key] { open[found.request.key] = count - 1 }
        for (slot, counter) in zip(found.request.slots, next) {
            set(counter, Name(found.request, slot))
        }
    }

    /// Writes what changed; the transaction is committed after this.
    func write() throws {
        for name in changed {
            guard let line = lines[name] else { continue }
            if !line.isStored, let day = name.day { try forgetDays(before: day) }
            try db.change(
                """
                    INSERT INTO counters VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (key, denomination, model, day) DO UPDATE
                    SET settled = excluded.settled, reserved = excluded.reserved
                    """,
                arguments: [
                    name.key.text, name.denomination.blob,
                    String(decoding: name.model, as: UTF8.self), name.day.map(Int64.init) ?? -1,
                    line.counter.settled.blob, line.counter.reserved.blob,
                ]
            )
            lines[name] = Line(counter: line.counter, isStored: true)
        }
        changed.removeAll()
    }

    private func set(_ counter: BudgetCounter, _ name: Name) {
        let old = lines[name]
        if old?.isChanged != true { changed.append(name) }
        lines[name] = Line(counter: counter, isStored: old?.isStored ?? false, isChanged: true)
    }

    /// Reads a request's counters, unless they are known.
    private func read(_ request: SpendingRequest) throws {
        let names = request.slots.map { Name(request, $0) }
        guard names.contains(where: { lines[$0] == nil }) else { return }
        let rows = try Row.fetchCursor(
            try db.cachedStatement(
                sql: """
                    SELECT model, day, settled, reserved FROM counters
                    WHERE key = ? AND denomination = ? AND model IN ('', ?) AND day IN (-1, ?)
                    """
            ),
            arguments: [
                request.key.text, request.denomination.blob, request.model, Int64(request.day),
            ]
        )
        while let row = try rows.next() {
            guard let settled = Amount(blob: row[2]), let reserved = Amount(blob: row[3]) else {
                throw AccessStoreError.damaged(column: "counters")
            }
            let (model, day): (String, Int64) = (row[0], row[1])
            let name = Name(
                request,
                CounterSlot(
                    model: model.isEmpty ? nil : model,
                    day: day < 0 ? nil : UInt32(clamping: day)
                )
            )
            guard lines[name] == nil else { continue }
            lines[name] = Line(
                counter: BudgetCounter(settled: settled, reserved: reserved),
                isStored: true
            )
        }
        for name in names where lines[name] == nil {
            lines[name] = Line(counter: .zero, isStored: false)
        }
    }

    /// Refuses what would grow without end.
    private func checkRoom(for request: SpendingRequest) throws {
        let model = lines[Name(request, CounterSlot(model: request.model, day: nil))]
        if model.map({ !$0.isStored && !$0.isChanged }) ?? true {
            // What is new in this transaction counts as well.
            try write()
            let models = try db.number(
                "SELECT count(*) FROM counters WHERE key = ? AND day = -1",
                arguments: [request.key.text]
            )
            guard (models ?? 0) <= LimitBounds.modelsPerKeyMax else {
                throw BudgetRefusal.tooManyModels
            }
        }
        let count = try open[request.key] ?? db.number(
            "SELECT count(*) FROM reservations WHERE key = ?",
            arguments: [request.key.text]
        ) ?? 0
        open[request.key] = count
        guard count < LimitBounds.openPerKeyMax else { throw BudgetRefusal.tooManyOpen }
    }

    /// Forgets days that are long over, when a new one begins; not those on which something is set
    /// aside, and not the last two before it that were counted: a clock that was ahead for a while
    /// comes back to them.
    private func forgetDays(before day: UInt32) throws {
        try db.change(
            """
                DELETE FROM counters WHERE day >= 0 AND day < ?1 AND reserved = ?2 AND day < (
                    SELECT max(day) FROM counters WHERE day >= 0 AND day < (
                        SELECT max(day) FROM counters WHERE day >= 0 AND day < ?3))
                """,
            arguments: [
                Int64(day) - Int64(LimitBounds.daysKept), Amount.zero.blob, Int64(day),
            ]
        )
    }
}
