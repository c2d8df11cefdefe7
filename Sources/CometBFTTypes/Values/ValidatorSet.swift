public import Identity
public import MarketTypes
import ProtobufWire

/// A member of a validator set: an Ed25519 key and its weight.
public struct ConsensusValidator: Hashable, Sendable {
    /// The consensus key.
    public let key: PublicKey
    /// Its voting power; from 1 to ``ValidatorSet/powerMax``.
    public let power: UInt64
    /// The name that follows from the key.
    public let address: ConsensusAddress

    /// Creates a member.
    public init(key: PublicKey, power: UInt64) {
        self.key = key
        self.power = power
        address = ConsensusAddress(key: key)
    }
}

/// The validators of one height: strongest first, equals by address.
///
/// Every value keeps the engine's rules: at least one member, at most ``countMax``, no key twice,
/// Ed25519 only, powers above zero that sum to at most ``powerMax``.
public struct ValidatorSet: Hashable, Sendable {
    /// The most members a set may have here; the engine itself takes 10,000.
    public static let countMax = 1000
    /// The largest sum of powers: an eighth of 2^63, rounded down, as in `types/validator_set.go`.
    public static let powerMax: UInt64 = 1 << 60 - 1

    /// The members, in the order in which they vote.
    public let validators: [ConsensusValidator]
    /// The sum of all powers; at most ``powerMax``.
    public let totalPower: UInt64

    /// Creates a set, bringing the members into order.
    ///
    /// - Throws: ``LightRefusal/malformed(_:)`` naming what breaks the rules above.
    public init(_ members: [ConsensusValidator]) throws(LightRefusal) {
        try self.init(
            ordered: members.sorted {
                ($1.power, $0.address) < ($0.power, $1.address)
            }
        )
    }

    /// Creates a set from members that must stand in order.
    ///
    /// - Throws: ``LightRefusal/malformed(_:)``.
    public init(ordered members: [ConsensusValidator]) throws(LightRefusal) {
        guard !members.isEmpty, members.count <= Self.countMax else {
            throw .malformed(.validatorSet)
        }
        var sum: UInt64 = 0
        for member in members {
            guard member.key.scheme == .ed25519 else { throw .malformed(.validatorKey) }
            guard member.power > 0, member.power <= Self.powerMax - sum else {
                throw .malformed(.validatorPower)
            }
            sum += member.power
        }
        let inOrder = zip(members, members.dropFirst()).allSatisfy {
            ($1.power, $0.address) < ($0.power, $1.address)
        }
        let addresses = members.map(\.address).sorted()
        guard inOrder, zip(addresses, addresses.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw .malformed(.validatorSet)
        }
        validators = members
        totalPower = sum
    }

    /// The Merkle root over keys and powers: `validators_hash` of a header.
    public var hash: Digest {
        ByteMerkle.root(
            of: validators.map { member in
                var writer = ProtobufWriter()
                writer.write(message: 1) { $0.write(member.key.bytes, field: 1) }
                writer.write(member.power, field: 2)
                return writer.bytes
            }
        )
    }

    /// Whether `power` is more than two thirds of the whole.
    public func isQuorum(_ power: UInt64) -> Bool {
        // 3 × 2^60 fits in 64 bits.
        power <= Self.powerMax && power * 3 > totalPower * 2
    }
}
