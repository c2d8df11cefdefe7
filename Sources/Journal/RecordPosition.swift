/// Where one record begins: the segment it is in and its byte offset in that segment's file.
///
/// Positions order as the records were appended. A position stays valid for the life of the
/// journal, across restarts, once ``Journal/append(_:)`` has returned it.
public struct RecordPosition: Hashable, Comparable, Sendable {
    /// The number of the segment; the first segment of a journal is 1.
    public let segment: UInt64
    /// The offset of the record's header in the segment's file, in bytes.
    public let offset: UInt64

    public init(segment: UInt64, offset: UInt64) {
        self.segment = segment
        self.offset = offset
    }

    public static func < (lhs: RecordPosition, rhs: RecordPosition) -> Bool {
        (lhs.segment, lhs.offset) < (rhs.segment, rhs.offset)
    }

    func advanced(byBytes count: Int) -> RecordPosition {
        RecordPosition(segment: segment, offset: offset + UInt64(count))
    }
}
