public import CanonicalCoding
public import MarketTypes
import SettlementCore

/// Names one plan: the digest of its seller and the publishing message's place.
public struct PlanID: Hashable, Comparable, Sendable {
    /// The digest of seller, sequence and message index.
    public let digest: Digest
    /// Names the plan with `digest`.
    public init(_ digest: Digest) { self.digest = digest }
    public static func < (lhs: PlanID, rhs: PlanID) -> Bool { lhs.digest < rhs.digest }
}

/// What a plan sells; the numbers are append-only.
public enum PlanKind: UInt8, Hashable, CaseIterable, Sendable {
    /// Some units in each period, again and again.
    case subscription = 1
    /// Access for one period, with or without a limit of units.
    case timePass = 2
    /// Some units for nothing, once for each account, against a deposit.
    case trial = 3

    /// The name used in JSON and on the command line.
    public var name: String {
        switch self {
        case .subscription: "subscription"
        case .timePass: "time-pass"
        case .trial: "trial"
        }
    }
}

/// What a seller promises whoever buys a pass, and for what; it never changes.
public struct PlanTerms: Hashable, Sendable {
    /// The longest name in bytes.
    public static let nameBytesMax = 64

    /// What people call the plan.
    public let name: String
    /// What can be used with a pass.
    public let asset: AssetID
    /// What kind of plan it is.
    public let kind: PlanKind
    /// What the price counts.
    public let denomination: Denomination
    /// What one period costs; nothing for a trial.
    public let price: Amount
    /// How many blocks a period has.
    public let periodBlocks: UInt64
    /// How many of each unit a period includes; what is not named is not limited.
    public let includedUnits: UnitCounts
    /// The offer under which the included units are served; no other plan has it.
    public let includedOffer: OfferID
    /// The offer under which the seller serves what goes beyond; nil if it promises none.
    public let overageOffer: OfferID?
    /// Whether a pass can be given away.
    public let isTransferable: Bool
    /// How many passes are sold at most, ever; nil for as many as are asked for.
    public let salesMax: UInt32?
    /// What whoever tries must leave with the ledger meanwhile, in obol; nothing if not a trial.
    public let trialBond: Amount

    /// Creates terms; the ledger checks them when the plan is published.
    public init(
        name: String,
        asset: AssetID,
        kind: PlanKind,
        denomination: Denomination,
        price: Amount,
        periodBlocks: UInt64,
        includedUnits: UnitCounts,
        includedOffer: OfferID,
        overageOffer: OfferID?,
        isTransferable: Bool,
        salesMax: UInt32?,
        trialBond: Amount
    ) {
        self.name = name
        self.asset = asset
        self.kind = kind
        self.denomination = denomination
        self.price = price
        self.periodBlocks = periodBlocks
        self.includedUnits = includedUnits
        self.includedOffer = includedOffer
        self.overageOffer = overageOffer
        self.isTransferable = isTransferable
        self.salesMax = salesMax
        self.trialBond = trialBond
    }

    /// Checks what needs no state but the bounds that a vote can change (PAS-10).
    func checkForm(
        periodBlocks: ClosedRange<UInt64>,
        trialBond bonds: ClosedRange<UInt64>
    ) throws(PassRefusal) {
        guard MarketName.isValid(name) else { throw .invalidName }
        guard price.isZero == (kind == .trial) else { throw .invalidPrice }
        guard periodBlocks.contains(self.periodBlocks) else { throw .invalidPeriod }
        guard kind == .timePass || !includedUnits.isEmpty else { throw .invalidUnits }
        guard includedUnits.entries.allSatisfy({ $0.value > 0 }) else { throw .invalidUnits }
        guard salesMax != 0, kind != .trial || !isTransferable else { throw .invalidTerms }
        if kind == .trial {
            guard trialBond.obol >= UInt128(bonds.lowerBound),
                trialBond.obol <= UInt128(bonds.upperBound)
            else { throw .invalidBond }
        } else {
            guard trialBond.isZero else { throw .invalidBond }
        }
    }
}

extension PlanTerms: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(name)
        encoder.encode(asset.digest)
        encoder.encode(kind.rawValue)
        encoder.encode(denomination)
        encoder.encode(price)
        encoder.encode(periodBlocks)
        encoder.encode(units: includedUnits)
        encoder.encode(includedOffer.digest)
        encoder.encode(overageOffer != nil)
        if let overageOffer { encoder.encode(overageOffer.digest) }
        encoder.encode(isTransferable)
        encoder.encode(salesMax != nil)
        if let salesMax { encoder.encode(salesMax) }
        encoder.encode(trialBond)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        name = try decoder.decodeString(bytesMax: Self.nameBytesMax)
        asset = AssetID(try decoder.decodeDigest())
        guard let kind = PlanKind(rawValue: try decoder.decodeUInt8()) else { throw .unknownTag }
        self.kind = kind
        denomination = try Denomination(from: &decoder)
        price = try decoder.decodeAmount()
        periodBlocks = try decoder.decodeUInt64()
        includedUnits = try decoder.decodeUnits()
        includedOffer = OfferID(try decoder.decodeDigest())
        overageOffer = try decoder.decodeBool() ? OfferID(try decoder.decodeDigest()) : nil
        isTransferable = try decoder.decodeBool()
        salesMax = try decoder.decodeBool() ? try decoder.decodeUInt32() : nil
        trialBond = try decoder.decodeAmount()
    }
}
