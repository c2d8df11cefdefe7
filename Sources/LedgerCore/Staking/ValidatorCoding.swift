public import CanonicalCoding
import Identity
import MarketTypes

extension Commission: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(basisPoints)
        encoder.encode(basisPointsMax)
        encoder.encode(changeMax)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        basisPoints = try decoder.decodeUInt16()
        basisPointsMax = try decoder.decodeUInt16()
        changeMax = try decoder.decodeUInt16()
    }
}

extension Validator: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(consensusKey)
        encoder.encode(commission)
        encoder.encode(commissionSetAt.rawValue)
        encoder.encode(stake)
        encoder.encode(shares)
        encoder.encode(rewardIndex)
        encoder.encode(rewardRest)
        encoder.encode(rewards)
        encoder.encode(commissionEarned)
        encoder.encode(optional: jailedUntil.map { StoredHeight($0) })
        encoder.encode(UInt8(slashes.count))
        for slash in slashes {
            encoder.encode(slash.infraction.rawValue)
            encoder.encode(slash.executedAt.rawValue)
        }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        consensusKey = try PublicKey(from: &decoder)
        commission = try Commission(from: &decoder)
        commissionSetAt = BlockHeight(try decoder.decodeUInt64())
        stake = try decoder.decodeAmount()
        shares = try decoder.decodeAmount().obol
        rewardIndex = try decoder.decodeAmount().obol
        rewardRest = try decoder.decodeAmount().obol
        rewards = try decoder.decodeAmount()
        commissionEarned = try decoder.decodeAmount()
        jailedUntil = try decoder.decodeOptional(StoredHeight.self)?.height
        let count = Int(try decoder.decodeUInt8())
        guard count <= Self.slashesMax else { throw .tooLong }
        slashes = []
        for _ in 0..<count {
            slashes.append(
                Slash(
                    infraction: BlockHeight(try decoder.decodeUInt64()),
                    executedAt: BlockHeight(try decoder.decodeUInt64())
                )
            )
        }
    }
}

extension Delegation: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(shares)
        encoder.encode(paidIndex)
        encoder.encode(UInt8(unbonding.count))
        for part in unbonding {
            encoder.encode(part.amount)
            encoder.encode(part.begunAt.rawValue)
            encoder.encode(part.releasedAt.rawValue)
        }
        if let exitDelayBlocks { encoder.encode(exitDelayBlocks) }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        shares = try decoder.decodeAmount().obol
        paidIndex = try decoder.decodeAmount().obol
        let count = Int(try decoder.decodeUInt8())
        guard count <= Self.unbondingsMax else { throw .tooLong }
        unbonding = []
        for _ in 0..<count {
            unbonding.append(
                Unbonding(
                    amount: try decoder.decodeAmount(),
                    begunAt: BlockHeight(try decoder.decodeUInt64()),
                    releasedAt: BlockHeight(try decoder.decodeUInt64())
                )
            )
        }
        exitDelayBlocks = decoder.isAtEnd ? nil : try decoder.decodeUInt64()
    }
}

extension ConsensusKeyOwner: CanonicalCodable {
    func encode(into encoder: inout CanonicalEncoder) { encoder.encode(validator.digest) }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        validator = AccountID(try decoder.decodeDigest())
    }
}
