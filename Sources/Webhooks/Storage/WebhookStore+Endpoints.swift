public import AccessCore
import AccessStore
import GRDB
public import MarketTypes

/// What an organisation wants of a webhook.
public struct WebhookDraft: Hashable, Sendable {
    /// Where messages go.
    public var url: String
    /// What they are about.
    public var topics: [String]
    /// What its owner says about it.
    public var note: String
    /// How they are signed.
    public var signing: WebhookSecret.Kind

    /// Describes a webhook.
    public init(url: String, topics: [String], note: String, signing: WebhookSecret.Kind) {
        self.url = url
        self.topics = topics
        self.note = note
        self.signing = signing
    }
}

/// What becomes of a webhook; nil leaves it as it is.
public struct WebhookChange: Hashable, Sendable {
    /// Where messages go.
    public var url: String?
    /// What they are about.
    public var topics: [String]?
    /// What its owner says about it.
    public var note: String?
    /// Whether something is sent; true also ends that it is disabled.
    public var isActive: Bool?

    /// Changes nothing.
    public init() {}
}

extension WebhookStore {
    /// Makes a webhook that hears of what happens behind a place.
    ///
    /// - Parameter receipts: whose receipts it hears of if it wants them, and behind which number.
    /// - Returns: the webhook, and what its receiver is given, this once.
    /// - Throws: ``WebhookRefusal``.
    public func create(
        _ draft: WebhookDraft,
        for organisation: OrganisationID,
        behind place: WebhookPlace,
        receipts: (account: AccountID, number: UInt64)? = nil,
        at now: Timestamp
    ) async throws -> (webhook: Webhook, secret: String) {
        try check(topics: draft.topics, note: draft.note, url: draft.url)
        let wantsReceipts = draft.topics.contains(WebhookReceipt.topic)
        let id = WebhookID(random: Self.random())
        let secret = WebhookSecret(draft.signing, random: Self.random())
        let sealed = sealing.seal(secret.bytes, name: id.text)
        let webhook = try await pool.write { [limits] db in
            let own = try Int.fetchOne(
                db,
                sql: "SELECT count(*) FROM webhooks WHERE organisation = ?",
                arguments: [organisation.bytes.data]
            )
            let all = try Int.fetchOne(db, sql: "SELECT count(*) FROM webhooks")
            guard own ?? 0 < limits.perOrganisationMax, all ?? 0 < limits.countMax else {
                throw WebhookRefusal.tooMany
            }
            try db.execute(
                sql: """
                    INSERT INTO webhooks(id, organisation, url, topics, note, signing, sealed,
                        public, state, created, place, receipts, receipts_account)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?, ?, ?)
                    """,
                arguments: [
                    id.text, organisation.bytes.data, draft.url,
                    draft.topics.joined(separator: " "), draft.note, draft.signing.rawValue,
                    sealed.data, draft.signing == .ed25519 ? secret.receiverText : nil,
                    now.stored, place.stored,
                    wantsReceipts ? Int64(clamping: receipts?.number ?? 0) : nil,
                    wantsReceipts ? receipts?.account.digest.bytes.data : nil,
                ]
            )
            return try Self.find(id, organisation, db)
        }
        return (webhook, secret.receiverText)
    }

