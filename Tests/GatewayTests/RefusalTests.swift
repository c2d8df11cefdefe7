import Foundation
import Identity
import Journal
import MarketTypes
import NIOHTTP1
import SettlementCore
import Testing

@testable import Gateway

/// Calls that are refused before or instead of being paid: each says why, and moves no money.
@Suite("Refusals", .timeLimit(.minutes(2)))
struct RefusalTests {
    @Test("bad requests get the OpenAI envelope, and never reach a seller")
    func badRequests() async throws {
        try await withMarket { market in
            let configuration = market.configuration { $0.requestBytesMax = 5000 }
            try await market.withGateway(configuration) { buyer in
                let cases: [(path: String, body: String, status: Int, code: String)] = [
                    ("/v1/chat/completions", "{", 400, "invalid_request"),
                    ("/v1/chat/completions", #"{"model":"stoa-small"}"#, 400, "invalid_request"),
                    ("/v1/embeddings", #"{"model":"stoa-embed"}"#, 400, "invalid_request"),
                    ("/v1/call", "{}", 400, "invalid_request"),
                    (
                        "/v1/chat/completions", String(repeating: " ", count: 5001), 413,
                        "request_too_large"
                    ),
                    ("/v1/nothing", "{}", 404, "not_found"),
                ]
                for one in cases {
                    let answer = try await buyer.post(one.path, one.body)
                    #expect(answer.status == one.status)
                    #expect(try answer.error("code") == "\"\(one.code)\"")
                    #expect(try answer.error("money_moved") == "false")
                    #expect(answer.header("x-request-id") != nil)
                }
            }
            #expect(market.sellers[0].calls == 0)
        }
    }

    @Test("an unknown model is refused with the names of known ones")
    func unknownModel() async throws {
        try await withMarket { market in
            let answer = try await market.withGateway { buyer in
                try await buyer.chat(
                    Buyer.chat.replacingOccurrences(of: "stoa-small", with: "gpt-9")
                )
            }
            #expect(answer.status == 404)
            #expect(try answer.error("code") == #""model_not_found""#)
            #expect(try answer.error("hint")?.contains("stoa-small") == true)
        }
    }

    @Test("a request beyond every offer's limits is refused, not cut")
    func beyondLimits() async throws {
        try await withMarket { market in
            try await market.withGateway { buyer in
                let long = try await buyer.chat(
                    Buyer.chat.replacingOccurrences(
                        of: "Hi",
                        with: String(repeating: "x", count: 4096)
                    )
                )
                #expect(long.status == 413)
                let many = try await buyer.chat(
                    Buyer.chat.dropLast() + #","max_tokens":101}"#
                )
                #expect(many.status == 400)
                #expect(try many.error("param") == #""max_tokens""#)
                let few = try await buyer.chat(Buyer.chat.dropLast() + #","max_tokens":4}"#)
                #expect(few.status == 200)
            }
        }
    }

    @Test("a call that could cost more than the limit for one call is not made")
    func priceLimit() async throws {
        try await withMarket { market in
            let configuration = market.configuration { $0.priceMaxObolPerCall = 1000 }
            try await market.withGateway(configuration) { buyer in
                let answer = try await buyer.chat()
                #expect(answer.status == 402)
                let short = try await buyer.chat(Buyer.chat.dropLast() + #","max_tokens":4}"#)
                #expect(short.status == 200)
            }
        }
    }

    @Test("an empty account is refused with 402, what is missing, and the command that helps")
    func emptyAccount() async throws {
        try await withMarket(buyerObol: 500) { market in
            let answer = try await market.withGateway { try await $0.chat() }
            #expect(answer.status == 402)
            #expect(try answer.error("money_moved") == "false")
            let message = try #require(try answer.error("message"))
            #expect(message.contains("0.000000500 STOA"))
            let hint = try #require(try answer.error("hint"))
            #expect(hint.contains("stoa wallet send \(market.buyer.accountID)"))
            #expect(market.sellers[0].calls == 0)
        }
    }

    @Test("an account with little locks what it has, if that serves the call")
    func smallAccount() async throws {
        try await withMarket(buyerObol: 5000) { market in
            try await market.withGateway { buyer in
                let answer = try await buyer.chat()
                #expect(answer.status == 200)
                let status = try await buyer.status()
                #expect(try status.objects("channels").first?.number("deposit_obol") == 4990)
            }
        }
    }

    @Test("a budget that is used up is refused with 402 and the command that raises it")
    func emptyBudget() async throws {
        try await withMarket { market in
            let configuration = market.configuration {
                $0.budget.totalObol = 1000
                $0.budget.channelDepositObol = 1000
            }
            let answer = try await market.withGateway(configuration) { try await $0.chat() }
            #expect(answer.status == 402)
            #expect(try answer.error("hint")?.contains("stoa connect --budget") == true)
            #expect(market.sellers[0].calls == 0)
        }
    }

    @Test("with a key set, callers without it are refused")
    func apiKey() async throws {
        try await withMarket { market in
            let configuration = market.configuration { $0.apiKey = "correct-horse-battery" }
            try await market.withGateway(configuration) { buyer in
                let wrong: [HTTPHeaders] = [
                    [:], ["authorization": "Bearer correct-horse-batter"],
                    ["authorization": "correct-horse-battery"],
                ]
                for headers in wrong {
                    let answer = try await buyer.get("/v1/models", headers: headers)
                    #expect(answer.status == 401)
                }
                let right = try await buyer.get(
                    "/v1/models",
                    headers: ["authorization": "Bearer correct-horse-battery"]
                )
                #expect(right.status == 200)
            }
        }
    }

    @Test("P11: web pages of other origins and foreign host names may not spend")
    func foreignPages() async throws {
        try await withMarket { market in
            try await market.withGateway { buyer in
                let page = try await buyer.post(
                    "/v1/chat/completions",
                    Buyer.chat,
                    headers: ["origin": "https://evil.example"]
                )
                #expect(page.status == 401)
                let rebound = try await buyer.post(
                    "/v1/chat/completions",
                    Buyer.chat,
                    headers: ["host": "evil.example:80"]
                )
                #expect(rebound.status == 401)
                let prefixed = try await buyer.post(
                    "/v1/chat/completions",
                    Buyer.chat,
                    headers: ["host": "127.evil.example"]
                )
                #expect(prefixed.status == 401)
                let local = try await buyer.post(
                    "/v1/chat/completions",
                    Buyer.chat,
                    headers: ["origin": "http://localhost:3000"]
                )
                #expect(local.status == 200)
            }
            #expect(market.sellers[0].calls == 1)
        }
    }

    @Test("a client's own request id comes back, a wild one does not")
    func requestID() async throws {
        try await withMarket { market in
            try await market.withGateway { buyer in
                let own = try await buyer.get("/v1/models", headers: ["x-request-id": "abc-1"])
                #expect(own.header("x-request-id") == "abc-1")
                let wild = String(repeating: "z", count: 65)
                let other = try await buyer.get("/v1/models", headers: ["x-request-id": wild])
                #expect(other.header("x-request-id") != wild)
            }
        }
    }

    @Test("a wrong configuration does not start")
    func wrongConfiguration() async throws {
        try await withMarket { market in
            let configuration = market.configuration { $0.host = "0.0.0.0" }
            await #expect(throws: GatewayError.self) {
                try await market.withGateway(configuration) { _ in }
            }
        }
    }

    @Test("a journal in use does not start a second gateway")
    func journalInUse() async throws {
        try await withMarket { market in
            try await market.withGateway { _ in
                _ = await #expect(throws: GatewayError.journal(.inUse)) {
                    try await market.withGateway { _ in }
                }
            }
        }
    }
}
