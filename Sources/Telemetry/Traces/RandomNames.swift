import Synchronization

/// Words for names that must differ and need no secrecy: of requests, spans and traces.
///
/// A count, hashed with the key that Swift draws when a process starts (SipHash-1-3): nobody learns
/// from some names how many there were between, or which come next. The system is not asked for
/// each: there are several in a call, and each question would be a system call.
public enum RandomNames {
    private static let count = Atomic<UInt64>(0)
    /// Tells processes apart even where Swift's hashing is told to be the same in all.
    private static let salt: [UInt64] = {
        var generator = SystemRandomNumberGenerator()
        return [generator.next(), generator.next()]
    }()

    /// The next word.
    public static func next() -> UInt64 { word(draw(), 0) }

    /// Two words.
    public static func pair() -> (UInt64, UInt64) {
        let place = draw()
        return (word(place, 0), word(place, 1))
    }

    private static func draw() -> UInt64 {
        count.wrappingAdd(1, ordering: .relaxed).newValue
    }

    private static func word(_ place: UInt64, _ half: UInt8) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(salt[0])
        hasher.combine(salt[1])
        hasher.combine(place)
        hasher.combine(half)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
