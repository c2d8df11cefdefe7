import Synchronization

/// Lets the first so many names be labels, and calls all others `other`.
///
/// Sellers and keys come from strangers; without a bound each would be a series for ever.
public final class BoundedNames: Sendable {
    /// What a name is called for which there is no room.
    public static let other = "other"

    private let countMax: Int
    private let known = Mutex<Set<String>>([])

    /// Starts with no name known.
    public init(countMax: Int) {
        self.countMax = countMax
    }

    /// The name itself if there was room for it when it came, and ``other`` if not.
    public func label(_ name: String) -> String {
        known.withLock { known in
            if known.contains(name) { return name }
            guard known.count < countMax else { return Self.other }
            known.insert(name)
            return name
        }
    }
}
