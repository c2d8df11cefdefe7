import GRDB

/// The tables of who may do what (docs/spec/access.md).
enum AccessSchema {
    static func create(_ db: Database) throws {
        for part in [place, people, organisations, billing, keys, limits, tokens, audit] {
            try db.execute(sql: part)
        }
        try db.execute(
            sql: "INSERT INTO place VALUES (1, ?)",
            arguments: [AccessStoreFormat.number]
        )
    }

    /// Indexes that came or went after their tables.
    ///
    /// Vouchers end one by one, each call's. Their age is asked for once a minute and when a wallet
    /// opens, of as many as are open then, so that no call need write an index of it.
    static let laterIndexes = """
        DROP INDEX IF EXISTS reservations_by_age;
        CREATE UNIQUE INDEX IF NOT EXISTS reservations_by_voucher ON reservations(voucher)
        WHERE voucher IS NOT NULL;
        CREATE INDEX IF NOT EXISTS families_of_user ON families(user);
        CREATE INDEX IF NOT EXISTS keys_of_parent ON keys(parent) WHERE parent IS NOT NULL;
        """

    /// Brings the tables of an older format to the present one; a format that it does not know
    /// stays as it is.
    static func migrate(_ db: Database, from format: Int) throws {
        guard (1..<AccessStoreFormat.number).contains(format) else { return }
        // 1 to 2: whose name stands on statements.
        if format < 2 { try db.execute(sql: billing) }
        // 2 to 3: which key made a key.
        if format < 3 { try db.execute(sql: parents) }
        try db.execute(
            sql: "UPDATE place SET format = ?",
            arguments: [AccessStoreFormat.number]
        )
    }

    private static let place = """
        CREATE TABLE place(id INTEGER PRIMARY KEY CHECK (id = 1), format INTEGER NOT NULL);
        """

    private static let people = """
        CREATE TABLE users(
            id BLOB PRIMARY KEY, name TEXT NOT NULL, created INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE passkeys(
            credential BLOB PRIMARY KEY, user BLOB NOT NULL REFERENCES users(id),
            key TEXT NOT NULL UNIQUE, counter INTEGER NOT NULL, label TEXT NOT NULL,
            created INTEGER NOT NULL, used INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX passkeys_of_user ON passkeys(user);
        CREATE TABLE challenges(
            challenge BLOB PRIMARY KEY, purpose INTEGER NOT NULL, user BLOB, name TEXT NOT NULL,
            expires INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX challenges_by_end ON challenges(expires);
        CREATE TABLE sessions(
            token BLOB PRIMARY KEY, user BLOB NOT NULL REFERENCES users(id),
            organisation BLOB NOT NULL, created INTEGER NOT NULL, used INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX sessions_of_user ON sessions(user, used);
        """

    private static let organisations = """
        CREATE TABLE organisations(
            id BLOB PRIMARY KEY, name TEXT NOT NULL, tier INTEGER NOT NULL, account BLOB,
            created INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE members(
            organisation BLOB NOT NULL REFERENCES organisations(id),
            user BLOB NOT NULL REFERENCES users(id), role INTEGER NOT NULL,
            joined INTEGER NOT NULL, PRIMARY KEY (organisation, user)
        ) WITHOUT ROWID;
        CREATE INDEX members_of_user ON members(user);
        CREATE TABLE invitations(
            id BLOB PRIMARY KEY, token BLOB NOT NULL UNIQUE, organisation BLOB NOT NULL,
            role INTEGER NOT NULL, inviter BLOB NOT NULL, label TEXT NOT NULL,
            created INTEGER NOT NULL, expires INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX invitations_of_organisation ON invitations(organisation);
        """

    private static let billing = """
        CREATE TABLE billing(
            organisation BLOB PRIMARY KEY REFERENCES organisations(id), name TEXT NOT NULL,
            address TEXT NOT NULL, vat TEXT NOT NULL
        ) WITHOUT ROWID;
        """

    private static let keys = """
        CREATE TABLE keys(
            id TEXT PRIMARY KEY, mode TEXT NOT NULL, user BLOB NOT NULL,
            organisation BLOB NOT NULL, label TEXT NOT NULL, scopes TEXT NOT NULL,
            digest BLOB NOT NULL, request BLOB NOT NULL, created INTEGER NOT NULL,
            expires INTEGER NOT NULL, state INTEGER NOT NULL, successor TEXT, ends INTEGER,
            used INTEGER NOT NULL, parent TEXT
        ) WITHOUT ROWID;
        CREATE INDEX keys_of_organisation ON keys(organisation, created);
        CREATE TABLE budgets(
            key TEXT NOT NULL, window INTEGER NOT NULL, model TEXT NOT NULL,
            denomination BLOB NOT NULL, amount BLOB NOT NULL,
            PRIMARY KEY (key, window, model, denomination)
        ) WITHOUT ROWID;
        CREATE TABLE nonces(
            key TEXT NOT NULL, nonce BLOB NOT NULL, forget INTEGER NOT NULL,
            PRIMARY KEY (key, nonce)
        ) WITHOUT ROWID;
        CREATE INDEX nonces_by_end ON nonces(forget);
        """

