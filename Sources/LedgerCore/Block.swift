public import CanonicalCoding
public import Identity
public import MarketTypes

/// What a block commits to; blocks chain by the digest of this (LED-4).
public struct BlockHeader: SignableDocument {
    public static var signingTag: DomainTag { .blockHeader }

    /// The chain.
    public let chain: ChainID
    /// The block's height, from 1.
    public let height: BlockHeight
    /// The block's time, never before its parent's.
    public let time: Timestamp
    /// The parent header's signing digest; zero for the first block.
    public let parent: Digest
    /// The RFC 6962 root over the transactions' digests.
    public let transactionsRoot: Digest
    /// The RFC 6962 root over the results' digests.
    public let resultsRoot: Digest
    /// The root of the whole state after this block.
    public let stateRoot: Digest

    /// Creates a header.
    public init(
        chain: ChainID,
        height: BlockHeight,
        time: Timestamp,
        parent: Digest,
        transactionsRoot: Digest,
        resultsRoot: Digest,
        stateRoot: Digest
    ) {
        self.chain = chain
        self.height = height
        self.time = time
        self.parent = parent
        self.transactionsRoot = transactionsRoot
        self.resultsRoot = resultsRoot
        self.stateRoot = stateRoot
    }
}

extension BlockHeader: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(chain.digest)
        encoder.encode(height.rawValue)
        encoder.encode(time.milliseconds)
        encoder.encode(parent)
        encoder.encode(transactionsRoot)
        encoder.encode(resultsRoot)
        encoder.encode(stateRoot)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        chain = ChainID(try decoder.decodeDigest())
        height = BlockHeight(try decoder.decodeUInt64())
        time = Timestamp(milliseconds: try decoder.decodeUInt64())
        parent = try decoder.decodeDigest()
        transactionsRoot = try decoder.decodeDigest()
        resultsRoot = try decoder.decodeDigest()
        stateRoot = try decoder.decodeDigest()
    }
}

/// A sealed header and the transactions it commits to, in canonical bytes.
public struct Block: Hashable, Sendable {
    /// The most transactions in one block.
    public static let transactionsMax = 1 << 16
    /// The most bytes of transactions in one block.
    public static let bytesMax = 16 << 20

    /// The header, signed by whoever ordered the block.
    public let header: Signed<BlockHeader>
    /// The signed transactions' canonical bytes, in order of execution.
    public let transactions: [[UInt8]]

    /// Creates a block.
    public init(header: Signed<BlockHeader>, transactions: [[UInt8]]) {
        self.header = header
        self.transactions = transactions
    }
}

extension Block: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(header)
        encoder.encode(UInt32(transactions.count))
        for transaction in transactions { encoder.encode(bytes: transaction) }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        header = try Signed(from: &decoder)
        let count = Int(try decoder.decodeUInt32())
        guard count <= Self.transactionsMax else { throw .tooLong }
        var list: [[UInt8]] = []
        for _ in 0..<count {
            list.append(try decoder.decodeBytes(bytesMax: Transaction.bytesMax))
        }
        transactions = list
    }
}
