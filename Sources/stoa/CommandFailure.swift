import FoundationEssentials
import LedgerClient
import LedgerCore

/// Something went wrong that a person should read about: one sentence, and what to do.
struct CommandFailure: Error, CustomStringConvertible {
    let message: String
    let hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    var description: String {
        guard let hint else { return message }
        return "\(message)\nhint: \(hint)"
    }
}

extension CommandFailure {
    /// Explains why the ledger did not do what was asked, and whether money moved.
    init(_ error: LedgerClientError, node: String) {
        switch error.code {
        case _ where error.isOutcomeUnknown:
            self.init(
                "\(error.message); whether money moved is not known yet",
                hint: "look at the balance before trying again, once \(node) answers"
            )
        case .unreachable:
            self.init(
                "\(error.message); no money moved",
                hint: "`stoa up` starts a market on this machine; --node names another"
            )
        case .overloaded:
            self.init("\(error.message); no money moved", hint: "try again in a moment")
        case .refused:
            let fee =
                error.refusal?.feeCharged == true ? "only the fee was charged" : "no money moved"
            self.init(
                "\(error.message); \(fee)",
                hint: error.refusal.map { Self.advice($0) }
            )
        case .malformedAnswer, .badRequest:
            self.init("\(error.message); no money moved", hint: "is this a stoa node: \(node)?")
        }
    }

    /// Who must do what; the code leads to the rule.
    private static func advice(_ refusal: Refusal) -> String {
        let advice =
            switch refusal {
            case .transaction(.cannotPayFee):
                "the account has too little STOA for the fee; somebody must send it some"
            case .accounts(.insufficientBalance):
                "the account has too little; see stoa wallet balance"
            default: "see docs/spec/ledger.md"
            }
        return "\(advice) (code \(refusal.code))"
    }
}

/// Runs `body`, and explains the ledger's errors.
func explaining<Output>(
    node: String,
    _ body: () async throws -> Output
) async throws -> Output {
    do {
        return try await body()
    } catch let error as LedgerClientError {
        throw CommandFailure(error, node: node)
    }
}
