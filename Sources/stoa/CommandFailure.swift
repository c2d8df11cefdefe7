import FoundationEssentials
import LedgerClient
import LedgerCore
import MarketTypes

/// Something went wrong that a person should read about: one sentence, and what to do.
struct CommandFailure: Error, CustomStringConvertible {
    /// What went wrong, as the exit status tells programs.
    enum Kind: Int32 {
        /// The ledger refused, or something else failed.
        case failed = 1
        /// The command was not written as it must be, amounts and names included.
        case usage = 64
        /// A service gave no answer, and nothing had been sent.
        case unreachable = 69
        /// Something was sent, and what became of it is not known yet.
        case unknown = 75

        /// What a failure of the kind is called where nothing better is known.
        var code: String {
            switch self {
            case .failed: "failed"
            case .usage: "usage"
            case .unreachable: "unreachable"
            case .unknown: "outcomeUnknown"
            }
        }
    }

    /// What happened to the money of whoever asked.
    enum MoneyMoved: String {
        case no, fee, yes, unknown
    }

    let message: String
    let hint: String?
    let kind: Kind
    /// The refusal's name, or the kind's.
    let code: String
    /// nil where the failure does not tell.
    let moneyMoved: MoneyMoved?
    /// The signing digest of the transaction that it is about.
    let transaction: String?

    init(
        _ message: String,
        hint: String? = nil,
        kind: Kind = .failed,
        code: String? = nil,
        moneyMoved: MoneyMoved? = nil,
        transaction: String? = nil
    ) {
        self.message = message
        self.hint = hint
        self.kind = kind
        self.code = code ?? kind.code
        self.moneyMoved = moneyMoved ?? (kind == .usage ? .no : nil)
        self.transaction = transaction
    }

    var description: String {
        guard let hint else { return message }
        return "\(message)\nhint: \(hint)"
    }

    /// The failure for programs.
    struct Document: Encodable {
        let error, code: String
        let moneyMoved, transaction, hint: String?
    }

    var document: Document {
        Document(
            error: message,
            code: code,
            moneyMoved: moneyMoved?.rawValue,
            transaction: transaction,
            hint: hint
        )
    }
}

extension CommandFailure {
    /// Explains why the ledger did not do what was asked, and whether money moved.
    init(_ error: LedgerClientError, node: String) {
        if error.isOutcomeUnknown {
            self.init(unknown: error, node: node)
            return
        }
        let isCharged = error.code == .refused && error.refusal?.feeCharged == true
        let money = isCharged ? "only the fee was charged" : "no money moved"
        self.init(
            "\(error.message); \(money)",
            hint: Self.hint(error, node: node),
            kind: error.code == .unreachable || error.code == .overloaded
                ? .unreachable : .failed,
            code: error.refusal?.name ?? error.declined.map { "\($0)" } ?? error.code.rawValue,
            moneyMoved: isCharged ? .fee : .no,
            transaction: isCharged ? error.transaction?.digest.description : nil
        )
    }

    /// Explains a transaction that was sent and never answered for.
    private init(unknown error: LedgerClientError, node: String) {
        guard let sent = error.transaction else {
            self.init(
                "\(error.message); whether money moved is not known yet",
                hint: "submit the same file again once \(node) answers: it takes effect once",
                kind: .unknown,
                moneyMoved: .unknown
            )
            return
        }
        self.init(unknown: sent, because: error.message)
    }

    /// Explains a transaction whose outcome nobody waited for, or nobody told.
    init(unknown sent: TransactionReference, because reason: String) {
        self.init(
            "\(reason); whether money moved is not known yet: transaction \(sent.digest), number "
                + "\(sent.sequence) of \(sent.sender), may enter a block until block "
                + "\(sent.validUntil.rawValue)",
            hint: sent.isKept
                ? "`stoa wallet pending` asks what became of it; so does the account's next "
                    + "command, and the same command again pays once"
                : "look for it with `stoa index transactions` before trying again",
            kind: .unknown,
            moneyMoved: .unknown,
            transaction: sent.digest.description
        )
    }

    /// Who must do what.
    private static func hint(_ error: LedgerClientError, node: String) -> String? {
        switch error.declined {
        case .otherChain: return "is \(node) the ledger that you mean?"
        case .feeTooHigh:
            return "--fee-max allows more; standard ledgers ask for less than 0.003 STOA"
        case nil: break
        }
        return switch error.code {
        case .unreachable:
            "`stoa up` starts a market on this machine; --node names another"
        case .overloaded: "try again in a moment"
        case .refused: error.refusal.map { advice($0) }
        case .malformedAnswer, .badRequest: "is this a stoa node: \(node)?"
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
