import CanonicalCoding
public import Identity
public import MarketTypes

/// How an ordering engine names a validator: the first 20 bytes of its consensus key's SHA-256.
///
/// Follows CometBFT's address rule for Ed25519 keys.
public struct ValidatorAddress: Hashable, Comparable, Sendable {
    /// The bytes of an address.
    public static let byteCount = 20

    /// The address.
    public let bytes: [UInt8]

    /// Takes an address as it is; nil unless it has ``byteCount`` bytes.
    public init?(bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
        guard self.bytes.count == Self.byteCount else { return nil }
    }

    /// The address of a consensus key.
    public init(consensusKey: PublicKey) {
        bytes = Array(Digest(sha256: consensusKey.bytes).bytes.prefix(Self.byteCount))
    }

    public static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.bytes.lexicographicallyPrecedes(rhs.bytes)
    }
}

/// A change of the set that orders blocks.
public struct ValidatorUpdate: Hashable, Sendable {
    /// The consensus key.
    public let key: PublicKey
    /// Its voting power from now on; 0 takes it out of the set.
    public let power: UInt64

    /// Creates an update.
    public init(key: PublicKey, power: UInt64) {
        self.key = key
        self.power = power
    }
}

/// What the engine says about the making of a block: who proposed it, who signed the one before,
/// and who was caught.
///
/// It is part of what was agreed on, so all nodes see the same. Where one process orders blocks it
/// is ``none``.
public struct EngineReport: Hashable, Sendable {
    /// Whether one validator's vote is in the commit of the block before.
    public struct Vote: Hashable, Sendable {
        /// Who could vote.
        public let validator: ValidatorAddress
        /// Its power in that vote.
        public let power: UInt64
        /// Whether its vote for the block was there.
        public let signed: Bool

        /// Creates a vote.
        public init(validator: ValidatorAddress, power: UInt64, signed: Bool) {
            self.validator = validator
            self.power = power
            self.signed = signed
        }
    }

    /// The ways to break consensus that an engine can prove.
    public enum MisbehaviorKind: UInt8, Hashable, Sendable {
        /// Two votes for different blocks in one round.
        case duplicateVote = 1
        /// A signed header that never was in the chain.
        case lightClientAttack = 2
    }

    /// A validator that was caught.
    public struct Misbehavior: Hashable, Sendable {
        /// What it did.
        public let kind: MisbehaviorKind
        /// Who did it.
        public let validator: ValidatorAddress
        /// At which height it did it.
        public let height: BlockHeight
        /// When it did it, by that block's time.
        public let time: Timestamp
        /// The power of the whole set then.
        public let totalPower: UInt64

        /// Creates a piece of evidence.
        public init(
            kind: MisbehaviorKind,
            validator: ValidatorAddress,
            height: BlockHeight,
            time: Timestamp,
            totalPower: UInt64
        ) {
            self.kind = kind
            self.validator = validator
            self.height = height
            self.time = time
            self.totalPower = totalPower
        }
    }

    /// Who proposed the block; nil where one process orders.
    public let proposer: ValidatorAddress?
    /// The votes for the block before.
    public let votes: [Vote]
    /// Who was caught.
    public let misbehavior: [Misbehavior]

    /// Creates a report.
    public init(proposer: ValidatorAddress?, votes: [Vote], misbehavior: [Misbehavior]) {
        self.proposer = proposer
        self.votes = votes
        self.misbehavior = misbehavior
    }

    /// Nothing to say: one process orders.
    public static let none = EngineReport(proposer: nil, votes: [], misbehavior: [])
}

/// What the end of a block brings about.
public struct BlockEnd: Hashable, Sendable {
    /// What happened at the block's end, in order.
    public let events: [Event]
    /// What the engine must change in its set, by ascending address.
    public let validatorUpdates: [ValidatorUpdate]

    /// Creates an end.
    public init(events: [Event], validatorUpdates: [ValidatorUpdate]) {
        self.events = events
        self.validatorUpdates = validatorUpdates
    }
}
