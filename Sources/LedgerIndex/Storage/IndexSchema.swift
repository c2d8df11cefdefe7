import GRDB

/// The tables of an index (docs/spec/index.md); whoever changes one raises ``format``.
enum IndexSchema {
    /// The version of all tables; another one's database is rebuilt, never converted.
    static let format: Int64 = 1

    /// The tables whose rows depend on blocks alone, with the order of their rows.
    static let blockTables = [
        "blocks", "events", "subjects", "mentions", "transactions", "markets", "trades", "candles",
    ]
    /// The tables whose rows are read from the ledger's state.
    static let catalogueTables = ["assets", "offers", "prices", "words"]

    static func create(_ db: Database) throws {
        try db.execute(sql: place)
        try db.execute(sql: history)
        try db.execute(sql: market)
        try db.execute(sql: catalogue)
    }

    /// Where the index stands; one row.
    private static let place = """
        CREATE TABLE place(
            id INTEGER PRIMARY KEY CHECK (id = 1), format INTEGER NOT NULL, chain BLOB NOT NULL,
            height INTEGER NOT NULL, time INTEGER NOT NULL, catalogue INTEGER NOT NULL
        );
        """

    private static let history = """
        CREATE TABLE blocks(
            height INTEGER PRIMARY KEY, time INTEGER NOT NULL, transactions INTEGER NOT NULL,
            events INTEGER NOT NULL, digest BLOB NOT NULL
        );
        CREATE TABLE events(
            id INTEGER PRIMARY KEY, cause INTEGER, name TEXT NOT NULL, json TEXT NOT NULL
        );
        CREATE TABLE subjects(
            id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name BLOB NOT NULL,
            events INTEGER NOT NULL, transactions INTEGER NOT NULL, refused INTEGER NOT NULL,
            first INTEGER NOT NULL, last INTEGER NOT NULL, UNIQUE (kind, name)
        );
        CREATE TABLE mentions(
            subject INTEGER NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (subject, event)
        ) WITHOUT ROWID;
        CREATE TABLE transactions(
            id INTEGER PRIMARY KEY, digest BLOB NOT NULL, sender INTEGER NOT NULL,
            sequence INTEGER NOT NULL, fee BLOB NOT NULL, messages INTEGER NOT NULL,
            code INTEGER NOT NULL, message INTEGER NOT NULL, events INTEGER NOT NULL
        );
        CREATE INDEX transactions_of_sender ON transactions(sender, id);
        CREATE INDEX transactions_by_digest ON transactions(digest);
        """

    private static let market = """
        CREATE TABLE markets(
            id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, base BLOB NOT NULL,
            quote BLOB NOT NULL, trades INTEGER NOT NULL
        );
        CREATE TABLE trades(
            id INTEGER PRIMARY KEY, market INTEGER NOT NULL, venue TEXT NOT NULL,
            place BLOB NOT NULL, base BLOB NOT NULL, quote BLOB NOT NULL, price BLOB NOT NULL,
            taker BLOB NOT NULL, side TEXT NOT NULL
        );
        CREATE INDEX trades_of_market ON trades(market, id);
        CREATE TABLE candles(
            market INTEGER NOT NULL, seconds INTEGER NOT NULL, start INTEGER NOT NULL,
            open BLOB NOT NULL, high BLOB NOT NULL, low BLOB NOT NULL, close BLOB NOT NULL,
            base BLOB NOT NULL, quote BLOB NOT NULL, trades INTEGER NOT NULL,
            PRIMARY KEY (market, seconds, start)
        ) WITHOUT ROWID;
        """

    private static let catalogue = """
        CREATE TABLE assets(
            id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, owner BLOB NOT NULL,
            title TEXT NOT NULL, kind INTEGER NOT NULL, licence TEXT NOT NULL,
            version INTEGER NOT NULL, content BLOB NOT NULL, link TEXT NOT NULL,
            retired INTEGER, offered BLOB, record BLOB NOT NULL, read INTEGER NOT NULL
        );
        CREATE INDEX assets_by_title ON assets(title, id);
        CREATE INDEX assets_by_owner ON assets(owner, id);
        CREATE TABLE offers(
            id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, seller BLOB NOT NULL,
            asset BLOB NOT NULL, model TEXT NOT NULL, title TEXT NOT NULL, kind INTEGER NOT NULL,
            licence TEXT NOT NULL, interface INTEGER NOT NULL, unit BLOB NOT NULL,
            standing INTEGER NOT NULL, published INTEGER NOT NULL, expires INTEGER NOT NULL,
            record BLOB NOT NULL, read INTEGER NOT NULL
        );
        CREATE INDEX offers_by_model ON offers(model, id);
        CREATE INDEX offers_by_seller ON offers(seller, id);
        CREATE INDEX offers_by_asset ON offers(asset, id);
        CREATE TABLE prices(
            offer INTEGER NOT NULL, unit INTEGER NOT NULL, million BLOB NOT NULL,
            amount BLOB NOT NULL, units INTEGER NOT NULL, PRIMARY KEY (offer, unit)
        ) WITHOUT ROWID;
        CREATE INDEX prices_by_million ON prices(unit, million, offer);
        CREATE VIRTUAL TABLE words USING fts5(
            model, title, kind, licence, owner,
            tokenize = 'unicode61', prefix = '2 3 4'
        );
        """
}
