import CanonicalCoding
import Foundation
import Identity
import LedgerCore
import MarketTypes
import OpenAIWire
import Provider
import SettlementCore
import Testing

@Suite("A paid call", .timeLimit(.minutes(1)))
struct PaidCallTests {
    @Test("CALL-5: an answer in one piece is one chunk, and its receipt is in the header")
    func wholeAnswer() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .answer(Texts.completion())
            let voucher = door.voucher()
            let answer = try await door.call(voucher: voucher)
            #expect(answer.status == 200)
            #expect(answer.type == "application/json")
            #expect(answer.body == Array(Texts.completion().utf8))
            let receipt = try answer.receipt()
            try await door.expectRight(
                receipt,
                for: voucher,
                chunks: [answer.body],
                status: .delivered
            )
            #expect(receipt.document.units == UnitCounts([(.inputToken, 5), (.outputToken, 7)]))
            #expect(receipt.document.charge == Amount(obol: 31))
        }
    }

    @Test("CALL-1: the upstream gets its own model name and the bound that was paid for")
    func upstreamRequest() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .answer(Texts.completion())
            let body = String(Door.chat.dropLast()) + #","max_completion_tokens":9,"seed":3}"#
            let answer = try await door.call(body)
            let asked = try JSONObject(Array(try #require(upstream.asked.first).body.utf8))
            #expect(upstream.asked.first?.path == "/v1/chat/completions")
            #expect(upstream.asked.first?.authorization == nil)
            #expect(try asked.string("model") == "inner-model")
            #expect(try asked.unsigned("max_tokens") == 9)
            #expect(asked["max_completion_tokens"] == nil)
            #expect(
                try answer.receipt().document.parameters == [
                    CallParameter(name: "max_completion_tokens", value: "9"),
                    CallParameter(name: "seed", value: "3"),
                ]
            )
        }
    }

    @Test("the upstream gets the key that the environment holds")
    func upstreamKey() async throws {
        let held = try #require(ProcessInfo.processInfo.environment["PATH"])
        let market = try await Market.make()
        try await market.serving(
            change: { $0.services[0].upstream.apiKeyEnvironment = "PATH" },
            { door, upstream in
                upstream.behaviour = .answer(Texts.completion())
                _ = try await door.call()
                #expect(upstream.asked.first?.authorization == "Bearer " + held)
            }
        )
    }

    @Test("a request that sets no bound is bounded by the offer")
    func offerBound() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .answer(Texts.completion())
            _ = try await door.call()
            let asked = try JSONObject(Array(try #require(upstream.asked.first).body.utf8))
            #expect(try asked.unsigned("max_tokens") == 64)
        }
    }

    @Test("CALL-6: a stream is its events, [DONE] included, and then the receipt")
    func streamedAnswer() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            let chunks = [Texts.role, Texts.delta("a"), Texts.delta("b"), Texts.usage()]
            upstream.behaviour = .stream(chunks)
            let voucher = door.voucher(Door.chatStream)
            let answer = try await door.call(Door.chatStream, voucher: voucher)
            #expect(answer.status == 200)
            #expect(answer.type == "text/event-stream")
            let events = try answer.events()
            #expect(events.dropLast().map(\.name).allSatisfy { $0 == "message" })
            let sent = events.dropLast().map(\.data)
            #expect(sent == (chunks + ["[DONE]"]).map { Array($0.utf8) })
            #expect(events.last?.name == "stoa-receipt")
            let receipt = try Door.receipt(
                String(decoding: try #require(events.last).data, as: UTF8.self)
            )
            try await door.expectRight(
                receipt,
                for: voucher,
                chunks: Array(sent),
                status: .delivered
            )
            #expect(receipt.document.charge == Amount(obol: 5 * 2 + 2 * 3))
            let asked = try JSONObject(Array(try #require(upstream.asked.first).body.utf8))
            #expect(try asked.object("stream_options")?.bool("include_usage") == true)
        }
    }

    @Test("a stream whose upstream reports no usage is counted by its chunks with content")
    func streamWithoutUsage() async throws {
        let market = try await Market.make()
        try await market.serving(
            change: { $0.services[0].upstream.includeUsage = false },
            { door, upstream in
                upstream.behaviour = .stream(
                    [Texts.role, Texts.delta("a"), Texts.delta("b"), Texts.stop])
                let voucher = door.voucher(Door.chatStream)
                let answer = try await door.call(Door.chatStream, voucher: voucher)
                let receipt = try streamReceipt(answer)
                #expect(receipt.document.status == .delivered)
                #expect(receipt.document.units == UnitCounts([(.outputToken, 2)]))
                let asked = try #require(upstream.asked.first)
                #expect(!asked.body.contains("stream_options"))
            }
        )
    }

    @Test("a stream that ends without [DONE] after a finished choice is complete, and gets one")
    func streamWithoutDone() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .stream([Texts.delta("a"), Texts.stop], done: false)
            let answer = try await door.call(Door.chatStream)
            let events = try answer.events()
            #expect(events.dropLast().last?.data == Array("[DONE]".utf8))
            #expect(try streamReceipt(answer).document.status == .delivered)
        }
    }

    @Test("an upstream cannot send a receipt of its own")
    func foreignReceipt() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .stream(
                [Texts.delta("a"), "x\n\nevent: stoa-receipt\ndata: forged", Texts.usage()])
            let answer = try await door.call(Door.chatStream)
            let receipts = try answer.events().filter { $0.name == "stoa-receipt" }
            #expect(receipts.count == 1)
            #expect(try streamReceipt(answer).document.status == .delivered)
        }
    }

    @Test("an upstream that reports too much never overcharges")
    func overReporting() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .answer(Texts.completion(prompt: 900, completion: 100_000))
            let voucher = door.voucher()
            let answer = try await door.call(voucher: voucher)
            let most = market.offer.unitsMax(
                requestBytes: Door.chat.utf8.count,
                outputTokens: 64
            )
            #expect(try answer.receipt().document.units == most)
            try await door.expectRight(
                try answer.receipt(),
                for: voucher,
                chunks: [answer.body],
                status: .delivered
            )
        }
    }

    @Test("a JSON call is forwarded as it is, and any 2xx JSON answer is delivered")
    func jsonCall() async throws {
        let prices: [(MarketTypes.Unit, UInt64)] = [(.call, 7), (.second, 11), (.byte, 1)]
        let market = try await Market.make(.json, prices: prices)
        // On a clock that stands still, so that a call is one started second on any machine.
        try await market.serving(clock: VirtualClock()) { door, upstream in
            upstream.behaviour = .answer("[1, 2]", status: 201)
            let voucher = door.voucher(" {\"anything\": 1}", cap: 100_000_000)
            let answer = try await door.call(" {\"anything\": 1}", voucher: voucher)
            #expect(answer.status == 200)
            #expect(upstream.asked.first?.body == " {\"anything\": 1}")
            #expect(upstream.asked.first?.path == "/")
            let units = UnitCounts([(.call, 1), (.second, 1), (.byte, 6)])
            #expect(try answer.receipt().document.units == units)
            #expect(try answer.receipt().document.charge == Amount(obol: 7 + 11 + 6))
        }
    }

    @Test("each started second is charged, from the voucher's admission to the answer's end")
    func seconds() async throws {
        let market = try await Market.make(.json, prices: [(.second, 11)])
        let clock = VirtualClock()
        try await market.serving(clock: clock) { door, upstream in
            upstream.behaviour = .held("{}")
            async let called = door.call(
                "{}",
                voucher: door.voucher("{}", cap: 100_000_000)
            )
            try await eventually { !upstream.asked.isEmpty }
            clock.advance(milliseconds: 2001)
            upstream.release()
            let receipt = try await called.receipt().document
            #expect(receipt.units == UnitCounts([(.second, 3)]))
            #expect(receipt.charge == Amount(obol: 33))
        }
    }

    @Test("embeddings are priced by the input tokens that the upstream reports")
    func embeddings() async throws {
        let market = try await Market.make(.embeddings, prices: [(.inputToken, 2)])
        try await market.serving { door, upstream in
            let text = #"{"data":[{"embedding":[0.5]}],"usage":{"prompt_tokens":4}}"#
            upstream.behaviour = .answer(text)
            let body = #"{"model":"tiny-model","input":"hello"}"#
            let answer = try await door.call(body)
            #expect(answer.body == Array(text.utf8))
            #expect(try answer.receipt().document.charge == Amount(obol: 8))
            #expect(upstream.asked.first?.path == "/v1/embeddings")
        }
    }

    @Test("CALL-4: calls of one lane follow each other, and totals add up")
    func sequence() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .answer(Texts.completion())
            for number in 1...5 as ClosedRange<UInt64> {
                let answer = try await door.call(voucher: door.voucher(sequence: number))
                let receipt = try answer.receipt().document
                #expect(receipt.sequence == number)
                #expect(receipt.total == Amount(obol: UInt128(31 * number)))
            }
        }
    }

    @Test("64 calls run at once in 64 lanes, each with its own receipt")
    func manyLanes() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .held(Texts.completion())
            try await withThrowingTaskGroup(of: (UInt16, Answer).self) { group in
                for lane in 0..<64 as Range<UInt16> {
                    group.addTask {
                        (lane, try await door.call(voucher: door.voucher(lane: lane)))
                    }
                }
                try await eventually { upstream.asked.count == 64 }
                upstream.release()
                var lanes: Set<UInt16> = []
                for try await (lane, answer) in group {
                    #expect(answer.status == 200)
                    #expect(try answer.receipt().document.lane == LaneID(lane))
                    lanes.insert(try answer.receipt().document.lane.rawValue)
                }
                #expect(lanes.count == 64)
            }
        }
    }

    @Test("CALL-9: a lane tells its last call, and the one being served")
    func laneStanding() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            let unused = try await door.lane(5)
            #expect(try unused.string("channel") == market.channel.digest.description)
            #expect(try unused.unsigned("lane") == 5)
            #expect(try unused.unsigned("sequence") == 0)
            #expect(try unused.unsigned("open") == nil)
            #expect(try unused.string("receipt") == nil)

            upstream.behaviour = .answer(Texts.completion())
            let voucher = door.voucher()
            let answer = try await door.call(voucher: voucher)
            upstream.behaviour = .held(Texts.completion())
            async let second = door.call(voucher: door.voucher(sequence: 2))
            try await eventually { upstream.asked.count == 2 }
            let lane = try await door.lane()
            #expect(try lane.unsigned("sequence") == 1)
            #expect(try lane.unsigned("open") == 2)
            #expect(try lane.string("receipt") == answer.receiptText)
            let paper = Base64.encode(voucher.signed.canonicalBytes)
            #expect(try lane.string("voucher") == String(decoding: paper, as: UTF8.self))
            upstream.release()
            #expect(try await second.status == 200)
            #expect(try await door.lane().unsigned("open") == nil)
        }
    }

    @Test("CALL-12: the offers and the health can be read by anybody")
    func openPages() async throws {
        let market = try await Market.make()
        try await market.serving { door, _ in
            let offers = try JSONObject(try await door.get("/stoa/v1/offers").body)
            let entry = try offers.object(try #require(try offers.array("data", countMax: 9))[0])
            #expect(try entry.string("id") == market.offer.id.digest.description)
            #expect(try entry.string("model") == "tiny-model")
            #expect(try entry.string("interface") == "chat")
            let text = try #require(try entry.string("offer"))
            let bytes = try #require(Base64.decode(Array(text.utf8)))
            #expect(try Offer(canonicalBytes: bytes) == market.offer)
            let health = try await door.get("/stoa/v1/health")
            #expect(health.body == Array(#"{"status":"ok"}"#.utf8))
            #expect(try await door.get("/stoa/v1/lanes/00/0").status == 404)
            #expect(try await door.get("/v1/chat/completions").status == 404)
        }
    }

    private func streamReceipt(_ answer: Answer) throws -> Verified<Receipt> {
        let last = try #require(try answer.events().last)
        #expect(last.name == "stoa-receipt")
        return try Door.receipt(String(decoding: last.data, as: UTF8.self))
    }
}
