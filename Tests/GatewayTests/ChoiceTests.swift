import Foundation
import Identity
import MarketTypes
import OpenAIWire
import SettlementCore
import Synchronization
import Testing

@testable import Gateway

/// Which seller a call goes to, end to end.
@Suite("The choice of a seller", .timeLimit(.minutes(2)))
struct ChoiceTests {
    private func port(_ seller: FakeProvider) throws -> Int {
        let endpoint = try #require(seller.offers.withLock { $0.first?.value.endpoint })
        return try #require(Int(endpoint.split(separator: ":").last ?? ""))
    }

    @Test("DOOR-3: an offer is not the cheapest because it cuts answers off early")
    func cutOff() async throws {
        try await withMarket(sellers: 2) { market in
            let (fair, dear) = (market.sellers[0], market.sellers[1])
            let model = "stoa-cut"
            try await market.publish(fair, port: try port(fair), model: model, obolPerToken: 10)
            try await market.publish(
                dear,
                port: try port(dear),
                model: model,
                obolPerToken: 12,
                outputTokensMax: 2
            )
            let body = Buyer.chat.replacing("stoa-small", with: model)
            try await market.withGateway { buyer in
                let answer = try await buyer.chat(body)
                #expect(answer.status == 200)
                #expect(answer.header("x-stoa-seller") == fair.account.accountID.description)
            }
            #expect(dear.calls == 0)
        }
    }

    @Test("DOOR-4: an answer is not told again to who does not want its seller")
    func cachedSellers() async throws {
        try await withMarket(sellers: 2) { market in
            let sellers = market.sellers.map(\.account.accountID.description)
            try await market.withGateway { buyer in
                func ask(_ wish: String) async throws -> Answer {
                    let wishes = #","temperature":0,"provider":{"cache":600,\#(wish)}}"#
                    return try await buyer.chat(String(Buyer.chat.dropLast()) + wishes)
                }
                let first = try await ask(#""only":["\#(sellers[0])"]"#)
                #expect(first.header("x-stoa-seller") == sellers[0])
                for wish in [
                    #""only":["\#(sellers[1])"]"#, #""ignore":["\#(sellers[0])"]"#,
                ] {
                    let other = try await ask(wish)
                    #expect(other.header("x-stoa-seller") == sellers[1])
                }
                let again = try await ask(#""only":["\#(sellers[1])"]"#)
                #expect(again.header("x-stoa-cache") == "hit")
            }
        }
    }
}
