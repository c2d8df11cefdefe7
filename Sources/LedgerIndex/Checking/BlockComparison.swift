import GRDB
import LedgerClient
import MarketTypes

/// Compares the rows of one block with what the ledger's block makes them.
struct BlockComparison {
    let db: Database

    /// Every difference between the index and `block`: rows that miss, are others, or are too many.
    func differences(_ block: BlockRows) throws -> [IndexDifference] {
        let first = try Ordinal(block.height, 0).rawValue
        let last = try Ordinal(block.height, 1 << Ordinal.bits - 1).rawValue
        let range: StatementArguments = [first, last]
        return compare("block", [row(block)], try blockRows(block.height))
            + compare("event", block.events.map(row), try eventRows(range))
            + compare("transaction", block.included.map(row), try transactionRows(range))
            + compare("trade", block.trades.compactMap(row), try tradeRows(range))
            + (try missingMentions(block))
    }

    private typealias Line = (key: String, value: String)

    private func compare(
        _ place: String,
        _ expected: [Line],
        _ found: [Line]
    ) -> [IndexDifference] {
        let wanted = Dictionary(expected.map { ($0.key, $0.value) }) { first, _ in first }
        let there = Dictionary(found.map { ($0.key, $0.value) }) { first, _ in first }
        let missing = expected.compactMap { line -> IndexDifference? in
            let value = there[line.key]
            guard value != line.value else { return nil }
            return IndexDifference("\(place) \(line.key)", expected: line.value, found: value)
        }
        let extra = found.filter { wanted[$0.key] == nil }.map { line in
            IndexDifference("\(place) \(line.key)", expected: nil, found: line.value)
        }
        return missing + extra
    }

    private func row(_ block: BlockRows) -> Line {
        (
            "\(block.height.rawValue)",
            "time \(block.time.milliseconds), transactions \(block.transactions), "
                + "events \(block.events.count), digest \(block.digest)"
        )
    }

    private func blockRows(_ height: BlockHeight) throws -> [Line] {
        try Row.fetchAll(
            db,
            sql: "SELECT * FROM blocks WHERE height = ?",
            arguments: [height.rawValue.stored]
        ).map { row in
            (
                "\(row.number("height"))",
                "time \(row.number("time")), transactions \(row.number("transactions")), "
                    + "events \(row.number("events")), digest \(try row.digest("digest"))"
            )
        }
    }

    private func row(_ event: BlockRows.EventRow) -> Line {
        (place(event.id), text(event.name, event.json, cause: event.cause))
    }

    private func eventRows(_ range: StatementArguments) throws -> [Line] {
        try Row.fetchAll(
            db,
            sql: "SELECT * FROM events WHERE id BETWEEN ? AND ? ORDER BY id",
            arguments: range
        ).map { (place($0["id"]), text($0["name"], $0["json"], cause: $0["cause"])) }
    }

    private func text(_ name: String, _ json: String, cause: Int64?) -> String {
        "\(name) \(json) of \(cause.map(place) ?? "the block")"
    }

    /// The mentions are found by subject only, so one that is too many is not found here: their
    /// number is compared with the subjects' counts instead.
    private func missingMentions(_ block: BlockRows) throws -> [IndexDifference] {
        let find = try db.cachedStatement(
            sql: """
                SELECT 1 FROM subjects AS s JOIN mentions AS m ON m.subject = s.id AND m.event = ?
                WHERE s.kind = ? AND s.name = ?
                """
        )
        var missing: [IndexDifference] = []
        for event in block.events {
            for subject in event.subjects {
                let arguments: StatementArguments = [event.id, subject.kind, subject.name.blob]
                if try Int64.fetchOne(find, arguments: arguments) == nil {
                    let place = "mention \(place(event.id)) \(subject.kind) \(subject.text)"
                    missing.append(IndexDifference(place, expected: "named", found: nil))
                }
            }
        }
        return missing
    }

    private func row(_ row: BlockRows.TransactionRow) -> Line {
        (place(row.id), text(row.transaction))
    }

    private func text(_ transaction: BlockTransaction) -> String {
        "\(transaction.digest) of \(transaction.sender.digest) sequence \(transaction.sequence), "
            + "fee \(transaction.fee.obol), messages \(transaction.messages), "
            + "code \(transaction.code) at \(transaction.messageIndex), "
            + "events \(transaction.events)"
    }

    private func transactionRows(_ range: StatementArguments) throws -> [Line] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT t.*, s.name AS account FROM transactions AS t
                JOIN subjects AS s ON s.id = t.sender WHERE t.id BETWEEN ? AND ? ORDER BY t.id
                """,
            arguments: range
        ).map { (place($0["id"]), text(try BlockTransaction($0))) }
    }

    private func row(_ row: BlockRows.TradeRow) -> Line? {
        guard let price = row.trade.price else { return nil }
        return (place(row.id), "\(row.trade) at \(price.obol)")
    }

    private func tradeRows(_ range: StatementArguments) throws -> [Line] {
        try Row.fetchAll(
            db,
            sql: "\(TradeEntry.sql) WHERE t.id BETWEEN ? AND ? ORDER BY t.id",
            arguments: range
        ).map { row in
            let trade = try TradeEntry(row).trade
            return (place(row["id"]), "\(trade) at \(try row.amount("price").obol)")
        }
    }

    private func place(_ id: Int64) -> String {
        let ordinal = Ordinal(rawValue: id)
        return "\(ordinal.height.rawValue)/\(ordinal.index)"
    }
}

/// Compares sums that the index keeps with the rows they count.
struct TotalsComparison {
    let db: Database

    func differences(at height: BlockHeight) throws -> [IndexDifference] {
        try compare("blocks", "SELECT count(*) FROM blocks", is: height.rawValue.stored)
            + compare(
                "events",
                "SELECT count(*) FROM events",
                is: number("SELECT coalesce(sum(events), 0) FROM blocks")
            )
            + compare(
                "mentions",
                "SELECT count(*) FROM mentions",
                is: number("SELECT coalesce(sum(events), 0) FROM subjects")
            )
            + compare(
                "transactions",
                "SELECT count(*) FROM transactions",
                is: number("SELECT coalesce(sum(transactions), 0) FROM subjects")
            )
            + compare(
                "trades",
                "SELECT count(*) FROM trades",
                is: number("SELECT coalesce(sum(trades), 0) FROM markets")
            )
            + candles()
    }

    private func number(_ sql: String) throws -> Int64 {
        try Int64.fetchOne(db, sql: sql) ?? 0
    }

    private func compare(
        _ place: String,
        _ sql: String,
        is expected: Int64
    ) throws -> [IndexDifference] {
        let found = try number(sql)
        guard found != expected else { return [] }
        return [IndexDifference("number of \(place)", expected: "\(expected)", found: "\(found)")]
    }

    /// Each market has each trade in one candle of each span.
    private func candles() throws -> [IndexDifference] {
        try Candle.spans.flatMap { seconds in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT s.id, s.trades, coalesce(sum(c.trades), 0) AS sum FROM markets AS s
                    LEFT JOIN candles AS c ON c.market = s.id AND c.seconds = ?
                    GROUP BY s.id HAVING sum <> s.trades
                    """,
                arguments: [seconds.stored]
            ).map { row in
                IndexDifference(
                    "trades in candles of \(seconds) s of market \(row["id"] as Int64)",
                    expected: "\(row["trades"] as Int64)",
                    found: "\(row["sum"] as Int64)"
                )
            }
        }
    }
}
