import Foundation

/// Mutants of a target's seeds, tried one after the other.
struct SeededRun {
    /// What a run saw.
    struct Summary: CustomStringConvertible {
        var mutants: UInt64 = 0
        var accepted: UInt64 = 0
        var slowest = Duration.zero
        var slowestNumber: UInt64 = 0

        var description: String {
            "\(mutants) mutants, \(accepted) accepted, slowest \(slowest) (number \(slowestNumber))"
        }
    }

    /// No input may take longer; a debug build on a busy machine has ten times as much.
    #if DEBUG
        static let timeMax = Duration.seconds(10)
    #else
        static let timeMax = Duration.seconds(1)
    #endif

    let target: FuzzTarget
    let seed: UInt64
    private let mutator: Mutator
    private let lastInput: LastInput

    init(_ target: FuzzTarget, seed: UInt64) throws {
        self.target = target
        self.seed = seed
        mutator = Mutator(seeds: try target.seeds(), bytesMax: target.bytesMax)
        lastInput = LastInput(target: target.name, bytesMax: target.bytesMax)
    }

    /// The seeds themselves, each of which must be readable, and how many were accepted.
    func runSeeds() throws -> Int {
        var accepted = 0
        for bytes in mutator.seeds where try run(bytes, "a seed") { accepted += 1 }
        return accepted
    }

    /// Tries mutants from number `first` until `count` were tried or the time is over.
    func run(first: UInt64 = 0, count: UInt64, for time: Duration) throws -> Summary {
        var summary = Summary()
        let clock = ContinuousClock()
        let end = clock.now + time
        for number in first..<first &+ count {
            let began = clock.now
            guard began < end else { break }
            let bytes = mutator.mutant(number, seed: seed)
            if try run(bytes, "mutant \(number) of seed \(seed)") { summary.accepted += 1 }
            let spent = clock.now - began
            if spent > summary.slowest {
                summary.slowest = spent
                summary.slowestNumber = number
            }
            summary.mutants += 1
        }
        lastInput.remove()
        return summary
    }

    private func run(_ bytes: [UInt8], _ what: String) throws -> Bool {
        lastInput.note(bytes)
        let clock = ContinuousClock()
        let began = clock.now
        do {
            let accepted = try target.run(bytes)
            let spent = clock.now - began
            guard spent <= Self.timeMax else { throw FuzzFinding("it took \(spent)") }
            return accepted
        } catch {
            throw FuzzFinding("\(target.name), \(what): \(error)\ninput: \(Self.hex(bytes))")
        }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

/// The input being tried, in a mapped file, so that it is still there if the process dies.
///
/// The file holds the length in eight bytes, least significant first, and then the input.
private final class LastInput {
    private let path: String
    private let map: UnsafeMutableRawBufferPointer?

    init(target: String, bytesMax: Int) {
        let name = "stoa-fuzz-\(target)-\(ProcessInfo.processInfo.processIdentifier).input"
        path = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        let size = bytesMax + 8
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        guard descriptor >= 0, ftruncate(descriptor, size) == 0,
            let start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            start != MAP_FAILED
        else {
            map = nil
            return
        }
        map = UnsafeMutableRawBufferPointer(start: start, count: size)
    }

    func note(_ bytes: [UInt8]) {
        guard let map, bytes.count + 8 <= map.count else { return }
        map.storeBytes(of: UInt64(bytes.count).littleEndian, as: UInt64.self)
        UnsafeMutableRawBufferPointer(rebasing: map[8...]).copyBytes(from: bytes)
    }

    func remove() { unlink(path) }

    deinit {
        unlink(path)
        if let map { munmap(map.baseAddress, map.count) }
    }
}
