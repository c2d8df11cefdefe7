public import CanonicalCoding
public import MarketTypes

/// Where a ledger stands, as a node tells it in canonical bytes.
public struct LedgerStanding: CanonicalCodable, Hashable {
    /// The chain.
    public let chain: ChainID
    /// The genesis' name for people.
    public let name: String
    /// The height of the latest block; 0 before the first.
    public let height: BlockHeight
    /// The latest block's time; the genesis' before the first.
    public let time: Timestamp
    /// The root of the state after it.
    public let stateRoot: Digest
    /// The rules' numbers.
    public let parameters: LedgerParameters

    /// Creates a standing.
    public init(
        chain: ChainID,
        name: String,
        height: BlockHeight,
        time: Timestamp,
        stateRoot: Digest,
        parameters: LedgerParameters
    ) {
        self.chain = chain
        self.name = name
        self.height = height
        self.time = time
        self.stateRoot = stateRoot
        self.parameters = parameters
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(chain.digest)
        encoder.encode(name)
        encoder.encode(height.rawValue)
        encoder.encode(time.milliseconds)
        encoder.encode(stateRoot)
        encoder.encode(parameters)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        chain = ChainID(try decoder.decodeDigest())
        name = try decoder.decodeString(bytesMax: Genesis.nameBytesMax)
        height = BlockHeight(try decoder.decodeUInt64())
        time = Timestamp(milliseconds: try decoder.decodeUInt64())
        stateRoot = try decoder.decodeDigest()
        parameters = try LedgerParameters(from: &decoder)
    }
}
