import OpenAIWire
import SettlementCore
import Testing

@testable import Provider

@Suite("CALL-18: links in chats", .timeLimit(.minutes(1)))
struct LinkTests {
    private static let linked =
        #"{"model":"tiny-model","messages":[{"role":"user","content":["#
        + #"{"type":"image_url","image_url":{"url":"http://10.0.0.1/admin"}}]}]}"#

    @Test("a link is refused before a voucher is taken, unless the seller wants links")
    func links() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .answer(Texts.completion())
            let answer = try await door.call(Self.linked)
            #expect(answer.status == 415)
            #expect(upstream.asked.isEmpty)
            let lane = try await door.lane()
            #expect(try lane.unsigned("sequence") == 0)
            let link = "http://10.0.0.1/admin"
            let whole = Self.linked.replacing(link, with: "data:image/png;base64,AA")
            #expect(try await door.call(whole).status == 200)
        }
        let other = try await Market.make()
        try await other.serving(change: { $0.services[0].upstream.linkedMedia = true }) {
            door,
            upstream in
            upstream.behaviour = .answer(Texts.completion())
            let answer = try await door.call(Self.linked, voucher: door.voucher(Self.linked))
            #expect(answer.status == 200)
        }
    }
}
