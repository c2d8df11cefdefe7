import Foundation
import MarketTypes
import Testing

@testable import Simulation

/// What can only be seen from outside a process: each one seeds its hash tables differently.
@Suite("Simulation as a process", .enabled(if: BuiltCommand.isThere), .timeLimit(.minutes(2)))
struct ProcessTests {
    @Test("P12: two processes and this one do the same from one seed")
    func sameInEveryProcess() throws {
        #expect(ProcessInfo.processInfo.environment["SWIFT_DETERMINISTIC_HASHING"] == nil)
        let here = Simulation.run(SimulationOptions(seed: 3, steps: 300))
        let digest = try #require(here).digest.description
        for _ in 0..<2 {
            let (text, status) = try run(["simulate", "--seed", "3", "--steps", "300", "--json"])
            #expect(text.contains(digest))
            #expect(status == 0)
        }
    }

    @Test("a failure says how to repeat it, and exits with 1")
    func failure() throws {
        let command = "simulate --seed 3 --steps 400 --bug claimPaidTwice"
        let (text, status) = try run(command.split(separator: " ").map(String.init))
        #expect(status == 1)
        #expect(text.contains("conservation"))
        #expect(text.contains("stoa \(command)"))
    }

    private func run(_ arguments: [String]) throws -> (text: String, status: Int32) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: BuiltCommand.path)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (String(decoding: data, as: UTF8.self), process.terminationStatus)
    }
}

/// The command line beside the test bundle; a package cut down to a few targets has none.
private enum BuiltCommand {
    static var path: String {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        let folder = URL(fileURLWithPath: bundle ?? CommandLine.arguments[0])
            .deletingLastPathComponent()
        return folder.appendingPathComponent("stoa").path
    }

    static var isThere: Bool { FileManager.default.isExecutableFile(atPath: path) }
}
