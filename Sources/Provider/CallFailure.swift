import HTTPTypes
import Hummingbird
import NIOCore
import OpenAIWire
import SettlementCore

/// Why a call was turned away before its voucher counted; nothing was written and nothing moves.
enum CallFailure: Error, Hashable, Sendable {
    /// The voucher breaks a rule (CALL-3).
    case voucher(SettlementRefusal)
    /// Anything else.
    case other(APIFailure)

    /// The answer to the buyer.
    var response: Response {
        switch self {
        case .voucher(let refusal): .json(Self.body(of: refusal), status: .init(code: 402))
        case .other(let failure): .failure(failure)
        }
    }

    /// The envelope of a refused voucher: `voucher_refused`, and 700 + the refusal's number.
    static func body(of refusal: SettlementRefusal) -> [UInt8] {
        var writer = JSONWriter(capacityBytes: 192)
        writer.object { writer in
            writer.key("error")
            writer.object { writer in
                writer.member("message", "The voucher was refused: \(refusal).")
                writer.member("type", APIFailureKind.insufficientFunds.type)
                writer.member("param", String?.none)
                writer.member("code", "voucher_refused")
                writer.member("money_moved", false)
                writer.member("stoa_code", 700 + refusal.code)
            }
        }
        return writer.bytes
    }
}

extension Response {
    static func json(_ body: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        json(ByteBuffer(bytes: body), status: status)
    }

    static func whole(_ body: ByteBuffer, type: String) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: type],
            body: ResponseBody(byteBuffer: body)
        )
    }

    static func json(_ body: ByteBuffer, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: body)
        )
    }

    static func failure(_ failure: APIFailure) -> Response {
        var response = Response.json(
            failure.body,
            status: HTTPResponse.Status(code: failure.kind.status)
        )
        for (name, value) in failure.headers {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        return response
    }
}

extension HTTPField.Name {
    /// Carries the voucher (CALL-1).
    static let voucher = known("stoa-voucher")
    /// Carries the receipt of an answer in one piece (CALL-5).
    static let receipt = known("stoa-receipt")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else {
            preconditionFailure("\(name) is written here and a valid name")
        }
        return name
    }
}
