/// What a person typed to find something, as a question that FTS5 cannot misunderstand.
///
/// Only letters and digits reach the question, each word in quotes, so that no text has a meaning
/// as syntax; a word finds what begins with it.
struct SearchText: Hashable, Sendable {
    /// The longest text in bytes.
    static let bytesMax = 256
    /// The most words that count.
    static let wordsMax = 16

    /// The text as it would be a name: without spaces around it, in lower case.
    let name: String
    /// The words, in order, without those that another one begins with: whatever has a word that
    /// begins with `code` has one that begins with `co`, in the same place. So the same word 16
    /// times costs what it costs once.
    let words: [String]

    /// - Throws: ``IndexError/badQuestion(_:)`` if the text or its number of words is too large.
    init(_ text: String) throws(IndexError) {
        guard text.utf8.count <= Self.bytesMax else {
            throw .badQuestion("a search has at most \(Self.bytesMax) bytes")
        }
        var words: [String] = []
        var word = ""
        for scalar in text.unicodeScalars {
            if Self.isWord(scalar) {
                word.unicodeScalars.append(scalar)
            } else if !word.isEmpty {
                words.append(word)
                word = ""
            }
        }
        if !word.isEmpty { words.append(word) }
        guard words.count <= Self.wordsMax else {
            throw .badQuestion("a search has at most \(Self.wordsMax) words")
        }
        self.words = Self.withoutImplied(words)
        name = String(text.split(separator: " ").joined(separator: " ")).lowercased()
    }

    /// Only capitals of ASCII are folded here; what the tokenizer folds beyond is asked for twice.
    private static func withoutImplied(_ words: [String]) -> [String] {
        let folded = words.map { word in
            word.unicodeScalars.map { scalar in
                (65...90).contains(scalar.value) ? scalar.value + 32 : scalar.value
            }
        }
        return words.indices.filter { place in
            !words.indices.contains { other in
                // Of equal ones the first stays.
                other != place && folded[other].starts(with: folded[place])
                    && (folded[other].count > folded[place].count || other < place)
            }
        }.map { words[$0] }
    }

    /// Letters and digits, as the tokenizer of the table has them.
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber:
            true
        default: false
        }
    }

    /// All words, anywhere.
    var everywhere: String { words.map { "\"\($0)\"*" }.joined(separator: " AND ") }

    /// All words in these columns.
    func inside(_ columns: String) -> String { "{\(columns)} : (\(everywhere))" }

    /// All words, but not all in these columns.
    func outside(_ columns: String) -> String { "(\(everywhere)) NOT (\(inside(columns)))" }

    /// All words in the first columns, but not all in the second.
    func inside(_ columns: String, outside others: String) -> String {
        "(\(inside(columns))) NOT (\(inside(others)))"
    }
}
