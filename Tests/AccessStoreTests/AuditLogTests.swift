import AccessCore
import AccessStore
import GRDB
import MarketTypes
import Testing

@Suite("ACC-70 to ACC-73: the audit log", .timeLimit(.minutes(2)))
struct AuditLogTests {
    let scratch: Scratch
    let database: AccessDatabase

    init() throws {
        scratch = try Scratch()
        database = try scratch.open()
    }

    @Test("ACC-71: SQL neither changes nor removes nor inserts a record")
    func appendOnly() async throws {
        _ = try await database.key()
        let queue = try DatabaseQueue(path: scratch.path)
        for statement in [
            "UPDATE audit SET actor = 'nobody'", "UPDATE audit SET sequence = 99",
            "DELETE FROM audit", "DELETE FROM audit WHERE sequence = 1",
            "REPLACE INTO audit SELECT * FROM audit WHERE sequence = 1",
            "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE sequence = 1",
            """
            INSERT INTO audit SELECT 50, time, action, organisation, actor, subject, detail,
            source, previous, hash FROM audit WHERE sequence = 1
            """,
        ] {
            #expect(throws: DatabaseError.self, "\(statement)") {
                try queue.write { try $0.execute(sql: statement) }
            }
        }
        #expect(try await database.verifyAudit().count == 2)
    }

    @Test("ACC-72: whoever goes around the triggers is found out")
    func tampering() async throws {
        for _ in 0..<3 { _ = try await database.key() }
        let head = try await database.verifyAudit()
        #expect(head.count == 4)
        _ = try await database.verifyAudit(seen: head)
        let queue = try DatabaseQueue(path: scratch.path)
        func tamper(_ sql: String) throws {
            try queue.write { db in
                try db.execute(
                    sql: "DROP TRIGGER IF EXISTS audit_keeps; DROP TRIGGER IF EXISTS audit_stays"
                )
                try db.execute(sql: sql)
            }
        }
        try tamper("UPDATE audit SET subject = 'key:other' WHERE sequence = 2")
        await #expect(throws: AuditFault.altered(at: 2)) { try await database.verifyAudit() }
        try tamper("DELETE FROM audit WHERE sequence = 2")
        await #expect(throws: AuditFault.gap(at: 3)) { try await database.verifyAudit() }
        try tamper("DELETE FROM audit WHERE sequence > 1")
        #expect(try await database.verifyAudit().count == 1)
        await #expect(throws: AuditFault.cut(at: 2)) {
            try await database.verifyAudit(seen: head)
        }
    }

    @Test("ACC-73: what is logged names who, what and where, and no secret")
    func contents() async throws {
        let made = try await database.key()
        let caller = try await database.localOperator(at: .start)
        try await database.revokeKey(made.key.id, by: caller, source: "10.0.0.9", at: .start)
        let records = try await database.auditRecords(
            after: 0,
            of: caller.organisation,
            limit: 10
        )
        #expect(records.map(\.action) == [.userRegistered, .keyCreated, .keyRevoked])
        #expect(records[2].source == "10.0.0.9" && records[2].actor == "user:\(caller.user)")
        for record in records {
            #expect(!"\(record)".contains(made.text.text.suffix(49)))
        }
        let other = try #require(OrganisationID(bytes: [UInt8](repeating: 1, count: 16)))
        #expect(try await database.auditRecords(after: 0, of: other, limit: 10).isEmpty)
    }
}
