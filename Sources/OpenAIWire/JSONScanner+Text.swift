extension JSONScanner {
    /// Moves past a string and returns whether it contains escapes.
    mutating func string() throws(JSONRefusal) -> Bool {
        position += 1
        var hasEscapes = false
        while true {
            skipPlainWords()
            let byte = try peek()
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return hasEscapes
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try escape()
            case 0x00..<0x20: throw refusal(.controlCharacter)
            case 0x20..<0x80: position += 1
            default: try multibyteScalar(lead: byte)
            }
        }
    }

    /// Moves past groups of eight bytes that need no closer look.
    ///
    /// Each subtraction sets the high bit of a byte that is a quote, a backslash or a control
    /// character. Borrows travel only upwards, so the lowest such byte is never missed, and a byte
    /// above it that is flagged wrongly only costs a closer look.
    private mutating func skipPlainWords() {
        bytes.withUnsafeBytes { buffer in
            while position + 8 <= end {
                let word = buffer.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                let quotes = word ^ 0x2222_2222_2222_2222
                let backslashes = word ^ 0x5C5C_5C5C_5C5C_5C5C
                let ones: UInt64 = 0x0101_0101_0101_0101
                let suspects =
                    word | (word &- 0x2020_2020_2020_2020) | (quotes &- ones)
                    | (backslashes &- ones)
                guard suspects & 0x8080_8080_8080_8080 == 0 else { return }
                position += 8
            }
        }
    }

    private mutating func escape() throws(JSONRefusal) {
        position += 1
        switch try peek() {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            position += 1
            try unicodeEscape()
        default: throw refusal(.invalidEscape)
        }
    }

    /// Moves past the digits of `\u`, and past the second half that a high surrogate requires.
    private mutating func unicodeEscape() throws(JSONRefusal) {
        let unit = try hexDigits()
        guard unit & 0xF800 == 0xD800 else { return }
        guard unit & 0xFC00 == 0xD800 else { throw refusal(.invalidEscape) }
        guard try peek() == UInt8(ascii: "\\") else { throw refusal(.invalidEscape) }
        position += 1
        guard try peek() == UInt8(ascii: "u") else { throw refusal(.invalidEscape) }
        position += 1
        guard try hexDigits() & 0xFC00 == 0xDC00 else { throw refusal(.invalidEscape) }
    }

    private mutating func hexDigits() throws(JSONRefusal) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = hexDigitValue(try peek()) else { throw refusal(.invalidEscape) }
            unit = unit << 4 | digit
            position += 1
        }
        return unit
    }

    /// Moves past one scalar of two to four bytes (The Unicode Standard, table 3-7).
    private mutating func multibyteScalar(lead: UInt8) throws(JSONRefusal) {
        let length: Int
        let second: ClosedRange<UInt8>
        switch lead {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xE1...0xEC, 0xEE, 0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw refusal(.invalidUTF8)
        }
        guard position + length <= end else { throw refusal(.invalidUTF8) }
        guard second.contains(bytes[position + 1]) else { throw refusal(.invalidUTF8) }
        for index in position + 2..<position + length {
            guard bytes[index] & 0xC0 == 0x80 else { throw refusal(.invalidUTF8) }
        }
        position += length
    }

    /// Moves past a number: `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`.
    mutating func number() throws(JSONRefusal) {
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        if try peek() == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits()
        }
        guard position < end else { return }
        if bytes[position] == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        guard position < end, bytes[position] | 0x20 == UInt8(ascii: "e") else { return }
        position += 1
        let sign = try peek()
        if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
        try digits()
    }

    /// Moves past one digit or more.
    private mutating func digits() throws(JSONRefusal) {
        guard isDigit(try peek()) else { throw refusal(.invalidNumber) }
        while position < end, isDigit(bytes[position]) { position += 1 }
    }
}

private func isDigit(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") < 10
}

private func hexDigitValue(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
}

/// What the text between a string's quotes stands for.
///
/// The text must have passed ``JSONScanner/string()``; other text yields other bytes, not a trap.
func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var rest = text
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "\\"), let letter = rest.popFirst() else {
            result.append(byte)
            continue
        }
        switch letter {
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"): result.append(contentsOf: escapedScalar(&rest).utf8)
        default: result.append(letter)
        }
    }
    return result
}

/// Takes the digits of `\u`, and those of the second half of a surrogate pair.
private func escapedScalar(_ rest: inout ArraySlice<UInt8>) -> Character {
    func codeUnit() -> UInt32 {
        let digits = rest.prefix(4)
        rest = rest.dropFirst(4)
        return digits.reduce(0) { $0 << 4 | (hexDigitValue($1) ?? 0) }
    }
    var scalar = codeUnit()
    if scalar & 0xFC00 == 0xD800 {
        rest = rest.dropFirst(2)
        scalar = 0x1_0000 + ((scalar & 0x3FF) << 10) + (codeUnit() & 0x3FF)
    }
    return Character(Unicode.Scalar(scalar) ?? "\u{FFFD}")
}
