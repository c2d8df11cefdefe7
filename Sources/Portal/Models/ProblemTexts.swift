import LedgerCore

/// What a refusal or a failed request means, who must act, and whether money moved.
struct ProblemText: Hashable, Sendable {
    let code: String
    /// The ledger's number; nil for what happens before the ledger is asked.
    let number: UInt32?
    let meaning: String
    let advice: String
    let money: String

    /// The component before the point; nil without one.
    var component: String? {
        code.split(separator: ".").count == 2
            ? code.split(separator: ".").first.map(String.init) : nil
    }

    func fill() -> Fill {
        var fill = Fill(["code": code, "meaning": meaning, "advice": advice, "money": money])
        fill.put("number", number.map { "\($0)" })
        fill.put("words", EventSentence.words(code.replacingUnderscores).capitalizedFirst)
        fill.put("problemHref", PortalPaths.problem(code))
        return fill
    }
}

extension String {
    fileprivate var replacingUnderscores: String { String(map { $0 == "_" ? " " : $0 }) }
}

/// All problems: the ledger's refusals with the sentences of their declarations, and the few that
/// programs meet before the ledger is asked.
struct ProblemTexts: Sendable {
    let all: [ProblemText]

    /// - Parameter table: lines of number, name and sentence.
    init(table: String) {
        let refusals = table.split(separator: "\n").compactMap { line -> ProblemText? in
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard parts.count == 3, let number = UInt32(parts[0]),
                let refusal = Refusal(code: number), refusal.name == parts[1]
            else { return nil }
            return ProblemText(
                code: refusal.name,
                number: number,
                meaning: String(parts[2]),
                advice: Self.advice(refusal),
                money: refusal.feeCharged
                    ? "Only the fee was charged. Nothing else of the transaction took effect."
                    : "Nothing was charged: the transaction did not enter a block."
            )
        }
        all = refusals + Self.general
    }

    /// The problem with this name or number.
    subscript(name: String) -> ProblemText? {
        all.first { $0.code == name || $0.number.map { "\($0)" } == name }
    }

    private static func advice(_ refusal: Refusal) -> String {
        switch refusal {
        case .transaction(.staleSequence), .transaction(.sequenceGap):
            "Whoever sent it: read the account's sequence again and sign anew. The command line "
                + "does so by itself."
        case .transaction(.expired):
            "Whoever sent it: sign it again with a later last block."
        case .transaction(.feeTooLow), .transaction(.cannotPayFee):
            "Whoever sent it: offer a higher fee, or fund the account first."
        case .transaction:
            "Whoever made the transaction must correct it; the same bytes cannot help."
        case .settlement:
            "Buyer and seller must look at the voucher or receipt they exchanged: one of them has "
                + "a document that the other did not agree to."
        case .deadlines:
            "Whoever sent it: try again in a later block; too much is due in this one."
        default: advice(kind: refusal.name.split(separator: ".").last.map(String.init) ?? "")
        }
    }

    /// Refusals of one kind are called alike in all components.
    private static let kinds: [(beginning: String, advice: String)] =
        [
            ("insufficient", "Whoever pays: fund the account, or ask for less, and send it again."),
            (
                "unknown",
                "Whoever sent it: check the name. If it was made just now, wait until its "
                    + "transaction is in a block."
            ),
            ("notEnough", "Whoever sent it: ask for less, and send it again."),
            ("nothingTo", "Nobody, for now: look again when something is there or due."),
            ("alreadyExpired", "Whoever made the offer: give it an end that lies in the future."),
            ("already", "Nobody: it was done before, and once is enough. The explorer shows when."),
        ]
        + ["Owner", "Seller", "Party", "Issuer", "Recipient", "Juror", "Seated"].map {
            (
                "not" + $0,
                "Only whoever the rules name may do this: send it from that account, or ask "
                    + "its owner to."
            )
        } + [
            (
                "tooLate",
                "Nobody can do it any more: the time for it is over. The page of the thing "
                    + "says what happens instead."
            ),
            ("tooEarly", "Whoever sent it: wait until the block that the thing's page names."),
            (
                "tooMany",
                "Whoever sent it: close or withdraw one of what there is, then send it again."
            ),
            (
                "invalid",
                "Whoever made the transaction: correct the part that the sentence above names; "
                    + "the specification has its bounds."
            ),
            ("zero", "Whoever sent it: give an amount above nothing."),
            (
                "wrong",
                "Whoever sent it: look at where the thing stands now, on its page, and send what "
                    + "fits that."
            ),
        ]

    private static func advice(kind name: String) -> String {
        kinds.first { name.hasPrefix($0.beginning) }?.advice
            ?? "Whoever sent it: compare the transaction with the page of the account, asset, job "
            + "or market that it is about, and send a corrected one."
    }

    private static let nothing = "Nothing was charged."

