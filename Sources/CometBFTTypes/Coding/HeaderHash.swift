public import MarketTypes
import ProtobufWire

extension Header {
    /// The Merkle root over the fourteen fields: what validators sign.
    ///
    /// Versions, time and block name enter as messages; the others each as a message whose only
    /// field, number 1, is the value, and nothing if it is empty. Follows `Header.Hash`.
    public var hash: Digest {
        var version = ProtobufWriter()
        writeVersion(into: &version)
        var chain = ProtobufWriter()
        chain.write(chainName, field: 1)
        var place = ProtobufWriter()
        place.write(height.rawValue, field: 1)
        let leaves: [[UInt8]] = [
            version.bytes, chain.bytes, place.bytes, time.protobuf,
            BlockID.protobuf(lastBlockID),
            Self.wrapped(lastCommitHash?.bytes ?? []),
            Self.wrapped(dataHash?.bytes ?? []),
            Self.wrapped(validatorsHash.bytes),
            Self.wrapped(nextValidatorsHash.bytes),
            Self.wrapped(consensusHash.bytes),
            Self.wrapped(appHash),
            Self.wrapped(lastResultsHash?.bytes ?? []),
            Self.wrapped(evidenceHash?.bytes ?? []),
            Self.wrapped(proposer.bytes),
        ]
        return ByteMerkle.root(of: leaves)
    }

    private static func wrapped(_ bytes: [UInt8]) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.write(bytes, field: 1)
        return writer.bytes
    }

    private func writeVersion(into writer: inout ProtobufWriter) {
        writer.write(blockVersion, field: 1)
        writer.write(appVersion, field: 2)
    }
}

extension Header {
    /// The bytes of `tendermint.types.Header`.
    public var protobuf: [UInt8] {
        var writer = ProtobufWriter()
        writer.write(message: 1) { writeVersion(into: &$0) }
        writer.write(chainName, field: 2)
        writer.write(height.rawValue, field: 3)
        writer.write(message: 4) { time.write(into: &$0) }
        writer.write(message: 5) { BlockID.write(lastBlockID, into: &$0) }
        writer.write(lastCommitHash?.bytes ?? [], field: 6)
        writer.write(dataHash?.bytes ?? [], field: 7)
        writer.write(validatorsHash.bytes, field: 8)
        writer.write(nextValidatorsHash.bytes, field: 9)
        writer.write(consensusHash.bytes, field: 10)
        writer.write(appHash, field: 11)
        writer.write(lastResultsHash?.bytes ?? [], field: 12)
        writer.write(evidenceHash?.bytes ?? [], field: 13)
        writer.write(proposer.bytes, field: 14)
        return writer.bytes
    }

    init(protobuf slice: ArraySlice<UInt8>) throws(LightRefusal) {
        var draft = HeaderDraft()
        var reader = StrictReader(slice, as: .header)
        while let field = try reader.next() { try draft.take(field) }
        try self.init(place: try draft.place(), hashes: try draft.hashes())
        guard protobuf[...] == slice else { throw .malformed(.header) }
    }
}

/// The fields of a header while they are read; a field that is missing is refused at the end.
private struct HeaderDraft {
    private var versions: (block: UInt64, app: UInt64) = (0, 0)
    private var chainName = ""
    private var height: Int64 = 0
    private var time: BlockTime?
    private var lastBlockID: BlockID?
    private var proposer: ConsensusAddress?
    private var digests = [Digest?](repeating: nil, count: 14)
    private var appHash: [UInt8] = []

    mutating func take(_ field: ProtobufReader.Field) throws(LightRefusal) {
        switch field.number {
        case 1: versions = try Self.versions(try field.slice(as: .version))
        case 2: chainName = try field.text(as: .chainName)
        case 3: height = try field.int64(as: .height)
        case 4: time = try BlockTime(protobuf: try field.slice(as: .time), as: .time)
        case 5:
            lastBlockID = try BlockID.decode(try field.slice(as: .lastBlockID), as: .lastBlockID)
        case 11: appHash = Array(try field.slice(as: .appHash))
        case 14:
            guard let address = ConsensusAddress(bytes: try field.slice(as: .proposer)) else {
                throw .malformed(.proposer)
            }
            proposer = address
        case 6...13:
            let name = Self.names[Int(field.number) - 6]
            digests[Int(field.number)] = try field.digest(as: name)
        default: throw .malformed(.header)
        }
    }

    private static let names: [LightField] = [
        .lastCommitHash, .dataHash, .validatorsHash, .nextValidatorsHash, .consensusHash, .appHash,
        .lastResultsHash, .evidenceHash,
    ]

    private static func versions(
        _ slice: ArraySlice<UInt8>
    ) throws(LightRefusal) -> (block: UInt64, app: UInt64) {
        var reader = StrictReader(slice, as: .version)
        var versions: (block: UInt64, app: UInt64) = (0, 0)
        while let field = try reader.next() {
            switch field.number {
            case 1: versions.block = try field.uint64(as: .version)
            case 2: versions.app = try field.uint64(as: .version)
            default: throw .malformed(.version)
            }
        }
        return versions
    }

    func place() throws(LightRefusal) -> Header.Place {
        guard let time else { throw .malformed(.time) }
        guard let proposer else { throw .malformed(.proposer) }
        guard height > 0 else { throw .malformed(.height) }
        return Header.Place(
            blockVersion: versions.block,
            appVersion: versions.app,
            chainName: chainName,
            height: BlockHeight(UInt64(height)),
            time: time,
            lastBlockID: lastBlockID,
            proposer: proposer
        )
    }

    func hashes() throws(LightRefusal) -> Header.Hashes {
        guard let validators = digests[8] else { throw .malformed(.validatorsHash) }
        guard let nextValidators = digests[9] else { throw .malformed(.nextValidatorsHash) }
        guard let consensus = digests[10] else { throw .malformed(.consensusHash) }
        return Header.Hashes(
            lastCommit: digests[6],
            data: digests[7],
            validators: validators,
            nextValidators: nextValidators,
            consensus: consensus,
            app: appHash,
            lastResults: digests[12],
            evidence: digests[13]
        )
    }
}
