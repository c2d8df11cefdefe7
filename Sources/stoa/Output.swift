import ArgumentParser
import FoundationEssentials
import Glibc

/// The options that every command shares.
struct OutputOptions: ParsableArguments {
    @Flag(help: "print one JSON document on one line")
    var json = false

    /// Prints `document` as JSON, or `text` for people.
    func print(_ document: some Encodable, _ text: @autoclosure () -> String) throws {
        // Written at once: whoever reads a pipe must not wait for a buffer to fill.
        writeLine(json ? try Self.line(document) : text(), to: STDOUT_FILENO)
    }

    /// One line of JSON with sorted keys.
    static func line(_ document: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(document), as: UTF8.self)
    }
}

/// Says what is going on, on standard error.
func note(_ text: String) {
    writeLine(text, to: STDERR_FILENO)
}

/// Writes a log's line, with its line break, on standard error.
@Sendable func writeLog(_ line: String) { writeBytes(line, to: STDERR_FILENO) }

private func writeLine(_ text: String, to file: Int32) {
    writeBytes(text + "\n", to: file)
}

private func writeBytes(_ text: String, to file: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        guard count > 0 else { return }  // the reader has gone; there is nobody to tell
        bytes = bytes.dropFirst(count)
    }
}

/// Lays rows out in columns under a heading; the last column is not padded.
func table(_ heading: [String], _ rows: [[String]]) -> String {
    guard !rows.isEmpty else { return "(none)" }
    let all = [heading] + rows
    let widths = heading.indices.map { column in
        all.map { $0[column].unicodeScalars.count }.max() ?? 0
    }
    return all.map { row in
        row.enumerated().map { column, cell in
            column == row.count - 1
                ? cell
                : cell + String(repeating: " ", count: widths[column] - cell.unicodeScalars.count)
        }.joined(separator: "  ")
    }.joined(separator: "\n")
}
