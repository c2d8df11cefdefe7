import AccessCore
import AccessStore
import Foundation
import GRDB
import MarketTypes
import Testing

extension Timestamp {
    static let start = Timestamp(milliseconds: 1_790_000_000_000)

    func plus(_ milliseconds: UInt64) -> Timestamp { adding(milliseconds: milliseconds) }
}

/// A database in a folder of its own, which goes with the test.
final class Scratch: Sendable {
    let folder: URL
    var path: String { folder.appendingPathComponent("access.sqlite").path }

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("stoa-access-\(UInt64.random(in: .min ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func open() throws -> AccessDatabase { try AccessDatabase(path: path) }

    /// Somebody who is signed in, written straight into the file: what they sign in with is not
    /// what is tested here.
    func person(_ seed: UInt8, in organisation: OrganisationID? = nil) throws -> Caller {
        let user = try #require(UserID(bytes: [UInt8](repeating: seed, count: 16)))
        let queue = try DatabaseQueue(path: path)
        try queue.write { db in
            let blob = Data(user.bytes)
            try db.execute(
                sql: "INSERT OR IGNORE INTO users VALUES (?, 'p', 0)",
                arguments: [blob]
            )
            try db.execute(
                sql: "INSERT OR IGNORE INTO organisations VALUES (?, 'p', 1, NULL, 0)",
                arguments: [blob]
            )
            try db.execute(
                sql: "INSERT OR IGNORE INTO members VALUES (?, ?, 1, 0)",
                arguments: [blob, blob]
            )
        }
        return Caller(
            user: user,
            organisation: organisation ?? OrganisationID(of: user),
            account: nil,
            scopes: .all,
            proof: .session
        )
    }
}

extension AccessDatabase {
    /// A key of the local operator's.
    func key(
        _ scopes: ScopeSet = ScopeSet([.callModels]),
        budgets: BudgetRules = .none,
        days: UInt64 = 30
    ) async throws -> CreatedKey {
        let caller = try await localOperator(at: .start)
        return try await createKey(
            APIKeyRequest(
                label: "test",
                scopes: scopes,
                budgets: budgets,
                expires: .start.plus(days * 86_400_000)
            ),
            by: caller,
            source: "test",
            at: .start
        )
    }

    /// A key that another one makes, which ends with it.
    func key(
        _ scopes: ScopeSet = ScopeSet([.callModels]),
        madeBy parent: APIKey,
        at now: Timestamp = .start
    ) async throws -> CreatedKey {
        try await createKey(
            APIKeyRequest(label: "child", scopes: scopes, expires: parent.expires),
            by: parent.holder,
            source: "test",
            at: now
        )
    }
}

extension APIKey {
    /// Whoever sends this key.
    var holder: Caller {
        Caller(
            user: user,
            organisation: organisation,
            account: nil,
            scopes: scopes,
            proof: .key(id)
        )
    }
}

func budget(_ obol: UInt128, _ window: BudgetRule.Window = .total) throws -> BudgetRules {
    let rule = BudgetRule(window: window, limit: Amount(obol: obol), denomination: .native)
    let known = try #require(rule)
    return try #require(BudgetRules([known]))
}

func spending(
    _ key: APIKeyID,
    _ obol: UInt128,
    model: String = "m",
    at now: Timestamp = .start
) throws -> SpendingRequest {
    try #require(
        SpendingRequest(
            key: key,
            model: model,
            amount: Amount(obol: obol),
            denomination: .native,
            at: now
        )
    )
}
