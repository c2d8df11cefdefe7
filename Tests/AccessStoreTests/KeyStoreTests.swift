import AccessCore
import AccessStore
import Foundation
import GRDB
import MarketTypes
import Testing

@Suite("AccessStore: keys", .timeLimit(.minutes(2)))
struct KeyStoreTests {
    let scratch: Scratch
    let database: AccessDatabase

    init() throws {
        scratch = try Scratch()
        database = try scratch.open()
    }

    @Test("ACC-13: wrong, ended and expired keys let nobody in")
    func refused() async throws {
        let made = try await database.key()
        let caller = try await database.localOperator(at: .start)
        let stranger = try #require(
            APIKeyText(mode: .live, random: (0..<41).map { UInt8($0) })
        )
        await #expect(throws: KeyRefusal.unknown) {
            try await database.admission(stranger, at: .start)
        }
        // The right name with another secret.
        let forged = try #require(Self.forged(made.text))
        await #expect(throws: KeyRefusal.unknown) {
            try await database.admission(forged, at: .start)
        }
        await #expect(throws: KeyRefusal.expired) {
            try await database.admission(made.text, at: .start.plus(30 * 86_400_000))
        }
        try await database.revokeKey(made.key.id, by: caller, source: "test", at: .start)
        await #expect(throws: KeyRefusal.revoked) {
            try await database.admission(made.text, at: .start)
        }
    }

    /// A key with the name of another and a secret of its own.
    private static func forged(_ text: APIKeyText) -> APIKeyText? {
        // The name is the first nine random bytes; find it by making keys would take for ever, so
        // the text is put together, with the checksum that belongs to it.
        let other = APIKeyText(mode: .live, random: (0..<41).map { UInt8($0) })
        guard let other else { return nil }
        let secret = other.text.dropFirst(other.prefix.count + 1).prefix(43)
        let body = "\(text.prefix)_\(secret)"
        return try? APIKeyText(body + checksum(body))
    }

    /// CRC-32 in base 62, written a second time.
    private static func checksum(_ body: String) -> String {
        var state: UInt32 = .max
        for byte in body.utf8 {
            for bit in 0..<8 {
                let isSet = (state ^ UInt32(byte >> bit)) & 1 == 1
                state = state >> 1 ^ (isSet ? 0xEDB8_8320 : 0)
            }
        }
        var (number, text) = (state ^ .max, "")
        let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        for _ in 0..<6 {
            text = String(digits[Int(number % 62)]) + text
            number /= 62
        }
        return text
    }

    @Test("API1, API5 (OWASP 2023): keys of another organisation are as if they were not there")
    func otherOrganisation() async throws {
        let made = try await database.key()
        let user = try #require(UserID(bytes: [UInt8](repeating: 7, count: 16)))
        let stranger = Caller(
            user: user,
            organisation: OrganisationID(of: user),
            account: nil,
            scopes: .all,
            proof: .session
        )
        await #expect(throws: KeyRefusal.unknown) {
            try await database.revokeKey(made.key.id, by: stranger, source: "test", at: .start)
        }
        await #expect(throws: KeyRefusal.unknown) {
            try await database.replaceKey(
                made.key.id,
                overlapMilliseconds: 0,
                by: stranger,
                source: "test",
                at: .start
            )
        }
        let owner = try await database.localOperator(at: .start)
        let reader = Caller(
            user: owner.user,
            organisation: owner.organisation,
            account: nil,
            scopes: ScopeSet([.readKeys]),
            proof: .key(made.key.id)
        )
        await #expect(throws: KeyRefusal.unknown) {
            try await database.revokeKey(made.key.id, by: reader, source: "test", at: .start)
        }
        await #expect(throws: KeyRefusal.scopesExceeded) {
            try await database.createKey(
                APIKeyRequest(
                    label: "x",
                    scopes: ScopeSet([.readKeys]),
                    expires: .start.plus(1_000)
                ),
                by: reader,
                source: "test",
                at: .start
            )
        }
        #expect(try await database.keys(of: stranger.organisation, at: .start).isEmpty)
    }

    @Test("ACC-12: a key makes none that may spend more, live longer, or that is live if it is not")
    func escaping() async throws {
        let owner = try await database.localOperator(at: .start)
        let scopes = ScopeSet([.writeKeys, .callModels])
        @discardableResult
        func made(
            _ proof: Caller.Proof,
            mode: APIKeyText.Mode = .live,
            days: UInt64
        ) async throws -> Timestamp {
            try await database.createKey(
                APIKeyRequest(
                    label: "child",
                    mode: mode,
                    scopes: ScopeSet([.callModels]),
                    expires: .start.plus(days * 86_400_000)
                ),
                by: Caller(
                    user: owner.user,
                    organisation: owner.organisation,
                    account: nil,
                    scopes: scopes,
                    proof: proof
                ),
                source: "test",
                at: .start
            ).key.expires
        }
        let free = try await database.key(scopes, days: 30).key.id
        for (days, got) in [(29, 29), (31, 30)] as [(UInt64, UInt64)] {
            let end = try await made(.key(free), days: days)
            #expect(end == .start.plus(got * 86_400_000))
        }
        let bounded = try await database.key(scopes, budgets: try budget(5)).key.id
        await #expect(throws: KeyRefusal.scopesExceeded) { try await made(.key(bounded), days: 1) }
        await #expect(throws: KeyRefusal.scopesExceeded) {
            try await made(.token(client: "c"), days: 1)
        }
        let test = try await database.createKey(
            APIKeyRequest(
                label: "t",
                mode: .test,
                scopes: scopes,
                expires: .start.plus(86_400_000)
            ),
            by: owner,
            source: "test",
            at: .start
        ).key.id
        await #expect(throws: KeyRefusal.scopesExceeded) { try await made(.key(test), days: 1) }
        try await made(.key(test), mode: .test, days: 1)
    }

    @Test("ACC-10: nothing in the file gives a key away, and only its owner can read it")
    func nothingStored() async throws {
        let made = try await database.key()
        let secret = String(made.text.text.suffix(49).prefix(43))
        for suffix in ["", "-wal"] {
            let data = try Data(contentsOf: URL(fileURLWithPath: scratch.path + suffix))
            #expect(data.range(of: Data(secret.utf8)) == nil)
            #expect(data.range(of: Data(made.text.requestSeed)) == nil)
            let mode =
                try FileManager.default.attributesOfItem(atPath: scratch.path + suffix)[
                    .posixPermissions
                ] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test("ACC-14: both keys work in the overlap, and only the new one after it")
    func rotation() async throws {
        let old = try await database.key()
        let caller = try await database.localOperator(at: .start)
        let new = try await database.replaceKey(
            old.key.id,
            overlapMilliseconds: 3_600_000,
            by: caller,
            source: "test",
            at: .start
        )
        #expect(new.key.scopes == old.key.scopes && new.key.label == old.key.label)
        for text in [old.text, new.text] {
            let admission = try await database.admission(text, at: .start.plus(3_599_999))
            #expect(admission.caller.scopes == ScopeSet([.callModels]))
        }
        await #expect(throws: KeyRefusal.replaced) {
            try await database.admission(old.text, at: .start.plus(3_600_000))
        }
        _ = try await database.admission(new.text, at: .start.plus(3_600_000))
        let used = try await database.keys(of: caller.organisation, at: .start)
            .compactMap(\.used)
        #expect(used.count == 2)
    }

    @Test("ACC-15: an organisation has only so many keys, and ended ones make room")
    func tooMany() async throws {
        let caller = try await database.localOperator(at: .start)
        var last: CreatedKey?
        for _ in 0..<Tier.free.keysMax { last = try await database.key() }
        await #expect(throws: KeyRefusal.tooMany) { try await database.key() }
        let id = try #require(last).key.id
        try await database.revokeKey(id, by: caller, source: "test", at: .start)
        _ = try await database.key()
    }

    @Test("ACC-15: keys that are over push no other out of a list, and are forgotten after years")
    func manyEnded() async throws {
        let caller = try await database.localOperator(at: .start)
        let first = try await database.key().key.id
        func make(_ now: Timestamp) async throws -> APIKeyID {
            try await database.createKey(
                APIKeyRequest(
                    label: "over",
                    scopes: ScopeSet([.callModels]),
                    budgets: try budget(5),
                    expires: now.plus(86_400_000)
                ),
                by: caller,
                source: "test",
                at: now
            ).key.id
        }
        var ended: [APIKeyID] = []
        for place in 1...AccessDatabase.keyPageMax {
            let now = Timestamp.start.plus(UInt64(place))
            let id = try await make(now)
            try await database.revokeKey(id, by: caller, source: "test", at: now)
            ended.append(id)
        }
        let now = Timestamp.start.plus(10_000)
        let listed = try await database.keys(of: caller.organisation, at: now).map(\.key.id)
        #expect(listed == ended.dropFirst().reversed() + [first])
        #expect(try await database.labels(of: caller.organisation, at: now)[first] == "test")

        // The oldest has money set aside, and the next one goes.
        let limits = SQLiteLimits(database)
        _ = try await limits.reserve(try spending(ended[0], 1), under: .none, at: .start)
        _ = try await limits.reserve(try spending(first, 1), under: .none, at: .start)
        _ = try await make(.start.plus(400 * 86_400_000))
        #expect(try await stored() == Set(ended + [first]).count + 1)
        _ = try await make(.start.plus(402 * 86_400_000))
        let left = try await DatabaseQueue(path: scratch.path).read { db in
            try String.fetchSet(db, sql: "SELECT id FROM keys")
        }
        #expect(!left.contains(ended[1].text) && !left.contains(ended[2].text))
        #expect(left.isSuperset(of: [ended[0].text, first.text, ended[3].text]))
        #expect(try await stored() == AccessDatabase.keyPageMax + 1)
    }

    /// How many keys there are, over or not.
    private func stored() async throws -> Int? {
        try await DatabaseQueue(path: scratch.path).read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM keys")
        }
    }

    @Test("ACC-52: a signed request lets in once, and its replay does not")
    func replay() async throws {
        let made = try await database.key()
        let content = RequestContent(method: "POST", target: "/x", body: [])
        let nonce = [UInt8](repeating: 3, count: 16)
        let field = try #require(
            content.field(signedBy: made.text, nonce: nonce, at: .start)
        )
        let signed = try SignedRequest(field: field)
        let admission = try await database.admission(signed, over: content, at: .start)
        #expect(admission.caller.proof == .key(made.key.id))
        await #expect(throws: SignedRequestRefusal.replayed) {
            try await database.admission(signed, over: content, at: .start.plus(100_000))
        }
        await #expect(throws: SignedRequestRefusal.outsideWindow) {
            try await database.admission(signed, over: content, at: .start.plus(200_000))
        }
        let other = RequestContent(method: "POST", target: "/y", body: [])
        await #expect(throws: SignedRequestRefusal.invalidSignature) {
            try await database.admission(signed, over: other, at: .start)
        }
    }

    @Test("ACC-52: of 32 copies of one signed request at once, one lets in")
    func replayAtOnce() async throws {
        let made = try await database.key()
        let content = RequestContent(method: "POST", target: "/x", body: [])
        let field = try #require(
            content.field(
                signedBy: made.text,
                nonce: [UInt8](repeating: 4, count: 16),
                at: .start
            )
        )
        let signed = try SignedRequest(field: field)
        let database = database
        let taken = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<32 {
                group.addTask {
                    (try? await database.admission(signed, over: content, at: .start)) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(taken == 1)
    }
}
