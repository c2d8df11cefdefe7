/// A small map kept in key order: the only kind of map that is hashed, signed or stored.
///
/// `Dictionary` has a different order in every process, so nothing that must be the same on two
/// machines may iterate over one (promise P12). Lookup is a binary search, insertion is linear;
/// meant for tens of entries, not thousands.
public struct SortedMap<Key: Comparable & Sendable, Value: Sendable>: Sendable {
    /// The entries, in ascending order of key, each key once.
    public private(set) var entries: [(key: Key, value: Value)] = []

    /// Creates an empty map.
    public init() {}

    /// Creates a map from entries in any order, or returns nil if a key appears twice.
    public init?(_ pairs: [(Key, Value)]) {
        let sorted = pairs.sorted { $0.0 < $1.0 }
        for index in sorted.indices.dropFirst() where sorted[index - 1].0 == sorted[index].0 {
            return nil
        }
        entries = sorted.map { (key: $0.0, value: $0.1) }
    }

    /// The number of entries.
    public var count: Int { entries.count }

    /// Whether there is no entry.
    public var isEmpty: Bool { entries.isEmpty }

    /// The value for `key`; assigning nil removes the entry.
    public subscript(key: Key) -> Value? {
        get {
            let index = firstIndex(notBelow: key)
            return index < entries.count && entries[index].key == key ? entries[index].value : nil
        }
        set {
            let index = firstIndex(notBelow: key)
            let found = index < entries.count && entries[index].key == key
            switch (found, newValue) {
            case (true, .some(let value)): entries[index].value = value
            case (true, .none): entries.remove(at: index)
            case (false, .some(let value)): entries.insert((key: key, value: value), at: index)
            case (false, .none): break
            }
        }
    }

    private func firstIndex(notBelow key: Key) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension SortedMap: Equatable where Value: Equatable {
    public static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.entries.elementsEqual(rhs.entries) { $0.key == $1.key && $0.value == $1.value }
    }
}

extension SortedMap: Hashable where Key: Hashable, Value: Hashable {
    public func hash(into hasher: inout Hasher) {
        for entry in entries {
            hasher.combine(entry.key)
            hasher.combine(entry.value)
        }
    }
}
