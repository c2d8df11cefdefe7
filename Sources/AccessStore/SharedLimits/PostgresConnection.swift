import CLibpq
import Glibc

/// Why PostgreSQL did not do what it was asked.
enum PostgresFault: Error {
    /// Another transaction was in the way; the same again may work.
    case conflict
    /// It does not answer, answers too late, or refuses; the connection is of no further use.
    case broken(String)
}

/// One connection, used by one thread at a time, on which nothing waits longer than its deadline.
final class PostgresConnection {
    /// Statements that one connection keeps ready: this program has fewer.
    private static let statementsMax = 64
    /// What the server does for a client that died or hangs in the middle of a transaction: without
    /// it, the locks of a machine that lost its network would stop all others.
    private static let options = """
        -c statement_timeout=4000 -c lock_timeout=3000 \
        -c idle_in_transaction_session_timeout=10000 \
        -c default_transaction_isolation=read\\ committed
        """

    private let connection: OpaquePointer
    private var statements: [String: String] = [:]
    /// Until when an answer is waited for, by ``monotonicMilliseconds()``.
    var deadline: UInt64

    /// Connects.
    ///
    /// - Throws: ``PostgresFault/broken(_:)``.
    init(_ address: PostgresAddress, deadline: UInt64) throws {
        let settings: [(String, String)] = [
            ("dbname", address.description), ("application_name", "stoa"),
            ("client_encoding", "UTF8"), ("options", Self.options),
            ("tcp_user_timeout", "5000"),
        ]
        let started = withCStrings(settings.map(\.0)) { keywords in
            withCStrings(settings.map(\.1)) { PQconnectStartParams(keywords, $0, 1) }
        }
        guard let started else { throw PostgresFault.broken("there is no memory") }
        connection = started
        self.deadline = deadline
        stoa_pq_silence(connection)
        var wanted = PGRES_POLLING_WRITING
        while wanted != PGRES_POLLING_OK {
            guard PQstatus(connection) != CONNECTION_BAD, wanted != PGRES_POLLING_FAILED else {
                throw PostgresFault.broken(lastMessage)
            }
            try wait(for: wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT)
            wanted = PQconnectPoll(connection)
        }
        guard PQsetnonblocking(connection, 1) == 0 else {
            throw PostgresFault.broken(lastMessage)
        }
    }

    deinit { PQfinish(connection) }

    /// Runs a prepared statement.
    ///
    /// - Throws: ``PostgresFault``.
    @discardableResult
    func run(_ sql: String, _ values: [PostgresValue] = []) throws -> [PostgresRow] {
        let name = try prepare(sql)
        var bytes: [UInt8] = [0]
        var starts: [Int] = []
        var lengths: [Int32] = []
        for value in values {
            let encoded = value.encoded
            starts.append(bytes.count)
            lengths.append(Int32(clamping: encoded.count))
            bytes += encoded
        }
        let sent = bytes.withUnsafeBytes { raw in
            let start = raw.bindMemory(to: CChar.self).baseAddress
            let pointers = starts.map { place in start.map { $0 + place } }
            let formats = [Int32](repeating: 1, count: values.count)
            let count = Int32(clamping: values.count)
            return PQsendQueryPrepared(connection, name, count, pointers, lengths, formats, 1)
        }
        guard sent == 1 else { throw PostgresFault.broken(lastMessage) }
        return try answer()
    }

    private func prepare(_ sql: String) throws -> String {
        if let name = statements[sql] { return name }
        guard statements.count < Self.statementsMax else {
            throw PostgresFault.broken("there are too many statements")
        }
        let name = "s\(statements.count)"
        guard PQsendPrepare(connection, name, sql, 0, nil) == 1 else {
            throw PostgresFault.broken(lastMessage)
        }
        _ = try answer()
        statements[sql] = name
        return name
    }

    /// Sends what waits, and reads all that comes back.
    private func answer() throws -> [PostgresRow] {
        while true {
            let left = PQflush(connection)
            if left == 0 { break }
            guard left > 0 else { throw PostgresFault.broken(lastMessage) }
            // The server may not read on before somebody reads what it says.
            if try wait(for: POLLIN | POLLOUT) & Int16(POLLIN) != 0 { try consume() }
        }
        var rows: [PostgresRow] = []
        var fault: PostgresFault?
        while true {
            while PQisBusy(connection) == 1 {
                try wait(for: POLLIN)
                try consume()
            }
            guard let result = PQgetResult(connection) else { break }
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK: continue
            case PGRES_TUPLES_OK: rows = try Self.rows(result)
            default: fault = fault ?? Self.fault(result)
            }
        }
        if let fault { throw fault }
        return rows
    }

    private static func rows(_ result: OpaquePointer) throws -> [PostgresRow] {
        let columns = PQnfields(result)
        for column in 0..<columns where PQfformat(result, column) != 1 {
            throw PostgresFault.broken("it answered in another format")
        }
        return (0..<PQntuples(result)).map { row in
            PostgresRow(
                values: (0..<columns).map { column in
                    guard PQgetisnull(result, row, column) == 0,
                        let start = PQgetvalue(result, row, column)
                    else { return nil }
                    let count = Int(PQgetlength(result, row, column))
                    return Array(UnsafeRawBufferPointer(start: start, count: count))
                }
            )
        }
    }

    private static func fault(_ result: OpaquePointer) -> PostgresFault {
        let state = stoa_pq_sqlstate(result).map { String(cString: $0) } ?? ""
        // A serialization failure, and a deadlock.
        if state == "40001" || state == "40P01" { return .conflict }
        return .broken(line(PQresultErrorMessage(result)) + (state.isEmpty ? "" : " (\(state))"))
    }

    private func consume() throws {
        guard PQconsumeInput(connection) == 1 else { throw PostgresFault.broken(lastMessage) }
    }

    @discardableResult
    private func wait(for events: Int32) throws -> Int16 {
        while true {
            let now = monotonicMilliseconds()
            guard now < deadline else { throw PostgresFault.broken("it took too long") }
            let socket = PQsocket(connection)
            guard socket >= 0 else { throw PostgresFault.broken(lastMessage) }
            var entry = pollfd(fd: socket, events: Int16(truncatingIfNeeded: events), revents: 0)
            let count = poll(&entry, 1, Int32(clamping: deadline - now))
            if count > 0 { return entry.revents }
            guard count == 0 || errno == EINTR else {
                throw PostgresFault.broken("its socket fails (\(errno))")
            }
        }
    }

    private var lastMessage: String { Self.line(PQerrorMessage(connection)) }

    /// The first line of a message, of a length that fits a log.
    private static func line(_ message: UnsafePointer<CChar>?) -> String {
        let text = message.map { String(cString: $0) } ?? ""
        let first = text.prefix { $0 != "\n" }.prefix(200)
        return first.isEmpty ? "it closed the connection" : String(first)
    }
}

/// Milliseconds of a clock that never goes back.
func monotonicMilliseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000 + UInt64(time.tv_nsec) / 1_000_000
}

/// Calls `body` with an array of C strings that ends with a null.
private func withCStrings<Output>(
    _ texts: [String],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Output
) -> Output {
    var bytes: [CChar] = []
    let starts = texts.map { text in
        defer { bytes += text.utf8CString }
        return bytes.count
    }
    return bytes.withUnsafeBufferPointer { buffer in
        var pointers = starts.map { place in buffer.baseAddress.map { $0 + place } }
        pointers.append(nil)
        return pointers.withUnsafeBufferPointer { pointers in
            guard let start = pointers.baseAddress else {
                preconditionFailure("an array with a null in it is not empty")
            }
            return body(start)
        }
    }
}
