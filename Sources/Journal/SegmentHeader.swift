/// The first forty bytes of a segment's file.
struct SegmentHeader: Hashable, Sendable {
    static let bytes = 40
    static let magic: UInt64 = 0x5354_4f41_4a52_4e4c  // "STOAJRNL"
    static let version: UInt32 = 1

    /// The segment's number, which is also its file's name.
    let number: UInt64
    /// Where the records of the segment before end; 0 in the first segment.
    ///
    /// With it, a segment that lost its tail is told from one that was shorter.
    let previousEnd: UInt64
    /// Random; makes the checksums of this segment unlike those of every other.
    let salt: UInt64

    /// The checksum of the fields above, from which the records' checksums continue.
    var checksum: UInt32 {
        var checksum = Checksum()
        checksum.combine(Self.magic)
        checksum.combine(Self.version)
        checksum.combine(number)
        checksum.combine(previousEnd)
        checksum.combine(salt)
        return checksum.value
    }

    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.bytes)
        bytes.appendBigEndian(Self.magic)
        bytes.appendBigEndian(Self.version)
        bytes.appendBigEndian(number)
        bytes.appendBigEndian(previousEnd)
        bytes.appendBigEndian(salt)
        bytes.appendBigEndian(checksum)
        return bytes
    }

    init(number: UInt64, previousEnd: UInt64, salt: UInt64) {
        self.number = number
        self.previousEnd = previousEnd
        self.salt = salt
    }

    /// Decodes the header of the file whose name says `number`.
    init(_ encoded: [UInt8], number: UInt64) throws(JournalError) {
        let start = RecordPosition(segment: number, offset: 0)
        guard encoded.count == Self.bytes else { throw .corrupt(at: start, .segmentHeader) }
        let fields = encoded.withUnsafeBytes { raw in
            (
                magic: raw.bigEndian(at: 0) as UInt64, version: raw.bigEndian(at: 8) as UInt32,
                number: raw.bigEndian(at: 12) as UInt64, end: raw.bigEndian(at: 20) as UInt64,
                salt: raw.bigEndian(at: 28) as UInt64, checksum: raw.bigEndian(at: 36) as UInt32
            )
        }
        guard fields.magic == Self.magic else { throw .corrupt(at: start, .segmentHeader) }
        guard fields.version == Self.version else { throw .corrupt(at: start, .segmentVersion) }
        self.init(number: fields.number, previousEnd: fields.end, salt: fields.salt)
        guard fields.number == number, fields.checksum == checksum else {
            throw .corrupt(at: start, .segmentHeader)
        }
    }
}
