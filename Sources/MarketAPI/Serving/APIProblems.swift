import HTTPTypes
import LedgerClient
import LedgerCore
import LedgerIndex
import WebServing

extension Problem {
    /// What the ledger said, for whoever asked this interface.
    init(_ error: LedgerClientError) {
        switch error.code {
        case .refused:
            self.init(
                .conflict,
                "ledger_refused",
                "The ledger refused: \(error.refusal?.name ?? error.message).",
                hint: "Whoever signed must sign another transaction; this one was not charged.",
                ledgerCode: error.refusal?.code
            )
        case .badRequest:
            self.init(.badRequest, "invalid_request", "The ledger says: \(error.message).")
        case .overloaded:
            self.init(
                .serviceUnavailable,
                "ledger_overloaded",
                "The ledger has too much to do; nothing was charged.",
                hint: "Send the same again in a second.",
                headers: [.retryAfter: "1"]
            )
        case .unreachable, .malformedAnswer:
            self.init(
                .serviceUnavailable,
                "ledger_unavailable",
                "The ledger gave no answer that can be used.",
                hint: "Send the same again: a transaction takes effect once at most.",
                headers: [.retryAfter: "5"]
            )
        }
    }

    /// What the index said.
    init(_ error: IndexError) {
        if case .badQuestion(let what) = error {
            self.init(.badRequest, "invalid_request", "The question means nothing: \(what).")
        } else {
            self.init(
                .serviceUnavailable,
                "index_unavailable",
                "The index cannot answer: \(error).",
                hint: error.hint,
                headers: [.retryAfter: "5"]
            )
        }
    }
}
