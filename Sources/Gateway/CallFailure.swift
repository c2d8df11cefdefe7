import Identity
import LedgerCore
import MarketTypes
import OpenAIWire
import SettlementCore

/// Why one attempt to buy a call failed; nothing of the answer has reached the client.
enum AttemptFailure: Error, Hashable, Sendable {
    /// There was no lane, or no money for one.
    case shortage(Shortage)
    /// The gateway cannot write, so it must not pay.
    case journal
    /// The seller could not be reached.
    case unreachable
    /// The seller refused the voucher.
    case refused(stoaCode: UInt32?)
    /// The seller or its upstream failed, and said so.
    case failed(status: Int, body: [UInt8])
    /// The connection broke off.
    case cutOff
    case timedOut
    case answerTooLarge
    /// The seller broke a rule.
    case cheated(StrikeReason)
    /// Whoever makes the call may not spend that much.
    case metered(APIFailure)
    /// The client left before there was an answer.
    case abandoned

    /// Whether the seller says that the request itself is at fault. One seller's word is not enough
    /// for that: another may serve what this one cannot.
    var isClientsFault: Bool {
        guard case .failed(let status, _) = self else { return false }
        return [400, 413, 415, 422].contains(status)
    }

    /// Whether a second seller that says the same settles it. What one seller does not take (415),
    /// such as links, another may.
    var isAgreeable: Bool {
        guard case .failed(let status, _) = self else { return false }
        return isClientsFault && status != 415
    }

    /// Whether no other seller is tried.
    var endsTheCall: Bool {
        switch self {
        case .journal, .metered, .abandoned: true
        // It may have been charged in full, and the next seller's may be as large.
        case .answerTooLarge: true
        default: false
        }
    }

    /// Which failure to report of several: what somebody can do something about goes first.
    var weight: Int {
        switch self {
        case .journal, .abandoned: 5
        case .failed, .cheated, .cutOff, .timedOut, .answerTooLarge: 4
        // Buyers without a pass are refused as a matter of course.
        case .refused(let code) where PassCallRefusal(code: code) != nil: 0
        case .refused, .unreachable: 3
        case .shortage(.budget), .shortage(.account), .metered: 2
        case .shortage: 1
        }
    }
}

/// Says to clients why a call failed, who must act, and how.
struct FailureTexts: Sendable {
    let commands: GatewayCommands
    let payer: AccountID
    let units: GatewayUnits

    func failure(_ failure: AttemptFailure) -> APIFailure {
        switch failure {
        case .shortage(let shortage): self.failure(shortage)
        case .journal:
            APIFailure(
                .internalFault,
                message: "The gateway cannot write its journal; nothing was paid.",
                hint: "Check the disk that holds the gateway's journal, and restart it."
            )
        case .unreachable:
            APIFailure(
                .overloaded,
                message: "No seller could be reached; nothing was charged.",
                hint: "Try again in a moment: a seller that fails is left out for a while.",
                retryAfterSeconds: 1
            )
        case .refused(let code) where PassCallRefusal(code: code) != nil: passUsedUp
        case .refused(let code):
            APIFailure(
                .upstreamFailed,
                message: "The seller refused the payment; nothing was charged.",
                stoaCode: code
            )
        case .failed(let status, _):
            APIFailure(
                .upstreamFailed,
                message: "The seller failed with status \(status); nothing was charged."
            )
        case .cutOff:
            APIFailure(
                .upstreamFailed,
                message: "The seller's connection broke off. What it charges, if anything, is "
                    + "looked up and checked.",
                moneyMoved: nil
            )
        case .timedOut:
            APIFailure(
                .timeout,
                message: "The seller did not answer in time. What it charges, if anything, is "
                    + "looked up and checked.",
                moneyMoved: nil
            )
        case .answerTooLarge:
            APIFailure(
                .upstreamFailed,
                message: "The answer is larger than the gateway allows. What it costs is looked up "
                    + "and checked.",
                hint: "Ask for fewer output tokens, or raise responseBytesMax.",
                moneyMoved: nil
            )
        case .abandoned:
            APIFailure(
                .timeout,
                message: "The client left before there was an answer. What the seller charges, if "
                    + "anything, is looked up and checked.",
                moneyMoved: nil
            )
        case .cheated(let reason):
            APIFailure(
                .upstreamFailed,
                message: "The seller's receipt was wrong (\(reason.name)); it was not accepted "
                    + "and the seller is paid nothing more.",
                stoaCode: reason.code
            )
        case .metered(let failure): failure
        }
    }

