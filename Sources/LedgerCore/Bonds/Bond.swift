public import CanonicalCoding
public import MarketTypes

/// A seller's stake: what its cheating costs it.
public struct Bond: Hashable, Sendable {
    /// Money on its way back to its owner, at risk until then.
    public struct Unbonding: Hashable, Sendable {
        /// How much.
        public let amount: Amount
        /// From which height on it can be withdrawn.
        public let releasedAt: BlockHeight
    }

    /// The most withdrawals that can be under way at once.
    public static let unbondingsMax = 8

    /// What stands behind the owner's offers.
    public internal(set) var active: Amount
    /// What is on its way back, by ascending height.
    public internal(set) var unbonding: [Unbonding]
    /// How many blocks the active part takes to come back; nil for what it was before any vote.
    public internal(set) var exitDelayBlocks: UInt64?

    /// No stake at all.
    public static let none = Bond(active: .zero, unbonding: [])

    /// Everything that fraud would cost.
    public var atRisk: Amount {
        Amount(obol: unbonding.reduce(active.obol) { $0 + $1.amount.obol })
    }
}

/// Why a bond could not be changed or slashed.
public enum BondRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// Nothing was to be moved.
    case zeroAmount = 1
    /// The active bond is less than that.
    case insufficientBond = 2
    /// Too many withdrawals are under way.
    case tooManyUnbondings = 3
    /// Nothing can be withdrawn yet.
    case nothingToWithdraw = 4
    /// The proof names a channel or offer that does not exist.
    case unknownSubject = 5
    /// This call was punished before.
    case alreadyPunished = 6
    /// The seller has nothing left to lose.
    case nothingToSlash = 7
    /// The bond would be more than can be counted.
    case bondOverflow = 8
}

extension Bond: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(active)
        encoder.encode(UInt8(unbonding.count))
        for part in unbonding {
            encoder.encode(part.amount)
            encoder.encode(part.releasedAt.rawValue)
        }
        if let exitDelayBlocks { encoder.encode(exitDelayBlocks) }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        active = try decoder.decodeAmount()
        let count = Int(try decoder.decodeUInt8())
        guard count <= Self.unbondingsMax else { throw .tooLong }
        unbonding = []
        for _ in 0..<count {
            unbonding.append(
                Unbonding(
                    amount: try decoder.decodeAmount(),
                    releasedAt: BlockHeight(try decoder.decodeUInt64())
                )
            )
        }
        exitDelayBlocks = decoder.isAtEnd ? nil : try decoder.decodeUInt64()
    }
}
