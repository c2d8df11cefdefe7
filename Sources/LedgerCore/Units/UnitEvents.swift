public import CanonicalCoding
public import MarketTypes

/// A redemption, its unit, who asked for it and how much it is of.
public struct RedemptionNames: CanonicalCodable, Hashable {
    /// The redemption.
    public let redemption: Digest
    /// The unit.
    public let unit: Digest
    /// Who asked for it.
    public let holder: AccountID
    /// How much it is of, in the unit's smallest part.
    public let amount: Amount

    init(_ id: Digest, _ redemption: Redemption, _ amount: Amount) {
        self.redemption = id
        unit = redemption.unit
        holder = redemption.holder
        self.amount = amount
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(redemption)
        encoder.encode(unit)
        encoder.encode(holder.digest)
        encoder.encode(amount)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        redemption = try decoder.decodeDigest()
        unit = try decoder.decodeDigest()
        holder = AccountID(try decoder.decodeDigest())
        amount = try decoder.decodeAmount()
    }

    var fields: [EventRecord.Field] {
        [
            .init("redemption", .object("redemption", redemption)),
            .init("unit", .object("unit", unit)), .init("holder", .account(holder)),
            .init("amount", .amount(amount, .issued(unit))),
        ]
    }
}

/// What happened to units that an account issues; the tags are those of ``Event``, from 48 to 55,
/// and append-only.
public enum UnitEvent: Hashable, Sendable {
    /// An account made a unit.
    case issued(Digest, issuer: AccountID)
    /// Its issuer made more of it, so that there is `supply` now.
    case minted(Digest, Amount, to: AccountID, supply: Amount)
    /// A holder destroyed some of it, so that there is `supply` now.
    case burned(Digest, Amount, by: AccountID, supply: Amount)
    /// A holder asked for redemption, with a reference for the issuer.
    case redemptionAsked(RedemptionNames, reference: Digest)
    /// The issuer redeemed, so that there is `supply` now.
    case redemptionSettled(RedemptionNames, supply: Amount)
    /// The holder has it back.
    case redemptionReturned(RedemptionNames)

    /// The tags that these events may have.
    static let tags: ClosedRange<UInt8> = 48...55
}

extension UnitEvent {
    private var tag: UInt8 {
        switch self {
        case .issued: 48
        case .minted: 49
        case .burned: 50
        case .redemptionAsked: 51
        case .redemptionSettled: 52
        case .redemptionReturned: 53
        }
    }

    /// Appends the tag and the fields.
    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(tag)
        switch self {
        case .issued(let unit, let issuer):
            encoder.encode(unit)
            encoder.encode(issuer.digest)
        case .minted(let unit, let amount, let account, let supply),
            .burned(let unit, let amount, let account, let supply):
            encoder.encode(unit)
            encoder.encode(amount)
            encoder.encode(account.digest)
            encoder.encode(supply)
        case .redemptionAsked(let names, let reference):
            encoder.encode(names)
            encoder.encode(reference)
        case .redemptionSettled(let names, let supply):
            encoder.encode(names)
            encoder.encode(supply)
        case .redemptionReturned(let names): encoder.encode(names)
        }
    }

    /// Reads what follows the tag.
    init(tag: UInt8, from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch tag {
        case 48:
            let unit = try decoder.decodeDigest()
            self = .issued(unit, issuer: AccountID(try decoder.decodeDigest()))
        case 49, 50:
            let unit = try decoder.decodeDigest()
            let amount = try decoder.decodeAmount()
            let account = AccountID(try decoder.decodeDigest())
            let supply = try decoder.decodeAmount()
            self =
                tag == 49
                ? .minted(unit, amount, to: account, supply: supply)
                : .burned(unit, amount, by: account, supply: supply)
        case 51:
            let names = try RedemptionNames(from: &decoder)
            self = .redemptionAsked(names, reference: try decoder.decodeDigest())
        case 52:
            let names = try RedemptionNames(from: &decoder)
            self = .redemptionSettled(names, supply: try decoder.decodeAmount())
        case 53: self = .redemptionReturned(try RedemptionNames(from: &decoder))
        default: throw .unknownTag
        }
    }
}

extension UnitEvent {
    /// The event's name and fields.
    public var record: EventRecord {
        switch self {
        case .issued(let unit, let issuer):
            EventRecord(
                "units.issued",
                [.init("unit", .object("unit", unit)), .init("issuer", .account(issuer))]
            )
        case .minted(let unit, let amount, let account, let supply):
            Self.changed("minted", unit, amount, .init("to", .account(account)), supply)
        case .burned(let unit, let amount, let account, let supply):
            Self.changed("burned", unit, amount, .init("by", .account(account)), supply)
        case .redemptionAsked(let names, let reference):
            EventRecord(
                "units.redemptionAsked",
                names.fields + [.init("reference", .digest(reference))]
            )
        case .redemptionSettled(let names, let supply):
            EventRecord(
                "units.redemptionSettled",
                names.fields + [.init("supply", .amount(supply, .issued(names.unit)))]
            )
        case .redemptionReturned(let names):
            EventRecord("units.redemptionReturned", names.fields)
        }
    }

    private static func changed(
        _ name: String,
        _ unit: Digest,
        _ amount: Amount,
        _ account: EventRecord.Field,
        _ supply: Amount
    ) -> EventRecord {
        EventRecord(
            "units.\(name)",
            [
                .init("unit", .object("unit", unit)),
                .init("amount", .amount(amount, .issued(unit))), account,
                .init("supply", .amount(supply, .issued(unit))),
            ]
        )
    }
}
