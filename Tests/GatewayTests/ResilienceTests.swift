import AsyncHTTPClient
import Foundation
import Identity
import Journal
import LedgerClient
import LedgerCore
import MarketTypes
import OpenAIWire
import ServiceLifecycle
import SettlementCore
import Synchronization
import Testing

@testable import Gateway

/// P6: sellers that fail, connections that break, and clients that leave.
@Suite("Resilience", .timeLimit(.minutes(2)))
struct ResilienceTests {
    @Test(
        "when a seller fails before the first byte, the next one serves the call",
        arguments: [
            FakeProvider.Conduct.upstreamFails, .busy, .refuse(713), .refuse(717), .dropBefore,
            .calledFaulty,
        ],
        [Buyer.chat, Buyer.stream]
    )
    func fallback(_ conduct: FakeProvider.Conduct, body: String) async throws {
        try await withMarket(sellers: 2) { market in
            market.sellers[0].conduct = conduct
            try await market.withGateway { buyer in
                let answer = try await buyer.chat(body)
                #expect(answer.status == 200)
                let second = market.sellers[1].account.accountID
                #expect(answer.header("x-stoa-seller") == second.description)
                try await buyer.eventually("every lane is free again") { status in
                    try status.objects("channels").allSatisfy { try $0.number("lanes_busy") == 0 }
                }
                let spent = try await buyer.spent()
                #expect(spent == 480)
            }
            #expect(market.sellers[0].earned == 0)
        }
    }

    @Test("two sellers that find the same fault in a request are believed, and nothing is charged")
    func faulty() async throws {
        try await withMarket(sellers: 3) { market in
            for seller in market.sellers { seller.conduct = .calledFaulty }
            try await market.withGateway { buyer in
                let answer = try await buyer.chat()
                #expect(answer.status == 400)
                #expect(answer.text.contains("not this"))
                let spent = try await buyer.spent()
                #expect(spent == 0)
            }
            #expect(market.sellers.map(\.calls) == [1, 1, 0])
        }
    }

    @Test("what some sellers do not take, the next one may, however many agree")
    func links() async throws {
        try await withMarket(sellers: 3) { market in
            for seller in market.sellers.prefix(2) { seller.conduct = .takesNoLinks }
            try await market.withGateway { buyer in
                let answer = try await buyer.chat()
                #expect(answer.status == 200)
                let third = market.sellers[2].account.accountID
                #expect(answer.header("x-stoa-seller") == third.description)
            }
        }
    }

    @Test("a client that leaves before a whole answer stops the seller, and asks no other")
    func abandonedWhole() async throws {
        try await withMarket(sellers: 2) { market in
            market.sellers[0].conduct = .hold
            try await market.withGateway { buyer in
                let waiting = Task { try await buyer.chat() }
                while market.sellers[0].calls == 0 {
                    try await Task.sleep(for: .milliseconds(5))
                }
                waiting.cancel()
                _ = await waiting.result
                // What became of it is looked up though the seller has not ended it.
                try await buyer.eventually("the gateway waits no more") { _ in
                    market.sellers[0].state.withLock { $0.lanesAsked } > 0
                }
                market.sellers[0].release()
                let status = try await buyer.status()
                let sellers = try status.objects("sellers")
                #expect(try sellers.allSatisfy { try $0.number("failures") == 0 })
            }
            #expect(market.sellers[1].calls == 0)
        }
    }

    @Test("a seller that is not there costs nothing, and its lane is free at once")
    func unreachable() async throws {
        try await withMarket(connectTimeoutMilliseconds: 500) { market in
            let ghost = try FakeProvider(seed: 10, ledger: market.ledger)
            try await market.publish(ghost, port: 1, model: "ghost-model")
            try await market.withGateway { buyer in
                let answer = try await buyer.chat(
                    Buyer.chat.replacingOccurrences(of: "stoa-small", with: "ghost-model")
                )
                #expect(answer.status == 503)
                #expect(try answer.error("money_moved") == "false")
                let channels = try await buyer.status().objects("channels")
                #expect(try channels.first?.number("lanes_busy") == 0)
            }
            #expect(try JournalContents(market.journalDirectory).withdrawals.count == 1)
        }
    }

    @Test("a seller that keeps failing is left alone for a while")
    func circuit() async throws {
        try await withMarket { market in
            market.sellers[0].conduct = .upstreamFails
            let configuration = market.configuration {
                $0.health.failuresMax = 2
                $0.health.cooldownMilliseconds = 60_000
                $0.health.cooldownMillisecondsMax = 60_000
            }
            try await market.withGateway(configuration) { buyer in
                for expected in [502, 502, 503, 503] {
                    let answer = try await buyer.chat()
                    #expect(answer.status == expected)
                }
                #expect(market.sellers[0].calls == 2)
            }
        }
    }

