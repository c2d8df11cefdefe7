import Testing

@testable import Journal

@Suite("Journal format")
struct JournalFormatTests {
    @Test(
        "the checksum is CRC-32C as RFC 3720 defines it",
        arguments: [
            (bytes("123456789"), 0xe306_9283),
            ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
            ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
            ([UInt8](0..<32), 0x46dd_794e),
        ] as [([UInt8], UInt32)]
    )
    func checksum(input: [UInt8], expected: UInt32) {
        #expect(Checksum.of(input) == expected)
        for cut in 0...input.count {
            var second = Checksum(continuing: Checksum.of(Array(input[..<cut])))
            input[cut...].withUnsafeBytes { second.combine($0) }
            #expect(second.value == expected)
        }
    }

    @Test("a segment begins with the bytes that the specification prescribes")
    func segmentHeader() throws {
        let encoded = hex(
            "53544f414a524e4c000000010000000000000002"
                + "00000000000012340123456789abcdef2bd5e695"
        )
        let header = SegmentHeader(number: 2, previousEnd: 0x1234, salt: 0x0123_4567_89ab_cdef)
        #expect(header.encoded == encoded)
        #expect(try SegmentHeader(encoded, number: 2) == header)
    }

    @Test("a batch has the bytes that the specification prescribes")
    func batch() {
        let header = SegmentHeader(number: 2, previousEnd: 0x1234, salt: 0x0123_4567_89ab_cdef)
        var batch: [UInt8] = []
        RecordHeader.encode(bytes("first"), into: &batch)
        RecordHeader.encode(bytes("second"), into: &batch)
        RecordHeader.seal(batch: &batch, at: 40, in: header)
        #expect(
            batch
                == hex(
                    "00000005000000008a3ea15031a2fba6" + "6669727374"
                        + "00000006000000157afd942808fa609f" + "7365636f6e64"
                )
        )
    }
}
