public import AccessCore
import CanonicalCoding
import GRDB
public import MarketTypes

extension WebhookStore {
    /// What a message is called that was sent to see whether it arrives.
    public static let testType = "webhooks.tested"

    /// Queues a message that says nothing but that it arrived; its webhook's place stays.
    ///
    /// - Parameter payload: makes the message's body of the webhook.
    /// - Throws: ``WebhookRefusal/unknown``, or ``WebhookRefusal/tooManyWait``.
    public func sendTest(
        to id: WebhookID,
        of organisation: OrganisationID,
        at now: Timestamp,
        payload: @escaping @Sendable (Webhook) -> String
    ) async throws -> WebhookDelivery {
        let random = Hex.encode(Self.random().prefix(8))
        return try await pool.write { [limits] db in
            let webhook = try Self.find(id, organisation, db)
            guard webhook.pendingCount < limits.pendingMax else {
                throw WebhookRefusal.tooManyWait
            }
            try db.execute(
                sql: """
                    INSERT INTO deliveries(webhook, message, type, place, payload, state, attempts,
                        created, due)
                    VALUES (?, ?, ?, ?, ?, 'pending', 0, ?, ?)
                    """,
                arguments: [
                    id.text, "msg_\(id.text.dropFirst(WebhookID.prefix.count))_test_\(random)",
                    Self.testType, webhook.place.stored, payload(webhook), now.stored, now.stored,
                ]
            )
            try db.forgetDeliveries(of: webhook, keeping: limits.keptMax)
            let row = try Row.fetchOne(
                db,
                sql: "SELECT * FROM deliveries WHERE number = ?",
                arguments: [db.lastInsertedRowID]
            )
            guard let row else { throw WebhookRefusal.unknown }
            return try WebhookDelivery(row)
        }
    }
}
