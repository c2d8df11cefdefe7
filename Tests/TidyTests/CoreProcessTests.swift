import Foundation
import Testing

/// What can only be seen from outside a process.
@Suite("Cores as a process", .timeLimit(.minutes(2)))
struct CoreProcessTests {
    /// The program beside the test bundle that replays a fixed sequence of transactions.
    private var program: String {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        let folder = URL(fileURLWithPath: bundle ?? CommandLine.arguments[0])
            .deletingLastPathComponent()
        return folder.appendingPathComponent("core-replay").path
    }

    @Test("P12: two processes with different hash seeds reach the same state by the same results")
    func sameInEveryProcess() throws {
        #expect(ProcessInfo.processInfo.environment["SWIFT_DETERMINISTIC_HASHING"] == nil)
        let digests = try (0..<3).map { _ in try run(program) }
        #expect(Set(digests).count == 1)
        // The value on record: it changes only together with the rules, and then on purpose.
        #expect(digests[0] == Self.recorded)
    }

    static let recorded =
        "0ef47840b50490dd14b2698009b5149ca698def7b13848d2dee24f738e982fe8"

    @Test("the cores link no Foundation")
    func noFoundation() throws {
        let libraries = try run("/usr/bin/ldd", [program])
        #expect(libraries.contains("libsodium"))
        #expect(!libraries.contains("Foundation"))
    }

    private func run(_ path: String, _ arguments: [String] = []) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
