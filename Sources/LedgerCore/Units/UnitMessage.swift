import CanonicalCoding
public import MarketTypes

/// The messages about units that an account issues; their tags are those of ``Message``, from 48
/// to 55, and append-only.
public enum UnitMessage: Hashable, Sendable {
    /// Makes a unit of which the sender alone can make more; there is none of it at first.
    case issueUnit(UnitTerms)
    /// Makes more of the sender's unit, up to what its terms allow.
    case mintUnit(Digest, Amount, to: AccountID)
    /// Destroys what the sender has of a unit.
    case burnUnit(Digest, Amount)
    /// Locks what the sender has of a unit until the issuer has delivered what it stands for; the
    /// reference tells the issuer where to.
    case redeemUnit(Digest, Amount, reference: Digest)
    /// Destroys what the sender, the issuer, has redeemed.
    case settleRedemption(Digest)
    /// Returns what was locked to its holder: the holder may ask for that once the issuer has had
    /// its time, the issuer at any time.
    case cancelRedemption(Digest)

    /// The tags that these messages may have.
    static let tags: ClosedRange<UInt8> = 48...55
}

extension UnitMessage {
    var tag: UInt8 {
        switch self {
        case .issueUnit: 48
        case .mintUnit: 49
        case .burnUnit: 50
        case .redeemUnit: 51
        case .settleRedemption: 52
        case .cancelRedemption: 53
        }
    }

    /// Appends what follows the tag.
    func encodeFields(into encoder: inout CanonicalEncoder) {
        switch self {
        case .issueUnit(let terms): encoder.encode(terms)
        case .mintUnit(let unit, let amount, let account):
            encoder.encode(unit)
            encoder.encode(amount)
            encoder.encode(account.digest)
        case .burnUnit(let unit, let amount):
            encoder.encode(unit)
            encoder.encode(amount)
        case .redeemUnit(let unit, let amount, let reference):
            encoder.encode(unit)
            encoder.encode(amount)
            encoder.encode(reference)
        case .settleRedemption(let id), .cancelRedemption(let id): encoder.encode(id)
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        guard tag != 48 else {
            self = .issueUnit(try UnitTerms(from: &decoder))
            return
        }
        guard (49...53).contains(tag) else { throw .unknownTag }
        let name = try decoder.decodeDigest()
        switch tag {
        case 49:
            let amount = try decoder.decodeAmount()
            self = .mintUnit(name, amount, to: AccountID(try decoder.decodeDigest()))
        case 50: self = .burnUnit(name, try decoder.decodeAmount())
        case 51:
            let amount = try decoder.decodeAmount()
            self = .redeemUnit(name, amount, reference: try decoder.decodeDigest())
        case 52: self = .settleRedemption(name)
        default: self = .cancelRedemption(name)
        }
    }
}
