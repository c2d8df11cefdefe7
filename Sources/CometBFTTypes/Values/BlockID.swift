public import MarketTypes
import ProtobufWire

/// Names a block: the hash of its header, and the hash of the parts in which it was spread.
///
/// Validators sign both. Follows `types/block.go` of CometBFT 0.38.
public struct BlockID: Hashable, Sendable {
    /// The header's hash.
    public let hash: Digest
    /// In how many parts the block was spread.
    public let partCount: UInt32
    /// The Merkle root over the parts.
    public let partsHash: Digest

    /// Creates a name.
    public init(hash: Digest, partCount: UInt32, partsHash: Digest) {
        self.hash = hash
        self.partCount = partCount
        self.partsHash = partsHash
    }
}

extension BlockID {
    /// Writes the fields of `tendermint.types.BlockID`; those of `CanonicalBlockID` are the same.
    ///
    /// The first block's predecessor is nil: its part set header is written all the same, empty.
    static func write(_ id: BlockID?, into writer: inout ProtobufWriter) {
        if let id { writer.write(id.hash.bytes, field: 1) }
        writer.write(message: 2) { parts in
            guard let id else { return }
            parts.write(UInt64(id.partCount), field: 1)
            parts.write(id.partsHash.bytes, field: 2)
        }
    }

    /// The bytes of `tendermint.types.BlockID`.
    static func protobuf(_ id: BlockID?) -> [UInt8] {
        var writer = ProtobufWriter()
        write(id, into: &writer)
        return writer.bytes
    }

    /// Reads a name, or nil where there is no block.
    static func decode(
        _ slice: ArraySlice<UInt8>,
        as name: LightField
    ) throws(LightRefusal) -> BlockID? {
        var reader = StrictReader(slice, as: name)
        var hash: Digest?
        var partCount: UInt64 = 0
        var partsHash: Digest?
        while let field = try reader.next() {
            switch field.number {
            case 1: hash = try field.digest(as: name)
            case 2:
                var parts = StrictReader(try field.slice(as: name), as: name)
                while let part = try parts.next() {
                    switch part.number {
                    case 1: partCount = try part.uint64(as: name)
                    case 2: partsHash = try part.digest(as: name)
                    default: throw .malformed(name)
                    }
                }
            default: throw .malformed(name)
            }
        }
        guard let hash, let partsHash, let count = UInt32(exactly: partCount) else {
            guard hash == nil, partsHash == nil, partCount == 0 else { throw .malformed(name) }
            return nil
        }
        return BlockID(hash: hash, partCount: count, partsHash: partsHash)
    }
}
