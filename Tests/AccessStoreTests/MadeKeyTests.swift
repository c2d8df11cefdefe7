import AccessCore
import AccessStore
import MarketTypes
import Testing

@Suite("ACC-12: what a key made ends with it", .timeLimit(.minutes(2)))
struct MadeKeyTests {
    private static let hour: UInt64 = 3_600_000
    private let scratch: Scratch
    private let database: AccessDatabase
    private let owner: Caller
    private let parent, child, grandchild: CreatedKey

    init() async throws {
        scratch = try Scratch()
        database = try scratch.open()
        owner = try await database.localOperator(at: .start)
        let scopes = try #require(ScopeSet(text: "calls:write keys:write"))
        parent = try await database.key(scopes)
        child = try await database.key(scopes, madeBy: parent.key)
        grandchild = try await database.key(madeBy: child.key)
    }

    /// Makes a successor of a key.
    private func successor(
        of key: APIKey,
        hours: UInt64,
        by caller: Caller
    ) async throws -> CreatedKey {
        try await database.replaceKey(
            key.id,
            overlapMilliseconds: hours * Self.hour,
            by: caller,
            source: "test",
            at: .start
        )
    }

    private func expect(_ refusal: KeyRefusal?, of made: CreatedKey, at now: Timestamp) async {
        do throws(any Error) {
            _ = try await database.admission(made.text, at: now)
            #expect(refusal == nil)
        } catch {
            #expect(error as? KeyRefusal == refusal)
        }
    }

    @Test("A key does not take the place of the one that made it")
    func maker() async throws {
        await #expect(throws: KeyRefusal.scopesExceeded) {
            try await successor(of: parent.key, hours: 1, by: child.key.holder)
        }
        await expect(nil, of: parent, at: .start)
    }

    @Test("Revoked: so is all that came of it, each with a record, and nothing else")
    func revoked() async throws {
        let other = try await database.key()
        let theirs = try await successor(of: grandchild.key, hours: 1, by: owner)
        let own = try await successor(of: child.key, hours: 1, by: child.key.holder)
        try await database.revokeKey(parent.key.id, by: owner, source: "test", at: .start)
        for made in [parent, child, grandchild, own] {
            await expect(.revoked, of: made, at: .start)
        }
        // What a person makes in a key's place is not the key's.
        for made in [other, theirs] { await expect(nil, of: made, at: .start) }
        let ended = try await database.latestAuditRecords(
            of: owner.organisation,
            before: nil,
            limit: 100
        ).filter { $0.action == .keyRevoked }
        #expect(
            Set(ended.map(\.subject))
                == Set([parent, child, grandchild, own].map { "key:\($0.key.id)" })
        )
        #expect(ended.filter { $0.detail == "made by key:\(parent.key.id)" }.count == 3)
    }

    @Test("Replaced: until its overlap is over, and so is what it makes meanwhile")
    func replaced() async throws {
        let next = try await successor(of: parent.key, hours: 1, by: owner)
        let until = Timestamp.start.plus(Self.hour)
        let late = try await database.key(madeBy: parent.key, at: .start.plus(1))
        #expect(late.key.expires == until)
        for made in [parent, child, grandchild, late, next] {
            await expect(nil, of: made, at: .start.plus(Self.hour - 1))
        }
        for made in [parent, child, grandchild] { await expect(.replaced, of: made, at: until) }
        await expect(.expired, of: late, at: until)
        await expect(nil, of: next, at: until)
        await #expect(throws: KeyRefusal.replaced) {
            try await database.key(madeBy: parent.key, at: until)
        }
    }

    @Test("Replaced by itself: its successor lives as long as it would have, or until its end")
    func ownSuccessor() async throws {
        let next = try await successor(of: parent.key, hours: 0, by: parent.key.holder)
        #expect(next.key.expires == parent.key.expires)
        await expect(.replaced, of: child, at: .start)
        await expect(nil, of: next, at: .start)
        try await database.revokeKey(parent.key.id, by: owner, source: "test", at: .start)
        await expect(.revoked, of: next, at: .start)
    }

    @Test("A key that ended between a request's look at it and the request's change makes none")
    func endedMeanwhile() async throws {
        try await database.revokeKey(parent.key.id, by: owner, source: "test", at: .start)
        await #expect(throws: KeyRefusal.revoked) {
            try await database.key(madeBy: parent.key)
        }
    }
}
