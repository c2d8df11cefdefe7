import Foundation
import Identity
import MarketTypes
import OpenAIWire
import SettlementCore
import Synchronization
import Testing

@testable import Gateway

/// P6, P7: a seller whose receipt is wrong gets nothing for it, and nothing ever after.
@Suite("Cheats", .timeLimit(.minutes(2)))
struct CheatTests {
    struct Cheat: Sendable, CustomTestStringConvertible {
        let conduct: FakeProvider.Conduct
        let reason: String
        var testDescription: String { "\(conduct)" }
    }

    static let cheats: [Cheat] = [
        Cheat(conduct: .wrongCharge, reason: "wrongCharge"),
        Cheat(conduct: .wrongTotal, reason: "wrongTotal"),
        Cheat(conduct: .foreignSignature, reason: "wrongSigner"),
        Cheat(conduct: .noReceipt, reason: "missingReceipt"),
        Cheat(conduct: .malformedReceipt, reason: "malformedReceipt"),
        Cheat(conduct: .wrongResponse, reason: "wrongResponse"),
        Cheat(conduct: .overUnits, reason: "unitsOverLimit"),
    ]

    @Test(
        "a wrong receipt of a whole answer is refused, and the seller struck off",
        arguments: cheats
    )
    func whole(_ cheat: Cheat) async throws {
        try await withMarket { market in
            market.sellers[0].conduct = cheat.conduct
            try await market.withGateway { buyer in
                let answer = try await buyer.chat()
                #expect(answer.status == 502)
                #expect(try answer.error("message")?.contains(cheat.reason) == true)
                try await expectStruckOff(buyer, cheat.reason, market)
            }
            #expect(try ReceiptArchive(directory: market.journalDirectory).recent(limit: 9).isEmpty)
        }
    }

    @Test("a wrong receipt of a stream ends it with an error and no [DONE]", arguments: cheats)
    func stream(_ cheat: Cheat) async throws {
        try await withMarket { market in
            market.sellers[0].conduct = cheat.conduct
            try await market.withGateway { buyer in
                let events = try await buyer.chat(Buyer.streamWithUsage).events
                #expect(events.first?.contains("Hello") == true)
                #expect(!events.contains("[DONE]"))
                #expect(!events.contains { $0.contains("usage") })
                let last = try #require(events.last)
                #expect(try JSONObject(Array(last.utf8)).object("error") != nil)
                #expect(last.contains(cheat.reason))
                try await expectStruckOff(buyer, cheat.reason, market)
            }
            #expect(try ReceiptArchive(directory: market.journalDirectory).recent(limit: 9).isEmpty)
        }
    }

    @Test("CALL-17: an error in a stream is told in the market's words, with what was paid")
    func foreignError() async throws {
        try await withMarket { market in
            market.sellers[0].conduct = .speaksAsMarket
            try await market.withGateway { buyer in
                let answer = try await buyer.chat(Buyer.streamWithUsage)
                let events = try answer.events
                #expect(!answer.text.contains("50 STOA") && !answer.text.contains("for you"))
                #expect(!events.contains("[DONE]") && !events.contains("null"))
                let last = try #require(events.last)
                let error = try #require(try JSONObject(Array(last.utf8)).object("error"))
                #expect(try error.string("message")?.contains("with an error") == true)
                #expect(try error.bool("money_moved") == true)
                // What its receipt says was paid is known, and told.
                #expect(answer.text.contains(" cost=240"))
            }
        }
    }

    @Test("CALL-21: images that did not come are not paid, and the seller is struck off")
    func uncountedImages() async throws {
        try await withMarket { market in
            let seller = market.sellers[0]
            let endpoint = try #require(seller.offers.withLock { $0.first?.value.endpoint })
            let port = try #require(Int(endpoint.split(separator: ":").last ?? ""))
            try await market.publish(seller, port: port, model: "stoa-paint", interface: .images)
            try await market.withGateway { buyer in
                let body = #"{"model":"stoa-paint","prompt":"p","n":2}"#
                // The fake seller sends no image, and counts one.
                let answer = try await buyer.post("/v1/images/generations", body)
                #expect(answer.status == 502)
                #expect(try answer.error("message")?.contains("unitsOverLimit") == true)
                try await expectStruckOff(buyer, "unitsOverLimit", market)
            }
        }
    }

    @Test(
        "SET-14: what cannot be counted, or is told to have failed, is not paid",
        arguments: [
            (FakeProvider.Conduct.streamsAlways, "missingReceipt"),
            (.chargedFailure, "malformedReceipt"),
        ]
    )
    func uncountable(_ conduct: FakeProvider.Conduct, _ reason: String) async throws {
        try await withMarket { market in
            market.sellers[0].conduct = conduct
            try await market.withGateway { buyer in
                let answer = try await buyer.chat()
                #expect(answer.status == 502)
                try await expectStruckOff(buyer, reason, market)
            }
        }
    }

    /// The seller is struck off, its lane stays taken, and it gets no further call.
    private func expectStruckOff(_ buyer: Buyer, _ reason: String, _ market: Market) async throws {
        let status = try await buyer.status()
        let seller = try #require(try status.objects("sellers").first)
        #expect(try seller.bool("struck_off") == true)
        #expect(try seller.string("reason") == reason)
        #expect(try status.objects("channels").first?.number("lanes_busy") == 1)
        #expect(try status.number("spent_obol") == 0)
        let calls = market.sellers[0].calls
        let next = try await buyer.chat()
        #expect(next.status == 503)
        #expect(market.sellers[0].calls == calls)
    }

    @Test("a seller stays struck off after a restart, whatever it does then")
    func persists() async throws {
        try await withMarket { market in
            market.sellers[0].conduct = .wrongCharge
            try await market.withGateway { buyer in
                let answer = try await buyer.chat()
                #expect(answer.status == 502)
            }
            market.sellers[0].conduct = .honest
            try await market.withGateway { buyer in
                let answer = try await buyer.chat()
                #expect(answer.status == 503)
                let status = try await buyer.status()
                #expect(try status.objects("sellers").first?.string("reason") == "wrongCharge")
                #expect(try status.objects("channels").first?.number("lanes_busy") == 1)
            }
            #expect(market.sellers[0].calls == 1)
        }
    }

    @Test("the wrong receipt is kept as evidence beside the voucher")
    func evidence() async throws {
        try await withMarket { market in
            market.sellers[0].conduct = .wrongCharge
            _ = try await market.withGateway { try await $0.chat() }
            let strikes = try JournalContents(market.journalDirectory).strikes
            let evidence = try #require(strikes.first?.evidence)
            #expect(strikes.count == 1)
            #expect(evidence.receipt.document.voucher == evidence.voucher.document.signingDigest)
            #expect(try evidence.verified().receipt.document.charge == Amount(obol: 241))
        }
    }

    @Test("after a cheat, the next seller serves the call")
    func fallback() async throws {
        try await withMarket(sellers: 2) { market in
            market.sellers[0].conduct = .wrongCharge
            let answer = try await market.withGateway { try await $0.chat() }
            #expect(answer.status == 200)
            let second = market.sellers[1].account.accountID
            #expect(answer.header("x-stoa-seller") == second.description)
        }
    }
}
