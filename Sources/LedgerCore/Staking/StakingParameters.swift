public import CanonicalCoding
public import MarketTypes

/// The numbers of the staking rules; fixed by genesis, and not in the state if standard.
public struct StakingParameters: Hashable, Sendable {
    /// The most validators that a chain lets compete for its set.
    public static let candidatesLimit: UInt16 = 200
    /// Everything, in hundredths of a percent.
    public static let wholeBasisPoints: UInt16 = 10_000

    /// How many validators order blocks at most; from 1 to ``candidatesMax``.
    public let validatorsMax: UInt16
    /// How many compete for that at most; up to ``candidatesLimit``.
    public let candidatesMax: UInt16
    /// The least stake a validator registers with, in obol.
    public let selfBondMin: Amount
    /// How many blocks stake stays at risk after its owner asked for it back; evidence that is
    /// older has no consequence, and a commission changes once in this time at most.
    public let unbondingDelayBlocks: UInt64
    /// The part of the stake that breaking consensus costs, in hundredths of a percent.
    public let slashBasisPoints: UInt16
    /// How many blocks in a row a validator may fail to sign.
    public let missedBlocksMax: UInt64
    /// How many blocks a validator that failed more often than that is out, at least.
    public let jailBlocks: UInt64

    /// Creates parameters; a genesis refuses them unless ``isValid``.
    public init(
        validatorsMax: UInt16 = 100,
        candidatesMax: UInt16 = 200,
        selfBondMin: Amount = Amount(obol: Amount.obolPerStoa),
        unbondingDelayBlocks: UInt64 = 7200,
        slashBasisPoints: UInt16 = 500,
        missedBlocksMax: UInt64 = 600,
        jailBlocks: UInt64 = 600
    ) {
        self.validatorsMax = validatorsMax
        self.candidatesMax = candidatesMax
        self.selfBondMin = selfBondMin
        self.unbondingDelayBlocks = unbondingDelayBlocks
        self.slashBasisPoints = slashBasisPoints
        self.missedBlocksMax = missedBlocksMax
        self.jailBlocks = jailBlocks
    }

    /// The numbers of a new chain unless its genesis says otherwise.
    public static let standard = StakingParameters()

    /// Whether a chain can have these numbers (STK-3).
    public var isValid: Bool {
        validatorsMax >= 1 && validatorsMax <= candidatesMax
            && candidatesMax <= Self.candidatesLimit && !selfBondMin.isZero
            && slashBasisPoints <= Self.wholeBasisPoints
    }
}

extension StakingParameters: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(validatorsMax)
        encoder.encode(candidatesMax)
        encoder.encode(selfBondMin)
        encoder.encode(unbondingDelayBlocks)
        encoder.encode(slashBasisPoints)
        encoder.encode(missedBlocksMax)
        encoder.encode(jailBlocks)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        validatorsMax = try decoder.decodeUInt16()
        candidatesMax = try decoder.decodeUInt16()
        selfBondMin = try decoder.decodeAmount()
        unbondingDelayBlocks = try decoder.decodeUInt64()
        slashBasisPoints = try decoder.decodeUInt16()
        missedBlocksMax = try decoder.decodeUInt64()
        jailBlocks = try decoder.decodeUInt64()
        guard isValid else { throw .invalidValue }
    }
}
