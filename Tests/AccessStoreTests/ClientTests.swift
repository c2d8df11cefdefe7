import AccessCore
import AccessStore
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
}
