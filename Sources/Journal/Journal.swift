import Glibc
import Synchronization

/// A durable, append-only log of records, for what must be on disk before it is acted on.
///
/// ```
/// directory   journal.lock  0000000000000001.journal  0000000000000002.journal …
/// segment     header, records, zeros written ahead
/// header      magic u64 | version u32 | segment u64 | previous end u64 | salt u64 | checksum u32
/// record      length u32 | batch bytes before u32 | payload checksum u32 | header checksum u32
///             payload
/// ```
///
/// Integers are big-endian and checksums CRC-32C. A record's header checksum continues from the
/// segment's and covers the record's offset, so a record is valid in one place only.
/// All records that arrive while the disk is busy share the next write and the next fdatasync.
/// The format and its rules are in docs/spec/journal.md (JRN-1 to JRN-21).
public final class Journal: Sendable {
    /// What opening found and repaired.
    public let recovery: JournalRecovery

    private let recordBytesMax: Int
    private let directory: SegmentDirectory
    private let intake: JournalIntake
    private let writer: Mutex<pthread_t?>

    /// Opens the journal, creating it if needed, and replays every record in order.
    ///
    /// Act on what was replayed once this has returned: only then is all of it known to be durable.
    ///
    /// - Throws: ``JournalError/inUse`` if the journal is open elsewhere,
    ///   ``JournalError/corrupt(at:_:)`` for damage other than an interrupted last batch, another
    ///   ``JournalError``, or what `replay` threw. A journal that cannot be opened is unchanged.
    public static func open(
        _ configuration: JournalConfiguration,
        replay: (RecordPosition, [UInt8]) throws -> Void
    ) throws -> Journal {
        try Journal(configuration, operations: .system, replay: replay)
    }

    init(
        _ configuration: JournalConfiguration,
        operations: FileOperations,
        replay: (RecordPosition, [UInt8]) throws -> Void
    ) throws {
        try configuration.validate()
        let directory = SegmentDirectory(path: configuration.directory)
        try directory.create()
        let lock = try directory.lock()
        let recovered = try directory.recover(operations: operations, replay: replay)
        recovery = recovered.recovery
        recordBytesMax = configuration.recordBytesMax
        self.directory = directory
        intake = JournalIntake(AppendQueue(configuration, durableEnd: recovery.end))
        writer = try Mutex(
            BatchWriter.start(
                BatchWriter(
                    recovered,
                    lock: lock,
                    directory: directory,
                    intake: intake,
                    segmentBytesMax: configuration.segmentBytesMax,
                    operations: operations
                )
            )
        )
    }

    deinit {
        close()
    }

    /// Appends one record and returns where it is, once it is durable.
    ///
    /// Cancelling the task changes nothing: once queued, the record is written and the call
    /// returns its position. Records of one task are in the order of its calls.
    ///
    /// - Throws: ``JournalError/recordEmpty``, ``JournalError/recordTooLarge(bytes:bytesMax:)``,
    ///   ``JournalError/closed`` or ``JournalError/overloaded``, and then nothing was written; or
    ///   ``JournalError/failed(errno:)``, and then the record may or may not be replayed.
    public func append(_ payload: [UInt8]) async throws(JournalError) -> RecordPosition {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(RecordHeader.bytes + payload.count)
        try encode(payload, into: &encoded)
        return try await submit(encoded, recordCount: 1)
    }

    /// Appends records next to each other and returns where they are, once all are durable.
    ///
    /// If a crash interrupts it, a prefix of them may be replayed: all, some or none.
    ///
    /// - Throws: as ``append(_:)``; also ``JournalError/batchTooLarge`` if the records exceed
    ///   what the queue holds when it is empty.
    public func appendAll(_ payloads: [[UInt8]]) async throws(JournalError) -> [RecordPosition] {
        guard !payloads.isEmpty else { return [] }
        var encoded: [UInt8] = []
        for payload in payloads { try encode(payload, into: &encoded) }
        var next = try await submit(encoded, recordCount: payloads.count)
        return payloads.map { payload in
            defer { next = next.advanced(byBytes: RecordHeader.bytes + payload.count) }
            return next
        }
    }

    /// Writes what is queued, ends the writer and gives up the lock; later appends are refused.
    ///
    /// Blocks for as long as the disk needs. Closing twice is harmless.
    public func close() {
        intake.queue.withLock { $0.close() }
        intake.wake.send()
        writer.withLock { writer in
            if let thread = writer { _ = pthread_join(thread, nil) }
            writer = nil
        }
    }