    static let general: [ProblemText] = [
        (
            "not_found", "There is nothing at this address or of this name.",
            "Check the address. GET /api/v1 lists what there is."
        ),
        (
            "bad_request", "A part of the request is missing, doubled or means nothing.",
            "Whoever made the request: the answer says which part."
        ),
        (
            "method_not_allowed", "The address exists, but not for this method.",
            "Whoever made the request: use the method that the documentation names."
        ),
        (
            "request_too_large", "The request is larger than what is taken.",
            "Whoever made the request: send less, or in parts."
        ),
        (
            "internal_error", "Something went wrong on the serving side.",
            "The operator: look for the request's name in the log. Trying again is safe."
        ),
        ("overloaded", "Too much waits to be done.", "Try again after a moment."),
        (
            "limits_unreachable",
            "What may be asked and spent cannot be counted now; nothing is let through.",
            "The operator must look at the database of limits. Trying again is safe."
        ),
        (
            "ledger_unreachable", "The ledger node does not answer.",
            "The operator must look at the node. Trying again is safe."
        ),
        (
            "model_not_found", "Nobody sells a model of this name within the limits that were set.",
            "Whoever called: look for another in the market, or raise the highest price."
        ),
        (
            "budget_exceeded", "The call would cost more than what is left of the budget.",
            "Whoever set the budget: raise it, or wait for its next period."
        ),
        (
            "insufficient_quota", "The account cannot pay for the call.",
            "Whoever pays: fund the account or open a channel with a larger deposit."
        ),
        (
            "lanes_busy", "Every lane of the channel has a call in progress.",
            "Try again after a moment, or open a channel with more lanes."
        ),
        (
            "rate_limit_exceeded", "More was asked than is answered in this time.",
            "Wait as long as Retry-After says."
        ),
        (
            "voucher_refused", "The seller refused the payment promise of this call.",
            "The gateway tries the next seller; if none takes it, its log says why."
        ),
        (
            "upstream_failed", "The model's server failed.",
            "The seller must look at its server. What was not delivered is not charged."
        ),
        (
            "invalid_api_key", "The key is unknown, has ended or was taken back.",
            "Whoever called: use a key that is valid."
        ),
        (
            "invalid_request", "The request's body is not what the endpoint takes.",
            "Whoever made the request: the answer names the field."
        ),
        (
            "authentication_required", "The operation needs somebody who is known.",
            "Whoever called: send a key in the header Authorization, or sign in."
        ),
        (
            "unauthenticated", "Nobody is signed in, or the session is over.",
            "Sign in and try again."
        ),
        (
            "session_needed",
            "The page needs somebody who signed in with a passkey; a key is not enough.",
            "Sign in and try again."
        ),
        (
            "too_many_bodies",
            "Too many requests of one address are not complete.",
            "Whoever called: send what was begun before beginning more."
        ),
        (
            "unknown_client", "There is no such program, or it was ended.",
            "Whoever called: look at the list of programs first."
        ),
        (
            "sign_in_again",
            "How somebody signs in is changed only within ten minutes of signing in.",
            "Sign out and in again, and do it at once."
        ),
        (
            "passkey_refused", "The passkey, or the browser's answer, does not check out.",
            "Begin again; a challenge can be answered once, within five minutes."
        ),
        (
            "passkey_conflict", "The passkey is there already, or cannot be taken away.",
            "The answer says why, and what to do first."
        ),
        (
            "invalid_key", "The key is unknown, has ended or was taken back.",
            "Whoever called: copy the whole key, or use one that is valid."
        ),
        (
            "scope_missing", "The key may not do this.",
            "Whoever made the key: make one that has the scope which the answer names."
        ),
        (
            "missing_scope", "The key or the role may not do this.",
            "Whoever made the key: make one that has the scope which the answer names."
        ),
        (
            "scopes_exceeded", "A key may not make one that may do more than itself.",
            "Whoever called: ask for fewer scopes, or sign in."
        ),
        (
            "key_conflict", "There is a key of this kind already, or it has ended.",
            "Whoever called: look at the list of keys first."
        ),
        (
            "rate_limited", "More was asked than is answered in this time.",
            "Wait as long as Retry-After says."
        ),
        (
            "cross_site_request", "The request came from a page of another site.",
            "Open the page here and send the form again."
        ),
        (
            "idempotency_conflict", "The idempotency key stands for another request.",
            "Whoever called: give each attempt a key of its own."
        ),
        (
            "unsupported_media_type", "The body is not of a type that is taken.",
            "Whoever called: send application/json."
        ),
        (
            "account_missing", "The organisation has no account that pays.",
            "Its owner: sign up with a passkey, or link an account."
        ),
        (
            "ledger_refused", "The transaction cannot enter a block.",
            "Whoever signed it: the answer has the ledger's own code; sign another."
        ),
        (
            "ledger_overloaded", "The ledger has too much to do.",
            "Send the same again after a moment."
        ),
        (
            "ledger_unavailable", "The ledger gave no answer that can be used.",
            "Send the same again: a transaction takes effect once at most."
        ),
        (
            "index_unavailable",
            "What was asked is looked up in an index that cannot be read now.",
            "The operator must look at the index. Trying again is safe."
        ),
        (
            "feed_unavailable", "Too many listen, or the feed has not begun.",
            "Try again after a moment."
        ),
        (
            "webhooks_unavailable",
            "Webhooks cannot be kept now, or are not offered here.",
            "The operator must look at their store."
        ),
        (
            "receipts_unavailable",
            "Receipts are not kept here, or cannot be read now.",
            "The operator must look at their log."
        ),
        (
            "keys_unavailable", "Keys are not kept here, or cannot be read now.",
            "The operator must look at the access database."
        ),
        (
            "too_many_webhooks",
            "The organisation has as many webhooks as it may have.",
            "Whoever called: delete one first."
        ),
        (
            "key_over", "The key that a stream was opened with is over.",
            "Whoever listens: come back with a key that is valid."
        ),
    ].map { ProblemText(code: $0.0, number: nil, meaning: $0.1, advice: $0.2, money: nothing) }
}
