import AccessCore
import AccessStore
import Foundation
import MarketTypes
import Testing

/// Where limits are kept; PostgreSQL if `STOA_TEST_POSTGRES` names a database that may make others.
enum LimitPlace: String, CustomTestStringConvertible {
    case sqlite
    case postgres

    static let address = ProcessInfo.processInfo.environment["STOA_TEST_POSTGRES"] ?? ""
    static let isPostgresNamed = !address.isEmpty
    static let chosen: [LimitPlace] = isPostgresNamed ? [.sqlite, .postgres] : [.sqlite]

    var testDescription: String { rawValue }
}

/// Stores over one place, which nobody else has.
final class LimitStores {
    private let scratch: Scratch
    /// A database of PostgreSQL's, made for this.
    private let name: String?

    init(_ place: LimitPlace, _ scratch: Scratch) throws {
        self.scratch = scratch
        guard place == .postgres else {
            name = nil
            return
        }
        let name = "stoa_test_\(UInt64.random(in: .min ... .max))"
        self.name = name
        try Self.run("CREATE DATABASE \(name)")
    }

    deinit {
        if let name { try? Self.run("DROP DATABASE IF EXISTS \(name) WITH (FORCE)") }
    }

    /// A further store over the same place, as another process would have.
    func open() throws -> any LimitStore {
        guard let address = postgresAddress else { return SQLiteLimits(try scratch.open()) }
        return PostgresLimits(try #require(PostgresAddress(address)))
    }

    /// What a process that shares the place is told.
    var argument: String { postgresAddress ?? scratch.path }

    private var postgresAddress: String? {
        name.map { name in
            let address = LimitPlace.address
            let query = address.firstIndex(of: "?") ?? address.endIndex
            let slash = address[..<query].lastIndex(of: "/") ?? query
            return address[..<slash] + "/" + name + address[query...]
        }
    }

    /// Changes what is in PostgreSQL behind the stores' back.
    func damage(_ statement: String) throws {
        try Self.run(statement, at: try #require(postgresAddress))
    }

    private static func run(_ statement: String, at address: String = LimitPlace.address) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["psql", "-qX", address, "-c", statement]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }
}

@Suite("ACC-47: shared limits that do not answer", .timeLimit(.minutes(1)))
struct UnreachableLimitTests {
    @Test(
        "an address with a password, or of something else, is none",
        arguments: [
            "postgres://stoa:secret@host/db", "postgres://stoa@host/db?password=secret",
            "host=x password=y", "http://host/db", "", "access.sqlite", "postgres://[",
            "postgres://host/" + String(repeating: "d", count: 2_000),
        ]
    )
    func addresses(_ text: String) {
        #expect(PostgresAddress(text) == nil)
    }

    @Test("nothing is reserved, ended or taken, and each asks for a bounded time")
    func unreachable() async throws {
        let address = "postgres://stoa@/none?host=/nowhere-\(UInt64.random(in: 0 ... .max))"
        let limits = PostgresLimits(try #require(PostgresAddress(address)))
        let key = try #require(APIKeyID(text: "abcdefghijkl"))
        let request = try spending(key, 1)
        let begun = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    await #expect(throws: AccessStoreError.self) {
                        try await limits.reserve(request, under: .none, at: .start)
                    }
                }
            }
        }
        let policy = try #require(
            RatePolicy("test", tokensPerWindow: 1, windowMilliseconds: 1_000, burst: 50)
        )
        await #expect(throws: AccessStoreError.self) {
            try await limits.take([BucketUse("a", policy)], at: .start)
        }
        await #expect(throws: AccessStoreError.self) {
            try await limits.settle(vouchers: [(.zero, .zero)])
        }
        #expect(ContinuousClock.now - begun < .seconds(20))
    }
}
