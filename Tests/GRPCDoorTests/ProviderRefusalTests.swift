import GRPCCore
import NIOHTTP1
import ProtobufWire
import Testing

@testable import GRPCDoor

@Suite("GRPC-12: what the provider says, as a status")
struct ProviderRefusalTests {
    private func answer(_ status: Int, _ body: String, _ headers: HTTPHeaders = [:])
        -> Backend.Answer
    {
        Backend.Answer(status: status, headers: headers, body: Array(body.utf8))
    }

    @Test("no status invites to send a voucher again that is used up")
    func usedVouchers() {
        for status in 400..<600 {
            let code = ProviderRefusals.status(status, isVoucherUsed: true)
            #expect(code != .unavailable && code != .deadlineExceeded)
        }
        for status in [429, 502, 503, 504] {
            #expect(ProviderRefusals.status(status, isVoucherUsed: false) == .unavailable)
        }
    }

    @Test("the provider's own words, number and patience go along")
    func envelope() {
        let body = """
            {"error":{"message":"No.","code":"voucher_refused","stoa_code":703,\
            "money_moved":false,"hint":"Sign it."}}
            """
        let error = ProviderRefusals.refusal(answer(402, body), receipt: nil)
        #expect(error.code == .failedPrecondition && error.message == "No.")
        #expect(error.metadata.trailer("stoa-reason") == "voucher_refused")
        #expect(error.metadata.trailer("stoa-code") == "703")
        #expect(error.metadata.trailer("stoa-money-moved") == "false")
        #expect(error.metadata.trailer("stoa-hint") == "Sign it.")
        let busy = ProviderRefusals.refusal(answer(503, body, ["retry-after": "4"]), receipt: nil)
        #expect(busy.metadata.trailer("retry-after") == "4")
    }

    @Test("an answer that is no envelope claims nothing")
    func noEnvelope() {
        for body in ["", "<html>", "{}", #"{"error":"no"}"#, #"{"error":{"money_moved":"no"}}"#] {
            let error = ProviderRefusals.refusal(
                answer(429, body, ["retry-after": "soon"]),
                receipt: nil
            )
            #expect(error.code == .unavailable)
            #expect(error.metadata.trailer("stoa-money-moved") == "unknown")
            #expect(error.metadata.trailer("stoa-reason") == "http_429")
            #expect(error.metadata.trailer("retry-after") == nil)
        }
    }

    @Test("GRPC-8: without a receipt, only a refusal says that the voucher is unused")
    func proxies() {
        let unwritten = #"{"error":{"message":"No.","code":"receipt_missing","money_moved":null}}"#
        for (status, body) in [
            (502, "<html>"), (504, ""), (500, "{}"), (503, unwritten), (500, unwritten),
            (408, ""), (499, ""), (302, ""), (204, ""),
        ] {
            let error = ProviderRefusals.refusal(answer(status, body), receipt: nil)
            #expect(error.code == .unknown, "\(status) \(body)")
            #expect(error.metadata.trailer("stoa-reason") == "cut_off")
            #expect(error.metadata.trailer("stoa-money-moved") == "unknown")
        }
        let busy = #"{"error":{"message":"Busy.","code":"overloaded","money_moved":false}}"#
        let error = ProviderRefusals.refusal(answer(503, busy), receipt: nil)
        #expect(error.code == .unavailable)
        #expect(error.metadata.trailer("stoa-money-moved") == "false")
        let read = ProviderRefusals.unanswered(answer(502, "<html>"))
        #expect(read.code == .unavailable)
        #expect(read.metadata.trailer("stoa-money-moved") == "false")
    }

    @Test("a receipt comes with the answer that it is of, if trailers can carry it")
    func receipts() {
        let small = ProviderRefusals.refusal(answer(502, "short"), receipt: [1, 2])
        #expect(Array(small.metadata[binaryValues: "stoa-receipt-bin"]) == [[1, 2]])
        #expect(Array(small.metadata[binaryValues: "stoa-answer-bin"]) == [Array("short".utf8)])
        let long = String(repeating: "x", count: 4096)
        let large = ProviderRefusals.refusal(answer(502, long), receipt: [1, 2])
        #expect(Array(large.metadata[binaryValues: "stoa-receipt-bin"]).count == 1)
        #expect(Array(large.metadata[binaryValues: "stoa-answer-bin"]).isEmpty)
    }

    @Test("documents of a provider that lies are no answers")
    func documents() {
        let zeros = String(repeating: "0", count: 64)
        #expect(OffersResponse(json: Array(#"{"data":[]}"#.utf8)) != nil)
        for (interface, isOffered) in [("chat", true), ("json", true), ("speech", false)] {
            let json = #"{"data":[{"id":"\#(zeros)","model":"m","interface":"\#(interface)","#
                + #""offer":"AQID"}]}"#
            var writer = ProtobufWriter()
            OffersResponse(json: Array(json.utf8))?.write(into: &writer)
            #expect(writer.bytes.isEmpty != isOffered, "\(interface)")
        }
        for offer in [
            #"{"id":"00","model":"m","interface":"chat","offer":""}"#,
            #"{"id":"\#(zeros)","model":"m","interface":"mint","offer":""}"#,
            #"{"id":"\#(zeros)","model":"m","interface":"chat","offer":"*"}"#,
            #"{"id":"\#(zeros)","interface":"chat","offer":""}"#,
        ] {
            #expect(OffersResponse(json: Array(#"{"data":[\#(offer)]}"#.utf8)) == nil, "\(offer)")
        }
        for rest in [
            #""lane":65536,"sequence":0"#, #""lane":0,"sequence":-1"#, #""lane":0"#,
            #""lane":0,"sequence":0,"voucher":"*""#, #""lane":0,"sequence":0,"receipt":"*""#,
        ] {
            let json = #"{"channel":"\#(zeros)",\#(rest)}"#
            #expect(LaneResponse(json: Array(json.utf8)) == nil, "\(rest)")
        }
    }
}
