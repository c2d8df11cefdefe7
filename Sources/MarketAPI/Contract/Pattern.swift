/// A regular expression of the few forms that the contract uses, matched over all of a text's
/// UTF-8: characters, classes, groups with alternatives, and counts behind characters and classes.
struct Pattern: Sendable {
    private indirect enum Piece: Sendable {
        case run(ByteSet, ClosedRange<Int>)
        case group([[Piece]])
    }

    /// A set of bytes.
    private struct ByteSet: Sendable {
        var low: UInt128 = 0
        mutating func insert(_ byte: UInt8) { low |= 1 << UInt128(byte & 127) }
        func contains(_ byte: UInt8) -> Bool { byte < 128 && low >> UInt128(byte) & 1 == 1 }
    }

    private let alternatives: [[Piece]]

    /// Reads `^…$`; nil for anything beyond those forms.
    init?(_ text: String) {
        var bytes = Array(text.utf8)[...]
        guard bytes.popFirst() == UInt8(ascii: "^"), bytes.popLast() == UInt8(ascii: "$"),
            let alternatives = Self.alternatives(&bytes), bytes.isEmpty
        else { return nil }
        self.alternatives = alternatives
    }

    /// Whether all of `text` is of this form.
    func matches(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return alternatives.contains { pieces in
            Self.match(pieces[...], bytes[...]) { $0.isEmpty }
        }
    }

    private static func match(
        _ pieces: ArraySlice<Piece>,
        _ text: ArraySlice<UInt8>,
        _ rest: (ArraySlice<UInt8>) -> Bool
    ) -> Bool {
        guard let piece = pieces.first else { return rest(text) }
        let next = pieces.dropFirst()
        switch piece {
        case .run(let set, let counts):
            let longest = text.prefix(counts.upperBound).prefix { set.contains($0) }.count
            guard longest >= counts.lowerBound else { return false }
            for count in stride(from: longest, through: counts.lowerBound, by: -1)
            where match(next, text.dropFirst(count), rest) {
                return true
            }
            return false
        case .group(let alternatives):
            return alternatives.contains { inner in
                match(inner[...], text) { match(next, $0, rest) }
            }
        }
    }

    private static func alternatives(_ text: inout ArraySlice<UInt8>) -> [[Piece]]? {
        var found: [[Piece]] = [[]]
        while let byte = text.first, byte != UInt8(ascii: ")") {
            text.removeFirst()
            switch byte {
            case UInt8(ascii: "|"): found.append([])
            case UInt8(ascii: "("):
                guard let inner = alternatives(&text), text.popFirst() == UInt8(ascii: ")")
                else { return nil }
                let isOptional = text.first == UInt8(ascii: "?")
                if isOptional { text.removeFirst() }
                found[found.count - 1].append(.group(isOptional ? inner + [[]] : inner))
            default:
                guard let set = set(startingWith: byte, &text), let counts = counts(&text) else {
                    return nil
                }
                found[found.count - 1].append(.run(set, counts))
            }
        }
        return found
    }

    private static func set(
        startingWith byte: UInt8,
        _ text: inout ArraySlice<UInt8>
    ) -> ByteSet? {
        var set = ByteSet()
        switch byte {
        case UInt8(ascii: "\\"):
            guard let escaped = text.popFirst() else { return nil }
            set.insert(escaped)
        case UInt8(ascii: "["):
            while let first = text.popFirst(), first != UInt8(ascii: "]") {
                guard first < 128 else { return nil }
                guard text.first == UInt8(ascii: "-"), text.dropFirst().first != UInt8(ascii: "]")
                else {
                    set.insert(first)
                    continue
                }
                text.removeFirst()
                guard let last = text.popFirst(), first <= last, last < 128 else { return nil }
                for byte in first...last { set.insert(byte) }
            }
        case UInt8(ascii: "."), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"),
            UInt8(ascii: "{"), UInt8(ascii: "}"), 128...:
            return nil
        default: set.insert(byte)
        }
        return set
    }

    private static func counts(_ text: inout ArraySlice<UInt8>) -> ClosedRange<Int>? {
        switch text.first {
        case UInt8(ascii: "?"):
            text.removeFirst()
            return 0...1
        case UInt8(ascii: "*"), UInt8(ascii: "+"):
            return (text.removeFirst() == UInt8(ascii: "+") ? 1 : 0)...Int.max
        case UInt8(ascii: "{"):
            guard let end = text.firstIndex(of: UInt8(ascii: "}")) else { return nil }
            let inside = String(decoding: text[text.startIndex + 1..<end], as: UTF8.self)
            text = text[(end + 1)...]
            let bounds = inside.split(separator: ",").compactMap { Int($0) }
            guard let first = bounds.first, let last = bounds.last, first <= last else {
                return nil
            }
            return first...last
        default: return 1...1
        }
    }
}
