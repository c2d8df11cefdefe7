/// The name of one entry of the ledger's state: a namespace byte and fixed-width parts.
///
/// Keys of one namespace sort as their parts do, because every part is fixed-width big endian;
/// so a component's entries can be listed in order without an index.
public struct StateKey: Hashable, Comparable, Sendable {
    /// The largest key in bytes; a store may rely on it.
    public static let bytesMax = 128

    /// The key's bytes: namespace first.
    public let bytes: [UInt8]

    /// Creates a key from its bytes; at most ``bytesMax``.
    public init(bytes: [UInt8]) {
        precondition(!bytes.isEmpty && bytes.count <= Self.bytesMax)
        self.bytes = bytes
    }

    /// Feeds the bytes at once: feeding them one by one, as an array does, costs ten times as much.
    public func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    public static func < (lhs: StateKey, rhs: StateKey) -> Bool {
        lhs.bytes.lexicographicallyPrecedes(rhs.bytes)
    }
}

/// A new value for a key, or nil to remove it.
public struct StateChange: Hashable, Sendable {
    /// Which entry changes.
    public let key: StateKey
    /// The entry's canonical bytes from now on; nil removes the entry.
    public let value: [UInt8]?

    /// Creates a change.
    public init(key: StateKey, value: [UInt8]?) {
        self.key = key
        self.value = value
    }
}

/// What the rules read: the state as some block left it.
///
/// Reading cannot fail: a store that cannot read its own state must stop the process, because a
/// node that guesses would fork from the others.
public protocol StateReading {
    /// The canonical bytes stored under `key`, or nil if there is no such entry.
    func value(for key: StateKey) -> [UInt8]?
}
