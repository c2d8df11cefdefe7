import HTTPTypes
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import Testing
import WebServing

@testable import MarketAPI

@Suite("Reading the market")
struct ReadingTests {
    let market: MarketFixture

    init() async throws {
        market = try await MarketFixture()
    }

    @Test(
        "REST-2: what the contract does not name is refused, with a pointer to it",
        arguments: [
            ("/blocks?limit=0", "?limit"), ("/blocks?limit=201", "?limit"),
            ("/blocks?limit=%2B5", "?limit"), ("/blocks?limit=", "?limit"),
            ("/blocks?limit=5&limit=6", "?limit"), ("/blocks?colour=red", "?colour"),
            ("/blocks?fields=height,shoe", "?fields/1"), ("/blocks?fields=", "?fields/0"),
            ("/blocks?cursor=!", "?cursor"), ("/blocks?%zz=1", "?"), ("/blocks/x", "{height}"),
            ("/blocks/0", "{height}"), ("/transactions/ab", "{digest}"),
            ("/accounts/stoa1\(String(repeating: "q", count: 58))", "{address}"),
            ("/offers?sort=price", "?sort"), ("/offers?maxPerMillion=1", "?maxPerMillion"),
            ("/offers?kind=shoe", "?kind"), ("/offers?current=maybe", "?current"),
            ("/history?kind=asset", "?name"), ("/channels?cursor=00", "?cursor"),
            ("/numbers?cursor=x", "?cursor"), ("/proofs/0", "{stateKey}"),
            ("/proofs/0G", "{stateKey}"),
        ]
    )
    func refusals(target: String, pointer: String) async throws {
        let problem = try #require(try await market.problem(target))
        #expect(problem.status == .badRequest)
        #expect(problem.code == "invalid_request")
        #expect(problem.faults.map(\.pointer) == [pointer])
    }

    @Test("a cursor of another question is refused")
    func foreignCursor() async throws {
        let page = try await market.ask("/proposals?limit=1")
        #expect(page.document["has_more"]?.bool == false)
        let assets = try await market.ask("/assets?limit=1")
        let cursor = try #require(assets.document["next_cursor"]?.string)
        #expect(try await market.problem("/offers?cursor=\(cursor)")?.status == .badRequest)
        #expect(try await market.problem("/assets?cursor=\(cursor)") == nil)
    }

    @Test(
        "what is not there is not found",
        arguments: [
            "/assets/", "/offers/", "/channels/", "/plans/", "/passes/", "/units/", "/pools/",
            "/sales/", "/orders/", "/markets/", "/escrows/", "/disputes/", "/proposals/",
            "/transactions/",
        ]
    )
    func missing(path: String) async throws {
        let problem = try await market.problem("\(path)\(digest(0xee))")
        #expect(problem?.status == .notFound)
        #expect(try await market.problem("/blocks/999")?.status == .notFound)
        #expect(try await market.problem("/nothing")?.status == .notFound)
    }

