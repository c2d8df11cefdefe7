import GRPCCore
import LedgerClient
import LedgerCore

/// What a client is told when the node refuses or cannot be asked.
enum NodeRefusals {
    /// - Parameter movesMoney: whether what was asked could have moved some.
    static func refusal(_ error: LedgerClientError, movesMoney: Bool = false) -> RPCError {
        switch error.code {
        case .refused:
            .refusal(
                .failedPrecondition,
                error.message,
                reason: "refused",
                number: error.refusal?.code,
                hint: "Mend the transaction; it is in no block and nothing was charged."
            )
        case .overloaded:
            .refusal(
                .unavailable,
                error.message,
                reason: "overloaded",
                number: error.refusal?.code,
                hint: "Try again in a moment with the same bytes; nothing was charged."
            )
        case .badRequest:
            .refusal(
                .invalidArgument,
                error.message,
                reason: "bad_request",
                number: error.refusal?.code,
                hint: "Mend the request; nothing was charged."
            )
        case .unreachable:
            .refusal(
                .unavailable,
                "The node behind this server does not answer.",
                reason: "backend_unreachable",
                moneyMoved: movesMoney ? .unknown : .no,
                hint: "Its operator must look after it; the same bytes may be sent again."
            )
        case .malformedAnswer:
            .refusal(
                .internalError,
                "The node's answer is not what its interface says.",
                reason: "malformed_answer",
                moneyMoved: movesMoney ? .unknown : .no,
                hint: "Its operator must look after it; is it a node of this version?"
            )
        }
    }

    static var noSuchBlock: RPCError {
        .refusal(
            .notFound,
            "There is no block at this height.",
            reason: "no_such_block",
            hint: "Status tells the latest height; Blocks waits for the next."
        )
    }
}
