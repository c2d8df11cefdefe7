/// Names one account: the hash of a signature scheme and a public key (or of a later key policy).
public struct AccountID: Hashable, Comparable, Sendable {
    /// The hash that the address spells out.
    public let digest: Digest
    /// Names the account whose key hashes to `digest`.
    public init(_ digest: Digest) { self.digest = digest }
    public static func < (lhs: AccountID, rhs: AccountID) -> Bool { lhs.digest < rhs.digest }
}

/// Names one asset: the hash of its first owner and its name.
public struct AssetID: Hashable, Comparable, Sendable {
    /// The hash of owner and name.
    public let digest: Digest
    /// Names the asset with `digest`.
    public init(_ digest: Digest) { self.digest = digest }
    public static func < (lhs: AssetID, rhs: AssetID) -> Bool { lhs.digest < rhs.digest }
}

/// Names one offer by its content: the digest that vouchers and receipts sign.
public struct OfferID: Hashable, Comparable, Sendable {
    /// The digest of the offer's canonical bytes.
    public let digest: Digest
    /// Names the offer with `digest`.
    public init(_ digest: Digest) { self.digest = digest }
    public static func < (lhs: OfferID, rhs: OfferID) -> Bool { lhs.digest < rhs.digest }
}

/// Names one payment channel: the hash of payer and the opening transaction's place.
public struct ChannelID: Hashable, Comparable, Sendable {
    /// The hash of payer, sequence and message index.
    public let digest: Digest
    /// Names the channel with `digest`.
    public init(_ digest: Digest) { self.digest = digest }
    public static func < (lhs: ChannelID, rhs: ChannelID) -> Bool { lhs.digest < rhs.digest }
}

/// Names a chain: the hash of its genesis document, bound into every signature.
public struct ChainID: Hashable, Sendable {
    /// The digest of the genesis document.
    public let digest: Digest
    /// Names the chain that starts from the genesis with `digest`.
    public init(_ digest: Digest) { self.digest = digest }
}

/// One lane of a channel; calls in a lane are in sequence, lanes run in parallel.
public struct LaneID: Hashable, Comparable, Sendable {
    /// Counts from zero up to, not including, the channel's number of lanes.
    public let rawValue: UInt16
    /// Names the lane with this number.
    public init(_ rawValue: UInt16) { self.rawValue = rawValue }
    public static func < (lhs: LaneID, rhs: LaneID) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// The height of a block; the first block is 1, and 0 is the genesis.
public struct BlockHeight: Hashable, Comparable, Sendable {
    /// The number of blocks up to and including this one.
    public let rawValue: UInt64
    /// Names the block at this height.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    public static func < (lhs: BlockHeight, rhs: BlockHeight) -> Bool {
        lhs.rawValue < rhs.rawValue
    }

    /// The height `blocks` later, or nil if that does not fit.
    public func advanced(byBlocks blocks: UInt64) -> BlockHeight? {
        let (sum, overflow) = rawValue.addingReportingOverflow(blocks)
        return overflow ? nil : BlockHeight(sum)
    }
}

/// A moment in milliseconds since 1970-01-01T00:00:00Z, leap seconds ignored (POSIX time).
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since the epoch.
    public let milliseconds: UInt64
    /// Names the moment `milliseconds` after the epoch.
    public init(milliseconds: UInt64) { self.milliseconds = milliseconds }
    public static func < (lhs: Timestamp, rhs: Timestamp) -> Bool {
        lhs.milliseconds < rhs.milliseconds
    }
}
