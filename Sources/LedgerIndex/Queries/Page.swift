import CanonicalCoding
import FoundationEssentials
public import MarketTypes

/// Which part of a list is wanted.
public struct PageRequest: Hashable, Sendable {
    /// The most items of one page.
    public static let limitMax = 200

    /// The most items to return.
    public let limit: Int
    /// Where the page before ended; nil for the first.
    public let cursor: String?

    /// Asks for a page.
    ///
    /// - Throws: ``IndexError/badQuestion(_:)`` if the limit is not from 1 to ``limitMax``.
    public init(limit: Int = 50, after cursor: String? = nil) throws(IndexError) {
        guard (1...Self.limitMax).contains(limit) else {
            throw .badQuestion("the limit is not 1 to \(Self.limitMax)")
        }
        self.limit = limit
        self.cursor = cursor
    }
}

/// A part of a list.
///
/// Whoever follows ``next`` to the end sees everything that was there at the start exactly once,
/// and what came meanwhile at most once.
public struct Page<Item: Sendable>: Sendable {
    /// The items, in the list's order.
    public let items: [Item]
    /// Where the next page begins; nil at the end.
    public let next: String?
    /// The height that the index stood at.
    public let height: BlockHeight

    /// Whether there is more.
    public var hasMore: Bool { next != nil }

    /// Wraps items.
    public init(items: [Item], next: String?, height: BlockHeight) {
        self.items = items
        self.next = next
        self.height = height
    }

    /// Cuts what was found, one more than was asked for, to the page.
    init(
        _ found: [Item],
        _ request: PageRequest,
        _ question: some Sendable,
        _ height: BlockHeight,
        key: (Item) -> [UInt8]
    ) {
        let items = Array(found.prefix(request.limit))
        let last = found.count > request.limit ? items.last : nil
        self.init(
            items: items,
            next: last.map { PageCursor(question: question, key: key($0)).text },
            height: height
        )
    }
}

/// Where a page ended, for one question: the same cursor in another question is refused.
struct PageCursor: Hashable, Sendable {
    /// The longest cursor in characters.
    static let textMax = 64

    let fingerprint: [UInt8]
    let key: [UInt8]

    init(question: some Sendable, key: [UInt8]) {
        fingerprint = Self.fingerprint(question)
        self.key = key
    }

    /// Reads the cursor of a request to the same question, with a key of `keyBytes`.
    static func key(
        _ request: PageRequest,
        of question: some Sendable,
        bytes keyBytes: Int
    ) throws(IndexError) -> [UInt8]? {
        guard let text = request.cursor else { return nil }
        let wrong = IndexError.badQuestion("the cursor is not one of this question")
        guard text.utf8.count <= textMax, let bytes = decode(text),
            bytes.count == 8 + keyBytes, bytes.prefix(8) == fingerprint(question)[...],
            encode(bytes) == text
        else { throw wrong }
        return Array(bytes.dropFirst(8))
    }

    /// The cursor as text that can stand in URLs.
    var text: String { Self.encode(fingerprint + key) }

    private static func fingerprint(_ question: some Sendable) -> [UInt8] {
        Array(Digest(sha256: Array("\(question)".utf8)).bytes.prefix(8))
    }

    /// RFC 4648, section 5, without padding.
    private static func encode(_ bytes: [UInt8]) -> String {
        String(
            Data(bytes).base64EncodedString().compactMap { character in
                switch character {
                case "+": "-"
                case "/": "_"
                case "=": nil
                default: character
                }
            }
        )
    }

    private static func decode(_ text: String) -> [UInt8]? {
        guard text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") }) else {
            return nil
        }
        let plain = String(
            text.map { character in
                switch character {
                case "-": "+"
                case "_": "/"
                default: character
                }
            }
        )
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: plain + padding).map { Array($0) }
    }
}

extension Int64 {
    /// Eight bytes, big endian.
    var keyBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }

    init(keyBytes: some Sequence<UInt8>) {
        self = keyBytes.reduce(0) { $0 << 8 | Int64($1) }
    }
}