    @Test("the trial of a seller that was down ends by any answer that shows it up again")
    func trialEnds() async throws {
        try await withMarket { market in
            market.sellers[0].conduct = .upstreamFails
            let configuration = market.configuration {
                $0.health.failuresMax = 2
                $0.health.cooldownMilliseconds = 50
                $0.health.cooldownMillisecondsMax = 60_000
            }
            try await market.withGateway(configuration) { buyer in
                for _ in 0..<2 { #expect(try await buyer.chat().status == 502) }
                try await Task.sleep(for: .milliseconds(100))
                market.sellers[0].conduct = .refuse(1290)
                #expect(try await buyer.chat().status == 402)
                market.sellers[0].conduct = .honest
                #expect(try await buyer.chat().status == 200)
            }
        }
    }

    @Test("a stream that dies is charged for what its receipt says, found out afterwards")
    func diesMidStream() async throws {
        try await withMarket { market in
            market.sellers[0].conduct = .dieMidStream
            try await market.withGateway { buyer in
                let events = try await buyer.chat(Buyer.stream).events
                #expect(events.first?.contains("Hello") == true)
                #expect(events.last?.contains("error") == true)
                #expect(!events.contains("[DONE]"))
                try await buyer.eventually("the partial receipt is found") { status in
                    try status.number("spent_obol") == 220
                }
            }
            let stored = try ReceiptArchive(directory: market.journalDirectory).recent(limit: 1)
            #expect(stored.first?.receipt.document.status == .partial)
            #expect(stored.first?.receipt.document.chunks == 2)
        }
    }

    @Test("a seller that does not end its answer keeps no connection, and nobody waits for it")
    func lingers() async throws {
        try await withMarket { market in
            let seller = market.sellers[0]
            seller.conduct = .lingers
            try await market.withGateway { buyer in
                let events = try await buyer.chat(Buyer.stream).events
                #expect(events.last == "[DONE]")
                let deadline = ContinuousClock.now + .seconds(10)
                while seller.state.withLock({ $0.isLingering }), ContinuousClock.now < deadline {
                    try await Task.sleep(for: .milliseconds(20))
                }
                #expect(!seller.state.withLock { $0.isLingering })
                let spent = try await buyer.spent()
                #expect(spent == 240)
            }
        }
    }

    @Test("a client that leaves stops the seller; the partial receipt frees the lane")
    func abort() async throws {
        try await withMarket { market in
            market.sellers[0].conduct = .endless
            let configuration = market.configuration { $0.lanesPerChannel = 1 }
            try await market.withGateway(configuration) { buyer in
                try await buyer.abortedStream(afterEvents: 6)
                try await buyer.eventually("the lane is free again") { status in
                    try status.objects("channels").first?.number("lanes_busy") == 0
                }
                let spent = try await buyer.spent()
                #expect(spent == 220)
                market.sellers[0].conduct = .honest
                let next = try await buyer.chat()
                #expect(next.status == 200)
                let chunks = market.sellers[0].state.withLock { $0.chunksSent }
                #expect(chunks < 5000)
            }
        }
    }

    @Test("a client that leaves while the seller is silent stops the seller as well")
    func abortWhileSilent() async throws {
        try await withMarket { market in
            market.sellers[0].conduct = .hold
            try await market.withGateway { buyer in
                try await buyer.abortedStream(afterEvents: 4)
                try await buyer.eventually("the call is over at the seller") { status in
                    try status.number("spent_obol") == 220
                }
            }
        }
    }

    @Test("a seller that takes too long is given up, and what it did is found out afterwards")
    func tooSlow() async throws {
        try await withMarket { market in
            market.sellers[0].conduct = .hold
            let configuration = market.configuration { $0.totalTimeoutSeconds = 1 }
            try await market.withGateway(configuration) { buyer in
                let answer = try await buyer.chat()
                #expect(answer.status == 504)
                // Nobody knows yet whether it was charged, so it must not be paid for again.
                #expect(answer.header("x-should-retry") == "false")
                #expect(answer.text.contains(#""money_moved":null"#))
                market.sellers[0].release()
                try await buyer.eventually("its receipt is found") { status in
                    try status.number("spent_obol") == 240
                }
            }
        }
    }

    @Test("an answer beyond the limit is not taken in, and what it cost is found out afterwards")
    func tooLarge() async throws {
        try await withMarket { market in
            let configuration = market.configuration { $0.responseBytesMax = 50 }
            try await market.withGateway(configuration) { buyer in
                for body in [Buyer.chat, Buyer.stream] {
                    let answer = try await buyer.chat(body)
                    #expect(answer.status == 502 || answer.text.contains("larger"))
                    #expect(answer.text.contains(#""money_moved":null"#))
                    #expect(answer.text.contains("error"))
                }
                try await buyer.eventually("the receipts are found") { status in
                    try status.objects("channels").first?.number("lanes_busy") == 0
                }
                let spent = try await buyer.spent()
                #expect(spent >= 240)
            }
        }
    }
}
