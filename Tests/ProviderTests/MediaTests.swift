import AsyncHTTPClient
import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import NIOCore
import OpenAIWire
import Provider
import SettlementCore
import Testing

/// Requests for images and audio.
private enum Bodies {
    static let images = #"{"model":"tiny-model","prompt":"p","n":3}"#
    static let speech = #"{"model":"tiny-model","input":"hello","voice":"v"}"#

    static func form(_ model: String = "tiny-model", _ more: String = "") -> String {
        "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n\(model)\r\n" + more
            + "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n"
            + "RIFF\r\n--b--\r\n"
    }

    static func field(_ name: String, _ value: String) -> String {
        "--b\r\ncontent-disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
    }
}

@Suite("Images and audio", .timeLimit(.minutes(1)))
struct MediaTests {
    /// A body that a seller of the interface refuses before any work.
    fileprivate static let refused: [(CallInterface, String, String)] = [
        (.images, #"{"model":"other","prompt":"p"}"#, "model"),
        (.images, #"{"model":"tiny-model","prompt":"p","n":11}"#, "n"),
        (.images, #"{"model":"tiny-model","prompt":"p","stream":true}"#, "stream"),
        (.speech, #"{"model":"other","input":"p"}"#, "model"),
        (.speech, #"{"model":"tiny-model","input":"p","stream_format":"sse"}"#, "stream_format"),
        (.transcription, Bodies.form("other"), "model"),
        (.transcription, Bodies.form("tiny-model", Bodies.field("stream", "true")), "stream"),
        (.transcription, "{}", "null"),
    ]

    @Test("CALL-20 to CALL-22: what cannot be served is refused early", arguments: refused)
    func refusals(_ interface: CallInterface, _ body: String, _ param: String) async throws {
        let market = try await Market.make(interface)
        try await market.serving { door, upstream in
            let answer = try await door.call(body)
            #expect(answer.status == 400)
            #expect(try answer.error("param") == (param == "null" ? param : "\"\(param)\""))
            #expect(answer.receiptText == nil)
            #expect(upstream.asked.isEmpty)
        }
    }

    @Test("a seller without the interface refuses the voucher")
    func otherInterface() async throws {
        let market = try await Market.make(.images)
        try await market.serving { door, upstream in
            let answer = try await door.call(Bodies.speech, path: CallInterface.speech.path)
            #expect(answer.status == 402)
            #expect(upstream.asked.isEmpty)
        }
    }

    @Test("CALL-21: a voucher must be worth every image that is asked for")
    func imagesCap() async throws {
        let market = try await Market.make(.images)
        try await market.serving { door, _ in
            let answer = try await door.call(
                Bodies.images,
                voucher: door.voucher(Bodies.images, cap: 20)
            )
            #expect(answer.status == 402)
            let code = SettlementRefusal.capTooSmall.code + 700
            #expect(try answer.error("stoa_code") == "\(code)")
        }
    }

    @Test(
        "CALL-21: images are charged by what came, and never above what was asked for",
        arguments: [(1, 1), (2, 2), (3, 3), (5, 3)] as [(Int, UInt64)]
    )
    func imagesCharge(_ made: Int, _ charged: UInt64) async throws {
        let market = try await Market.make(.images)
        try await market.serving { door, upstream in
            let list = Array(repeating: #"{"url":"u"}"#, count: made).joined(separator: ",")
            upstream.behaviour = .answer(#"{"data":[\#(list)]}"#)
            let voucher = door.voucher(Bodies.images, cap: 21)
            let answer = try await door.call(Bodies.images, voucher: voucher)
            #expect(answer.status == 200)
            let receipt = try answer.receipt()
            try await door.expectRight(
                receipt,
                for: voucher,
                chunks: [answer.body],
                status: .delivered
            )
            #expect(receipt.document.units == UnitCounts([(.call, charged)]))
            #expect(receipt.document.charge == Amount(obol: 7 * UInt128(charged)))
            let asked = try #require(upstream.asked.first)
            #expect(asked.path == "/v1/images/generations")
            #expect(asked.body == Bodies.images.replacing("tiny-model", with: "inner-model"))
        }
    }

    @Test(
        "CALL-20 to CALL-22: an answer that is not what was bought costs nothing",
        arguments: [
            (.images, Bodies.images, #"{"data":[]}"#, "application/json"),
            (.images, Bodies.images, "{}", "application/json"),
            (.speech, Bodies.speech, "<script>", "text/html"),
            (.speech, Bodies.speech, "", "audio/wav"),
            (.speech, Bodies.speech, "{}", "application/json"),
            (.transcription, Bodies.form(), "text", "text/plain"),
            (.transcription, Bodies.form(), "[]", "application/json"),
        ] as [(CallInterface, String, String, String)]
    )
    func worthless(
        _ interface: CallInterface,
        _ body: String,
        _ text: String,
        _ type: String
    ) async throws {
        let market = try await Market.make(interface)
        try await market.serving { door, upstream in
            upstream.behaviour = .typed(text, type: type)
            let answer = try await door.call(body)
            #expect(answer.status == 502)
            let receipt = try answer.receipt()
            #expect(receipt.document.status == .failed && receipt.document.charge.isZero)
        }
    }

    @Test("CALL-20: speech passes byte for byte under its own type, without parameters")
    func speech() async throws {
        let market = try await Market.make(.speech, prices: [(.call, 7), (.byte, 2)])
        try await market.serving { door, upstream in
            upstream.behaviour = .typed("RIFF\u{1}", type: "Audio/WAV; rate=8000")
            let voucher = door.voucher(Bodies.speech, cap: 900_000_000)
            let answer = try await door.call(Bodies.speech, voucher: voucher)
            #expect(answer.status == 200 && answer.type == "audio/wav")
            #expect(answer.body == Array("RIFF\u{1}".utf8))
            let units = try answer.receipt().document.units
            #expect(units == UnitCounts([(.call, 1), (.byte, 5)]))
        }
    }

    @Test("CALL-22: the upstream gets the form anew, with its own name of the model")
    func transcription() async throws {
        let market = try await Market.make(.transcription)
        try await market.serving { door, upstream in
            upstream.behaviour = .answer(#"{"text":"hello"}"#)
            let answer = try await door.call(Bodies.form())
            #expect(answer.status == 200 && answer.type == "application/json")
            let asked = try #require(upstream.asked.first)
            #expect(asked.type == "multipart/form-data; boundary=b")
            #expect(asked.body == Bodies.form("inner-model"))
            upstream.behaviour = .typed("hello", type: "text/html")
            let body = Bodies.form("tiny-model", Bodies.field("response_format", "vtt"))
            let plain = try await door.call(body, voucher: door.voucher(body, sequence: 2))
            #expect(plain.status == 200 && plain.type == "text/plain; charset=utf-8")
        }
    }

    @Test("CALL-23: a file is read only for whoever has a channel, and not beyond the limit")
    func strangers() async throws {
        let market = try await Market.make(.transcription)
        try await market.serving { door, upstream in
            let field = Bodies.field("x", String(repeating: "x", count: 5000))
            let large = Bodies.form("tiny-model", field)
            let stranger = try await door.call(
                large,
                voucher: door.voucher(large, key: try Market.key(77))
            )
            #expect(stranger.status == 402, "the voucher is refused before its body is read")
            let other = door.voucher(
                large,
                change: { $0.with(channel: ChannelID(Digest(sha256: [7]))) }
            )
            #expect(try await door.call(large, voucher: other).status == 402)
            #expect(try await door.call(large).status == 413)
            #expect(upstream.asked.isEmpty)
        }
    }
}
