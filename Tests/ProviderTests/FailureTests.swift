import AsyncHTTPClient
import Identity
import LedgerCore
import MarketTypes
import NIOCore
import OpenAIWire
import Provider
import SettlementCore
import Testing

@Suite("When something fails", .timeLimit(.minutes(1)))
struct FailureTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let behaviour: UpstreamBehaviour
        let status: Int
        let body: String
        var testDescription: String { "\(behaviour)".prefix(60) + " → \(status)" }

        init(_ behaviour: UpstreamBehaviour, _ status: Int, _ body: String = Door.chat) {
            self.behaviour = behaviour
            self.status = status
            self.body = body
        }
    }

    static let failures: [Case] = [
        Case(.answer("{}", status: 500), 502),
        Case(.answer("{}", status: 503), 503),
        Case(.answer("{}", status: 504), 504),
        Case(.answer("{}", status: 429), 503),
        Case(.answer("{}", status: 302), 502),
        Case(.answer("{}", status: 401), 502),
        Case(.answer(#"{"error":{"message":"too long"}}"#, status: 400), 400),
        Case(.answer("this is no JSON"), 502),
        Case(.answer(Texts.withoutUsage), 502),
        Case(.huge(70_000), 502),
        Case(.stream([Texts.delta("a")]), 502),
        Case(.answer(Texts.completion()), 502, Door.chatStream),
        Case(.stream([]), 502, Door.chatStream),
        Case(.breaking([]), 502, Door.chatStream),
        Case(.stream([#"{"error":{"message":"no"}}"#]), 502, Door.chatStream),
    ]

    @Test(
        "CALL-7: an upstream that fails before anything was sent costs nothing",
        arguments: failures
    )
    func failedReceipt(_ failure: Case) async throws {
        let market = try await Market.make()
        try await market.serving(change: { $0.responseBytesMax = 65_536 }) { door, upstream in
            upstream.behaviour = failure.behaviour
            let voucher = door.voucher(failure.body)
            let answer = try await door.call(failure.body, voucher: voucher)
            #expect(answer.status == failure.status)
            #expect(try answer.error("money_moved") == "false")
            let receipt = try answer.receipt()
            try await door.expectRight(
                receipt,
                for: voucher,
                chunks: [answer.body],
                status: .failed
            )
            #expect(receipt.document.charge == .zero)
            #expect(receipt.document.units.isEmpty)
            #expect(try await door.lane().unsigned("sequence") == 1, "the number is used")
        }
    }

    @Test("CALL-7: an upstream that cannot be reached costs nothing")
    func unreachable() async throws {
        let market = try await Market.make()
        let configuration = try market.configuration(upstream: "http://127.0.0.1:1")
        try await market.serving(configuration) { door in
            let answer = try await door.call()
            #expect(answer.status == 502)
            #expect(try answer.receipt().document.status == .failed)
        }
    }

    @Test("CALL-7: an upstream that does not answer in time costs nothing")
    func late() async throws {
        let market = try await Market.make(callMilliseconds: 200)
        try await market.serving { door, upstream in
            upstream.behaviour = .held(Texts.completion())
            let answer = try await door.call()
            #expect(answer.status == 504)
            #expect(try answer.receipt().document.status == .failed)
        }
    }

    @Test("an upstream's own reason for refusing a request reaches the buyer")
    func refusedByUpstream() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .answer(#"{"error":{"message":"too long"}}"#, status: 400)
            let answer = try await door.call()
            #expect(try answer.error("message") == "\"too long\"")
        }
    }

    private static let sent = [Texts.role, Texts.delta("a"), Texts.delta("b")]

    @Test("CALL-8: a stream that the upstream breaks off covers exactly what was sent")
    func brokenStream() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .breaking(Self.sent)
            let voucher = door.voucher(Door.chatStream)
            var events: [ServerSentEvent] = []
            try await door.stream(voucher) { body in
                var parser = EventStreamParser(eventBytesMax: 1 << 20)
                for try await part in body {
                    events += try parser.feed(Array(part.readableBytesView))
                    if events.count == 3 { upstream.release() }
                }
            }
            let receipt = try Door.receipt(
                String(decoding: try #require(events.last).data, as: UTF8.self)
            )
            let chunks = events.dropLast().map(\.data)
            #expect(chunks == Self.sent.map { Array($0.utf8) })
            try await door.expectRight(
                receipt,
                for: voucher,
                chunks: Array(chunks),
                status: .partial
            )
            #expect(receipt.document.units == UnitCounts([(.outputToken, 2)]))
        }
    }

    @Test("CALL-8: a buyer that goes away stops the upstream, and pays for prompt, call and pieces")
    func buyerLeaves() async throws {
        let market = try await Market.make(
            prices: [(.inputToken, 2), (.outputToken, 3), (.call, 7)]
        )
        try await market.serving { door, upstream in
            upstream.behaviour = .pausing(
                Self.sent,
                then: Array(repeating: Texts.delta("c"), count: 100_000)
            )
            let prompt = String(repeating: "word ", count: 60)
            let text = Door.chatStream.replacing("hi", with: prompt)
            let voucher = door.voucher(text)
            let reading = Task {
                try await door.stream(voucher, of: text) { body in
                    var parser = EventStreamParser(eventBytesMax: 1 << 20)
                    var count = 0
                    for try await part in body {
                        count += try parser.feed(Array(part.readableBytesView)).count
                        if count == 3 { withUnsafeCurrentTask { $0?.cancel() } }
                    }
                }
            }
            _ = await reading.result
            try await eventually { try await door.lane().unsigned("open") == nil }
            let lane = try await door.lane()
            let receipt = try Door.receipt(try #require(try lane.string("receipt")))
            let chunks = Self.sent.map { Array($0.utf8) }
            try await door.expectRight(receipt, for: voucher, chunks: chunks, status: .partial)
            #expect(
                receipt.document.units
                    == UnitCounts([(.inputToken, 50), (.outputToken, 2), (.call, 1)])
            )
            upstream.release()
            try await eventually { upstream.brokenOff == 1 }
        }
    }

    @Test("CALL-8: a buyer that leaves before a whole answer pays for none of it")
    func buyerLeavesEarly() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .held(Texts.completion())
            let waiting = Task { try await door.call() }
            try await eventually { upstream.asked.count == 1 }
            waiting.cancel()
            _ = await waiting.result
            try await eventually { try await door.lane().unsigned("open") == nil }
            let lane = try await door.lane()
            let receipt = try Door.receipt(try #require(try lane.string("receipt")))
            #expect(receipt.document.status == .partial)
            #expect(receipt.document.chunks == 0)
            #expect(receipt.document.charge == .zero)
        }
    }

    @Test("an upstream that keeps failing is left alone, and nothing is charged meanwhile")
    func openCircuit() async throws {
        let market = try await Market.make()
        try await market.serving(change: { $0.circuitBreaker.failuresToOpen = 3 }) {
            door,
            upstream in
            upstream.behaviour = .answer("{}", status: 500)
            for number in 1...3 as ClosedRange<UInt64> {
                let answer = try await door.call(voucher: door.voucher(sequence: number))
                #expect(answer.status == 502)
            }
            let answer = try await door.call(voucher: door.voucher(sequence: 4))
            #expect(answer.status == 503)
            #expect(answer.receiptText == nil)
            #expect(Int(answer.retryAfter ?? "") ?? 0 >= 1)
            #expect(upstream.asked.count == 3)
            #expect(try await door.lane().unsigned("sequence") == 3)
            #expect(try await door.get("/stoa/v1/health").status == 503)
        }
    }

    @Test("more calls than may run or wait are turned away, and nothing is charged")
    func tooManyCalls() async throws {
        let market = try await Market.make()
        try await market.serving(
            change: {
                $0.concurrentCallsMax = 1
                $0.queuedCallsMax = 1
                $0.services[0].concurrentCallsMax = 64
            },
            { door, upstream in
                upstream.behaviour = .held(Texts.completion())
                async let first = door.call(voucher: door.voucher(lane: 0))
                try await eventually { upstream.asked.count == 1 }
                try await withThrowingTaskGroup(of: Answer.self) { group in
                    for lane in 1...2 as ClosedRange<UInt16> {
                        group.addTask {
                            try await door.call(voucher: door.voucher(lane: lane))
                        }
                    }
                    let refused = try #require(try await group.next())
                    #expect(refused.status == 503)
                    #expect(refused.retryAfter == "1")
                    #expect(refused.receiptText == nil)
                    upstream.release()
                    #expect(try await group.next()?.status == 200)
                }
                #expect(try await first.status == 200)
            }
        )
    }
}
