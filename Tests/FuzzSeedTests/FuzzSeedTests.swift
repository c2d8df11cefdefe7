import Foundation
import Synchronization
import Testing

/// The ordinary tests' share of the fuzzing: the same mutants every time, from one seed.
@Suite("Hostile bytes for every decoder", .serialized, .timeLimit(.minutes(5)))
struct FuzzSeedTests {
    private static let seed: UInt64 = 0x570A

    @Test("every decoder accepts something of what it is to begin with", arguments: FuzzTarget.all)
    func seeds(_ target: FuzzTarget) throws {
        let run = try SeededRun(target, seed: Self.seed)
        defer { FuzzFolder.shared.withLock { $0.remove() } }
        #expect(try run.runSeeds() > 0)
    }

    @Test("P9: no mutant crashes, hangs or means two things", arguments: FuzzTarget.all)
    func mutants(_ target: FuzzTarget) throws {
        let run = try SeededRun(target, seed: Self.seed)
        defer { FuzzFolder.shared.withLock { $0.remove() } }
        let summary = try run.run(count: UInt64(target.mutantsInTests), for: .seconds(20))
        print("\(target.name): \(summary)")
        #expect(summary.mutants > 0)
    }

    @Test("P9: a length on a stranger's word alone sets no memory aside", arguments: FuzzTarget.all)
    func announcedLengths(_ target: FuzzTarget) throws {
        let before = try Self.peakBytes()
        defer { FuzzFolder.shared.withLock { $0.remove() } }
        for seed in try target.seeds().prefix(8) {
            for place in stride(from: 0, to: max(0, min(seed.count - 4, 400)), by: 3) {
                for announced in [[0xff, 0xff, 0xff, 0xff], [0x00, 0x0f, 0xff, 0xff]] as [[UInt8]] {
                    var bytes = seed
                    bytes.replaceSubrange(place..<place + 4, with: announced)
                    _ = try target.run(bytes)
                }
            }
        }
        #expect(try Self.peakBytes() - before < 96 << 20, "\(target.name)")
    }

    @Test("the same number makes the same mutant, another number another one")
    func reproducible() {
        let mutator = Mutator(seeds: [[UInt8](0..<200), [1, 2, 3]], bytesMax: 300)
        var different = 0
        for number in UInt64(0)..<200 {
            let mutant = mutator.mutant(number, seed: 9)
            #expect(mutant == mutator.mutant(number, seed: 9))
            #expect(mutant.count <= 300)
            if mutant != mutator.mutant(number + 1, seed: 9) { different += 1 }
        }
        #expect(different > 190)
    }

    /// The most memory that this process ever had, in bytes.
    private static func peakBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) << 10
    }
}

extension FuzzTarget: CustomTestStringConvertible {
    var testDescription: String { name }
}
