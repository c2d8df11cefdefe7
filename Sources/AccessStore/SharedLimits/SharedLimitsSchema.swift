/// The tables of limits that several machines share (docs/spec/access.md).
enum SharedLimitsSchema {
    /// The number of the tables' form; another one is not used.
    static let format = 1
    /// Whoever makes the tables holds this lock.
    private static let lock: Int64 = 0x73_74_6F_61_6C_69_6D_31

    /// Makes the tables if there are none, and checks their form.
    static func check(_ connection: PostgresConnection) throws {
        if try !exists(connection) {
            try connection.run("BEGIN")
            try connection.run("SELECT pg_advisory_xact_lock($1::int8)", [.integer(lock)])
            if try !exists(connection) {
                for statement in tables { try connection.run(statement) }
                try connection.run(
                    "INSERT INTO stoa_limits.place VALUES (1, $1::int8)",
                    [.integer(Int64(format))]
                )
            }
            try connection.run("COMMIT")
        }
        let found = try connection.run("SELECT format FROM stoa_limits.place").first?.integer(0)
        guard found == Int64(format) else {
            throw PostgresFault.broken(
                "its tables have format \(found ?? 0), this program has \(format)"
            )
        }
    }

    private static func exists(_ connection: PostgresConnection) throws -> Bool {
        // A look-up by name may answer from a cache that is older than the lock; a query does not.
        let sql = "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = 'stoa_limits'"
        return try connection.run(sql).first?.integer(0) == 1
    }

    /// Everything of one key is changed under the lock of its row in `keys`, so that counts of
    /// rows are exact, and two changes never wait for each other. A model of '' stands for all
    /// models, a day of -1 for all days. Text is compared by bytes, whatever the database's
    /// language: the order in which rows are locked is the same everywhere.
    private static let tables = [
        "CREATE SCHEMA stoa_limits",
        """
        CREATE TABLE stoa_limits.place(
            id int8 PRIMARY KEY CHECK (id = 1), format int8 NOT NULL)
        """,
        """
        CREATE TABLE stoa_limits.keys(
            key text COLLATE "C" PRIMARY KEY CHECK (octet_length(key) = 12))
        """,
        """
        CREATE TABLE stoa_limits.counters(
            key text COLLATE "C" NOT NULL REFERENCES stoa_limits.keys(key),
            denomination bytea NOT NULL CHECK (octet_length(denomination) = 32),
            model text COLLATE "C" NOT NULL CHECK (octet_length(model) <= 128),
            day int8 NOT NULL CHECK (day >= -1),
            settled bytea NOT NULL CHECK (octet_length(settled) = 16),
            reserved bytea NOT NULL CHECK (octet_length(reserved) = 16),
            PRIMARY KEY (key, denomination, model, day))
        """,
        "CREATE INDEX counters_by_day ON stoa_limits.counters(day) WHERE day >= 0",
        """
        CREATE TABLE stoa_limits.reservations(
            id bytea PRIMARY KEY CHECK (octet_length(id) = 16),
            key text COLLATE "C" NOT NULL REFERENCES stoa_limits.keys(key),
            model text COLLATE "C" NOT NULL CHECK (octet_length(model) <= 128),
            denomination bytea NOT NULL CHECK (octet_length(denomination) = 32),
            amount bytea NOT NULL CHECK (octet_length(amount) = 16),
            day int8 NOT NULL CHECK (day >= 0), created int8 NOT NULL CHECK (created >= 0),
            voucher bytea UNIQUE CHECK (octet_length(voucher) = 32))
        """,
        "CREATE INDEX reservations_of_key ON stoa_limits.reservations(key)",
        "CREATE INDEX reservations_by_age ON stoa_limits.reservations(created, id)",
        """
        CREATE TABLE stoa_limits.buckets(
            name bytea PRIMARY KEY CHECK (octet_length(name) <= 128),
            level int8 NOT NULL CHECK (level >= -1),
            updated int8 NOT NULL CHECK (updated >= 0),
            filled int8 NOT NULL CHECK (filled >= 0))
        """,
        "CREATE INDEX buckets_by_end ON stoa_limits.buckets(filled)",
    ]
}
