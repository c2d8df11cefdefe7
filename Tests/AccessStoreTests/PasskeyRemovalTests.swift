import AccessCore
import AccessStore
import Foundation
import GRDB
import Identity
import MarketTypes
import Testing

@Suite("ACC-27: how somebody signs in is changed by whoever just signed in")
struct PasskeyRemovalTests {
    private static let phone: [UInt8] = [2]
    private static let laptop: [UInt8] = [1]

    let scratch: Scratch
    let database: AccessDatabase
    let user: UserID
    let session: SessionToken
    let other: SessionToken

    /// Somebody with two passkeys and two sessions; the laptop's account pays.
    init() throws {
        scratch = try Scratch()
        database = try scratch.open()
        user = try #require(UserID(bytes: [UInt8](repeating: 7, count: 16)))
        session = try #require(SessionToken(bytes: [UInt8](repeating: 1, count: 32)))
        other = try #require(SessionToken(bytes: [UInt8](repeating: 2, count: 32)))
        let queue = try DatabaseQueue(path: scratch.path)
        let blob = Data(user.bytes)
        let keys = try [3, 4].map { seed in
            try #require(SigningKey(seed: [UInt8](repeating: seed, count: 32))).publicKey
        }
        let tokens = [session, other]
        try queue.write { db in
            try db.execute(sql: "INSERT INTO users VALUES (?, 'p', 0)", arguments: [blob])
            try db.execute(
                sql: "INSERT INTO organisations VALUES (?, 'p', 1, ?, 0)",
                arguments: [blob, Data(keys[0].accountID.digest.bytes)]
            )
            try db.execute(
                sql: "INSERT INTO members VALUES (?, ?, 4, 0)",
                arguments: [blob, blob]
            )
            for (credential, key) in zip([Self.laptop, Self.phone], keys) {
                try db.execute(
                    sql: "INSERT INTO passkeys VALUES (?, ?, ?, 0, 'k', 0, 0)",
                    arguments: [Data(credential), blob, key.description]
                )
            }
            for token in tokens {
                try db.execute(
                    sql: "INSERT INTO sessions VALUES (?, ?, ?, ?, ?)",
                    arguments: [
                        Data(token.digest.bytes), blob, blob,
                        Int64(Timestamp.start.milliseconds), Int64(Timestamp.start.milliseconds),
                    ]
                )
            }
        }
    }

    private func remove(
        _ credential: [UInt8],
        after milliseconds: UInt64 = 1,
        in token: SessionToken? = nil,
        of owner: UserID? = nil
    ) async throws {
        try await database.removePasskey(
            credential,
            of: owner ?? user,
            in: token ?? session,
            source: "192.0.2.1",
            at: .start.plus(milliseconds)
        )
    }

    @Test("a passkey that was lost signs in no more, and whoever has it is out")
    func lost() async throws {
        try await remove(Self.phone)
        #expect(try await database.passkeys(of: user).map(\.passkey.credential) == [Self.laptop])
        #expect(try await database.admission(session, at: .start.plus(2)) != nil)
        #expect(try await database.admission(other, at: .start.plus(2)) == nil)
    }

    @Test("what must be refused is, and changes nothing")
    func refused() async throws {
        let stranger = try #require(UserID(bytes: [UInt8](repeating: 9, count: 16)))
        let unknown = try #require(SessionToken(bytes: [UInt8](repeating: 3, count: 32)))
        await #expect(throws: PasskeyRefusal.sessionOld) {
            try await remove(Self.phone, after: WebSession.freshMilliseconds)
        }
        await #expect(throws: PasskeyRefusal.sessionOld) {
            try await remove(Self.phone, in: unknown)
        }
        await #expect(throws: PasskeyRefusal.sessionOld) {
            try await remove(Self.phone, of: stranger)
        }
        await #expect(throws: PasskeyRefusal.unknownPasskey) { try await remove([9]) }
        await #expect(throws: PasskeyRefusal.paysForOrganisation) {
            try await remove(Self.laptop)
        }
        #expect(try await database.passkeys(of: user).count == 2)
        #expect(try await database.admission(other, at: .start.plus(2)) != nil)
        try await remove(Self.phone)
        await #expect(throws: PasskeyRefusal.last) { try await remove(Self.laptop) }
    }

    @Test("only a session that just began may add one")
    func adding() async throws {
        try await database.requireFresh(session, of: user, at: .start.plus(1))
        await #expect(throws: PasskeyRefusal.sessionOld) {
            try await database.requireFresh(
                session,
                of: user,
                at: .start.plus(WebSession.freshMilliseconds)
            )
        }
    }
}
