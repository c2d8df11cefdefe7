/// Where a journal lives and how much it may hold in memory and per file.
public struct JournalConfiguration: Hashable, Sendable {
    /// The directory of the segments; created, with its parent existing, if it is missing.
    public var directory: String
    /// The size at which a segment's file ends and the next one begins, in bytes.
    ///
    /// At least one full queue (``queuedBytesMax``) must fit, because a batch is never split.
    public var segmentBytesMax: UInt64
    /// The largest payload of one record, in bytes; at most 16 MiB − 1.
    public var recordBytesMax: Int
    /// How many records may wait while the writer syncs the batch before them.
    public var queuedRecordsMax: Int
    /// How many bytes may wait: payloads, and 16 bytes of header for each.
    ///
    /// Memory is bounded by about twice this: one batch waits while another is written.
    public var queuedBytesMax: Int

    public init(
        directory: String,
        segmentBytesMax: UInt64 = 64 << 20,
        recordBytesMax: Int = 1 << 20,
        queuedRecordsMax: Int = 4096,
        queuedBytesMax: Int = 8 << 20
    ) {
        self.directory = directory
        self.segmentBytesMax = segmentBytesMax
        self.recordBytesMax = recordBytesMax
        self.queuedRecordsMax = queuedRecordsMax
        self.queuedBytesMax = queuedBytesMax
    }

    /// Checks every field, in declaration order.
    ///
    /// - Throws: ``JournalError/invalidConfiguration(field:)``, naming the first field at fault.
    public func validate() throws(JournalError) {
        let payloadBytes = 1...RecordHeader.payloadBytesLimit
        let queueBytes = RecordHeader.bytes + max(1, min(recordBytesMax, payloadBytes.upperBound))
        let segmentBytes = UInt64(SegmentHeader.bytes) + UInt64(max(0, queuedBytesMax))
        let checks: [(field: String, holds: Bool)] = [
            ("directory", !directory.isEmpty && !directory.utf8.contains(0)),
            ("segmentBytesMax", (segmentBytes...(1 << 40)).contains(segmentBytesMax)),
            ("recordBytesMax", payloadBytes.contains(recordBytesMax)),
            ("queuedRecordsMax", (1...(1 << 20)).contains(queuedRecordsMax)),
            ("queuedBytesMax", (queueBytes...(1 << 30)).contains(queuedBytesMax)),
        ]
        for check in checks where !check.holds {
            throw .invalidConfiguration(field: check.field)
        }
    }
}
