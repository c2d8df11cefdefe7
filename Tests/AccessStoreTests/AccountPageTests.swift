import AccessCore
import AccessStore
import Foundation
import GRDB
import MarketTypes
import Testing

@Suite("PRT-90 to PRT-95: what the pages of an account ask", .timeLimit(.minutes(2)))
struct AccountPageTests {
    let scratch: Scratch
    let database: AccessDatabase

    init() throws {
        scratch = try Scratch()
        database = try scratch.open()
    }

    @Test(
        "a database of an older format is brought to the present one and keeps what it has",
        arguments: [1, 2]
    )
    func migration(format: Int) async throws {
        let made = try await database.key(try #require(ScopeSet(text: "calls:write keys:write")))
        let child = try await database.key(madeBy: made.key)
        try await DatabaseQueue(path: scratch.path).write { db in
            if format < 2 { try db.execute(sql: "DROP TABLE billing") }
            try db.execute(
                sql: """
                    DROP INDEX keys_of_parent;
                    ALTER TABLE keys DROP COLUMN parent;
                    """
            )
            try db.execute(sql: "UPDATE place SET format = ?", arguments: [format])
        }
        let again = try scratch.open()
        let caller = try await again.localOperator(at: .start)
        let ids = try await again.keys(of: caller.organisation, at: .start).map(\.key.id)
        #expect(Set(ids) == [made.key.id, child.key.id])
        #expect(try await again.billing(of: caller.organisation) == nil)
        let found = try await DatabaseQueue(path: scratch.path).read { db in
            try Int.fetchOne(db, sql: "SELECT format FROM place")
        }
        #expect(found == AccessStoreFormat.number)
        // The log told which key made which.
        try await again.revokeKey(made.key.id, by: caller, source: "test", at: .start)
        await #expect(throws: KeyRefusal.revoked) {
            try await again.admission(child.text, at: .start)
        }
    }

    @Test("a format that nobody knows is refused and left as it is")
    func unknownFormat() async throws {
        try await DatabaseQueue(path: scratch.path).write { db in
            try db.execute(sql: "UPDATE place SET format = 99")
        }
        #expect(throws: AccessStoreError.otherFormat(found: 99)) { try scratch.open() }
    }

    @Test(
        "spending is that of the organisation's keys, by day and model, latest first",
        arguments: LimitPlace.chosen
    )
    func usage(_ place: LimitPlace) async throws {
        let made = try await database.key()
        let stores = try LimitStores(place, scratch)
        let limits = try stores.open()
        for (day, obol) in [(0, 5), (1, 7), (40, 11)] {
            let now = Timestamp.start.plus(UInt64(day) * 86_400_000)
            let request = try spending(made.key.id, 100, model: "m\(day)", at: now)
            let reservation = try await limits.reserve(request, under: .none, at: now)
            try await limits.bind(reservation.id, to: .zero)
            let charge = Amount(obol: UInt128(obol))
            try await limits.settle(Settlement(reservation.id, charge: charge))
        }
        let first = Timestamp.start.dayUTC
        let labels = try await database.labels(of: made.key.organisation, at: .start)
        let lines = try await limits.spending(of: labels, days: first...(first + 1))
        #expect(lines.map(\.day) == [first + 1, first + 1, first, first])
        #expect(lines.map(\.model) == [nil, "m1", nil, "m0"])
        #expect(lines.map(\.amount.obol) == [7, 7, 5, 5])
        #expect(lines.allSatisfy { $0.label == "test" && $0.denomination == .native })
        let stranger = try #require(OrganisationID(bytes: [UInt8](repeating: 7, count: 16)))
        #expect(try await database.labels(of: stranger, at: .start).isEmpty)
        #expect(try await limits.spending(of: [:], days: first...(first + 99)).isEmpty)
    }

    @Test("the log's latest entries come first, and a page begins before a place")
    func audit() async throws {
        let made = try await database.key()
        let organisation = made.key.organisation
        _ = try await database.key()
        let all = try await database.latestAuditRecords(
            of: organisation,
            before: nil,
            limit: 10
        )
        #expect(all.map(\.action) == [.keyCreated, .keyCreated, .userRegistered])
        let older = try await database.latestAuditRecords(
            of: organisation,
            before: all[0].sequence,
            limit: 1
        )
        #expect(older == [all[1]])
    }

    @Test(
        "details that cannot stand on paper are refused",
        arguments: [
            ("", "", ""), ("a\u{0}", "", ""), (String(repeating: "a", count: 97), "", ""),
            ("a", "1\n2\n3\n4\n5\n6\n7", ""), ("a", "b\u{202E}c", ""), ("a", "", "DE<1>"),
            ("a", "", String(repeating: "1", count: 21)),
        ]
    )
    func unfit(name: String, address: String, vat: String) {
        #expect(BillingDetails(name: name, address: address, vat: vat) == nil)
    }

    @Test("whose name stands on statements is kept, and logged")
    func billing() async throws {
        let caller = try await database.localOperator(at: .start)
        let details = try #require(
            BillingDetails(name: " Engines ", address: "12 Square\r\n\r\n London ", vat: "gb 1-2")
        )
        #expect(details.name == "Engines" && details.vat == "GB1-2")
        #expect(details.address == ["12 Square", "London"])
        for _ in 0..<2 {
            try await database.setBilling(details, by: caller, source: "test", at: .start)
        }
        #expect(try await database.billing(of: caller.organisation) == details)
        let last = try await database.latestAuditRecords(
            of: caller.organisation,
            before: nil,
            limit: 1
        )
        #expect(last.first?.action == .organisationChanged)
        let other = try #require(OrganisationID(bytes: [UInt8](repeating: 7, count: 16)))
        let stranger = Caller(
            user: caller.user,
            organisation: other,
            account: nil,
            scopes: .all,
            proof: .session
        )
        await #expect(throws: OrganisationRefusal.unknown) {
            try await database.setBilling(details, by: stranger, source: "test", at: .start)
        }
    }

    @Test("an invitation is known to whoever has its text, until it is over")
    func invitation() async throws {
        let owner = try await database.localOperator(at: .start)
        let team = try await database.createOrganisation(
            named: "Team",
            by: owner,
            source: "test",
            at: .start
        )
        let made = try await database.invite(
            to: team,
            as: .viewer,
            label: "x",
            by: owner,
            source: "test",
            at: .start
        )
        let found = try await database.invitation(made.text, at: .start)
        #expect(found?.organisation == "Team" && found?.role == .viewer)
        let end = Timestamp.start.plus(Invitation.lifeMilliseconds)
        #expect(try await database.invitation(made.text, at: end) == nil)
        #expect(try await database.invitation("AAAA", at: .start) == nil)
        let boss = Caller(
            user: owner.user,
            organisation: team,
            account: nil,
            scopes: .all,
            proof: .session
        )
        for _ in 0..<2 {
            try? await database.withdrawInvitation(
                made.invitation.id,
                to: team,
                by: boss,
                source: "192.0.2.7",
                at: .start
            )
        }
        #expect(try await database.invitation(made.text, at: .start) == nil)
        let records = try await database.latestAuditRecords(of: team, before: nil, limit: 10)
            .filter { $0.action == .invitationWithdrawn }
        #expect(records.map(\.subject) == ["invitation:\(made.invitation.id)"])
        #expect(records.map(\.source) == ["192.0.2.7"])
    }
}
