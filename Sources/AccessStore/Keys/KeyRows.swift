import AccessCore
import FoundationEssentials
import GRDB
import MarketTypes

/// How keys stand in their tables.
extension APIKey {
    private enum Standing: Int {
        case active = 1
        case replaced = 2
        case revoked = 3
    }

    init(_ row: Row, budgets: BudgetRules) throws {
        guard let mode = APIKeyText.Mode(rawValue: row["mode"]) else {
            throw AccessStoreError.damaged(column: "mode")
        }
        self.init(
            id: try row.key("id"),
            mode: mode,
            user: try row.user("user"),
            organisation: try row.organisation("organisation"),
            label: row["label"],
            scopes: try row.scopes("scopes"),
            budgets: budgets,
            created: row.time("created"),
            expires: row.time("expires"),
            state: try Self.state(row)
        )
    }

    /// The same key where a row says that it stands.
    func standing(_ row: Row) throws -> APIKey {
        APIKey(
            id: id,
            mode: mode,
            user: user,
            organisation: organisation,
            label: label,
            scopes: scopes,
            budgets: budgets,
            created: created,
            expires: expires,
            state: try Self.state(row)
        )
    }

    private static func state(_ row: Row) throws -> State {
        guard let standing = Standing(rawValue: row["state"]) else {
            throw AccessStoreError.damaged(column: "state")
        }
        return switch standing {
        case .active: .active
        case .replaced: .replaced(by: try row.key("successor"), until: row.time("ends"))
        case .revoked: .revoked(at: row.time("ends"))
        }
    }

    /// The columns `state`, `successor` and `ends`.
    var storedState: (state: Int, successor: String?, ends: Int64?) {
        switch state {
        case .active: (Standing.active.rawValue, nil, nil)
        case .replaced(let successor, let until):
            (Standing.replaced.rawValue, successor.text, until.stored)
        case .revoked(let time): (Standing.revoked.rawValue, nil, time.stored)
        }
    }
}

extension Database {
    func budgets(of key: String) throws -> BudgetRules {
        let rules = try rows(
            "SELECT * FROM budgets WHERE key = ?",
            arguments: [key]
        ).map { row in
            let model: String = row["model"]
            let rule = BudgetRule(
                window: BudgetRule.Window(rawValue: row["window"]) ?? .total,
                model: model.isEmpty ? nil : model,
                limit: try row.amount("amount"),
                denomination: try row.denomination("denomination")
            )
            guard let rule else { throw AccessStoreError.damaged(column: "model") }
            return rule
        }
        guard let budgets = BudgetRules(rules) else {
            throw AccessStoreError.damaged(column: "budgets")
        }
        return budgets
    }

    func key(_ id: APIKeyID) throws -> APIKey? {
        try row("SELECT * FROM keys WHERE id = ?", arguments: [id.text])
            .map { try APIKey($0, budgets: try budgets(of: id.text)) }
    }

    /// Writes a new key, and which key made it; none did if a person did.
    func insert(_ key: APIKey, _ text: APIKeyText, madeBy parent: APIKeyID?) throws {
        guard let request = Ed25519.publicKey(seed: text.requestSeed) else {
            throw KeyRefusal.malformed
        }
        let stored = key.storedState
        try change(
            "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
            arguments: [
                key.id.text, key.mode.rawValue, key.user.blob, key.organisation.blob, key.label,
                key.scopes.description, text.digest.blob, Data(request), key.created.stored,
                key.expires.stored, stored.state, stored.successor, stored.ends, parent?.text,
            ]
        )
        for rule in key.budgets.rules {
            try change(
                "INSERT INTO budgets VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    key.id.text, rule.window.rawValue, rule.model ?? "", rule.denomination.blob,
                    rule.limit.blob,
                ]
            )
        }
    }

    /// The keys that a key made, and those that they made, which are not over.
    func descendants(of id: APIKeyID, at now: Timestamp) throws -> [APIKey] {
        try rows(
            """
                WITH RECURSIVE made(id) AS (
                    SELECT id FROM keys WHERE parent = ?1
                    UNION SELECT keys.id FROM keys JOIN made ON keys.parent = made.id
                )
                SELECT keys.* FROM keys JOIN made ON keys.id = made.id
                WHERE expires > ?2 AND (ends IS NULL OR ends > ?2)
                """,
            arguments: [id.text, now.stored]
        ).map { try APIKey($0, budgets: try budgets(of: $0["id"])) }
    }

    /// Forgets a few keys that were over before any day whose count is kept, of an organisation
    /// that has more than lists show; none that has money set aside.
    ///
    /// What such a key made is over as well: no key lives for so long.
    func forgetKeys(of organisation: OrganisationID, at now: Timestamp) throws {
        let count = try number(
            "SELECT count(*) FROM keys WHERE organisation = ?",
            arguments: [organisation.blob]
        )
        let excess = (count ?? 0) - AccessDatabase.keyPageMax
        guard excess > 0 else { return }
        let old = try rows(
            """
                SELECT id FROM keys
                WHERE organisation = ? AND min(expires, ifnull(ends, expires)) < ?
                AND NOT EXISTS (SELECT 1 FROM reservations WHERE key = keys.id)
                ORDER BY created, id LIMIT ?
                """,
            arguments: [
                organisation.blob, now.stored - Int64(LimitBounds.daysKept + 1) * 86_400_000,
                min(excess, AccessDatabase.forgottenAtOnce),
            ]
        )
        for row in old {
            let id: String = row["id"]
            try change("DELETE FROM counters WHERE key = ?", arguments: [id])
            try change("DELETE FROM budgets WHERE key = ?", arguments: [id])
            try change("DELETE FROM keys WHERE id = ?", arguments: [id])
        }
    }

    func updateState(of key: APIKey) throws {
        let stored = key.storedState
        try change(
            "UPDATE keys SET state = ?, successor = ?, ends = ? WHERE id = ?",
            arguments: [stored.state, stored.successor, stored.ends, key.id.text]
        )
    }
}