    @Test("REST-1: every answer is what the contract says, member by member")
    func answers() async throws {
        var unseen: [String] = []
        for operation in market.server.contract.operations where operation.method == .get {
            guard operation.id != "getContract", operation.id != "readEvents" else { continue }
            // What is somebody's own is asked for in the tests of that.
            guard operation.isOpen else { continue }
            guard let path = target(of: operation) else {
                unseen.append(operation.id)
                continue
            }
            let answer = try await market.ask(path)
            let schema = try #require(operation.answers.first { $0.status == 200 }?.schema)
            let tree = try JSONReading.object(answer.document.bytes)
            let faults = market.server.contract.schemas.faults(in: tree, schema, at: "#", .exact)
            #expect(faults.isEmpty, "\(operation.id): \(faults)")
            if let items = answer.document["data"]?.elements, items.isEmpty {
                unseen.append(operation.id)
            }
        }
        // There are no validators, and nobody disputes or votes, or builds on “tune”.
        #expect(
            unseen.sorted()
                == [
                    "getDispute", "getValidator", "listBallots", "listChildren", "listDisputes",
                    "listValidators",
                ].sorted()
        )
    }

    private func target(of operation: Operation) -> String? {
        var path = operation.path
        for parameter in operation.parameters where parameter.location == .path {
            guard let value = market.names.paths[parameter.name] else { return nil }
            path = path.split(separator: "/", omittingEmptySubsequences: false).map { part in
                part == "{\(parameter.name)}" ? value : String(part)
            }.joined(separator: "/")
        }
        return operation.id == "getValidator" ? nil : path
    }

    @Test("REST-4: pages follow each other to the end, without a gap and without a double")
    func pages() async throws {
        for path in ["/blocks", "/transactions", "/history", "/assets", "/numbers", "/channels"] {
            let whole = try await market.ask("\(path)?limit=200")
            let expected = try #require(whole.document["data"]?.elements)
            var found: [JSON] = []
            var cursor: String?
            repeat {
                let next = cursor.map { "&cursor=\($0)" } ?? ""
                let page = try await market.ask("\(path)?limit=2\(next)")
                let items = try #require(page.document["data"]?.elements)
                found += items
                cursor = page.document["next_cursor"]?.string
                #expect(page.document["has_more"]?.bool == (cursor != nil))
            } while cursor != nil && found.count <= expected.count
            #expect(found == expected, "\(path)")
        }
        #expect(
            try await market.ask("/blocks?limit=200").document["data"]?.elements?.count
                == Int(market.ledger.height)
        )
    }

    @Test("REST-4: a juror that leaves between two pages hides no other")
    func jurorsLeave() async throws {
        func plant(_ jurors: ClosedRange<UInt8>) {
            let rows = jurors.flatMap { digest($0).bytes + [UInt8](repeating: 1, count: 16) }
            let count = [0, 0, 0, UInt8(jurors.count)]
            market.ledger.plant([1] + count + rows, .jurors)
        }
        func page(_ more: String) async throws -> (ids: [String], cursor: String?) {
            let answer = try await market.ask("/jurors?limit=2\(more)").document
            let ids = answer["data"]?.elements?.compactMap { $0["id"]?.string } ?? []
            return (ids, answer["next_cursor"]?.string)
        }
        func names(_ jurors: ClosedRange<UInt8>) -> [String] {
            jurors.map { "\(AccountID(digest($0)))" }
        }
        plant(1...5)
        let first = try await page("")
        #expect(first.ids == names(1...2))
        let cursor = try #require(first.cursor)
        plant(2...5)
        let second = try await page("&cursor=\(cursor)")
        #expect(second.ids == names(3...4))
        let last = try await page("&cursor=\(try #require(second.cursor))")
        #expect(last.ids == names(5...5))
        #expect(last.cursor == nil)
        #expect(try await market.problem("/numbers?cursor=\(cursor)")?.status == .badRequest)
    }

    @Test("REST-4: a filter that nothing passes costs the node a few questions, whatever the limit")
    func filteredPages() async throws {
        let path = try #require(market.names.paths["channel"])
        let id = ChannelID(try #require(Digest(hex: path)))
        let entry = try await market.ledger.entry(.channel(id), proven: false)
        let channel = try #require(entry.value)
        for number in 1...UInt64(1100) {
            let name = Digest(words: (number, 0, 0, 0))
            market.ledger.plant(channel, .channel(ChannelID(name)))
        }
        market.ledger.list(256)
        let before = market.ledger.lists
        let page = try await market.ask("/channels?status=closing&limit=1")
        #expect(page.document["data"]?.elements?.count == 0)
        #expect(page.document["has_more"]?.bool == true)
        #expect(market.ledger.lists - before <= 6)
        let cursor = try #require(page.document["next_cursor"]?.string)
        let last = try await market.ask("/channels?status=closing&limit=1&cursor=\(cursor)")
        #expect(last.document["has_more"]?.bool == false)
        #expect(try await market.ask("/channels?limit=1").document["data"]?.elements?.count == 1)
    }

    @Test("a holding that was paid beyond its record's index is a node's fault, and no trap")
    func foreignHolding() async throws {
        let path = "/assets/\(market.names.tune.digest)/holders"
        #expect(try await market.problem(path) == nil)
        let most = [UInt8](repeating: 0xff, count: 16)
        market.ledger.plant(
            [1, 0, 0, 0, 1] + most + [UInt8](repeating: 0, count: 24),
            .shareHolding(ShareUnit.unit(of: market.names.tune), Person.carol.id)
        )
        let problem = try await market.problem(path)
        #expect(problem?.status == .serviceUnavailable)
        #expect(problem?.code == "ledger_unavailable")
    }

    @Test("REST-5: fields chooses members, kind and name stay")
    func fields() async throws {
        let list = try await market.ask("/assets?fields=name")
        let item = try #require(list.document["data"]?.elements?.first?.members)
        #expect(item.map(\.name) == ["object", "id", "name"])
        let one = try await market.ask("/accounts/\(Person.alice.id)?fields=sequence")
        #expect(one.document.members?.map(\.name) == ["object", "id", "sequence"])
    }

    @Test("REST-6: a list's tag is of what it says, not of its height")
    func tags() async throws {
        let before = try await market.ask("/assets")
        try market.ledger.execute(
            .alice,
            [.transfer(to: Person.bob.id, denomination: .native, amount: Amount(obol: 1))]
        )
        try await market.follow()
        let after = try await market.ask("/assets")
        #expect(before.document["height"] != after.document["height"])
        #expect(before.taggedBytes == after.taggedBytes)
        #expect(try await market.ask("/blocks").taggedBytes != before.taggedBytes)
    }

    @Test("REST-8: a batch answers each read as if it had come alone")
    func batch() async throws {
        let body = #"{"paths":["/status","/api/v1/assets?limit=1","/assets/x","/batch","/nope"]}"#
        let answer = try await market.ask("/batch", method: .post, body: body)
        let responses = try #require(answer.document["responses"]?.elements)
        #expect(responses.compactMap { $0["status"]?.integer } == [200, 200, 400, 404, 404])
        let alone = try await market.ask("/assets?limit=1")
        #expect(responses[1]["body"] == alone.document)
        let many = Array(repeating: "\"/status\"", count: 17).joined(separator: ",")
        let problem = try await market.problem(
            "/batch",
            method: .post,
            body: "{\"paths\":[\(many)]}"
        )
        #expect(problem?.faults.map(\.pointer) == ["#/paths"])
    }
}