    private func failure(_ shortage: Shortage) -> APIFailure {
        switch shortage {
        case .budget(let denomination, let needed, let available):
            let unit = units.unit(denomination)
            let more = needed.obol - min(needed, available).obol
            return APIFailure(
                .insufficientFunds,
                message: "The call needs \(unit.text(needed)) more in a channel, but the budget "
                    + "has \(unit.text(available)) left; nothing was charged.",
                hint: "Run: "
                    + fill(
                        denomination == .native ? commands.raiseBudget : commands.raiseUnitBudget,
                        Amount(obol: unit.limits.budget.obol + more),
                        unit
                    )
            )
        case .account(let denomination, let needed, let available):
            let unit = units.unit(denomination)
            return APIFailure(
                .insufficientFunds,
                message: "The call needs \(unit.text(needed)) in the account, which has "
                    + "\(unit.text(available)); nothing was charged.",
                hint: "Run: "
                    + fill(
                        denomination == .native ? commands.fundAccount : commands.fundUnit,
                        Amount(obol: needed.obol - min(needed, available).obol),
                        unit
                    )
            )
        case .lanes, .overloaded:
            return APIFailure(
                .overloaded,
                message: "Too many calls are under way; nothing was charged.",
                hint: "Call less often, or raise --lanes.",
                retryAfterSeconds: 1
            )
        case .struckOff:
            return APIFailure(
                .overloaded,
                message: "The only seller was struck off for a wrong receipt."
            )
        case .ledger(let text):
            return APIFailure(
                .overloaded,
                message: "No channel could be opened: \(text).",
                retryAfterSeconds: 2
            )
        case .refused(let refusal):
            return APIFailure(
                .upstreamFailed,
                message: "The offer cannot be used: \(refusal).",
                stoaCode: 700 + refusal.code
            )
        }
    }

    private func fill(_ command: String, _ amount: Amount, _ unit: GatewayUnit) -> String {
        command.replacing("{address}", with: payer.description)
            .replacing("{stoa}", with: unit.digits(amount))
            .replacing("{amount}", with: unit.digits(amount))
            .replacing("{unit}", with: unit.identifier)
    }

    /// Why no offer fits, although there are offers of this model.
    func failure(_ misfit: Misfit, model: String) -> APIFailure {
        switch misfit {
        case .requestTooLarge:
            APIFailure(.tooLarge, message: "No seller of '\(model)' takes a request this large.")
        case .outputTooLong:
            APIFailure(
                .invalidRequest,
                message: "No seller of '\(model)' allows this many output tokens.",
                param: "max_tokens"
            )
        case .overPrice:
            APIFailure(
                .insufficientFunds,
                message: "The call could cost more than the limit for one call; nothing was "
                    + "charged.",
                hint: "Ask for fewer output tokens, or raise --price-max."
            )
        case .down:
            APIFailure(
                .overloaded,
                message: "Every seller of '\(model)' is down; nothing was charged.",
                retryAfterSeconds: 1
            )
        case .struckOff:
            APIFailure(
                .overloaded,
                message: "Every seller of '\(model)' was struck off for wrong receipts."
            )
        }
    }

    /// Only a pass would pay for the call, and it has too little left.
    var passUsedUp: APIFailure {
        APIFailure(
            .insufficientFunds,
            message: "The pass has too little left for this call, and no seller offers the model "
                + "without one at a price that fits; nothing was charged.",
            hint: "Run: stoa pass list",
            stoaCode: PassCallRefusal.unitsUsed.code
        )
    }

    /// No seller offers the model.
    func unknownModel(_ model: String, available: [String]) -> APIFailure {
        let hint =
            available.isEmpty
            ? "Nothing of this kind is on offer now."
            : "Available: " + available.joined(separator: ", ") + "."
        return APIFailure(
            .modelNotFound,
            message: "No seller offers the model '\(model)'.",
            param: "model",
            hint: hint
        )
    }
}
