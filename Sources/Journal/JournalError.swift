/// Why a journal refused or stopped.
public enum JournalError: Error, Hashable, Sendable {
    /// A field of ``JournalConfiguration`` is outside its documented range.
    case invalidConfiguration(field: String)
    /// Another process, or another ``Journal`` in this one, holds the directory's lock.
    case inUse
    /// The bytes on disk contradict the format, and a crash cannot explain it.
    case corrupt(at: RecordPosition, Defect)
    /// Opening, reading or listing failed; `errno` as the system reported it.
    case fileAccess(errno: Int32)
    /// No durable record begins at the position.
    case noRecord(at: RecordPosition)
    /// A record must have at least one byte.
    case recordEmpty
    /// The payload exceeds ``JournalConfiguration/recordBytesMax``.
    case recordTooLarge(bytes: Int, bytesMax: Int)
    /// The records of one call exceed the queue even when it is empty.
    case batchTooLarge
    /// The queue is full; nothing was queued, and trying again later is safe.
    case overloaded
    /// The journal was closed before the record was queued.
    case closed
    /// The journal stopped for good because a write failed.
    ///
    /// A record whose append throws this may or may not be replayed by the next open.
    case failed(errno: Int32)

    /// What is wrong with the bytes at a position.
    public enum Defect: Hashable, Sendable {
        case segmentMissing
        case segmentHeader
        case segmentVersion
        case recordTruncated
        case recordHeader
        case recordPayload
    }

    /// The number by which logs and scripts know the error.
    ///
    /// Append-only: a number is never reused.
    public var code: UInt32 {
        switch self {
        case .invalidConfiguration: 1
        case .inUse: 2
        case .corrupt: 3
        case .fileAccess: 4
        case .noRecord: 5
        case .recordEmpty: 6
        case .recordTooLarge: 7
        case .batchTooLarge: 8
        case .overloaded: 9
        case .closed: 10
        case .failed: 11
        }
    }
}
