import CanonicalCoding
public import MarketTypes
import ProtobufWire

/// The part of a transaction's result that every node must agree on.
///
/// Follows `deterministicExecTxResult` of CometBFT 0.38: code, data and both gas counts.
public struct AgreedResult: Hashable, Sendable {
    /// 0 for accepted.
    public let code: UInt32
    /// What the application added.
    public let data: [UInt8]
    /// The gas that was asked for.
    public let gasWanted: Int64
    /// The gas that was used.
    public let gasUsed: Int64

    /// Creates a result.
    public init(code: UInt32, data: [UInt8], gasWanted: Int64, gasUsed: Int64) {
        self.code = code
        self.data = data
        self.gasWanted = gasWanted
        self.gasUsed = gasUsed
    }

    /// The leaf of the results' tree.
    public var leaf: [UInt8] {
        var writer = ProtobufWriter()
        writer.write(UInt64(code), field: 1)
        writer.write(data, field: 2)
        writer.write(gasWanted, field: 5)
        writer.write(gasUsed, field: 6)
        return writer.bytes
    }

    /// The root over a block's results: `last_results_hash` of the next header.
    public static func root(of results: [AgreedResult]) -> Digest {
        ByteMerkle.root(of: results.map(\.leaf))
    }
}

/// The transactions of a block in the engine's eyes.
public enum EngineTransactions {
    /// How the engine names a transaction: the SHA-256 of its bytes.
    public static func hash(of transaction: [UInt8]) -> Digest { Digest(sha256: transaction) }

    /// The root over a block's transactions: `data_hash` of its header.
    public static func root(of transactions: [[UInt8]]) -> Digest {
        MerkleTree.root(of: transactions.map(hash(of:)))
    }

    /// Whether a transaction with `hash` is number `index` of `count` under `root`, by its path
    /// from the leaf's sibling up (RFC 6962).
    public static func isIncluded(
        _ hash: Digest,
        at index: UInt64,
        of count: UInt64,
        path: [Digest],
        root: Digest
    ) -> Bool {
        guard path.count <= 64 else { return false }
        return MerkleTree.root(leaf: hash, at: index, of: count, path: path) == root
    }
}
