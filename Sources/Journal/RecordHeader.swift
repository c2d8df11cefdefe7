/// The sixteen bytes before each payload: what follows, and proof that it belongs here.
///
/// Its checksum starts from the segment's, which a random salt has made unpredictable. So a block
/// copied from elsewhere is not a record, and a payload cannot forge one.
struct RecordHeader: Hashable {
    static let bytes = 16
    /// Payloads are shorter than 2^24 bytes; part of the format, whatever the configuration says.
    static let payloadBytesLimit = 0xff_ffff

    /// Length of the payload in bytes; never 0, so that zeros are not a record.
    let payloadBytes: Int
    /// Bytes of the same batch before this record: 0 in the first record of a batch.
    ///
    /// A batch is written only once the one before it is durable. A record that says its batch
    /// began after a damaged place therefore proves that a crash did not cause the damage.
    let batchBytesBefore: Int
    let payloadChecksum: UInt32

    /// Appends a record whose place in a batch and in a file is not known yet; see ``seal``.
    static func encode(_ payload: [UInt8], into bytes: inout [UInt8]) {
        bytes.appendBigEndian(UInt32(payload.count))
        bytes.appendBigEndian(UInt32(0))
        bytes.appendBigEndian(Checksum.of(payload))
        bytes.appendBigEndian(UInt32(0))
        bytes.append(contentsOf: payload)
    }

    /// Binds the records of a batch, one after the other, to their place at `offset`.
    static func seal(batch: inout [UInt8], at offset: UInt64, in segment: SegmentHeader) {
        batch.withUnsafeMutableBytes { batch in
            var at = 0
            while at < batch.count {
                let length: UInt32 = UnsafeRawBufferPointer(batch).bigEndian(at: at)
                let header = RecordHeader(
                    payloadBytes: Int(length),
                    batchBytesBefore: at,
                    payloadChecksum: UnsafeRawBufferPointer(batch).bigEndian(at: at + 8)
                )
                let checksum = header.checksum(at: offset + UInt64(at), in: segment)
                batch.store(bigEndian: UInt32(at), at: at + 4)
                batch.store(bigEndian: checksum, at: at + 12)
                at += bytes + header.payloadBytes
            }
        }
    }

    /// Decodes the header in the first bytes of `raw`, or returns nil if there is none.
    init?(_ raw: UnsafeRawBufferPointer, at offset: UInt64, in segment: SegmentHeader) {
        guard raw.count >= Self.bytes, offset >= UInt64(SegmentHeader.bytes) else { return nil }
        let length: UInt32 = raw.bigEndian(at: 0)
        let before: UInt32 = raw.bigEndian(at: 4)
        guard (1...Self.payloadBytesLimit).contains(Int(length)) else { return nil }
        guard UInt64(before) <= offset - UInt64(SegmentHeader.bytes) else { return nil }
        payloadBytes = Int(length)
        batchBytesBefore = Int(before)
        payloadChecksum = raw.bigEndian(at: 8)
        guard checksum(at: offset, in: segment) == raw.bigEndian(at: 12) else { return nil }
    }

    private init(payloadBytes: Int, batchBytesBefore: Int, payloadChecksum: UInt32) {
        self.payloadBytes = payloadBytes
        self.batchBytesBefore = batchBytesBefore
        self.payloadChecksum = payloadChecksum
    }

    private func checksum(at offset: UInt64, in segment: SegmentHeader) -> UInt32 {
        var checksum = Checksum(continuing: segment.checksum)
        checksum.combine(offset)
        checksum.combine(UInt64(payloadBytes) << 32 | UInt64(batchBytesBefore))
        checksum.combine(payloadChecksum)
        return checksum.value
    }
}

extension Array where Element == UInt8 {
    mutating func appendBigEndian(_ number: UInt32) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }

    mutating func appendBigEndian(_ number: UInt64) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}

extension UnsafeRawBufferPointer {
    func bigEndian<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Number {
        Number(bigEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
}

extension UnsafeMutableRawBufferPointer {
    func store(bigEndian number: UInt32, at offset: Int) {
        storeBytes(of: number.bigEndian, toByteOffset: offset, as: UInt32.self)
    }
}
