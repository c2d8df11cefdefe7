import AsyncHTTPClient
import CanonicalCoding
import Identity
import MarketTypes
import NIOCore
import NIOHTTP1
import OpenAIWire
import SettlementCore

/// Writes what is sent to sellers, and reads what their headers and lane answers say (call.md).
enum SellerRequests {
    /// The header that carries the voucher (CALL-1).
    static let voucherHeader = "stoa-voucher"
    /// The header that carries the receipt of an answer in one piece (CALL-5).
    static let receiptHeader = "stoa-receipt"
    /// The largest answer about a lane, in bytes.
    static let laneAnswerBytesMax = 64 << 10

    /// The request of a paid call.
    static func call(
        _ template: HTTPClient.Request,
        voucher: Signed<Voucher>,
        _ call: ClientCall
    ) -> HTTPClient.Request {
        var request = template
        let paper = String(decoding: Base64.encode(voucher.canonicalBytes), as: UTF8.self)
        request.headers = [
            "content-type": call.contentType, voucherHeader: paper, "accept": accept(call),
            "x-request-id": call.requestID,
        ]
        request.body = .byteBuffer(call.buffer)
        return request
    }

    private static func accept(_ call: ClientCall) -> String {
        switch call.answer {
        case .counted, .json, .images: call.isStreaming ? "text/event-stream" : .jsonType
        case .audio, .text: "*/*"
        }
    }

    /// The question how a lane stands (CALL-9); nil if the endpoint is no URL.
    static func lane(_ endpoint: String, _ name: VoucherName) -> HTTPClient.Request? {
        let path = "/stoa/v1/lanes/\(name.channel.digest)/\(name.lane.rawValue)"
        return try? HTTPClient.Request(url: SellerEndpoint.url(endpoint, path), method: .GET)
    }

    /// The receipt that stands in base64, or nil.
    static func receipt(_ text: [UInt8]) -> Signed<Receipt>? {
        Base64.decode(text).flatMap { try? Signed<Receipt>(canonicalBytes: $0) }
    }

    /// The number of the refusal in an error envelope, if it has one.
    static func stoaCode(_ body: [UInt8]) -> UInt32? {
        guard let envelope = try? JSONObject(body), let error = try? envelope.object("error"),
            let code = try? error.unsigned("stoa_code")
        else { return nil }
        return UInt32(exactly: code)
    }
}

/// How a seller says a lane stands (CALL-9).
struct LaneAnswer: Hashable, Sendable {
    /// The last sequence number that has a receipt.
    let sequence: UInt64
    /// The sequence number being served.
    let open: UInt64?
    /// The voucher of the last receipt.
    let voucher: Signed<Voucher>?
    let receipt: Signed<Receipt>?

    /// A lane that the seller has never heard of.
    static let unknown = LaneAnswer(sequence: 0, open: nil, voucher: nil, receipt: nil)

    private init(
        sequence: UInt64,
        open: UInt64?,
        voucher: Signed<Voucher>?,
        receipt: Signed<Receipt>?
    ) {
        self.sequence = sequence
        self.open = open
        self.voucher = voucher
        self.receipt = receipt
    }

    /// Reads an answer about the lane in `name`; nil if it is malformed or about another lane.
    init?(_ body: [UInt8], about name: VoucherName) {
        do {
            let object = try JSONObject(body)
            guard try object.string("channel") == name.channel.digest.description,
                try object.unsigned("lane") == UInt64(name.lane.rawValue),
                let sequence = try object.unsigned("sequence")
            else { return nil }
            self.sequence = sequence
            open = try object.unsigned("open")
            voucher = try Self.paper(object, "voucher")
            receipt = try Self.paper(object, "receipt")
        } catch {
            return nil
        }
    }

    private static func paper<Document>(
        _ object: JSONObject,
        _ key: String
    ) throws -> Signed<Document>? {
        guard let text = try object.string(key) else { return nil }
        guard let bytes = Base64.decode(Array(text.utf8)) else { throw CanonicalError.invalidText }
        return try Signed<Document>(canonicalBytes: bytes)
    }
}
