import FoundationEssentials
import GRPCCore
import NIOHTTP1
import OpenAIWire

/// What a client is told when the provider refuses, fails or cannot be asked.
enum ProviderRefusals {
    private struct Envelope: Decodable {
        struct Fault: Decodable {
            let message: String?
            let code: String?
            let hint: String?
            let money_moved: Bool?
            let stoa_code: UInt32?
        }

        let error: Fault
    }

    /// The trailer with the receipt of a call that failed (CALL-7).
    static let receiptKey = "stoa-receipt-bin"
    /// The trailer with the answer that such a receipt is of, if it fits.
    static let answerKey = "stoa-answer-bin"
    /// The trailer that says when to ask again, in seconds.
    static let retryAfterKey = "retry-after"
    /// The longest answer that goes into a trailer: clients read 8 KiB of headers.
    private static let answerBytesMax = 2048

    private static func fault(_ answer: Backend.Answer) -> Envelope.Fault? {
        try? JSONDecoder().decode(Envelope.self, from: Data(answer.body)).error
    }

    /// Words the provider's answer to a paid call, an error envelope, as a status.
    ///
    /// With a receipt the voucher is used up, so that no status invites to send it again. Without
    /// one it is unused if the provider says that no money moved, or finds fault with the request;
    /// what a proxy says that gave up waiting tells nothing of what the provider did.
    static func refusal(_ answer: Backend.Answer, receipt: [UInt8]?) -> RPCError {
        let fault = fault(answer)
        if receipt == nil, fault?.money_moved != false, !isRefusal(answer.status) { return cutOff }
        return refusal(answer, fault, receipt)
    }

    /// Whether a status says by itself that the request was turned away.
    private static func isRefusal(_ http: Int) -> Bool {
        (400..<500).contains(http) && http != 408 && http != 499
    }

    /// Words the provider's answer to a question that costs nothing.
    static func unanswered(_ answer: Backend.Answer) -> RPCError {
        let fault = fault(answer)
        return .refusal(
            status(answer.status, isVoucherUsed: false),
            fault?.message ?? "The provider answered \(answer.status).",
            reason: fault?.code ?? "http_\(answer.status)",
            number: fault?.stoa_code,
            hint: fault?.hint ?? "Asking again is safe; its operator must look after it."
        )
    }

    private static func refusal(
        _ answer: Backend.Answer,
        _ fault: Envelope.Fault?,
        _ receipt: [UInt8]?
    ) -> RPCError {
        var error = RPCError.refusal(
            status(answer.status, isVoucherUsed: receipt != nil),
            fault?.message ?? "The provider answered \(answer.status).",
            reason: fault?.code ?? "http_\(answer.status)",
            number: fault?.stoa_code,
            moneyMoved: fault?.money_moved == false ? .no : .unknown,
            hint: fault?.hint ?? hint(answer.status, isVoucherUsed: receipt != nil)
        )
        if let receipt {
            error.metadata.addBinary(receipt, forKey: receiptKey)
            if answer.body.count <= answerBytesMax {
                error.metadata.addBinary(answer.body, forKey: answerKey)
            }
        }
        if let seconds = answer.headers.first(name: "retry-after").flatMap({ UInt32($0) }) {
            error.metadata.addString("\(seconds)", forKey: retryAfterKey)
        }
        return error
    }

    /// The status that clients of gRPC understand best (GRPC-12).
    static func status(_ http: Int, isVoucherUsed: Bool) -> RPCError.Code {
        switch http {
        case 400, 422: .invalidArgument
        case 401: .unauthenticated
        case 402: .failedPrecondition
        case 403: .permissionDenied
        case 404: .notFound
        case 413: .resourceExhausted
        case 429, 502, 503, 504: isVoucherUsed ? .aborted : .unavailable
        default: .internalError
        }
    }

    private static func hint(_ http: Int, isVoucherUsed: Bool) -> String {
        switch http {
        case _ where isVoucherUsed: "The voucher is used up; call again with the next one."
        case 402: "The buyer must send another voucher; this sequence number is unused."
        case 429, 502, 503, 504: "Try again in a moment with the same voucher."
        default: "Mend the request; the voucher is unused."
        }
    }

    /// The provider cannot be asked at all.
    static var neverSent: RPCError {
        .refusal(
            .unavailable,
            "The provider behind this server does not answer.",
            reason: "backend_unreachable",
            hint: "Its operator must look after it; the voucher is unused."
        )
    }

    /// The provider may have the voucher, and there is no receipt.
    static var cutOff: RPCError {
        .refusal(
            .unknown,
            "The call was cut off before its receipt came.",
            reason: "cut_off",
            moneyMoved: .unknown,
            hint: "Ask Lane until it has a receipt for this sequence number or none is open."
        )
    }

    /// The answer, or an event of it, is longer than the door passes on.
    ///
    /// - Parameter receipt: the receipt that came before the answer, which says what was charged.
    static func tooLarge(_ bytesMax: Int, receipt: [UInt8]? = nil) -> RPCError {
        var error = RPCError.refusal(
            .unknown,
            "The answer has a part of more than \(bytesMax >> 20) MiB, which this server cuts off.",
            reason: "answer_too_large",
            moneyMoved: .unknown,
            hint: "Ask for less, or call by HTTP; the receipt, here or from Lane, has the charge."
        )
        if let receipt { error.metadata.addBinary(receipt, forKey: receiptKey) }
        return error
    }

    /// The provider's answer is none.
    static var malformed: RPCError {
        .refusal(
            .internalError,
            "The provider's answer is not what its interface says.",
            reason: "malformed_answer",
            moneyMoved: .unknown,
            hint: "Its operator must look after it; Lane tells how a paid call ended."
        )
    }
}
