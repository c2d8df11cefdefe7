/// Text for HTML.
public enum HTMLText {
    /// The text with the five characters written out that mean something in HTML.
    ///
    /// Scalar by scalar: a mark that combines with `<` or `"` makes one character of both for
    /// Swift, and two for a browser.
    public static func escape(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// The text with those five characters apart from every mark that would combine with them, for
    /// whoever escapes character by character: a space without width stands between.
    public static func separated(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 >= 0x80 }),
            text.contains(where: { $0.unicodeScalars.count > 1 && isTouched($0) })
        else { return text }
        var out = ""
        for character in text {
            guard character.unicodeScalars.count > 1, isTouched(character) else {
                out.append(character)
                continue
            }
            for scalar in character.unicodeScalars {
                out.unicodeScalars.append(scalar)
                out.unicodeScalars.append("\u{200B}")
            }
        }
        return out
    }

    private static func isTouched(_ character: Character) -> Bool {
        character.unicodeScalars.contains { ["&", "<", ">", "\"", "'"].contains($0) }
    }
}
