public import CometBFTTypes
public import LedgerCore
public import MarketTypes

/// An entry of a network's state with all that a stranger needs to check it offline.
public struct ProvenEntry: Hashable, Sendable {
    /// The entry's key.
    public let key: StateKey
    /// The entry's canonical bytes; nil if there is none.
    public let value: [UInt8]?
    /// Presence or absence under ``root``.
    public let proof: StateProof
    /// The signed block whose `app_hash` is the state's root: one above ``height``.
    public let block: LightBlock

    /// The block after which the state was so.
    public var height: BlockHeight { BlockHeight(block.height.rawValue - 1) }
}