    /// The webhooks of an organisation, the oldest first.
    public func webhooks(of organisation: OrganisationID) async throws -> [Webhook] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT \(Webhook.columns) FROM webhooks WHERE organisation = ?
                    ORDER BY created, id LIMIT 1000
                    """,
                arguments: [organisation.bytes.data]
            ).map { try Webhook($0) }
        }
    }

    /// A webhook of an organisation.
    ///
    /// - Throws: ``WebhookRefusal/unknown``.
    public func webhook(
        _ id: WebhookID,
        of organisation: OrganisationID
    ) async throws -> Webhook {
        try await pool.read { try Self.find(id, organisation, $0) }
    }

    /// Changes a webhook.
    ///
    /// - Parameter receipts: whose receipts it hears of if it wants them from now on, and behind
    ///   which number.
    /// - Throws: ``WebhookRefusal``; nothing is changed then.
    public func change(
        _ id: WebhookID,
        of organisation: OrganisationID,
        _ change: WebhookChange,
        receipts: (account: AccountID, number: UInt64)? = nil
    ) async throws -> Webhook {
        try check(topics: change.topics ?? [], note: change.note ?? "", url: change.url ?? "")
        return try await pool.write { db in
            let old = try Self.find(id, organisation, db)
            let state = change.isActive.map { $0 ? Webhook.State.active : .paused } ?? old.state
            // Whoever switches it on again gets all its patience anew.
            let failing = change.isActive == true ? nil : old.failingSince?.stored
            let topics = change.topics ?? old.topics
            var place = old.receiptsPlace
            var account = old.receiptsAccount
            if !topics.contains(WebhookReceipt.topic) {
                (place, account) = (nil, nil)
            } else if place == nil {
                (place, account) = (receipts?.number ?? 0, receipts?.account)
            }
            try db.execute(
                sql: """
                    UPDATE webhooks SET url = ?, topics = ?, note = ?, state = ?, failing = ?,
                        receipts = ?, receipts_account = ?
                    WHERE id = ?
                    """,
                arguments: [
                    change.url ?? old.url, topics.joined(separator: " "),
                    change.note ?? old.note, state.rawValue, failing,
                    place.map { Int64(clamping: $0) }, account?.digest.bytes.data, id.text,
                ]
            )
            return try Self.find(id, organisation, db)
        }
    }

    /// Forgets a webhook and all its deliveries.
    ///
    /// - Throws: ``WebhookRefusal/unknown``.
    public func remove(_ id: WebhookID, of organisation: OrganisationID) async throws {
        try await pool.write { db in
            _ = try Self.find(id, organisation, db)
            try db.execute(sql: "DELETE FROM webhooks WHERE id = ?", arguments: [id.text])
        }
    }

    /// Gives a webhook a new secret; the old one is signed with too for a while.
    ///
    /// - Returns: the webhook, and what its receiver is given, this once.
    /// - Throws: ``WebhookRefusal/unknown``.
    public func rotate(
        _ id: WebhookID,
        of organisation: OrganisationID,
        overlapSeconds: UInt64,
        at now: Timestamp
    ) async throws -> (webhook: Webhook, secret: String) {
        let random = Self.random()
        let end = now.milliseconds.addingReportingOverflow(
            overlapSeconds.multipliedReportingOverflow(by: 1000).partialValue
        ).partialValue
        return try await pool.write { [sealing] db in
            let old = try Self.find(id, organisation, db)
            let secret = WebhookSecret(old.signing, random: random)
            try db.execute(
                sql: """
                    UPDATE webhooks SET sealed_before = sealed, overlap = ?, sealed = ?, public = ?
                    WHERE id = ?
                    """,
                arguments: [
                    Timestamp(milliseconds: end).stored,
                    sealing.seal(secret.bytes, name: id.text).data,
                    old.signing == .ed25519 ? secret.receiverText : nil, id.text,
                ]
            )
            return (try Self.find(id, organisation, db), secret.receiverText)
        }
    }

    /// Sends everything behind a place once more, and what follows; receipts only if a number of
    /// theirs is given.
    ///
    /// What waits already stays; what is queued again has the names that it had.
    ///
    /// - Throws: ``WebhookRefusal/unknown``.
    public func rewind(
        _ id: WebhookID,
        of organisation: OrganisationID,
        to place: WebhookPlace,
        receipts: UInt64? = nil
    ) async throws -> Webhook {
        try await pool.write { db in
            let old = try Self.find(id, organisation, db)
            try db.execute(
                sql: "UPDATE webhooks SET place = ?, receipts = ? WHERE id = ?",
                arguments: [
                    min(place, old.place).stored,
                    old.receiptsPlace.map { Int64(clamping: min(receipts ?? $0, $0)) }, id.text,
                ]
            )
            return try Self.find(id, organisation, db)
        }
    }

    private func check(topics: [String], note: String, url: String) throws(WebhookRefusal) {
        guard topics.count <= limits.topicsMax else { throw .tooLong("topics") }
        guard note.utf8.count <= limits.textBytesMax else { throw .tooLong("note") }
        guard url.utf8.count <= limits.textBytesMax else { throw .tooLong("url") }
    }

    static func find(
        _ id: WebhookID,
        _ organisation: OrganisationID,
        _ db: Database
    ) throws -> Webhook {
        let row = try Row.fetchOne(
            db,
            sql: "SELECT \(Webhook.columns) FROM webhooks WHERE id = ? AND organisation = ?",
            arguments: [id.text, organisation.bytes.data]
        )
        // Somebody else's is as unknown as one that never was.
        guard let row else { throw WebhookRefusal.unknown }
        return try Webhook(row)
    }
}
