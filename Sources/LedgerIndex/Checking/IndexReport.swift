public import MarketTypes

/// Something in which an index is not what its ledger says.
public struct IndexDifference: Hashable, Sendable {
    /// Where: `block`, `asset`, `offer`, a table's name, and what of it.
    public let place: String
    /// What the ledger makes of it; nil if it has no such thing.
    public let expected: String?
    /// What the index has; nil if it has no such thing.
    public let found: String?

    init(_ place: String, expected: String?, found: String?) {
        self.place = place
        self.expected = expected
        self.found = found
    }
}

/// What became of a check.
public struct IndexReport: Hashable, Sendable {
    /// The most differences that are kept.
    public static let differencesMax = 100

    /// The height whose index was checked.
    public internal(set) var height = BlockHeight(0)
    /// Whether every block was compared, or some.
    public internal(set) var isFull = false
    /// How many blocks were compared row by row.
    public internal(set) var blocks: UInt64 = 0
    /// How many events those have.
    public internal(set) var events: UInt64 = 0
    /// How many assets were compared: all of them.
    public internal(set) var assets: UInt64 = 0
    /// How many offers were compared: all of them.
    public internal(set) var offers: UInt64 = 0
    /// The first differences.
    public private(set) var differences: [IndexDifference] = []
    /// How many differences there are.
    public private(set) var differenceCount: UInt64 = 0

    /// Whether the index equals the ledger, as far as it was compared.
    public var isEqual: Bool { differenceCount == 0 }

    mutating func add(_ found: [IndexDifference]) {
        differenceCount += UInt64(found.count)
        differences += found.prefix(max(0, Self.differencesMax - differences.count))
    }
}
