import AccessCore
import AccessStore
import Foundation
import GRDB
import MarketTypes
import Testing

@Suite("Tokens of programs, and the end of what they come from", .timeLimit(.minutes(2)))
struct ClientTests {
    static let issuer = "http://localhost"
    let scratch: Scratch
    let database: AccessDatabase
    let tokens: TokenIssuer
    let owner: Caller

    init() async throws {
        scratch = try Scratch()
        database = try scratch.open()
        let sealing = try SealingKey(path: scratch.path + ".key")
        tokens = TokenIssuer(database, sealing: sealing, algorithm: .edDSA)
        owner = try await database.localOperator(at: .start)
    }

    /// A program of the caller's organisation that keeps a secret.
    func program(of caller: Caller) async throws -> OAuthClient {
        try await database.registerClient(
            ClientRequest(
                name: "tool",
                redirects: [try #require(RedirectURI("https://tool.example/"))],
                scopes: ScopeSet([.readUsage]),
                isConfidential: true
            ),
            by: caller,
            source: "test",
            at: .start
        ).client
    }

    /// What it is given for itself.
    func tokens(of client: OAuthClient, at now: Timestamp = .start) async throws -> IssuedTokens {
        try await tokens.issue(
            to: client,
            scope: nil,
            issuer: Self.issuer,
            source: "test",
            at: now
        )
    }

    @Test("A program that proved itself just before its end is given nothing after it")
    func endedMeanwhile() async throws {
        let client = try await program(of: owner)
        let given = try await tokens(of: client)
        try await database.revokeClient(client.id, by: owner, source: "test", at: .start)
        await #expect(throws: OAuthRefusal.invalidClient) { try await tokens(of: client) }
        await #expect(throws: TokenRefusal.revoked) {
            try await tokens.admission(given.access, issuer: Self.issuer, at: .start)
        }
        await #expect(throws: OAuthRefusal.invalidClient) {
            try await database.revokeClient(client.id, by: owner, source: "test", at: .start)
        }
        #expect(try await database.clients(of: owner.organisation).isEmpty)
    }

    /// What a program is allowed by somebody, with its code used up.
    private func allowed(
        _ client: OAuthClient,
        by caller: Caller
    ) async throws -> IssuedTokens {
        try await redeem(try await code(client, by: caller), client)
    }

    /// RFC 7636, appendix B.
    private static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    private static let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    private func code(_ client: OAuthClient, by caller: Caller) async throws -> String {
        try await tokens.issueCode(
            Consent(
                client: client,
                redirect: client.redirects[0],
                challenge: Self.challenge,
                scopes: client.scopes
            ),
            by: caller,
            source: "test",
            at: .start
        )
    }

    private func redeem(
        _ code: String,
        _ client: OAuthClient,
        at now: Timestamp = .start
    ) async throws -> IssuedTokens {
        try await tokens.redeem(
            code: code,
            client: client,
            redirect: client.redirects[0].text,
            verifier: Self.verifier,
            issuer: Self.issuer,
            source: "test",
            at: now
        )
    }

    private func renew(_ given: IssuedTokens, _ client: OAuthClient) async throws -> IssuedTokens {
        try await tokens.renew(
            try #require(given.refresh),
            client: client,
            scope: nil,
            issuer: Self.issuer,
            source: "test",
            at: .start
        )
    }

    @Test("ACC-65: one user's grants to a program are bounded: of one more, the oldest ends")
    func grantsOfOne() async throws {
        let client = try await program(of: owner)
        var given: [IssuedTokens] = []
        for second in 0...UInt64(OAuthClient.grantsPerUserMax) {
            let now = Timestamp.start.adding(milliseconds: second * 1_000)
            given.append(try await redeem(try await code(client, by: owner), client, at: now))
        }
        let later = Timestamp.start.adding(milliseconds: 60_000)
        func isValid(_ tokens: IssuedTokens) async -> Bool {
            let found = try? await self.tokens.admission(
                tokens.access,
                issuer: Self.issuer,
                at: later
            )
            return found != nil
        }
        #expect(await !isValid(given[0]))
        for tokens in given.dropFirst() { #expect(await isValid(tokens)) }
        await #expect(throws: OAuthRefusal.invalidGrant) { try await renew(given[0], client) }
        #expect(try await database.programs(of: owner, at: later).map(\.client) == [client.id])
    }

    @Test("ACC-62: who leaves takes along what they allowed and registered, and brings none back")
    func leaving() async throws {
        let team = try await database.createOrganisation(
            named: "Team",
            by: owner,
            source: "test",
            at: .start
        )
        let (boss, member) = (owner.acting(for: team), try scratch.person(9, in: team))
        func join() async throws {
            let invited = try await database.invite(
                to: team,
                as: .developer,
                label: "a friend",
                by: boss,
                source: "test",
                at: .start
            )
            _ = try await database.join(invited.text, by: member, source: "test", at: .start)
        }
        try await join()
        let (tool, own) = (try await program(of: boss), try await program(of: member))
        let given = try await allowed(tool, by: member)
        let theirs = try await allowed(tool, by: boss)
        let elsewhere = try await allowed(tool, by: try scratch.person(9))
        let unfetched = try await code(tool, by: member)
        try await database.changeMember(
            member.user,
            of: team,
            to: nil,
            by: boss,
            source: "test",
            at: .start
        )
        await #expect(throws: OAuthRefusal.invalidGrant) { try await renew(given, tool) }
        try await join()
        await #expect(throws: OAuthRefusal.invalidGrant) { try await renew(given, tool) }
        await #expect(throws: OAuthRefusal.invalidGrant) { try await redeem(unfetched, tool) }
        await #expect(throws: TokenRefusal.revoked) {
            try await tokens.admission(given.access, issuer: Self.issuer, at: .start)
        }
        await #expect(throws: OAuthRefusal.invalidClient) { try await database.client(own.id) }
        // What others allowed stays, and what they allowed elsewhere.
        _ = try await renew(theirs, tool)
        _ = try await renew(elsewhere, tool)
        let records = try await database.latestAuditRecords(of: team, before: nil, limit: 100)
        #expect(
            records.filter { $0.action == .clientRevoked }.map(\.subject) == ["client:\(own.id)"]
        )
    }

    @Test("A grant of somebody who is no member is not renewed, however they left")
    func ownerless() async throws {
        let person = try scratch.person(9)
        let client = try await program(of: person)
        let given = try await allowed(client, by: person)
        try await DatabaseQueue(path: scratch.path).write { db in
            try db.execute(
                sql: "DELETE FROM members WHERE user = ?",
                arguments: [Data(person.user.bytes)]
            )
        }
        await #expect(throws: OAuthRefusal.invalidGrant) { try await renew(given, client) }
    }
}

extension Caller {
    /// The same person in another organisation.
    fileprivate func acting(for organisation: OrganisationID) -> Caller {
        Caller(user: user, organisation: organisation, account: nil, scopes: scopes, proof: proof)
    }
}
