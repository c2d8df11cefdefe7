import AccessCore
import Foundation
import GRDB
import MarketTypes
import Testing

@testable import AccessStore

@Suite("ACC-13: a key that was asked for before is looked at again for each request")
struct KnownKeyTests: Sendable {
    private let scratch: Scratch
    /// What serves requests, and another process that changes things.
    private let database: AccessDatabase
    private let other: AccessDatabase
    private let made: CreatedKey

    init() async throws {
        scratch = try Scratch()
        database = try scratch.open()
        other = try scratch.open()
        made = try await database.key(try #require(ScopeSet(text: "calls:write keys:write")))
        // Known from here on.
        _ = try await database.admission(made.text, at: .start)
    }

    private func change(_ sql: String, _ arguments: StatementArguments = []) async throws {
        try await other.write { try $0.execute(sql: sql, arguments: arguments) }
    }

    @Test("Revoked by another process means revoked with the next request")
    func revoked() async throws {
        let caller = try await other.localOperator(at: .start)
        try await other.revokeKey(made.key.id, by: caller, source: "test", at: .start)
        await #expect(throws: KeyRefusal.revoked) {
            try await database.admission(made.text, at: .start)
        }
    }

    @Test("Replaced: good until its overlap is over")
    func replaced() async throws {
        let caller = try await other.localOperator(at: .start)
        _ = try await other.replaceKey(
            made.key.id,
            overlapMilliseconds: 1_000,
            by: caller,
            source: "test",
            at: .start
        )
        let known = try await database.admission(made.text, at: .start.plus(999))
        guard case .replaced = known.key?.state else {
            Issue.record("the key's state is not the table's")
            return
        }
        await #expect(throws: KeyRefusal.replaced) {
            try await database.admission(made.text, at: .start.plus(1_000))
        }
    }

    @Test("Whoever made it left: it is over")
    func ownerless() async throws {
        try await change("DELETE FROM members WHERE user = ?", [made.key.user.blob])
        await #expect(throws: KeyRefusal.ownerless) {
            try await database.admission(made.text, at: .start)
        }
    }

    @Test("Whoever made it may do less: so may the key; and another account pays")
    func lessened() async throws {
        #expect(
            try await database.admission(made.text, at: .start).caller.scopes.contains(.writeKeys)
        )
        try await change(
            "UPDATE members SET role = ? WHERE user = ?",
            [Role.viewer.rawValue, made.key.user.blob]
        )
        let account = Digest(words: (5, 6, 7, 8))
        try await change(
            "UPDATE organisations SET account = ?, tier = ?",
            [account.blob, Tier.house.rawValue]
        )
        let now = try await database.admission(made.text, at: .start)
        #expect(!now.caller.scopes.contains(.writeKeys))
        #expect(now.caller.account == AccountID(account) && now.tier == .house)
    }

    @Test("Another secret for a name that is known is none")
    func forged() async throws {
        let known = try #require(database.knownKeys[made.key.id])
        #expect(known.digest == made.text.digest)
        // The name stays when the secret is another: only the whole text's digest counts.
        let other = try await database.key()
        database.knownKeys.add(
            KnownKey(key: made.key, digest: other.text.digest, requestKey: known.requestKey)
        )
        await #expect(throws: KeyRefusal.unknown) {
            try await database.admission(made.text, at: .start)
        }
    }

    @Test("A row that is damaged lets nobody in")
    func damaged() async throws {
        try await change("UPDATE keys SET state = 9")
        await #expect(throws: AccessStoreError.damaged(column: "state")) {
            try await database.admission(made.text, at: .start)
        }
    }
}
