import AccessCore
import AccessStore
import Foundation
import GRDB
import Identity
import MarketTypes
import Testing

@Suite("ACC-60 to ACC-65: organisations", .timeLimit(.minutes(2)))
struct OrganisationStoreTests {
    let scratch: Scratch
    let database: AccessDatabase

    init() throws {
        scratch = try Scratch()
        database = try scratch.open()
    }

    private func person(_ seed: UInt8, in organisation: OrganisationID? = nil) throws -> Caller {
        try scratch.person(seed, in: organisation)
    }

    private func join(
        _ organisation: OrganisationID,
        _ caller: Caller,
        as role: Role,
        by owner: Caller
    ) async throws {
        let invited = try await database.invite(
            to: organisation,
            as: role,
            label: "a friend",
            by: owner,
            source: "test",
            at: .start
        )
        _ = try await database.join(invited.text, by: caller, source: "test", at: .start)
    }

    @Test("ACC-66: the account of an owner who leaves, or is one no more, pays no more")
    func unlinking() async throws {
        for role in [Role.developer, nil] {
            let (payer, other) = (try person(11), try person(12))
            let team = try await database.createOrganisation(
                named: "Team",
                by: payer,
                source: "test",
                at: .start
            )
            try await join(team, try person(12, in: team), as: .owner, by: payer)
            let key = try #require(SigningKey(seed: [UInt8](repeating: 7, count: 32))).publicKey
            let credential: [UInt8] = [1, 2, 3]
            try await DatabaseQueue(path: scratch.path).write { db in
                try db.execute(
                    sql: "INSERT OR IGNORE INTO passkeys VALUES (?, ?, ?, 0, 'p', 0, 0)",
                    arguments: [Data(credential), Data(payer.user.bytes), key.description]
                )
            }
            try await database.linkAccount(
                ofPasskey: credential,
                to: team,
                by: payer,
                source: "test",
                at: .start
            )
            #expect(try await database.account(of: team) == key.accountID)
            try await database.changeMember(
                payer.user,
                of: team,
                to: role,
                by: other,
                source: "test",
                at: .start
            )
            #expect(try await database.account(of: team) == nil)
            let record = try await database.latestAuditRecords(of: team, before: nil, limit: 2).last
            #expect(record?.action == .accountUnlinked && record?.source == "test")
            #expect(record?.subject == "account:\(key.accountID)")
        }
    }

    @Test("ACC-63: an invitation is used once, in time, by a person, while its maker may invite")
    func invitations() async throws {
        let (owner, friend, other) = (try person(1), try person(2), try person(3))
        let team = try await database.createOrganisation(
            named: "Team",
            by: owner,
            source: "test",
            at: .start
        )
        let invited = try await database.invite(
            to: team,
            as: .developer,
            label: "friend",
            by: owner,
            source: "test",
            at: .start
        )
        await #expect(throws: OrganisationRefusal.unknownInvitation) {
            try await database.join("AAAA", by: friend, source: "test", at: .start)
        }
        let late = Timestamp.start.plus(Invitation.lifeMilliseconds)
        await #expect(throws: OrganisationRefusal.unknownInvitation) {
            try await database.join(invited.text, by: friend, source: "test", at: late)
        }
        // It was looked at too late, which does not use it up.
        _ = try await database.join(invited.text, by: friend, source: "test", at: .start)
        await #expect(throws: OrganisationRefusal.unknownInvitation) {
            try await database.join(invited.text, by: other, source: "test", at: .start)
        }
        await #expect(throws: OrganisationRefusal.notAllowed) {
            try await database.invite(
                to: team,
                as: .viewer,
                label: "x",
                by: friend,
                source: "test",
                at: .start
            )
        }
        let names = try await database.members(of: team, for: friend).map(\.member.role)
        #expect(names.sorted { $0.rawValue < $1.rawValue } == [.owner, .developer])
    }

    @Test("API1 (OWASP 2023): who is no member sees and changes nothing")
    func strangers() async throws {
        let (owner, stranger) = (try person(1), try person(2))
        let team = try await database.createOrganisation(
            named: "Team",
            by: owner,
            source: "test",
            at: .start
        )
        await #expect(throws: OrganisationRefusal.unknown) {
            try await database.members(of: team, for: stranger)
        }
        await #expect(throws: OrganisationRefusal.unknown) {
            try await database.invitations(to: team, for: stranger, at: .start)
        }
        await #expect(throws: OrganisationRefusal.unknown) {
            try await database.changeMember(
                owner.user,
                of: team,
                to: .viewer,
                by: stranger,
                source: "test",
                at: .start
            )
        }
    }

    @Test("ACC-62: who leaves takes their keys and sessions along; a lower role lowers keys")
    func leaving() async throws {
        let owner = try person(1)
        let team = try await database.createOrganisation(
            named: "Team",
            by: owner,
            source: "test",
            at: .start
        )
        let friend = try person(2, in: team)
        try await join(team, friend, as: .admin, by: owner)
        let made = try await database.createKey(
            APIKeyRequest(label: "x", scopes: .all, expires: .start.plus(10_000)),
            by: friend,
            source: "test",
            at: .start
        )
        #expect(try await database.admission(made.text, at: .start).caller.scopes == .all)
        func change(_ role: Role?) async throws {
            try await database.changeMember(
                friend.user,
                of: team,
                to: role,
                by: owner,
                source: "test",
                at: .start
            )
        }
        try await change(.viewer)
        let lower = try await database.admission(made.text, at: .start).caller.scopes
        #expect(lower == Role.viewer.scopes)
        try await change(nil)
        await #expect(throws: KeyRefusal.unknown) {
            try await database.admission(made.text, at: .start)
        }
        await #expect(throws: OrganisationRefusal.lastOwner) {
            try await database.changeMember(
                owner.user,
                of: team,
                to: nil,
                by: owner,
                source: "test",
                at: .start
            )
        }
    }

    @Test("ACC-64: there are only so many invitations, members and organisations")
    func bounded() async throws {
        let owner = try person(1)
        let team = try await database.createOrganisation(
            named: "Team",
            by: owner,
            source: "test",
            at: .start
        )
        for number in 2...UInt8(Tier.free.membersMax) {
            try await join(team, try person(number), as: .viewer, by: owner)
        }
        await #expect(throws: OrganisationRefusal.tooManyMembers) {
            try await join(team, try person(99), as: .viewer, by: owner)
        }
        for _ in 1...Invitation.openMax - 1 {
            _ = try await database.invite(
                to: team,
                as: .viewer,
                label: "x",
                by: owner,
                source: "test",
                at: .start
            )
        }
        await #expect(throws: OrganisationRefusal.tooManyInvitations) {
            try await database.invite(
                to: team,
                as: .viewer,
                label: "x",
                by: owner,
                source: "test",
                at: .start
            )
        }
        for _ in 0..<Organisation.perUserMax - 2 {
            _ = try await database.createOrganisation(
                named: "More",
                by: owner,
                source: "test",
                at: .start
            )
        }
        await #expect(throws: OrganisationRefusal.tooManyOrganisations) {
            try await database.createOrganisation(
                named: "More",
                by: owner,
                source: "test",
                at: .start
            )
        }
    }
}
