public import CanonicalCoding
public import MarketTypes
import SettlementCore

/// A pass, its plan and who holds it: what every event of a pass names.
public struct PassNames: CanonicalCodable, Hashable {
    /// The pass.
    public let pass: PassID
    /// The plan that it was sold under.
    public let plan: PlanID
    /// Who holds it, or held it until then.
    public let holder: AccountID

    init(_ id: PassID, _ pass: Pass) {
        self.pass = id
        plan = pass.plan
        holder = pass.holder
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(pass.digest)
        encoder.encode(plan.digest)
        encoder.encode(holder.digest)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        pass = PassID(try decoder.decodeDigest())
        plan = PlanID(try decoder.decodeDigest())
        holder = AccountID(try decoder.decodeDigest())
    }

    var fields: [EventRecord.Field] {
        [
            .init("pass", .object("pass", pass.digest)),
            .init("plan", .object("plan", plan.digest)),
            .init("holder", .account(holder)),
        ]
    }
}

/// A period and what was paid for it.
public struct PaidPeriod: CanonicalCodable, Hashable {
    /// The period.
    public let period: PassPeriod
    /// What was paid, royalties included.
    public let paid: Amount
    /// What that counts.
    public let denomination: Denomination

    init(_ period: PassPeriod, _ paid: Amount, _ denomination: Denomination) {
        self.period = period
        self.paid = paid
        self.denomination = denomination
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(period)
        encoder.encode(paid)
        encoder.encode(denomination)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        period = try PassPeriod(from: &decoder)
        paid = try decoder.decodeAmount()
        denomination = try Denomination(from: &decoder)
    }

    var fields: [EventRecord.Field] {
        [
            .init("startsAt", .height(period.startsAt)), .init("endsAt", .height(period.endsAt)),
            .init("paid", .amount(paid, denomination)),
        ]
    }
}

/// What happened to subscriptions, time passes and trials; the tags are those of ``Event``, from
/// 56 to 67, and append-only.
public enum PassEvent: Hashable, Sendable {
    /// A seller published a plan.
    case planPublished(PlanID, seller: AccountID, asset: AssetID)
    /// A seller ended a plan's sale.
    case planRetired(PlanID)
    /// Somebody bought a pass.
    case bought(PassNames, PaidPeriod)
    /// A further period was paid for: by the holder, or by the ledger as the holder let it.
    case renewed(PassNames, PaidPeriod, isStanding: Bool)
    /// The last period ended.
    case ended(PassNames)
    /// A pass ends although its holder wanted it to go on; the number is the refusal's.
    case renewalFailed(PassNames, code: UInt32)
    /// A pass was given away.
    case transferred(PassNames, to: AccountID)
    /// Somebody began a trial, and left a bond.
    case trialStarted(PassNames, PassPeriod, bond: Amount)
    /// A trial ended, and the bond went back.
    case trialEnded(PassNames, bond: Amount)
    /// The holder lets the ledger renew the pass.
    case renewalAuthorized(PassNames, StandingRenewal)
    /// The holder does not let the ledger renew the pass any more.
    case renewalCancelled(PassNames)

    /// The tags that these events may have.
    static let tags: ClosedRange<UInt8> = 56...67
}

extension PassEvent {
    private var tag: UInt8 {
        switch self {
        case .planPublished: 56
        case .planRetired: 57
        case .bought: 58
        case .renewed: 59
        case .ended: 60
        case .renewalFailed: 61
        case .transferred: 62
        case .trialStarted: 63
        case .trialEnded: 64
        case .renewalAuthorized: 65
        case .renewalCancelled: 66
        }
    }

    /// Appends the tag and the fields.
    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(tag)
        switch self {
        case .planPublished(let plan, let seller, let asset):
            encoder.encode(plan.digest)
            encoder.encode(seller.digest)
            encoder.encode(asset.digest)
        case .planRetired(let plan): encoder.encode(plan.digest)
        case .bought(let names, let paid):
            encoder.encode(names)
            encoder.encode(paid)
        case .renewed(let names, let paid, let isStanding):
            encoder.encode(names)
            encoder.encode(paid)
            encoder.encode(isStanding)
        case .ended(let names), .renewalCancelled(let names): encoder.encode(names)
        case .renewalFailed(let names, let code):
            encoder.encode(names)
            encoder.encode(code)
        case .transferred(let names, let account):
            encoder.encode(names)
            encoder.encode(account.digest)
        case .trialStarted(let names, let period, let bond):
            encoder.encode(names)
            encoder.encode(period)
            encoder.encode(bond)
        case .trialEnded(let names, let bond):
            encoder.encode(names)
            encoder.encode(bond)
        case .renewalAuthorized(let names, let renewal):
            encoder.encode(names)
            encoder.encode(renewal)
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        if tag == 56 {
            self = .planPublished(
                PlanID(try decoder.decodeDigest()),
                seller: AccountID(try decoder.decodeDigest()),
                asset: AssetID(try decoder.decodeDigest())
            )
            return
        }
        if tag == 57 {
            self = .planRetired(PlanID(try decoder.decodeDigest()))
            return
        }
        guard (58...66).contains(tag) else { throw .unknownTag }
        let names = try PassNames(from: &decoder)
        switch tag {
        case 58: self = .bought(names, try PaidPeriod(from: &decoder))
        case 59:
            let paid = try PaidPeriod(from: &decoder)
            self = .renewed(names, paid, isStanding: try decoder.decodeBool())
        case 60: self = .ended(names)
        case 61: self = .renewalFailed(names, code: try decoder.decodeUInt32())
        case 62: self = .transferred(names, to: AccountID(try decoder.decodeDigest()))
        case 63:
            let period = try PassPeriod(from: &decoder)
            self = .trialStarted(names, period, bond: try decoder.decodeAmount())
        case 64: self = .trialEnded(names, bond: try decoder.decodeAmount())
        case 65: self = .renewalAuthorized(names, try StandingRenewal(from: &decoder))
        default: self = .renewalCancelled(names)
        }
    }
}
