import HTTPTypes
import Hummingbird
import MarketTypes
import NIOCore
import OpenAIWire

/// Where a receipt is anchored, for whoever asks (CALL-13).
struct InclusionPage: Hashable, Sendable {
    static let prefix = "/stoa/v1/receipts/"

    let receipt: Digest

    /// Reads `/stoa/v1/receipts/<64 hex digits>/inclusion`; nil for anything else.
    init?(_ path: String) {
        let parts = path.dropFirst(Self.prefix.count)
            .split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1] == "inclusion",
            parts[0].utf8.count == 2 * Digest.byteCount, let digest = Digest(hex: String(parts[0]))
        else { return nil }
        receipt = digest
    }

    func response(_ finding: InclusionReader.Finding) -> Response {
        switch finding {
        case .found(let anchor): .json(anchor.body)
        case .unknown:
            Self.problem(
                .notFound,
                code: "not_anchored",
                detail: "No paid claim that is known here covers this receipt.",
                hint: "A receipt is anchored once its claim was paid; ask again later."
            )
        case .busy:
            Self.problem(
                .serviceUnavailable,
                code: "busy",
                detail: "Others are asking.",
                hint: "Ask again in a few seconds."
            )
        case .unreadable:
            Self.problem(
                .internalServerError,
                code: "unreadable",
                detail: "The claim's receipts cannot be read back.",
                hint: "The seller's log has the reason."
            )
        }
    }

    /// Problem details (RFC 9457); reading moves no money.
    private static func problem(
        _ status: HTTPResponse.Status,
        code: String,
        detail: String,
        hint: String
    ) -> Response {
        var writer = JSONWriter(capacityBytes: 256)
        writer.object { writer in
            writer.member("title", status.reasonPhrase)
            writer.member("status", status.code)
            writer.member("code", code)
            writer.member("detail", detail)
            writer.member("hint", hint)
            writer.member("moneyMoved", false)
        }
        var headers = HTTPFields()
        headers[.contentType] = "application/problem+json"
        if status == .serviceUnavailable { headers[.retryAfter] = "2" }
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: writer.bytes))
        )
    }
}
