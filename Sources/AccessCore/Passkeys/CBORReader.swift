/// Why bytes are not the CBOR that authenticators write.
public enum CBORError: Error, Hashable, Sendable {
    /// The bytes end inside an item.
    case truncated
    /// The item is of a kind, length or form that is not taken.
    case unsupported
    /// Another kind of item stands where one was expected.
    case wrongKind
    /// The same key stands in a map twice.
    case doubledKey
    /// Items are nested too deep, or there are too many.
    case tooMuch
}

/// A strict, bounded reader of CBOR (RFC 8949) in the form that CTAP 2 prescribes: definite
/// lengths, shortest numbers, no tags, no floats.
struct CBORReader {
    /// One item; maps keep their order.
    indirect enum Item: Hashable, Sendable {
        case unsigned(UInt64)
        case negative(UInt64)
        case bytes(ArraySlice<UInt8>)
        case text(String)
        case array([Item])
        case map([Pair])
        case bool(Bool)
        case null
    }

    /// A key of a map and its value.
    struct Pair: Hashable, Sendable {
        let key: Item
        let value: Item
    }

    /// The most items around an item.
    static let depthMax = 4
    /// The most items in all.
    static let itemsMax = 64

    private let bytes: ArraySlice<UInt8>
    private(set) var position: Int
    private var items = 0

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }

    /// Reads one item.
    mutating func item(depth: Int = 0) throws(CBORError) -> Item {
        items += 1
        guard depth <= Self.depthMax, items <= Self.itemsMax else { throw .tooMuch }
        let first = try byte()
        let (kind, short) = (first >> 5, first & 31)
        if kind == 7 {
            switch short {
            case 20: return .bool(false)
            case 21: return .bool(true)
            case 22: return .null
            default: throw .unsupported
            }
        }
        let number = try argument(short)
        switch kind {
        case 0: return .unsigned(number)
        case 1: return .negative(number)
        case 2: return .bytes(try take(number))
        case 3:
            guard let text = String(validating: try take(number), as: UTF8.self) else {
                throw .unsupported
            }
            return .text(text)
        case 4:
            guard number <= Self.itemsMax else { throw .tooMuch }
            var list: [Item] = []
            for _ in 0..<number { list.append(try item(depth: depth + 1)) }
            return .array(list)
        case 5: return .map(try pairs(number, depth: depth))
        default: throw .unsupported
        }
    }

    private mutating func pairs(_ count: UInt64, depth: Int) throws(CBORError) -> [Pair] {
        guard count <= Self.itemsMax else { throw .tooMuch }
        var list: [Pair] = []
        for _ in 0..<count {
            let key = try item(depth: depth + 1)
            guard !list.contains(where: { $0.key == key }) else { throw .doubledKey }
            list.append(Pair(key: key, value: try item(depth: depth + 1)))
        }
        return list
    }

    private mutating func argument(_ short: UInt8) throws(CBORError) -> UInt64 {
        guard short >= 24 else { return UInt64(short) }
        guard short <= 27 else { throw .unsupported }
        let width = 1 << (short - 24)
        let number = try take(UInt64(width)).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // The shortest form alone: one item, one text.
        let leastByWidth: [UInt64] = [24, 1 << 8, 1 << 16, 1 << 32]
        guard number >= leastByWidth[Int(short - 24)] else { throw .unsupported }
        return number
    }

    private mutating func byte() throws(CBORError) -> UInt8 {
        guard position < bytes.endIndex else { throw .truncated }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func take(_ count: UInt64) throws(CBORError) -> ArraySlice<UInt8> {
        guard count <= UInt64(bytes.endIndex - position) else { throw .truncated }
        let end = position + Int(count)
        defer { position = end }
        return bytes[position..<end]
    }
}

extension [CBORReader.Pair] {
    /// The value of a text key.
    subscript(text key: String) -> CBORReader.Item? {
        first { $0.key == .text(key) }?.value
    }

    /// The value of a number key.
    subscript(number key: Int64) -> CBORReader.Item? {
        let item: CBORReader.Item =
            key >= 0 ? .unsigned(UInt64(key)) : .negative(UInt64(-1 - key))
        return first { $0.key == item }?.value
    }
}
