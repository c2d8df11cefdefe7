import AccessCore
import Foundation
import HTTPTypes
import LedgerIndex
import MarketTypes
import Testing
import WebServing
import Webhooks

@testable import MarketAPI

@Suite("Webhooks over REST")
struct WebhookTests {
    private let market: MarketFixture

    init() async throws { market = try await MarketFixture() }

    private func caller(_ byte: UInt8, _ scopes: ScopeSet = .all) throws -> Caller {
        let bytes = Array(repeating: byte, count: 16)
        return Caller(
            user: try #require(UserID(bytes: bytes)),
            organisation: try #require(OrganisationID(bytes: bytes)),
            account: nil,
            scopes: scopes,
            proof: .session
        )
    }

    private func refusal(
        _ target: String,
        _ method: HTTPRequest.Method,
        _ body: String? = nil,
        by caller: Caller?
    ) async throws -> Problem? {
        do {
            _ = try await market.ask(target, method: method, body: body, caller: caller)
            return nil
        } catch let problem as Problem {
            return problem
        }
    }

    private static let draft = #"{"url": "https://hook.example/in", "topics": ["trades"]}"#

    @Test("WHK-2: nobody without the scope sees or makes a webhook")
    func scopes() async throws {
        for caller in [nil, try caller(1, ScopeSet([.readUsage]))] {
            let wanted: HTTPResponse.Status = caller == nil ? .unauthorized : .forbidden
            let path = "/webhooks/whk_000000000000000000000000"
            for (target, method, body) in [
                ("/webhooks", .get, nil), ("/webhooks", .post, Self.draft), (path, .get, nil),
                (path, .patch, "{}"), (path, .delete, nil), (path + "/rotate", .post, "{}"),
                (path + "/replay", .post, #"{"cursor": "0.0"}"#), (path + "/deliveries", .get, nil),
                (path + "/deliveries/1/replay", .post, nil),
            ] as [(String, HTTPRequest.Method, String?)] {
                let problem = try await refusal(target, method, body, by: caller)
                #expect(problem?.status == wanted, "\(method) \(target)")
            }
        }
    }

    @Test(
        "WHK-3: an address or a topic that is none is refused, and nothing is kept",
        arguments: [
            (#"{"url": "http://hook.example/", "topics": ["trades"]}"#, "#/url"),
            (#"{"url": "https://u@hook.example/", "topics": ["trades"]}"#, "#/url"),
            (#"{"url": "https://127.1/", "topics": ["trades"]}"#, "#/url"),
            (#"{"url": "ftp://hook.example/", "topics": ["trades"]}"#, "#/url"),
            (#"{"url": "https://hook.example/", "topics": ["blocks"]}"#, "#/topics/0"),
            (#"{"url": "https://hook.example/", "topics": []}"#, "#/topics"),
            (#"{"url": "https://hook.example/"}"#, "#/topics"),
            (
                #"{"url": "https://a.example/", "topics": ["trades"], "cursor": "99999999999.1"}"#,
                "#/cursor"
            ),
            (#"{"url": "https://hook.example/", "topics": ["trades"], "x": 1}"#, "#/x"),
        ]
    )
    func refused(body: String, pointer: String) async throws {
        let owner = try caller(1)
        let problem = try await refusal("/webhooks", .post, body, by: owner)
        #expect(problem?.status == .badRequest)
        #expect(problem?.faults.map(\.pointer).contains(pointer) == true, "\(problem as Any)")
        let list = try await market.ask("/webhooks", caller: owner)
        #expect(list.document["data"]?.elements?.isEmpty == true)
    }

    @Test("WHK-2, REST-1: every answer is what the contract says, and is its owner's alone")
    func answers() async throws {
        let owner = try caller(1)
        func check(
            _ target: String,
            _ method: HTTPRequest.Method,
            _ body: String? = nil
        ) async throws -> JSON {
            let answer = try await market.ask(target, method: method, body: body, caller: owner)
            #expect(answer.freshness == .personal)
            let path = target.split(separator: "?")[0]
            let found = try #require(market.server.table.find(path))
            let operation = try #require(found.item.operations.first { $0.method == method })
            let schema = try #require(operation.answers.first { $0.status == 200 }?.schema)
            let tree = try JSONReading.object(answer.document.bytes)
            let faults = market.server.contract.schemas.faults(in: tree, schema, at: "#", .exact)
            #expect(faults.isEmpty, "\(method) \(target): \(faults)")
            return answer.document
        }
        let made = try await check("/webhooks", .post, Self.draft)
        let id = try #require(made["id"]?.string)
        #expect(made["secret"]?.string?.hasPrefix("whsec_") == true)
        let path = "/webhooks/\(id)"
        for problem in [
            try await refusal(path, .get, by: caller(2)),
            try await refusal(path, .delete, by: caller(2)),
            try await refusal(path + "/rotate", .post, "{}", by: caller(2)),
            try await refusal(path + "/deliveries/1/replay", .post, by: owner),
        ] {
            #expect(problem?.status == .notFound)
        }
        #expect(try await check(path, .get)["secret"] == nil, "shown once")
        let changed = try await check(path, .patch, #"{"active": false, "description": "mine"}"#)
        #expect(changed["state"]?.string == "paused" && changed["description"]?.string == "mine")
        let rotated = try await check(path + "/rotate", .post, #"{"overlapSeconds": 60}"#)
        #expect(rotated["secret"] != made["secret"])
        #expect(try await check(path + "/replay", .post, #"{"cursor": "1.0"}"#)["cursor"] != nil)
        _ = try await check(path + "/deliveries", .get)
        let second = try await check(
            "/webhooks",
            .post,
            #"{"url": "https://hook.example/", "topics": ["offers"], "signing": "ed25519"}"#
        )
        #expect(second["secret"]?.string?.hasPrefix("whpk_") == true)
        let first = try await check("/webhooks?limit=1", .get)
        #expect(first["data"]?.elements?.count == 1 && first["has_more"]?.bool == true)
        let cursor = try #require(first["next_cursor"]?.string)
        let rest = try await check("/webhooks?limit=1&cursor=\(cursor)", .get)
        #expect(rest["data"]?.elements?.count == 1 && rest["has_more"]?.bool == false)
        #expect(try await check(path, .delete)["deleted"]?.bool == true)
        #expect(try await refusal(path, .get, by: owner)?.status == .notFound)
    }

    @Test("WHK-1: an event's message has its type, its time and what the feeds say of it")
    func messages() async throws {
        let source = FeedWebhooks(index: IndexReader(market.database))
        let last = try await source.lastHeight()
        var seen: Set<String> = []
        for height in 1...last {
            for event in try await source.events(of: height) {
                let tree = try JSONReading.object(Array(event.payload.utf8))
                #expect(tree["type"]?.string == event.type && event.type.contains("."))
                #expect(tree["timestamp"]?.string?.hasSuffix("Z") == true)
                #expect(tree["data"]?.members?.isEmpty == false)
                seen.formUnion(event.topics.map { String($0.prefix(7)) })
            }
        }
        #expect(seen.isSuperset(of: ["trades", "offers", "account"]))
        #expect(try await source.events(of: last + 1).isEmpty)
    }
}
