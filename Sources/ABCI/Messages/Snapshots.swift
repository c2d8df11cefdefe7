public import ProtobufWire

/// A snapshot as nodes advertise it.
public struct SnapshotInfo: WireMessage {
    /// The most snapshots in one message.
    public static let countMax = 64

    /// The block after which it was taken.
    public var height: UInt64 = 0
    /// How its chunks are made.
    public var format: UInt32 = 0
    /// How many chunks there are.
    public var chunks: UInt32 = 0
    /// What identifies it.
    public var hash: [UInt8] = []
    /// What a restoring node needs beforehand.
    public var metadata: [UInt8] = []

    /// None.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: height = try field.uint64()
        case 2: format = try field.uint32()
        case 3: chunks = try field.uint32()
        case 4: hash = try field.bytes()
        case 5: metadata = try field.bytes()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(height, field: 1)
        writer.write(UInt64(format), field: 2)
        writer.write(UInt64(chunks), field: 3)
        writer.write(hash, field: 4)
        writer.write(metadata, field: 5)
    }
}

/// ListSnapshots: what this node can give.
public struct ListSnapshotsResponse: WireMessage {
    /// The snapshots.
    public var snapshots: [SnapshotInfo] = []

    /// None.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        guard field.number == 1 else { return }
        try field.decoded(appendingTo: &snapshots, countMax: SnapshotInfo.countMax)
    }

    public func write(into writer: inout ProtobufWriter) { writer.write(snapshots, field: 1) }
}

/// OfferSnapshot: asks whether this shall be restored.
public struct OfferSnapshotRequest: WireMessage {
    /// What another node offers; nothing in it is to be trusted.
    public var snapshot: SnapshotInfo?
    /// The state root at that height; the engine vouches for it.
    public var appHash: [UInt8] = []

    /// Offers nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: snapshot = try field.decoded()
        case 2: appHash = try field.bytes()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(optional: snapshot, field: 1)
        writer.write(appHash, field: 2)
    }
}

/// OfferSnapshot: the answer, a number of Consensus' `SnapshotVerdict`.
public struct OfferSnapshotResponse: WireMessage {
    /// The verdict; 0 makes the engine give up.
    public var verdict: UInt32 = 0

    /// No verdict.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        if field.number == 1 { verdict = try field.uint32() }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(UInt64(verdict), field: 1)
    }
}

/// LoadSnapshotChunk: another node asks for a chunk.
public struct LoadSnapshotChunkRequest: WireMessage {
    /// The snapshot's height.
    public var height: UInt64 = 0
    /// The snapshot's format.
    public var format: UInt32 = 0
    /// The chunk's place, from 0.
    public var chunk: UInt32 = 0

    /// Asks nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: height = try field.uint64()
        case 2: format = try field.uint32()
        case 3: chunk = try field.uint32()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(height, field: 1)
        writer.write(UInt64(format), field: 2)
        writer.write(UInt64(chunk), field: 3)
    }
}

/// ApplySnapshotChunk: a chunk of the snapshot that is being restored.
public struct ApplySnapshotChunkRequest: WireMessage {
    /// The chunk's place, from 0.
    public var index: UInt32 = 0
    /// The chunk.
    public var chunk: [UInt8] = []
    /// Which node sent it.
    public var sender = ""

    /// Gives nothing.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: index = try field.uint32()
        case 2: chunk = try field.bytes()
        case 3: sender = try field.string()
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(UInt64(index), field: 1)
        writer.write(chunk, field: 2)
        writer.write(sender, field: 3)
    }
}

/// ApplySnapshotChunk: the answer, a number of Consensus' `ChunkVerdict`.
public struct ApplySnapshotChunkResponse: WireMessage {
    /// The most chunks or senders in one answer.
    public static let countMax = 1 << 16

    /// The verdict; 0 makes the engine give up.
    public var verdict: UInt32 = 0
    /// Which chunks must be fetched again.
    public var refetchChunks: [UInt32] = []
    /// Who shall not be asked any more.
    public var rejectSenders: [String] = []

    /// No verdict.
    public init() {}

    public mutating func take(_ field: ProtobufReader.Field) throws(ProtobufError) {
        switch field.number {
        case 1: verdict = try field.uint32()
        case 2:
            for value in try field.integers(countMax: Self.countMax) {
                guard let chunk = UInt32(exactly: value) else { throw .outOfRange }
                guard refetchChunks.count < Self.countMax else { throw .tooMany }
                refetchChunks.append(chunk)
            }
        case 3:
            guard rejectSenders.count < Self.countMax else { throw .tooMany }
            rejectSenders.append(try field.string())
        default: break
        }
    }

    public func write(into writer: inout ProtobufWriter) {
        writer.write(UInt64(verdict), field: 1)
        writer.write(packed: refetchChunks.map(UInt64.init), field: 2)
        for sender in rejectSenders { writer.write(always: Array(sender.utf8), field: 3) }
    }
}
