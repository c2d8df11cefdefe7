public import CometBFTTypes
public import LedgerCore
import MarketTypes

extension LightClient.Anchor {
    /// Trusts a genesis: its validators sign the first block.
    ///
    /// - Throws: ``LightRefusal/malformed(_:)`` if the genesis names no validators, or a set that
    ///   the engine would not take.
    public static func genesis(_ genesis: Genesis) throws(LightRefusal) -> LightClient.Anchor {
        .genesis(
            try ValidatorSet(
                genesis.validatorUpdates.map { ConsensusValidator(key: $0.key, power: $0.power) }
            )
        )
    }
}
