import MarketTypes

/// The numbers in ``LedgerParameters`` that a vote can change.
enum LedgerNumber: UInt16, CaseIterable {
    case feeMinimum = 101
    case feePerByte = 102
    case closingDelayBlocks = 501
    case unbondingDelayBlocks = 601
}

/// The numbers in ``StakingParameters`` that a vote can change.
///
/// What breaking consensus costs is not among them: stake that is on its way back would be
/// punished by another number than that it was staked under.
enum StakingNumber: UInt16, CaseIterable {
    case validatorsMax = 801
    case candidatesMax = 802
    case selfBondMin = 803
    case unbondingDelayBlocks = 804
    case missedBlocksMax = 805
    case jailBlocks = 806
}

extension GovernedNumber {
    /// The numbers that genesis sets in ``LedgerParameters`` and ``StakingParameters``.
    ///
    /// What genesis set may be outside the bounds, and stays until a vote changes it.
    public static let ledgerNumbers =
        LedgerNumber.allCases.map(\.governed) + StakingNumber.allCases.map(\.governed)
}

extension LedgerNumber {
    fileprivate var governed: GovernedNumber {
        let (name, bounds): (String, ClosedRange<UInt64>) =
            switch self {
            case .feeMinimum: ("ledger.feeMinimumObol", 0...1_000_000_000)
            case .feePerByte: ("ledger.feePerByteObol", 1...1_000_000)
            case .closingDelayBlocks: ("channels.closingDelayBlocks", 100...100_000)
            case .unbondingDelayBlocks: ("bonds.unbondingDelayBlocks", 100...1_000_000)
            }
        let standard = LedgerParameters.standard.value(of: self)
        return GovernedNumber(rawValue, name, standard: standard, bounds: bounds)
    }
}

extension StakingNumber {
    fileprivate var governed: GovernedNumber {
        let (name, bounds): (String, ClosedRange<UInt64>) =
            switch self {
            case .validatorsMax: ("staking.validatorsMax", 4...200)
            case .candidatesMax: ("staking.candidatesMax", 4...200)
            case .selfBondMin:
                ("staking.selfBondMinObol", 1_000_000_000...1_000_000_000_000_000)
            case .unbondingDelayBlocks: ("staking.unbondingDelayBlocks", 100...1_000_000)
            case .missedBlocksMax: ("staking.missedBlocksMax", 10...100_000)
            case .jailBlocks: ("staking.jailBlocks", 1...100_000)
            }
        let standard = StakingParameters.standard.value(of: self)
        return GovernedNumber(rawValue, name, standard: standard, bounds: bounds)
    }
}

extension LedgerParameters {
    func value(of number: LedgerNumber) -> UInt64 {
        switch number {
        case .feeMinimum: UInt64(clamping: feeMinimum.obol)
        case .feePerByte: UInt64(clamping: feePerByte.obol)
        case .closingDelayBlocks: closingDelayBlocks
        case .unbondingDelayBlocks: unbondingDelayBlocks
        }
    }

    func setting(_ number: LedgerNumber, to value: UInt64) -> LedgerParameters {
        let amount = Amount(obol: UInt128(value))
        return LedgerParameters(
            feeMinimum: number == .feeMinimum ? amount : feeMinimum,
            feePerByte: number == .feePerByte ? amount : feePerByte,
            closingDelayBlocks: number == .closingDelayBlocks ? value : closingDelayBlocks,
            unbondingDelayBlocks: number == .unbondingDelayBlocks ? value : unbondingDelayBlocks
        )
    }
}

extension StakingParameters {
    func value(of number: StakingNumber) -> UInt64 {
        switch number {
        case .validatorsMax: UInt64(validatorsMax)
        case .candidatesMax: UInt64(candidatesMax)
        case .selfBondMin: UInt64(clamping: selfBondMin.obol)
        case .unbondingDelayBlocks: unbondingDelayBlocks
        case .missedBlocksMax: missedBlocksMax
        case .jailBlocks: jailBlocks
        }
    }

    /// The numbers of validators are within 16 bits: their bounds are.
    func setting(_ number: StakingNumber, to value: UInt64) -> StakingParameters {
        let count = UInt16(clamping: value)
        let amount = Amount(obol: UInt128(value))
        return StakingParameters(
            validatorsMax: number == .validatorsMax ? count : validatorsMax,
            candidatesMax: number == .candidatesMax ? count : candidatesMax,
            selfBondMin: number == .selfBondMin ? amount : selfBondMin,
            unbondingDelayBlocks: number == .unbondingDelayBlocks ? value : unbondingDelayBlocks,
            slashBasisPoints: slashBasisPoints,
            missedBlocksMax: number == .missedBlocksMax ? value : missedBlocksMax,
            jailBlocks: number == .jailBlocks ? value : jailBlocks
        )
    }
}
