import MarketTypes
import ProtobufWire

/// Reads a message's fields in ascending order and says which field of ours it was that broke.
struct StrictReader {
    private var reader: ProtobufReader
    private let name: LightField
    private var last: UInt32 = 0

    init(_ slice: ArraySlice<UInt8>, as name: LightField) {
        reader = ProtobufReader(slice)
        self.name = name
    }

    /// The next field; numbers never fall, and that of a repeated field may stay.
    mutating func next() throws(LightRefusal) -> ProtobufReader.Field? {
        let field: ProtobufReader.Field?
        do { field = try reader.nextField() } catch { throw .malformed(name) }
        guard let field else { return nil }
        guard field.number >= last else { throw .malformed(name) }
        last = field.number
        return field
    }
}

extension ProtobufReader.Field {
    func uint64(as name: LightField) throws(LightRefusal) -> UInt64 {
        do { return try uint64() } catch { throw .malformed(name) }
    }

    func int64(as name: LightField) throws(LightRefusal) -> Int64 {
        do { return try int64() } catch { throw .malformed(name) }
    }

    func slice(as name: LightField) throws(LightRefusal) -> ArraySlice<UInt8> {
        do { return try slice() } catch { throw .malformed(name) }
    }

    func text(as name: LightField) throws(LightRefusal) -> String {
        do { return try string() } catch { throw .malformed(name) }
    }

    func digest(as name: LightField) throws(LightRefusal) -> Digest {
        guard let digest = Digest(bytes: try slice(as: name)) else { throw .malformed(name) }
        return digest
    }
}
