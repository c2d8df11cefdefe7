import ProtobufWire
import Testing

/// The protobuf wire format, against the examples of its encoding guide and CometBFT's bytes.
@Suite("Protobuf wire format")
struct ProtobufWireTests {
    @Test(
        "an integer has the bytes of the encoding guide",
        arguments: [
            (0, [0]), (1, [1]), (127, [0x7f]), (128, [0x80, 1]), (150, [0x96, 1]),
            (16384, [0x80, 0x80, 1]),
            (UInt64.max, [255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        ] as [(UInt64, [UInt8])]
    )
    func varints(value: UInt64, bytes: [UInt8]) throws {
        var writer = ProtobufWriter()
        writer.writeVarint(value)
        #expect(writer.bytes == bytes)
        #expect(ProtobufWriter.varintByteCount(value) == bytes.count)
        var reader = ProtobufReader(bytes)
        #expect(try reader.readVarint() == value)
        #expect(reader.isAtEnd)
    }

    @Test("a negative integer has ten bytes, as max_gas = -1 has")
    func negative() throws {
        var writer = ProtobufWriter()
        writer.write(Int64(-1), field: 2)
        #expect(writer.bytes == [0x10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1])
        var reader = ProtobufReader(writer.bytes)
        #expect(try reader.nextField()?.int64() == -1)
    }

    @Test("zero and empty are left out unless asked for")
    func zeros() {
        var writer = ProtobufWriter()
        writer.write(UInt64(0), field: 1)
        writer.write("", field: 2)
        writer.write([UInt8](), field: 3)
        writer.write(sfixed64: 0, field: 4)
        writer.write(false, field: 5)
        writer.write(packed: [], field: 6)
        #expect(writer.bytes.isEmpty)
        writer.write(always: [], field: 2)
        writer.write(message: 3) { _ in }
        #expect(writer.bytes == [0x12, 0, 0x1a, 0])
    }

    @Test("every kind of field comes back as it was written")
    func roundTrip() throws {
        var writer = ProtobufWriter()
        writer.write("text", field: 1)
        writer.write(sfixed64: -5, field: 2)
        writer.write(packed: [1, 300], field: 3)
        writer.write(message: 4) { $0.write(UInt64(7), field: 1) }
        writer.write(true, field: 1000)
        var reader = ProtobufReader(writer.bytes)
        #expect(try reader.nextField()?.string() == "text")
        #expect(try reader.nextField()?.sfixed64() == -5)
        #expect(try reader.nextField()?.integers(countMax: 2) == [1, 300])
        var inner = try #require(try reader.nextField()).message()
        #expect(try inner.nextField()?.uint32() == 7)
        let last = try #require(try reader.nextField())
        #expect(last.number == 1000)
        #expect(try last.bool())
        #expect(try reader.nextField() == nil)
    }

    @Test(
        "what is no field is refused",
        arguments: [
            ([0x08], .truncated), ([0x80], .truncated), ([0x0a, 5, 1], .truncated),
            ([0x09, 1, 2, 3], .truncated), ([0x0d, 1], .truncated),
            ([0x00, 1], .invalidKey), ([0x0b], .invalidKey), ([0x0c], .invalidKey),
            ([0x0e], .invalidKey), ([0x0f], .invalidKey),
            ([0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2], .invalidVarint),
            ([0x0a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], .truncated),
        ] as [([UInt8], ProtobufError)]
    )
    func refusals(bytes: [UInt8], expected: ProtobufError) {
        #expect(throws: expected) {
            var reader = ProtobufReader(bytes)
            while try reader.nextField() != nil {}
        }
    }

    @Test("a value of another type, range or text is refused")
    func wrongTypes() throws {
        func field(_ bytes: [UInt8]) throws -> ProtobufReader.Field {
            var reader = ProtobufReader(bytes)
            return try #require(try reader.nextField())
        }
        let number = try field([0x08, 1])
        let text = try field([0x0a, 1, 0xff])
        let large = try field([0x08, 255, 255, 255, 255, 0x7f])
        #expect(throws: ProtobufError.wrongType) { try number.bytes() }
        #expect(throws: ProtobufError.wrongType) { try text.uint64() }
        #expect(throws: ProtobufError.wrongType) { try number.sfixed64() }
        #expect(throws: ProtobufError.invalidText) { try text.string() }
        #expect(throws: ProtobufError.outOfRange) { try large.uint32() }
        #expect(throws: ProtobufError.outOfRange) { try large.int32() }
        let list = try field([0x0a, 3, 1, 2, 3])
        #expect(throws: ProtobufError.tooMany) { try list.integers(countMax: 2) }
    }
}
