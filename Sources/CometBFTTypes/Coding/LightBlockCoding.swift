import Identity
import MarketTypes
import ProtobufWire

extension LightBlock {
    /// The bytes of `tendermint.types.LightBlock`, without what nothing vouches for: the proposer
    /// of the set, priorities and the sum of powers.
    public var bytes: [UInt8] {
        var writer = ProtobufWriter()
        writer.write(message: 1) { signed in
            signed.write(always: header.protobuf, field: 1)
            signed.write(always: commit.protobuf, field: 2)
        }
        writer.write(always: validators.protobuf, field: 2)
        return writer.bytes
    }

    /// Reads what ``bytes`` writes and nothing else: each value has one encoding.
    ///
    /// - Throws: ``LightRefusal/malformed(_:)`` naming the part that is not as it must be.
    public init(bytes: [UInt8]) throws(LightRefusal) {
        guard bytes.count <= Self.bytesMax else { throw .malformed(.lightBlock) }
        var reader = StrictReader(bytes[...], as: .lightBlock)
        var header: Header?
        var commit: Commit?
        var validators: ValidatorSet?
        while let field = try reader.next() {
            switch (field.number, validators) {
            case (1, nil):
                guard header == nil else { throw .malformed(.lightBlock) }
                let slice = try field.slice(as: .signedHeader)
                (header, commit) = try Self.signedHeader(slice)
            case (2, nil): validators = try ValidatorSet(try field.slice(as: .validatorSet))
            default: throw .malformed(.lightBlock)
            }
        }
        guard let header, let commit else { throw .malformed(.signedHeader) }
        guard let validators else { throw .malformed(.validatorSet) }
        self.init(header: header, commit: commit, validators: validators)
        guard self.bytes == bytes else { throw .malformed(.lightBlock) }
    }

    private static func signedHeader(
        _ slice: ArraySlice<UInt8>
    ) throws(LightRefusal) -> (Header, Commit) {
        var reader = StrictReader(slice, as: .signedHeader)
        var header: Header?
        var commit: Commit?
        while let field = try reader.next() {
            switch (field.number, header, commit) {
            case (1, nil, nil): header = try Header(protobuf: try field.slice(as: .header))
            case (2, .some, nil): commit = try Commit(protobuf: try field.slice(as: .commit))
            default: throw .malformed(.signedHeader)
            }
        }
        guard let header else { throw .malformed(.header) }
        guard let commit else { throw .malformed(.commit) }
        return (header, commit)
    }
}

extension ValidatorSet {
    /// The bytes of `tendermint.types.ValidatorSet`, members only.
    public var protobuf: [UInt8] {
        var writer = ProtobufWriter()
        for member in validators {
            writer.write(message: 1) { body in
                body.write(member.address.bytes, field: 1)
                body.write(message: 2) { $0.write(member.key.bytes, field: 1) }
                body.write(member.power, field: 3)
            }
        }
        return writer.bytes
    }

    init(_ slice: ArraySlice<UInt8>) throws(LightRefusal) {
        var reader = StrictReader(slice, as: .validatorSet)
        var members: [ConsensusValidator] = []
        while let field = try reader.next() {
            guard field.number == 1, members.count < Self.countMax else {
                throw .malformed(.validatorSet)
            }
            members.append(try Self.member(try field.slice(as: .validator)))
        }
        try self.init(ordered: members)
        guard protobuf[...] == slice else { throw .malformed(.validator) }
    }

    private static func member(
        _ slice: ArraySlice<UInt8>
    ) throws(LightRefusal) -> ConsensusValidator {
        var reader = StrictReader(slice, as: .validator)
        var address: ArraySlice<UInt8> = []
        var key: PublicKey?
        var power: Int64 = 0
        while let field = try reader.next() {
            switch field.number {
            case 1: address = try field.slice(as: .validatorAddress)
            case 2: key = try Self.key(try field.slice(as: .validatorKey))
            case 3: power = try field.int64(as: .validatorPower)
            default: throw .malformed(.validator)
            }
        }
        guard let key else { throw .malformed(.validatorKey) }
        guard power > 0 else { throw .malformed(.validatorPower) }
        let member = ConsensusValidator(key: key, power: UInt64(power))
        guard member.address.bytes[...] == address else { throw .malformed(.validatorAddress) }
        return member
    }

    private static func key(_ slice: ArraySlice<UInt8>) throws(LightRefusal) -> PublicKey {
        var reader = StrictReader(slice, as: .validatorKey)
        guard let field = try reader.next(), field.number == 1,
            let key = PublicKey(
                scheme: .ed25519,
                bytes: Array(try field.slice(as: .validatorKey))
            ),
            try reader.next() == nil
        else { throw .malformed(.validatorKey) }
        return key
    }
}
