import CanonicalCoding
import MarketTypes

/// Why a simulated disk did not do what it was asked.
enum DiskError: Error, Hashable {
    /// There is no room for the record; nothing was written.
    case full
    /// The machine stopped at this moment.
    case crashed
    /// A record in the middle does not have its checksum: this is no torn tail.
    case damaged
}

/// A log of checksummed records on a disk that forgets what was not synced.
///
/// A record is its length in four bytes, the first eight bytes of the payload's SHA-256, and the
/// payload. A class without a lock: a run has one thread.
final class SimulatedDisk {
    private static let headerBytes = 12

    /// The most bytes that fit; a fault lowers it for a while.
    var bytesMax = Int.max
    /// In how many of a thousand syncs the machine stops, before or after the write.
    var crashPermille = 0
    /// How many of the last synced records the next crash drops: a disk that lies.
    var lostRecords = 0
    /// Whether the next crash also spoils a record in the middle.
    var spoilsRecord = false
    /// Whether a record is spoiled, so that whoever opens the disk must notice.
    private(set) var isSpoiled = false

    private let chance: Chance
    private var durable: [UInt8] = []
    private var ends: [Int] = []
    private var pending: [[UInt8]] = []

    init(chance: Chance) {
        self.chance = chance
    }

    /// How many records were synced.
    var recordCount: Int { ends.count }

    /// Writes a record; it is durable after ``sync()``.
    func append(_ payload: [UInt8]) throws(DiskError) {
        let waiting = pending.reduce(0) { $0 + $1.count }
        guard durable.count + waiting + payload.count + Self.headerBytes <= bytesMax else {
            throw .full
        }
        pending.append(Self.frame(payload))
    }

    /// Makes everything written durable; the machine may stop before or after that.
    func sync() throws(DiskError) {
        let stops = chance.chance(permille: crashPermille)
        if stops, chance.chance(permille: 500) { throw .crashed }
        flush()
        if stops { throw .crashed }
    }

    private func flush() {
        for record in pending {
            durable += record
            ends.append(durable.count)
        }
        pending.removeAll()
    }

    /// The machine stops: of what was not synced, some first part survives, perhaps half a record.
    ///
    /// - Returns: whether something that was synced is gone or spoiled.
    func crash() -> Bool {
        if !pending.isEmpty {
            let whole = chance.index(pending.count + 1)
            let torn = whole < pending.count ? pending[whole] : []
            pending.removeSubrange(whole...)
            flush()
            if !torn.isEmpty { durable += torn.prefix(chance.index(torn.count)) }
        }
        var broken = false
        if lostRecords > 0, ends.count > lostRecords {
            durable.removeSubrange(ends[ends.count - lostRecords - 1]...)
            ends.removeLast(lostRecords)
            broken = true
        }
        if spoilsRecord, ends.count > 2 {
            let place = chance.index(ends.count - 2)
            let start = place == 0 ? 0 : ends[place - 1]
            durable[start + Self.headerBytes + chance.index(ends[place] - start - 12)] ^= 1
            broken = true
            isSpoiled = true
        }
        lostRecords = 0
        spoilsRecord = false
        pending.removeAll()
        return broken
    }

    /// Reads the records back, and cuts off a torn tail.
    ///
    /// - Throws: ``DiskError/damaged`` if a record before the last one is spoiled.
    func recover() throws(DiskError) -> [[UInt8]] {
        var payloads: [[UInt8]] = []
        var position = 0
        ends.removeAll()
        while let end = end(from: position) {
            let payload = Array(durable[(position + Self.headerBytes)..<end])
            guard Array(durable[position..<position + 12]) == Self.header(payload) else {
                guard end == durable.count else { throw .damaged }
                break
            }
            payloads.append(payload)
            ends.append(end)
            position = end
        }
        durable.removeSubrange(position...)
        return payloads
    }

    /// Where the record that starts at `position` ends; nil if it is not there as a whole.
    private func end(from position: Int) -> Int? {
        guard durable.count - position >= Self.headerBytes else { return nil }
        let length = durable[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
        let end = position + Self.headerBytes + length
        return end <= durable.count ? end : nil
    }

    private static func header(_ payload: [UInt8]) -> [UInt8] {
        let length = withUnsafeBytes(of: UInt32(payload.count).bigEndian) { Array($0) }
        return length
            + withUnsafeBytes(of: Digest(sha256: payload).words.0.bigEndian) { Array($0) }
    }

    private static func frame(_ payload: [UInt8]) -> [UInt8] { header(payload) + payload }
}
