import CanonicalCoding
import Foundation
import GRDB
import Identity
import MarketTypes
import Testing

@testable import LedgerIndex

@Suite("PRT-95: what an account's channels paid in a span of time", .timeLimit(.minutes(2)))
struct ClaimTests {
    private let library: Library
    private let payer = Person.alice.id
    private let payee = Person.bob.id
    private let channel = Digest(sha256: [1])
    private let foreign = Digest(sha256: [2])

    /// Rows as the indexer would have written them: of three blocks, a second apart.
    init() throws {
        library = try Library()
        try library.database.pool.write { [payer, payee, channel, foreign] db in
            for (height, time) in [(1, 1_000), (2, 2_000), (3, 3_000)] {
                try db.execute(
                    sql: "INSERT INTO blocks VALUES (?, ?, 0, 0, ?)",
                    arguments: [height, time, Digest.zero.blob]
                )
            }
            for (id, kind, name) in [
                (1, "account", payer.digest), (2, "account", payee.digest),
                (3, "channel", channel), (4, "channel", foreign),
            ] {
                try db.execute(
                    sql: "INSERT INTO subjects VALUES (?, ?, ?, 0, 0, 0, 1, 3)",
                    arguments: [id, kind, name.blob]
                )
            }
            func event(_ height: Int64, _ index: Int64, _ json: String, _ of: [Int]) throws {
                let id = height << Ordinal.bits | index
                let name = json.contains("payer") ? "channels.opened" : "channels.claimed"
                try db.execute(
                    sql: "INSERT INTO events VALUES (?, NULL, ?, ?)",
                    arguments: [id, name, json]
                )
                for subject in of {
                    try db.execute(
                        sql: "INSERT INTO mentions VALUES (?, ?)",
                        arguments: [subject, id]
                    )
                }
            }
            func opened(_ channel: Digest, _ payer: AccountID, _ payee: AccountID) -> String {
                #"{"event":"x","channel":"\#(channel)","payer":"\#(payer)","payee":"\#(payee)"}"#
            }
            try event(1, 0, opened(channel, payer, payee), [1, 2, 3])
            // Here the account is the one that is paid.
            try event(1, 1, opened(foreign, payee, payer), [1, 2, 4])
            for (height, channel, subject) in [
                (1, channel, 3), (2, channel, 3), (2, foreign, 4), (3, channel, 3),
            ] {
                let json = #"{"event":"x","channel":"\#(channel)","paid":"\#(height)00"}"#
                try event(Int64(height), Int64(subject) + 2, json, [subject])
            }
        }
    }

    @Test("the first moment counts, the last does not; what it was paid itself is not in it")
    func span() async throws {
        let (claims, isCut) = try await library.index.claims(
            paidBy: payer,
            from: Timestamp(milliseconds: 2_000),
            until: Timestamp(milliseconds: 3_000)
        )
        #expect(!isCut)
        #expect(claims.map(\.amount) == [Amount(obol: 200)])
        #expect(claims.first?.payee == payee && claims.first?.channel == ChannelID(channel))
        let all = try await library.index.claims(
            paidBy: payer,
            from: Timestamp(milliseconds: 0),
            until: Timestamp(milliseconds: 9_000)
        )
        #expect(all.claims.map(\.amount.obol) == [100, 200, 300])
    }

    @Test("PRT-78: what is claimed from an account's channels is activity of the account")
    func activity() async throws {
        let all = try await library.index.activity(of: payer, PageRequest(limit: 50))
        #expect(all.items.map(\.height.rawValue) == [3, 2, 1, 1, 1])
        #expect(all.items.prefix(3).allSatisfy { $0.name == "channels.claimed" })
        // What is claimed from a channel that another account pays from is not.
        #expect(!all.items.contains { $0.name == "channels.claimed" && $0.index == 6 })
        #expect(all.next == nil)
        var found: [EventEntry] = []
        var cursor: String?
        repeat {
            let page = try await library.index.activity(
                of: payer,
                PageRequest(limit: 2, after: cursor)
            )
            found += page.items
            cursor = page.next
        } while cursor != nil
        #expect(found == all.items)
        let paid = try await library.index.activity(of: payee, PageRequest(limit: 50))
        #expect(paid.items.filter { $0.name == "channels.claimed" }.map(\.index) == [6])
    }

    @Test("an account that nobody heard of paid nothing")
    func stranger() async throws {
        let (claims, isCut) = try await library.index.claims(
            paidBy: AccountID(Digest(sha256: [9])),
            from: Timestamp(milliseconds: 0),
            until: Timestamp(milliseconds: 9_000)
        )
        #expect(claims.isEmpty && !isCut)
    }
}
