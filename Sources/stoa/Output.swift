import ArgumentParser
import FoundationEssentials
import Glibc

/// The options that every command shares.
struct OutputOptions: ParsableArguments {
    @Flag(help: "print one JSON document on one line")
    var json = false

    /// Prints `document` as JSON, or `text` for people.
    func print(_ document: some Encodable, _ text: @autoclosure () -> String) throws {
        try writeOutput((json ? try Self.line(document) : text()) + "\n")
    }

    /// Prints what is shown this once.
    ///
    /// - Throws: ``OutputFailure`` if nobody got it, also because the reader has gone: then what
    ///   it opens must not stay in force.
    func printSecret(_ document: some Encodable, _ text: String) throws {
        let line = (json ? try Self.line(document) : text) + "\n"
        signal(SIGPIPE, SIG_IGN)
        try writeAll(Array(line.utf8), to: STDOUT_FILENO)
    }

    /// One line of JSON with sorted keys.
    static func line(_ document: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(document), as: UTF8.self)
    }
}

/// Why something could not be written.
struct OutputFailure: Error, CustomStringConvertible {
    /// What the system said.
    let errno: Int32

    var description: String { "the output cannot be written: \(String(cString: strerror(errno)))" }

    /// The exit status of a command whose output was lost, as sysexits.h has it.
    static let status = ExitCode(74)
}

/// Writes all bytes.
///
/// - Throws: ``OutputFailure`` if some could not be written.
func writeAll(_ bytes: [UInt8], to file: Int32) throws(OutputFailure) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw OutputFailure(errno: errno) }
        rest = rest.dropFirst(count)
    }
}

/// Writes on standard output, at once: whoever reads a pipe must not wait for a buffer to fill.
///
/// A reader that has gone is nobody to tell; any other failure ends the command.
func writeOutput(_ text: String) throws {
    do {
        try writeAll(Array(text.utf8), to: STDOUT_FILENO)
    } catch where error.errno == EPIPE {
        return
    } catch {
        note("Error: \(error)")
        throw OutputFailure.status
    }
}

/// Says what is going on, on standard error.
func note(_ text: String) {
    try? writeAll(Array((text + "\n").utf8), to: STDERR_FILENO)
}

/// Writes a log's line, with its line break, on standard error.
@Sendable func writeLog(_ line: String) { try? writeAll(Array(line.utf8), to: STDERR_FILENO) }

/// Keeps the numbers of the standard streams from files: of a stream that was closed, what is
/// written must fail and not end in a database.
func holdStandardStreams() {
    for file in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(file, F_GETFD) < 0 {
        // The lowest free number is taken; only reading is allowed.
        _ = open("/dev/null", O_RDONLY)
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
