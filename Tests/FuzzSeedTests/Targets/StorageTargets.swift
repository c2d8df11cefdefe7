import Foundation
import LedgerStore
import Synchronization

@testable import Journal

extension FuzzTarget {
    /// A journal's last segment as a disk may return it: recovery refuses, or replays once and
    /// for all.
    static let journal = FuzzTarget(
        "journal",
        bytesMax: 16 << 10,
        mutantsInTests: 300,
        seeds: { [JournalImages.plain, JournalImages.empty, JournalImages.batches] }
    ) { bytes in
        try FuzzFolder.shared.withLock { folder in
            let directory = try folder.url("journal")
            try? FileManager.default.removeItem(at: directory)
            try FileManager.default.createDirectory(
                at: directory,
                withIntermediateDirectories: false
            )
            let segment = directory.appendingPathComponent("0000000000000001.journal")
            try Data(bytes).write(to: segment)
            guard let first = replay(directory) else { return false }
            let payloads = first.reduce(0) { $0 + $1.count }
            try require(payloads <= bytes.count, "more was replayed than there was")
            try require(replay(directory) == first, "a second recovery replays something else")
            return true
        }
    }

    private static func replay(_ directory: URL) -> [[UInt8]]? {
        var payloads: [[UInt8]] = []
        let configuration = JournalConfiguration(directory: directory.path)
        let journal = try? Journal.open(configuration) { payloads.append($1) }
        journal?.close()
        return journal == nil ? nil : payloads
    }
}

/// A folder of this process for targets that need files; its journal and store come one at a time.
final class FuzzFolder {
    static let shared = Mutex(FuzzFolder())

    private var root: URL?
    private var store: LedgerStore?
    private var storeNumber = 0

    private init() {}

    /// A place for a file of this name.
    func url(_ name: String) throws -> URL {
        if let root { return root.appendingPathComponent(name) }
        // Memory, where there is such a thing: recovery syncs files a thousand times a second.
        let memory = URL(fileURLWithPath: "/dev/shm")
        let isThere = FileManager.default.isWritableFile(atPath: memory.path)
        let parent = isThere ? memory : FileManager.default.temporaryDirectory
        let made = parent.appendingPathComponent("stoa-fuzz-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: made, withIntermediateDirectories: true)
        root = made
        return made.appendingPathComponent(name)
    }

    /// A store without a chain; the same one until ``dropStore()``.
    func emptyStore() throws -> LedgerStore {
        if let store { return store }
        storeNumber += 1
        let made = try LedgerStore(
            configuration: LedgerStoreConfiguration(
                directory: try url("store-\(storeNumber)").path,
                mapBytesMax: 256 << 20
            )
        )
        store = made
        return made
    }

    func dropStore() {
        store = nil
        guard let folder = try? url("store-\(storeNumber)") else { return }
        try? FileManager.default.removeItem(at: folder)
    }

    /// Removes everything.
    func remove() {
        store = nil
        if let root { try? FileManager.default.removeItem(at: root) }
        root = nil
    }
}

/// Segments as a journal writes them.
private enum JournalImages {
    static let empty = SegmentHeader(number: 1, previousEnd: 0, salt: 7).encoded
    static let plain = image(batches: [[Array("one".utf8)], [Array("two".utf8)]])
    static let batches = image(batches: [
        [Array("a".utf8), Array("b".utf8), [UInt8](repeating: 9, count: 300)],
        [[UInt8](repeating: 0, count: 700), Array("c".utf8)], [Array("end".utf8)],
    ])

    private static func image(batches: [[[UInt8]]]) -> [UInt8] {
        let header = SegmentHeader(number: 1, previousEnd: 0, salt: 0x5A17)
        var bytes = header.encoded
        for payloads in batches {
            var batch: [UInt8] = []
            for payload in payloads { RecordHeader.encode(payload, into: &batch) }
            RecordHeader.seal(batch: &batch, at: UInt64(bytes.count), in: header)
            bytes += batch
        }
        return bytes
    }
}
