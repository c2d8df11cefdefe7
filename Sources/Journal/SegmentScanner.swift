/// Reads the records of one segment in order, through a window of bounded size.
struct SegmentScanner: ~Copyable {
    enum Step {
        case record([UInt8])
        /// No record begins at ``offset``; reading cannot go on.
        case stopped(JournalError.Defect)
    }

    let segment: Segment
    /// Where reading ends, in bytes from the start of the file.
    private(set) var end: UInt64
    /// Where the next record begins.
    private(set) var offset: UInt64
    /// Where the batch of the record read last begins.
    private(set) var batchStart: UInt64

    private let windowBytes: Int
    private var window: [UInt8] = []
    private var windowStart: UInt64

    /// Starts at `offset`, which is a record's start, and reads no further than the file's end.
    init(
        _ segment: consuming Segment,
        from offset: UInt64 = UInt64(SegmentHeader.bytes),
        windowBytes: Int = 1 << 18
    ) throws(JournalError) {
        self.end = try segment.file.byteCount()
        self.segment = segment
        self.offset = offset
        self.batchStart = offset
        self.windowStart = offset
        self.windowBytes = windowBytes
    }

    var position: RecordPosition { RecordPosition(segment: segment.header.number, offset: offset) }

    mutating func next() throws(JournalError) -> Step {
        guard let start = try load(RecordHeader.bytes) else { return .stopped(.recordTruncated) }
        let header = window.withUnsafeBytes { window in
            RecordHeader(.init(rebasing: window[start...]), at: offset, in: segment.header)
        }
        guard let header else { return .stopped(.recordHeader) }
        let recordBytes = RecordHeader.bytes + header.payloadBytes
        guard let start = try load(recordBytes) else { return .stopped(.recordTruncated) }
        let payload = [UInt8](window[(start + RecordHeader.bytes)..<(start + recordBytes)])
        guard Checksum.of(payload) == header.payloadChecksum else {
            return .stopped(.recordPayload)
        }
        batchStart = offset - UInt64(header.batchBytesBefore)
        offset += UInt64(recordBytes)
        return .record(payload)
    }

    /// Forgets what was read ahead, so that the next step sees what the file holds now.
    mutating func refresh() throws(JournalError) {
        window = []
        end = try segment.file.byteCount()
    }

    /// Makes `count` bytes at ``offset`` available; returns their index in the window.
    private mutating func load(_ count: Int) throws(JournalError) -> Int? {
        guard offset <= end, UInt64(count) <= end - offset else { return nil }
        let start = offset - windowStart
        if start + UInt64(count) <= UInt64(window.count) { return Int(start) }
        let wanted = min(UInt64(max(count, windowBytes)), end - offset)
        window = try segment.file.read(Int(wanted), at: offset)
        windowStart = offset
        return window.count >= count ? 0 : nil
    }
}
