import AccessCore
import GRDB
import MarketTypes
import Testing

@testable import AccessStore

@Suite("Changes that share a transaction")
struct BatchedWritesTests: Sendable {
    private struct Refused: Error {}

    private let scratch: Scratch
    private let database: AccessDatabase

    init() throws {
        scratch = try Scratch()
        database = try scratch.open()
    }

    private func insert(_ name: String, _ db: Database) throws {
        try db.execute(sql: "INSERT INTO buckets VALUES (?, 1, 1, 1)", arguments: [name])
    }

    private func names() async throws -> [String] {
        try await database.read { db in
            try String.fetchAll(db, sql: "SELECT name FROM buckets ORDER BY name")
        }
    }

    @Test("What a refused change did is undone, and its neighbours' stands")
    func refusedAlone() async throws {
        let failed = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask {
                    do {
                        try await database.writeTogether { db in
                            try insert("b\(1_000 + number)", db)
                            if number % 3 == 0 { throw Refused() }
                        }
                        return false
                    } catch {
                        return error is Refused
                    }
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(failed == 34)
        let wanted = (0..<100).filter { $0 % 3 != 0 }.map { "b\(1_000 + $0)" }
        #expect(try await names() == wanted)
    }

    @Test("Each sees what those before it in the same transaction did")
    func serial() async throws {
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<50 {
                group.addTask {
                    try await database.writeTogether { db in
                        let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM buckets") ?? 0
                        try insert("c\(number)", db)
                        return count
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts.sorted() == Array(0..<50))
    }

    @Test("A fault of the database is everybody's: nobody is told that a lost change was made")
    func faults() async throws {
        let told = await withTaskGroup(of: String?.self) { group in
            for number in 0..<60 {
                group.addTask {
                    try? await database.writeTogether { db in
                        try insert("d\(number)", db)
                        // A name twice: the same as what a full disk throws, in kind.
                        if number == 30 { try insert("d\(number)", db) }
                        return "d\(number)"
                    }
                }
            }
            return await group.reduce(into: []) { list, name in name.map { list.append($0) } }
        }
        #expect(!told.contains("d30"))
        #expect(try await names() == told.sorted())
    }

    @Test("Other writers have their turn between")
    func others() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<2_000 {
                group.addTask { try await database.writeTogether { try insert("e\(number)", $0) } }
            }
            group.addTask { try await database.write { try insert("between", $0) } }
            try await group.waitForAll()
        }
        #expect(try await names().count == 2_001)
    }
}
