import Glibc

/// What opening a journal found.
public struct JournalRecovery: Hashable, Sendable {
    /// How many records were replayed.
    public internal(set) var recordCount = 0
    /// How many bytes of an interrupted batch were cut off; none of them was ever acknowledged.
    public internal(set) var tornBytes: UInt64 = 0
    /// Where the next record will begin, unless a new segment does.
    public internal(set) var end = RecordPosition(segment: 1, offset: UInt64(SegmentHeader.bytes))
}

/// A journal whose every byte has been checked and is durable, ready for its writer.
struct RecoveredJournal: ~Copyable {
    let segment: Segment
    let recovery: JournalRecovery
}

extension SegmentDirectory {
    /// Replays every record, cuts off what a crash interrupted and makes the rest durable.
    func recover(
        operations: FileOperations,
        replay: (RecordPosition, [UInt8]) throws -> Void
    ) throws -> RecoveredJournal {
        var recovery = JournalRecovery()
        func visit(_ position: RecordPosition, _ payload: [UInt8]) throws -> Bool {
            try replay(position, payload)
            recovery.recordCount += 1
            return true
        }
        guard let last = try segmentNumbers().last else {
            return RecoveredJournal(segment: try create(1, previousEnd: 0), recovery: recovery)
        }
        try scan(from: nil, to: endBefore(segment: last), visit)
        var scanner = try SegmentScanner(open(last))
        let tail = try scanner.readToTail(visit)
        recovery.end = scanner.position
        if case .torn(let bytes) = tail { recovery.tornBytes = bytes }

        let segment = try open(last, flags: O_RDWR)
        try segment.makeDurable(from: scanner.batchStart, to: scanner.offset, operations)
        try synchronize()
        return RecoveredJournal(segment: segment, recovery: recovery)
    }
}

extension Segment {
    /// Cuts the file at `end` and makes everything before it durable.
    ///
    /// The last batch is written once more. If the process before this one died after a failed
    /// fdatasync, the kernel has marked those pages clean: they can be read, but they are not on
    /// disk, and a new fsync would report success without writing them. Earlier batches need no
    /// such care, for each was durable before the next was begun.
    fileprivate func makeDurable(
        from batchStart: UInt64,
        to end: UInt64,
        _ operations: FileOperations
    ) throws(JournalError) {
        let chunkBytes: UInt64 = 1 << 20
        var at = batchStart
        while at < end {
            let bytes = try file.read(Int(min(chunkBytes, end - at)), at: at)
            guard !bytes.isEmpty else {
                throw .corrupt(
                    at: RecordPosition(segment: header.number, offset: at),
                    .recordTruncated
                )
            }
            try operations.write(file.descriptor, bytes, at)
            at += UInt64(bytes.count)
        }
        try file.truncate(to: end)
        try file.synchronize()
    }
}
