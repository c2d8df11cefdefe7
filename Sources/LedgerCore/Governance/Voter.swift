public import CanonicalCoding
public import MarketTypes

/// What an account may vote with, now.
public struct Voter: Hashable, Sendable {
    /// The most parts of one account's stake that can be on their way back.
    public static let unlockingsMax = 8

    /// A part of the stake on its way back.
    public struct Unlocking: CanonicalCodable, Hashable {
        /// How much it is, in obol.
        public let amount: Amount
        /// The height from which it can be withdrawn, whatever the rules say by then.
        public let releasedAt: BlockHeight

        init(amount: Amount, releasedAt: BlockHeight) {
            self.amount = amount
            self.releasedAt = releasedAt
        }

        public func encode(into encoder: inout CanonicalEncoder) {
            encoder.encode(amount)
            encoder.encode(releasedAt.rawValue)
        }

        public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
            amount = try decoder.decodeAmount()
            releasedAt = BlockHeight(try decoder.decodeUInt64())
        }
    }

    /// The stake that it has locked, without what is on its way back.
    public internal(set) var own: Amount
    /// The sum of what others have locked and let it vote with.
    public internal(set) var received: Amount
    /// Who votes with its own stake unless it does so itself; nil if nobody.
    public internal(set) var delegate: AccountID?
    /// What is on its way back; at most ``unlockingsMax`` parts.
    public internal(set) var unlockings: [Unlocking]
    /// How many ``VotingCheckpoint``s it has.
    public internal(set) var checkpoints: UInt64
    /// How many blocks the own stake takes to come back; nil for what it was before any vote.
    public internal(set) var exitDelayBlocks: UInt64?

    /// An account that never had to do with votes.
    public static let none = Voter(
        own: .zero,
        received: .zero,
        delegate: nil,
        unlockings: [],
        checkpoints: 0
    )
}

extension Voter: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(own)
        encoder.encode(received)
        encoder.encode(account: delegate)
        encoder.encode(list: unlockings)
        encoder.encode(checkpoints)
        if let exitDelayBlocks { encoder.encode(exitDelayBlocks) }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        own = try decoder.decodeAmount()
        received = try decoder.decodeAmount()
        delegate = try decoder.decodeOptionalAccount()
        unlockings = try decoder.decodeList(of: Unlocking.self, countMax: Self.unlockingsMax)
        checkpoints = try decoder.decodeUInt64()
        exitDelayBlocks = decoder.isAtEnd ? nil : try decoder.decodeUInt64()
    }
}

/// What an account could vote with from the end of the block at `height` until its next checkpoint.
public struct VotingCheckpoint: CanonicalCodable, Hashable {
    /// The height of the block that changed it.
    public let height: BlockHeight
    /// The account's own stake.
    public let own: Amount
    /// What others let it vote with.
    public let received: Amount
    /// Who voted with its own stake unless it did so itself.
    public let delegate: AccountID?

    init(height: BlockHeight, own: Amount, received: Amount, delegate: AccountID?) {
        self.height = height
        self.own = own
        self.received = received
        self.delegate = delegate
    }

    /// What an account had before its first checkpoint.
    static let none = VotingCheckpoint(
        height: BlockHeight(0),
        own: .zero,
        received: .zero,
        delegate: nil
    )

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(height.rawValue)
        encoder.encode(own)
        encoder.encode(received)
        encoder.encode(account: delegate)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        height = BlockHeight(try decoder.decodeUInt64())
        own = try decoder.decodeAmount()
        received = try decoder.decodeAmount()
        delegate = try decoder.decodeOptionalAccount()
    }
}

/// All stake that is locked, without what is on its way back, now.
public struct VotingTotal: CanonicalCodable, Hashable {
    /// The sum over all accounts, in obol.
    public internal(set) var locked: Amount
    /// How many ``TotalCheckpoint``s there are.
    public internal(set) var checkpoints: UInt64
    /// How many blocks the own stake takes to come back; nil for what it was before any vote.
    public internal(set) var exitDelayBlocks: UInt64?

    static let none = VotingTotal(locked: .zero, checkpoints: 0)

    init(locked: Amount, checkpoints: UInt64) {
        self.locked = locked
        self.checkpoints = checkpoints
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(locked)
        encoder.encode(checkpoints)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        locked = try decoder.decodeAmount()
        checkpoints = try decoder.decodeUInt64()
    }
}

/// All stake that was locked from the end of the block at `height` until the next checkpoint.
public struct TotalCheckpoint: CanonicalCodable, Hashable {
    /// The height of the block that changed it.
    public let height: BlockHeight
    /// The sum over all accounts, in obol.
    public let locked: Amount

    init(height: BlockHeight, locked: Amount) {
        self.height = height
        self.locked = locked
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(height.rawValue)
        encoder.encode(locked)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        height = BlockHeight(try decoder.decodeUInt64())
        locked = try decoder.decodeAmount()
    }
}
