import AsyncHTTPClient
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import NIOCore
import NIOHTTP1
import OpenAIWire
import ServiceLifecycle
import SettlementCore
import Testing

/// An answer as a buyer sees it.
struct Answer: Sendable {
    let status: Int
    let type: String
    let body: [UInt8]
    let receiptText: String?
    let retryAfter: String?

    /// The receipt, its signature checked.
    func receipt() throws -> Verified<Receipt> {
        try Door.receipt(try #require(receiptText))
    }

    /// A member of the error envelope.
    func error(_ key: String) throws -> String {
        let envelope = try #require(try JSONObject(body).object("error"))
        return String(decoding: try #require(envelope.raw(key)), as: UTF8.self)
    }

    /// The events of a stream.
    func events() throws -> [ServerSentEvent] {
        var parser = EventStreamParser(eventBytesMax: 1 << 20)
        return try parser.feed(body)
    }
}

/// A running provider, and a buyer before it.
struct Door: Sendable {
    static let chat = #"{"model":"tiny-model","messages":[{"role":"user","content":"hi"}]}"#
    static let chatStream = String(chat.dropLast()) + #","stream":true}"#

    let market: Market
    let url: String
    let services: ServiceGroup

    /// A voucher for a body, in any lane.
    func voucher(
        _ body: String = chat,
        lane: UInt16 = 0,
        sequence: UInt64 = 1,
        cap: UInt64 = 1_000_000,
        change: (Voucher) -> Voucher = { $0 },
        key: SigningKey? = nil
    ) -> Verified<Voucher> {
        let plain = Voucher(
            chain: market.ledger.genesis.chain,
            channel: market.channel,
            lane: LaneID(lane),
            sequence: sequence,
            cap: Amount(obol: UInt128(cap)),
            offer: market.offer.id,
            request: RequestDigest.of(
                path: market.offer.interface.path,
                body: Array(body.utf8)
            ),
            expiresAt: Timestamp(milliseconds: Market.now.milliseconds + 60_000)
        )
        return (key ?? market.voucherKey).sign(change(plain))
    }

    /// Sends a call with a voucher; by default a right one.
    func call(
        _ body: String = chat,
        voucher: Verified<Voucher>? = nil,
        path: String? = nil
    ) async throws -> Answer {
        let paper = (voucher ?? self.voucher(body)).signed.canonicalBytes
        return try await post(
            path ?? market.offer.interface.path,
            body,
            voucher: String(decoding: Base64.encode(paper), as: UTF8.self)
        )
    }

    /// Posts a body with whatever stands in the voucher's header.
    func post(_ path: String, _ body: String, voucher: String?) async throws -> Answer {
        var request = request(path, body)
        if let voucher { request.headers.add(name: "stoa-voucher", value: voucher) }
        return try await send(request)
    }

    func get(_ path: String) async throws -> Answer {
        try await send(HTTPClientRequest(url: url + path))
    }

    /// How a lane stands (CALL-9).
    func lane(_ lane: UInt16 = 0) async throws -> JSONObject {
        let answer = try await get("/stoa/v1/lanes/\(market.channel.digest)/\(lane)")
        #expect(answer.status == 200)
        return try JSONObject(answer.body)
    }

    /// Begins a streamed call and hands over its chunks as they come; leaving breaks it off.
    func stream(
        _ voucher: Verified<Voucher>,
        of text: String = chatStream,
        _ body: (HTTPClientResponse.Body) async throws -> Void
    ) async throws {
        var request = request(CallInterface.chat.path, text)
        let paper = Base64.encode(voucher.signed.canonicalBytes)
        request.headers.add(
            name: "stoa-voucher",
            value: String(decoding: paper, as: UTF8.self)
        )
        let response = try await Market.client.execute(request, timeout: .seconds(20))
        try await body(response.body)
    }

    private func request(_ path: String, _ body: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url + path)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: body))
        return request
    }

    private func send(_ request: HTTPClientRequest) async throws -> Answer {
        let response = try await Market.client.execute(request, timeout: .seconds(20))
        let body = try await response.body.collect(upTo: 16 << 20)
        return Answer(
            status: Int(response.status.code),
            type: response.headers.first(name: "content-type") ?? "",
            body: Array(body.readableBytesView),
            receiptText: response.headers.first(name: "stoa-receipt"),
            retryAfter: response.headers.first(name: "retry-after")
        )
    }

    static func receipt(_ text: String) throws -> Verified<Receipt> {
        let bytes = try #require(Base64.decode(Array(text.utf8)))
        return try Signed<Receipt>(canonicalBytes: bytes).verified()
    }

    /// Checks a receipt against everything a buyer knows (SET-8, SET-14).
    func expectRight(
        _ receipt: Verified<Receipt>,
        for voucher: Verified<Voucher>,
        chunks: [[UInt8]],
        status: CallStatus,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let channel = try #require(try await market.ledger.channel(voucher.document.channel))
        let terms = channel.terms(
            id: voucher.document.channel,
            chain: market.ledger.genesis.chain
        )
        try ReceiptRules.check(receipt, for: voucher, under: market.offer, in: terms)
        var chain = ResponseChain(voucher: voucher.digest)
        for chunk in chunks { chain.append(chunk) }
        #expect(receipt.document.response == chain.head, sourceLocation: sourceLocation)
        #expect(receipt.document.chunks == chain.chunks, sourceLocation: sourceLocation)
        #expect(receipt.document.status == status, sourceLocation: sourceLocation)
    }
}

/// Answers of a model server.
enum Texts {
    static func completion(prompt: Int = 5, completion: Int = 7) -> String {
        #"{"id":"x","object":"chat.completion","choices":[{"index":0,"message":"#
            + #"{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":"#
            + #"{"prompt_tokens":\#(prompt),"completion_tokens":\#(completion)}}"#
    }

    static let withoutUsage =
        #"{"choices":[{"index":0,"message":{"role":"assistant","content":"hello"}}]}"#

    static func delta(_ text: String) -> String {
        #"{"choices":[{"index":0,"delta":{"content":"\#(text)"}}]}"#
    }

    static let role = #"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#
    static let stop = #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#

    static func usage(prompt: Int = 5, completion: Int = 2) -> String {
        #"{"choices":[],"usage":{"prompt_tokens":\#(prompt),"#
            + #""completion_tokens":\#(completion)}}"#
    }
}
