import GRDB

/// The tables of webhooks, in a file of their own.
enum WebhookSchema {
    /// The format of the tables; another one is not opened.
    static let number = 2

    static func create(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE format(number INTEGER NOT NULL);
                INSERT INTO format VALUES (\(number));
                CREATE TABLE webhooks(
                    id TEXT PRIMARY KEY, organisation BLOB NOT NULL, url TEXT NOT NULL,
                    topics TEXT NOT NULL, note TEXT NOT NULL, signing TEXT NOT NULL,
                    sealed BLOB NOT NULL, public TEXT, sealed_before BLOB, overlap INTEGER,
                    state TEXT NOT NULL, created INTEGER NOT NULL, place INTEGER NOT NULL,
                    failing INTEGER, receipts INTEGER, receipts_account BLOB
                ) WITHOUT ROWID;
                CREATE INDEX webhooks_of_organisation ON webhooks(organisation, created);
                CREATE INDEX webhooks_by_place ON webhooks(state, place);
                CREATE TABLE deliveries(
                    number INTEGER PRIMARY KEY AUTOINCREMENT, webhook TEXT NOT NULL
                        REFERENCES webhooks(id) ON DELETE CASCADE,
                    message TEXT NOT NULL, type TEXT NOT NULL, place INTEGER NOT NULL,
                    payload TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
                    created INTEGER NOT NULL, due INTEGER, sent INTEGER, status INTEGER,
                    fault TEXT, took INTEGER, receipt INTEGER
                );
                CREATE INDEX deliveries_of_webhook ON deliveries(webhook, state, number);
                CREATE INDEX deliveries_due ON deliveries(due) WHERE state = 'pending';
                \(receipts)
                """
        )
    }

    /// Tables of format 1 know of no receipts.
    static func update(_ db: Database) throws {
        try db.execute(
            sql: """
                ALTER TABLE webhooks ADD COLUMN receipts INTEGER;
                ALTER TABLE webhooks ADD COLUMN receipts_account BLOB;
                ALTER TABLE deliveries ADD COLUMN receipt INTEGER;
                \(receipts)
                UPDATE format SET number = \(number);
                """
        )
    }

    private static let receipts = """
        CREATE INDEX webhooks_of_receipts ON webhooks(state) WHERE receipts IS NOT NULL;
        """
}