    /// Of keys that were made before, the log tells which key made them.
    private static let parents = """
        ALTER TABLE keys ADD COLUMN parent TEXT;
        UPDATE keys SET parent = substr(made.actor, 5) FROM
            (SELECT actor, subject FROM audit
             WHERE action = 'key.created' AND actor GLOB 'key:*') AS made
        WHERE keys.id = substr(made.subject, 5);
        """

    /// A model of '' stands for all models, a day of -1 for all days.
    private static let limits = """
        CREATE TABLE counters(
            key TEXT NOT NULL, denomination BLOB NOT NULL, model TEXT NOT NULL,
            day INTEGER NOT NULL, settled BLOB NOT NULL, reserved BLOB NOT NULL,
            PRIMARY KEY (key, denomination, model, day)
        ) WITHOUT ROWID;
        CREATE INDEX counters_by_day ON counters(day);
        CREATE TABLE reservations(
            id BLOB PRIMARY KEY, key TEXT NOT NULL, model TEXT NOT NULL,
            denomination BLOB NOT NULL, amount BLOB NOT NULL, day INTEGER NOT NULL,
            created INTEGER NOT NULL, voucher BLOB
        ) WITHOUT ROWID;
        CREATE INDEX reservations_of_key ON reservations(key);
        CREATE TABLE buckets(
            name TEXT PRIMARY KEY, level INTEGER NOT NULL, updated INTEGER NOT NULL,
            full INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX buckets_by_end ON buckets(full);
        """

    private static let tokens = """
        CREATE TABLE clients(
            id TEXT PRIMARY KEY, user BLOB NOT NULL, organisation BLOB NOT NULL,
            name TEXT NOT NULL, secret BLOB, redirects TEXT NOT NULL, scopes TEXT NOT NULL,
            created INTEGER NOT NULL, revoked INTEGER
        ) WITHOUT ROWID;
        CREATE INDEX clients_of_organisation ON clients(organisation, created);
        CREATE TABLE codes(
            code BLOB PRIMARY KEY, client TEXT NOT NULL, user BLOB NOT NULL,
            organisation BLOB NOT NULL, redirect TEXT NOT NULL, challenge TEXT NOT NULL,
            scopes TEXT NOT NULL, family BLOB NOT NULL, expires INTEGER NOT NULL,
            used INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX codes_by_end ON codes(expires);
        CREATE TABLE families(
            id BLOB PRIMARY KEY, client TEXT NOT NULL, user BLOB NOT NULL,
            organisation BLOB NOT NULL, scopes TEXT NOT NULL, created INTEGER NOT NULL,
            expires INTEGER NOT NULL, revoked INTEGER
        ) WITHOUT ROWID;
        CREATE INDEX families_by_end ON families(expires);
        CREATE TABLE refreshes(
            token BLOB PRIMARY KEY, family BLOB NOT NULL, created INTEGER NOT NULL,
            used INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX refreshes_of_family ON refreshes(family);
        CREATE TABLE signers(
            id TEXT PRIMARY KEY, algorithm TEXT NOT NULL, public BLOB NOT NULL,
            sealed BLOB NOT NULL, created INTEGER NOT NULL, signs INTEGER NOT NULL,
            verifies INTEGER NOT NULL
        ) WITHOUT ROWID;
        """

    /// Nothing in it can be changed or taken out, and nothing put in but at the end; whoever goes
    /// around SQL breaks the chain of hashes.
    private static let audit = """
        CREATE TABLE audit(
            sequence INTEGER PRIMARY KEY, time INTEGER NOT NULL, action TEXT NOT NULL,
            organisation BLOB NOT NULL, actor TEXT NOT NULL, subject TEXT NOT NULL,
            detail TEXT NOT NULL, source TEXT NOT NULL, previous BLOB NOT NULL, hash BLOB NOT NULL
        );
        CREATE INDEX audit_of_organisation ON audit(organisation, sequence);
        CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
        CREATE TRIGGER audit_stays BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
        CREATE TRIGGER audit_grows BEFORE INSERT ON audit
        WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM audit)
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
        """
}
