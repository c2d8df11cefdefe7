public import MarketTypes

/// What an engine calls a chain: text of at most 50 bytes that binds it to the genesis.
public struct EngineChainName: Hashable, Sendable {
    /// The name, such as `stoa-` and the first 40 digits of the chain's digest.
    public let text: String

    /// The name of a chain.
    public init(_ chain: ChainID) {
        text = "stoa-" + chain.digest.description.prefix(40)
    }
}
