/// The records that wait for the writer, and what became of the journal.
///
/// Synchronous on purpose: all decisions are made here, under one lock, and acted on outside it.
struct AppendQueue: Sendable {
    typealias Outcome = Result<RecordPosition, JournalError>

    enum Phase: Hashable, Sendable {
        case open, closed
        case failed(errno: Int32)
    }

    /// A caller of `append`, to be told the position of its first record.
    struct Waiter: Sendable {
        let bytesBefore: Int
        let continuation: CheckedContinuation<Outcome, Never>
    }

    /// What one write and one sync make durable.
    struct Batch: Sendable {
        var bytes: [UInt8] = []
        var recordCount = 0
        var waiters: [Waiter] = []

        mutating func removeAll() {
            bytes.removeAll(keepingCapacity: true)
            recordCount = 0
            waiters.removeAll(keepingCapacity: true)
        }
    }

    enum Admission: Sendable {
        /// The records will be written, whatever becomes of the task that appended them.
        case queued(mustWakeWriter: Bool)
        case refused(JournalError)
    }

    enum Work: Sendable {
        case batch, none, finished
    }

    let recordsMax: Int
    let bytesMax: Int
    private(set) var phase: Phase = .open
    /// Every record before this position is durable, none after it is.
    private(set) var durableEnd: RecordPosition
    private var waiting = Batch()
    private var isWriterIdle = false

    init(_ configuration: JournalConfiguration, durableEnd: RecordPosition) {
        recordsMax = configuration.queuedRecordsMax
        bytesMax = configuration.queuedBytesMax
        self.durableEnd = durableEnd
    }

    var queuedRecordCount: Int { waiting.recordCount }

    /// Queues encoded records; whoever waits is resumed once they are durable or cannot be.
    mutating func admit(
        _ encoded: [UInt8],
        recordCount: Int,
        _ continuation: CheckedContinuation<Outcome, Never>
    ) -> Admission {
        switch phase {
        case .open: break
        case .closed: return .refused(.closed)
        case .failed(let errno): return .refused(.failed(errno: errno))
        }
        guard recordCount <= recordsMax, encoded.count <= bytesMax else {
            return .refused(.batchTooLarge)
        }
        guard recordCount <= recordsMax - waiting.recordCount,
            encoded.count <= bytesMax - waiting.bytes.count
        else { return .refused(.overloaded) }

        waiting.waiters.append(
            Waiter(bytesBefore: waiting.bytes.count, continuation: continuation)
        )
        waiting.bytes.append(contentsOf: encoded)
        waiting.recordCount += recordCount
        defer { isWriterIdle = false }
        return .queued(mustWakeWriter: isWriterIdle)
    }

    /// Exchanges what waits for the empty `batch`; with nothing to do, the writer may sleep.
    mutating func take(into batch: inout Batch) -> Work {
        guard waiting.recordCount > 0 else {
            isWriterIdle = true
            return phase == .open ? .none : .finished
        }
        swap(&waiting, &batch)
        return .batch
    }

    mutating func advance(durableEnd: RecordPosition) {
        self.durableEnd = durableEnd
    }

    /// Refuses what comes from now on; what is queued already will be written.
    mutating func close() {
        if phase == .open { phase = .closed }
    }

    /// Stops for good; returns who was waiting.
    mutating func fail(errno: Int32) -> [Waiter] {
        phase = .failed(errno: errno)
        let waiters = waiting.waiters
        waiting = Batch()
        return waiters
    }
}
