/// How fast blocks may follow each other while a deadline is counted in them.
///
/// Whoever sends transactions one after the other makes a block of each, and would run through a
/// closing channel's delay in less than a second: so many blocks may come at once, and after that
/// one in each interval, in which as many transactions gather as a block holds.
///
/// A pure value; time comes in milliseconds of any clock that does not run backwards.
struct BlockPace: Hashable, Sendable {
    private let burst: UInt64
    private let intervalMilliseconds: UInt64
    /// When the blocks so far would have been made at one in each interval.
    private var dueMilliseconds: UInt64 = 0

    /// - Parameters:
    ///   - burst: how many blocks may come at once, at least 1.
    ///   - intervalMilliseconds: the time for each further one, at least 1.
    init(burst: UInt64, intervalMilliseconds: UInt64) {
        self.burst = min(max(1, burst), 1 << 20)
        self.intervalMilliseconds = min(max(1, intervalMilliseconds), 1 << 20)
    }

    /// How long the next block must wait, in milliseconds.
    func wait(at now: UInt64) -> UInt64 {
        let ahead = (burst - 1) * intervalMilliseconds
        let earliest = dueMilliseconds > ahead ? dueMilliseconds - ahead : 0
        return earliest > now ? earliest - now : 0
    }

    /// A block is made. One that was let through though the burst was used up, because nothing was
    /// counted then, delays later ones no further.
    mutating func made(at now: UInt64) {
        let next = max(dueMilliseconds, now) + intervalMilliseconds
        dueMilliseconds = min(next, now + burst * intervalMilliseconds)
    }
}
