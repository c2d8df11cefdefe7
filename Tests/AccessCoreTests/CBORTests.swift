import Testing

@testable import AccessCore

@Suite("ACC-25: CBOR")
struct CBORTests {
    private func read(_ bytes: [UInt8]) throws(CBORError) -> CBORReader.Item {
        var reader = CBORReader(bytes[...])
        return try reader.item()
    }

    @Test(
        "every form that authenticators do not write is refused",
        arguments: [
            [], [0x18], [0x18, 0x17], [0x19, 0, 0xFF], [0x1A, 0, 0, 0xFF, 0xFF],
            [0x1B, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF], [0x1C], [0x1F], [0x5F, 0xFF],
            [0x41], [0x62, 0xFF, 0xFE], [0x9F, 0xFF], [0xBF, 0xFF], [0xC0, 0x00], [0xF7],
            [0xFB, 0, 0, 0, 0, 0, 0, 0, 0], [0xA2, 0x01, 0x01, 0x01, 0x02], [0xFF],
            [0x81, 0x81, 0x81, 0x81, 0x81, 0x00], [0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0],
            [0x98, 0x41], [0xBA, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x5B, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0],
        ] as [[UInt8]]
    )
    func refused(_ bytes: [UInt8]) {
        #expect(throws: CBORError.self) { try read(bytes) }
    }

    @Test("what they write is read")
    func taken() throws {
        #expect(try read([0x17]) == .unsigned(23))
        #expect(try read([0x18, 0x18]) == .unsigned(24))
        #expect(try read([0x26]) == .negative(6))
        #expect(try read([0x42, 1, 2]) == .bytes([1, 2]))
        #expect(try read([0x61, 0x61]) == .text("a"))
        #expect(try read([0xF5]) == .bool(true))
        guard case .map(let pairs) = try read([0xA2, 0x01, 0x02, 0x20, 0x03]) else {
            Issue.record("no map")
            return
        }
        #expect(pairs[number: 1] == .unsigned(2) && pairs[number: -1] == .unsigned(3))
    }
}
