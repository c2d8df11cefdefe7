import CanonicalCoding
public import MarketTypes

/// The messages about subscriptions, time passes and trials; their tags are those of ``Message``,
/// from 56 to 67, and append-only.
public enum PassMessage: Hashable, Sendable {
    /// Publishes a plan for an asset of the sender's.
    case publishPlan(PlanTerms)
    /// Ends the sale and renewal of a plan; passes that run go on to their end.
    case retirePlan(PlanID)
    /// Buys a pass that begins now, if its price is not above `priceMax`.
    case buyPass(PlanID, priceMax: Amount)
    /// Pays for a further period of the sender's pass, if its price is not above `priceMax`.
    case renewPass(PlanID, priceMax: Amount)
    /// Begins a trial, once for each plan and account.
    case startTrial(PlanID)
    /// Lets the ledger renew the sender's pass when it would end.
    case authorizeRenewal(PlanID, StandingRenewal)
    /// Takes that back.
    case cancelRenewal(PlanID)
    /// Gives the sender's pass away, with what is left of it.
    case transferPass(PlanID, to: AccountID)

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 56...67
}

extension PassMessage {
    var tag: UInt8 {
        switch self {
        case .publishPlan: 56
        case .retirePlan: 57
        case .buyPass: 58
        case .renewPass: 59
        case .startTrial: 60
        case .authorizeRenewal: 61
        case .cancelRenewal: 62
        case .transferPass: 63
        }
    }

    /// Appends what follows the tag.
    func encodeFields(into encoder: inout CanonicalEncoder) {
        switch self {
        case .publishPlan(let terms): encoder.encode(terms)
        case .retirePlan(let plan), .startTrial(let plan), .cancelRenewal(let plan):
            encoder.encode(plan.digest)
        case .buyPass(let plan, let priceMax), .renewPass(let plan, let priceMax):
            encoder.encode(plan.digest)
            encoder.encode(priceMax)
        case .authorizeRenewal(let plan, let renewal):
            encoder.encode(plan.digest)
            encoder.encode(renewal)
        case .transferPass(let plan, let account):
            encoder.encode(plan.digest)
            encoder.encode(account.digest)
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        guard tag != 56 else {
            self = .publishPlan(try PlanTerms(from: &decoder))
            return
        }
        guard (57...63).contains(tag) else { throw .unknownTag }
        let plan = PlanID(try decoder.decodeDigest())
        switch tag {
        case 57: self = .retirePlan(plan)
        case 58: self = .buyPass(plan, priceMax: try decoder.decodeAmount())
        case 59: self = .renewPass(plan, priceMax: try decoder.decodeAmount())
        case 60: self = .startTrial(plan)
        case 61: self = .authorizeRenewal(plan, try StandingRenewal(from: &decoder))
        case 62: self = .cancelRenewal(plan)
        default: self = .transferPass(plan, to: AccountID(try decoder.decodeDigest()))
        }
    }
}