    private func encode(_ payload: [UInt8], into encoded: inout [UInt8]) throws(JournalError) {
        guard !payload.isEmpty else { throw .recordEmpty }
        guard payload.count <= recordBytesMax else {
            throw .recordTooLarge(bytes: payload.count, bytesMax: recordBytesMax)
        }
        RecordHeader.encode(payload, into: &encoded)
    }

    private func submit(
        _ encoded: [UInt8],
        recordCount: Int
    ) async throws(JournalError) -> RecordPosition {
        let outcome = await withCheckedContinuation { continuation in
            let admission = intake.queue.withLock { queue in
                queue.admit(encoded, recordCount: recordCount, continuation)
            }
            switch admission {
            case .queued(let mustWakeWriter): if mustWakeWriter { intake.wake.send() }
            case .refused(let error): continuation.resume(returning: .failure(error))
            }
        }
        return try outcome.get()
    }
}

extension Journal {
    /// How many records wait for the writer.
    var queuedRecordCount: Int { intake.queue.withLock { $0.queuedRecordCount } }

    /// Reads one durable record.
    ///
    /// - Throws: ``JournalError/noRecord(at:)`` if none begins there, which a damaged record
    ///   header also looks like; ``JournalError/corrupt(at:_:)`` if its payload is damaged.
    public func record(at position: RecordPosition) throws(JournalError) -> [UInt8] {
        guard position < durableEnd else { throw .noRecord(at: position) }
        var scanner: SegmentScanner
        do {
            let segment = try directory.open(position.segment)
            scanner = try SegmentScanner(segment, from: position.offset, windowBytes: 4096)
        } catch .fileAccess(errno: ENOENT) {
            throw .noRecord(at: position)
        }
        switch try scanner.next() {
        case .record(let payload): return payload
        case .stopped(.recordPayload): throw .corrupt(at: position, .recordPayload)
        case .stopped: throw .noRecord(at: position)
        }
    }

    /// Calls `body` with every record that is durable now, in order, until it returns false.
    ///
    /// Starts at `position`, which is a position of a record or where the journal ends now.
    ///
    /// - Throws: ``JournalError/noRecord(at:)`` if no record begins at `position`, another
    ///   ``JournalError``, or what `body` threw.
    public func scan(
        from position: RecordPosition? = nil,
        _ body: (RecordPosition, [UInt8]) throws -> Bool
    ) throws {
        try directory.scan(from: position, to: durableEnd, body)
    }

    /// Reads a journal that a running process may be writing: no lock, no repair.
    ///
    /// The last records may not be durable yet. An interrupted last batch ends the reading.
    ///
    /// - Throws: ``JournalError/corrupt(at:_:)`` for other damage, another ``JournalError``, or
    ///   what `body` threw.
    public static func read(
        directory path: String,
        _ body: (RecordPosition, [UInt8]) throws -> Bool
    ) throws {
        let directory = SegmentDirectory(path: path)
        guard let last = try directory.segmentNumbers().last else { return }
        var isWanted = true
        try directory.scan(from: nil, to: directory.endBefore(segment: last)) { position, payload in
            isWanted = try body(position, payload)
            return isWanted
        }
        guard isWanted else { return }
        var scanner = try SegmentScanner(directory.open(last))
        _ = try scanner.readToTail(body)
    }

    /// The numbers of a journal's segments, ascending.
    ///
    /// - Throws: ``JournalError`` if they cannot be listed, or one is missing.
    public static func segments(directory path: String) throws(JournalError) -> [UInt64] {
        try SegmentDirectory(path: path).segmentNumbers()
    }

    /// Reads the records of one segment as ``read(directory:_:)`` reads all of them.
    ///
    /// - Throws: as that does.
    public static func read(
        directory path: String,
        segment number: UInt64,
        _ body: ([UInt8]) throws -> Bool
    ) throws {
        let directory = SegmentDirectory(path: path)
        let isLast = try directory.segmentNumbers().last == number
        var scanner = try SegmentScanner(directory.open(number))
        if isLast {
            _ = try scanner.readToTail { _, payload in try body(payload) }
        } else {
            let end = try directory.endBefore(segment: number + 1)
            _ = try scanner.readAll(to: end.offset) { _, payload in try body(payload) }
        }
    }

    /// Whether somebody has the journal in a directory open; false if there is none.
    public static func isInUse(directory path: String) -> Bool {
        guard let file = try? OpenFile(path: path + "/journal.lock", flags: O_RDWR) else {
            return false
        }
        // Given up again as the file closes.
        return flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    private var durableEnd: RecordPosition { intake.queue.withLock { $0.durableEnd } }
}
