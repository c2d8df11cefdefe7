import AccessCore
import MarketTypes
import Testing

@Suite("ACC-70: the audit log's chain")
struct AuditTests {
    private func records(_ count: UInt64) throws -> [AuditRecord] {
        let organisation = try #require(OrganisationID(bytes: bytes(16)))
        var (list, previous) = ([AuditRecord](), Digest.zero)
        for number in 1...count {
            let entry = AuditEntry(
                .keyCreated,
                in: organisation,
                by: "user:a",
                subject: "key:\(number)",
                source: "local"
            )
            let record = AuditRecord(entry, sequence: number, time: .start, previous: previous)
            list.append(record)
            previous = record.hash
        }
        return list
    }

    @Test("a record that is changed, missing or out of its place is found")
    func faults() throws {
        let list = try records(5)
        var walk = AuditWalk()
        try walk.step(list[0], storedHash: list[0].hash)
        let before = walk
        #expect(throws: AuditFault.gap(at: 3)) {
            try walk.step(list[2], storedHash: list[2].hash)
        }
        #expect(throws: AuditFault.altered(at: 2)) {
            try walk.step(list[1], storedHash: list[2].hash)
        }
        let other = AuditRecord(
            AuditEntry(
                .keyRevoked,
                in: list[0].organisation,
                by: "",
                subject: "",
                source: ""
            ),
            sequence: 2,
            time: .start,
            previous: .zero
        )
        #expect(throws: AuditFault.broken(at: 2)) {
            try walk.step(other, storedHash: other.hash)
        }
        #expect(walk == before)
        for record in list[1...] { try walk.step(record, storedHash: record.hash) }
        #expect(walk.count == 5 && walk.head == list[4].hash)
    }

    @Test("texts are bounded, by whole characters")
    func bounded() throws {
        let organisation = try #require(OrganisationID(bytes: bytes(16)))
        let long = String(repeating: "é", count: 400)
        let entry = AuditEntry(.keyCreated, in: organisation, by: long, subject: "", source: "")
        let record = AuditRecord(entry, sequence: 1, time: .start, previous: .zero)
        #expect(record.actor.utf8.count == AuditRecord.textBytesMax)
    }
}
