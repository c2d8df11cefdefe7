public import AccessCore
import AccessStore
import FoundationEssentials
import GRDB
public import MarketTypes

/// A message that is to be sent now, with all that sending takes.
struct DueMessage: Sendable {
    let number: Int64
    let webhook: WebhookID
    let message: String
    let payload: String
    let attempts: Int
    let url: String
    let secrets: [WebhookSecret]
}

extension WebhookStore {
    /// The deliveries of a webhook, the newest first.
    ///
    /// - Throws: ``WebhookRefusal/unknown``.
    public func deliveries(
        of id: WebhookID,
        _ organisation: OrganisationID,
        before number: Int64?,
        limit: Int
    ) async throws -> [WebhookDelivery] {
        try await pool.read { db in
            _ = try Self.find(id, organisation, db)
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM deliveries WHERE webhook = ? AND number < ?
                    ORDER BY number DESC LIMIT ?
                    """,
                arguments: [id.text, number ?? .max, max(0, min(limit, 200))]
            ).map { try WebhookDelivery($0) }
        }
    }

    /// Sends a message once more, under the name that it has.
    ///
    /// - Throws: ``WebhookRefusal/unknown``.
    public func replay(
        _ number: Int64,
        of id: WebhookID,
        _ organisation: OrganisationID,
        at now: Timestamp
    ) async throws -> WebhookDelivery {
        try await pool.write { db in
            _ = try Self.find(id, organisation, db)
            try db.execute(
                sql: """
                    UPDATE deliveries SET state = 'pending', attempts = 0, due = ?
                    WHERE number = ? AND webhook = ?
                    """,
                arguments: [now.stored, number, id.text]
            )
            let row = try Row.fetchOne(
                db,
                sql: "SELECT * FROM deliveries WHERE number = ? AND webhook = ?",
                arguments: [number, id.text]
            )
            guard let row else { throw WebhookRefusal.unknown }
            return try WebhookDelivery(row)
        }
    }

    /// Active webhooks with room for messages whose place is before the end of a block, in the
    /// order of their places.
    ///
    /// They take turns, whoever is behind furthest: looked at are the next `limit` by name behind
    /// `last`, and from the first again after the last one.
    ///
    /// - Returns: the webhooks, and the name that the next turn begins behind.
    func behind(
        _ height: UInt64,
        limit: Int,
        after last: String = ""
    ) async throws -> (webhooks: [Webhook], last: String) {
        try await pool.read { [limits] db in
            let names = try String.fetchAll(
                db,
                sql: "SELECT id FROM webhooks WHERE state = 'active' AND place < ? ORDER BY id",
                arguments: [WebhookPlace.end(of: height).stored]
            )
            let start = names.firstIndex { $0 > last } ?? 0
            let turn = (names[start...] + names[..<start]).prefix(limit)
            let webhooks = try Row.fetchAll(
                db,
                sql: """
                    SELECT \(Webhook.columns) FROM webhooks
                    WHERE id IN (\(turn.map { _ in "?" }.joined(separator: ",")))
                        AND pending < ?
                    ORDER BY place
                    """,
                arguments: StatementArguments(turn) + [limits.pendingMax]
            ).map { try Webhook($0) }
            return (webhooks, turn.last ?? "")
        }
    }

    /// Queues messages and moves a webhook's place on, both or neither; neither if its place is not
    /// where it was.
    func queue(
        _ events: [WebhookEvent],
        for webhook: Webhook,
        upTo place: WebhookPlace,
        at now: Timestamp
    ) async throws {
        try await pool.write { [limits] db in
            try db.execute(
                sql: "UPDATE webhooks SET place = ? WHERE id = ? AND place = ?",
                arguments: [place.stored, webhook.id.text, webhook.place.stored]
            )
            guard db.changesCount == 1 else { return }
            for event in events {
                let name = webhook.id.text.dropFirst(WebhookID.prefix.count)
                try db.execute(
                    sql: """
                        INSERT INTO deliveries(webhook, message, type, place, payload, state,
                            attempts, created, due)
                        VALUES (?, ?, ?, ?, ?, 'pending', 0, ?, ?)
                        """,
                    arguments: [
                        webhook.id.text, "msg_\(name)_\(event.place.height)_\(event.place.index)",
                        event.type, event.place.stored, event.payload, now.stored, now.stored,
                    ]
                )
            }
            if !events.isEmpty { try db.forgetDeliveries(of: webhook, keeping: limits.keptMax) }
        }
    }

    /// Active webhooks with room for messages that want receipts.
    func wantingReceipts() async throws -> [Webhook] {
        try await pool.read { [limits] db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT \(Webhook.columns) FROM webhooks
                    WHERE receipts IS NOT NULL AND state = 'active' AND pending < ?
                    """,
                arguments: [limits.pendingMax]
            ).map { try Webhook($0) }
        }
    }

    /// Queues receipts and moves a webhook's place among them on, both or neither; neither if that
    /// place is not where it was.
    func queue(
        _ receipts: [WebhookReceipt],
        for webhook: Webhook,
        of account: AccountID,
        upTo number: UInt64,
        at now: Timestamp
    ) async throws {
        try await pool.write { [limits] db in
            try db.execute(
                sql: """
                    UPDATE webhooks SET receipts = ?, receipts_account = ?
                    WHERE id = ? AND receipts = ? AND receipts_account IS ?
                    """,
                arguments: [
                    Int64(clamping: number), account.digest.bytes.data, webhook.id.text,
                    webhook.receiptsPlace.map { Int64(clamping: $0) },
                    webhook.receiptsAccount?.digest.bytes.data,
                ]
            )
            guard db.changesCount == 1 else { return }
            let name = webhook.id.text.dropFirst(WebhookID.prefix.count)
            for receipt in receipts {
                try db.execute(
                    sql: """
                        INSERT INTO deliveries(webhook, message, type, place, payload, state,
                            attempts, created, due, receipt)
                        VALUES (?, ?, ?, ?, ?, 'pending', 0, ?, ?, ?)
                        """,
                    arguments: [
                        webhook.id.text, "msg_\(name)_\("\(receipt.digest)".prefix(32))",
                        WebhookReceipt.type, webhook.place.stored, receipt.payload, now.stored,
                        now.stored, Int64(clamping: receipt.number),
                    ]
                )
            }
            if !receipts.isEmpty { try db.forgetDeliveries(of: webhook, keeping: limits.keptMax) }
        }
    }

    /// Messages that are due: of each webhook the first few, of each organisation the first few of
    /// those, and the first of every organisation before the second of any. An organisation's own
    /// receivers that answer go before those that do not, and each first before any second.
    ///
    /// One that is under way is still due, so it has a place among these.
    func due(at now: Timestamp, limit: Int) async throws -> [DueMessage] {
        try await pool.read { [limits, sealing] db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM (
                        SELECT *, row_number() OVER (
                            PARTITION BY organisation
                            ORDER BY failing IS NOT NULL, place, due, number) AS turn
                        FROM (
                            SELECT d.number, d.webhook, d.message, d.payload, d.attempts, d.due,
                                w.url, w.signing, w.sealed, w.sealed_before, w.overlap,
                                w.organisation, w.failing, row_number() OVER (
                                    PARTITION BY d.webhook ORDER BY d.due, d.number) AS place
                            FROM deliveries d JOIN webhooks w ON w.id = d.webhook
                            WHERE d.state = 'pending' AND d.due <= ? AND w.state = 'active')
                        WHERE place <= ?)
                    WHERE turn <= ? ORDER BY turn, due, number LIMIT ?
                    """,
                arguments: [
                    now.stored, limits.concurrencyPerWebhookMax,
                    limits.concurrencyPerOrganisationMax, limit,
                ]
            )
            return try rows.map { try DueMessage($0, sealing, at: now) }
        }
    }

    /// Writes down what came of a message: it arrived, it is due again, or that was all.
    ///
    /// - Returns: whether its webhook is disabled now.
    func settle(
        _ due: DueMessage,
        _ outcome: WebhookOutcome,
        milliseconds: Int,
        spread: Double,
        at now: Timestamp
    ) async throws -> Bool {
        let attempts = due.attempts + 1
        let pause = outcome.isDelivered ? nil : limits.pause(after: attempts, spread: spread)
        let state: WebhookDelivery.State =
            outcome.isDelivered ? .delivered : pause == nil ? .failed : .pending
        return try await pool.write { [limits] db in
            // One that was asked for again meanwhile stays due.
            try db.execute(
                sql: """
                    UPDATE deliveries SET state = ?, attempts = ?, due = ?, sent = ?, status = ?,
                        fault = ?, took = ? WHERE number = ? AND attempts = ?
                    """,
                arguments: [
                    state.rawValue, attempts, pause.map { now.stored + Int64($0) }, now.stored,
                    outcome.status, outcome.fault.map { String($0.prefix(200)) }, milliseconds,
                    due.number, due.attempts,
                ]
            )
            guard !outcome.isDelivered else {
                try db.execute(
                    sql: "UPDATE webhooks SET failing = NULL WHERE id = ?",
                    arguments: [due.webhook.text]
                )
                return false
            }
            try db.execute(
                sql: "UPDATE webhooks SET failing = ? WHERE id = ? AND failing IS NULL",
                arguments: [now.stored, due.webhook.text]
            )
            try db.execute(
                sql: """
                    UPDATE webhooks SET state = 'disabled'
                    WHERE id = ? AND state = 'active' AND (failing <= ? OR ?)
                    """,
                arguments: [
                    due.webhook.text,
                    now.stored - Int64(clamping: limits.disabledAfterMilliseconds),
                    outcome.status == 410,
                ]
            )
            return db.changesCount == 1
        }
    }

    /// How many messages wait, and how many webhooks are not active by themselves.
    func standing() async throws -> (pending: Int, disabled: Int) {
        try await pool.read { db in
            (
                try Int.fetchOne(
                    db,
                    sql: "SELECT count(*) FROM deliveries WHERE state = 'pending'"
                ) ?? 0,
                try Int.fetchOne(
                    db,
                    sql: "SELECT count(*) FROM webhooks WHERE state = 'disabled'"
                ) ?? 0
            )
        }
    }
}

extension Database {
    /// Forgets the oldest messages of a webhook that are over.
    func forgetDeliveries(of webhook: Webhook, keeping count: Int) throws {
        try execute(
            sql: """
                DELETE FROM deliveries WHERE number IN (
                    SELECT number FROM deliveries WHERE webhook = ? AND state <> 'pending'
                    ORDER BY number DESC LIMIT -1 OFFSET ?)
                """,
            arguments: [webhook.id.text, count]
        )
    }
}

extension DueMessage {
    fileprivate init(_ row: Row, _ sealing: SealingKey, at now: Timestamp) throws {
        guard let webhook = WebhookID(text: row["webhook"]),
            let kind = WebhookSecret.Kind(rawValue: row["signing"])
        else { throw WebhookStoreError.damaged(column: "webhook") }
        func secret(_ sealed: Data) throws -> WebhookSecret {
            WebhookSecret(kind, random: try sealing.open(Array(sealed), name: webhook.text))
        }
        var secrets = [try secret(row["sealed"])]
        if let before = row["sealed_before"] as Data?, let end = row["overlap"] as Int64?,
            end > now.stored
        {
            secrets.append(try secret(before))
        }
        self.init(
            number: row["number"],
            webhook: webhook,
            message: row["message"],
            payload: row["payload"],
            attempts: row["attempts"],
            url: row["url"],
            secrets: secrets
        )
    }
}

extension [UInt8] {
    var data: Data { Data(self) }
}
