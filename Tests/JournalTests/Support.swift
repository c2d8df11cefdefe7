import Glibc
import Synchronization

@testable import Journal

/// A directory of one test, with small limits so that segments roll over soon.
final class Workspace: Sendable {
    let root: String
    let configuration: JournalConfiguration

    init(segmentBytesMax: UInt64 = 2048, queuedRecordsMax: Int = 64) throws {
        root = "/tmp/journal-tests-" + String(UInt64.random(in: .min ... .max), radix: 16)
        guard mkdir(root, 0o700) == 0 else { throw JournalError.fileAccess(errno: errno) }
        configuration = JournalConfiguration(
            directory: root + "/journal",
            segmentBytesMax: segmentBytesMax,
            recordBytesMax: 512,
            queuedRecordsMax: queuedRecordsMax,
            queuedBytesMax: 2000
        )
    }

    deinit {
        for name in names() { unlink(path(name)) }
        rmdir(configuration.directory)
        rmdir(root)
    }

    /// Opens the journal; what it replays is in the second element.
    func open(
        operations: FileOperations = .system
    ) throws -> (journal: Journal, records: [Record]) {
        var records: [Record] = []
        let journal = try Journal(configuration, operations: operations) { position, payload in
            records.append(Record(position: position, payload: payload))
        }
        return (journal, records)
    }

    /// Appends each payload in a batch of its own.
    @discardableResult
    func append(_ payloads: [[UInt8]]) async throws -> [RecordPosition] {
        let journal = try open().journal
        defer { journal.close() }
        var positions: [RecordPosition] = []
        for payload in payloads { positions.append(try await journal.append(payload)) }
        return positions
    }

    /// Opens, closes, and returns the payloads that were replayed.
    func reopenedPayloads() throws -> [[UInt8]] {
        let (journal, records) = try open()
        journal.close()
        return records.map(\.payload)
    }

    func readPayloads() throws -> [[UInt8]] {
        var payloads: [[UInt8]] = []
        try Journal.read(directory: configuration.directory) { _, payload in
            payloads.append(payload)
            return true
        }
        return payloads
    }
}

struct Record: Hashable {
    let position: RecordPosition
    let payload: [UInt8]
}

// Files
extension Workspace {
    func path(_ name: String) -> String { configuration.directory + "/" + name }

    func segmentPath(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return path(String(repeating: "0", count: 16 - digits.count) + digits + ".journal")
    }

    func contents(segment: UInt64) throws -> [UInt8] {
        let file = try OpenFile(path: segmentPath(segment), flags: O_RDONLY)
        return try file.read(Int(file.byteCount()), at: 0)
    }

    func replace(segment: UInt64, with bytes: [UInt8]) throws {
        let file = try OpenFile(path: segmentPath(segment), flags: O_WRONLY | O_CREAT | O_TRUNC)
        try file.write(bytes, at: 0)
    }

    func remove(segment: UInt64) { unlink(segmentPath(segment)) }

    func segmentNumbers() throws -> [UInt64] {
        try SegmentDirectory(path: configuration.directory).segmentNumbers()
    }

    private func names() -> [String] {
        guard let listing = opendir(configuration.directory) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { raw in
                    String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
                }
            )
        }
        return names
    }
}

/// A disk that counts syncs, can hold them up, and fails when told to.
final class FaultyDisk: Sendable {
    private struct State {
        var syncs = 0
        var writes: [Range<UInt64>] = []
        var writeErrno: Int32?
        var syncErrno: Int32?
    }

    private let state = Mutex(State())
    private let gate = WakeSignal()
    private let holdsSyncs: Bool

    init(holdsSyncs: Bool = false) {
        self.holdsSyncs = holdsSyncs
    }

    var syncCount: Int { state.withLock { $0.syncs } }
    /// The bytes of the file that were written, in order.
    var writes: [Range<UInt64>] { state.withLock { $0.writes } }

    /// Lets one sync that is held up, or the next one, go on.
    func releaseSync() { gate.send() }
    func failWrites(errno: Int32) { state.withLock { $0.writeErrno = errno } }
    func failSyncs(errno: Int32) { state.withLock { $0.syncErrno = errno } }

    var operations: FileOperations {
        FileOperations(
            write: { (descriptor, bytes, offset) throws(JournalError) in
                let failure = self.state.withLock { state in
                    state.writes.append(offset..<(offset + UInt64(bytes.count)))
                    return state.writeErrno
                }
                guard let errno = failure else {
                    return try FileOperations.system.write(descriptor, bytes, offset)
                }
                // A full disk takes what fits.
                let part = Array(bytes.prefix(bytes.count / 2))
                try FileOperations.system.write(descriptor, part, offset)
                throw .fileAccess(errno: errno)
            },
            synchronize: { (descriptor) throws(JournalError) in
                self.state.withLock { $0.syncs += 1 }
                if self.holdsSyncs { self.gate.wait() }
                if let errno = self.state.withLock({ $0.syncErrno }) {
                    throw .fileAccess(errno: errno)
                }
                try FileOperations.system.synchronize(descriptor)
            }
        )
    }
}

/// Waits for `condition` without holding up other tasks.
func until(_ condition: () -> Bool) async {
    while !condition() { await Task.yield() }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func hex(_ text: String) -> [UInt8] {
    let digits = Array(text.utf8).map { UInt8($0 > 0x39 ? $0 - 0x57 : $0 - 0x30) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// The generator of all seeded tests: a seed names a failure.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
