import CLibFuzzer
import Foundation
import Synchronization

/// Fuzzes one target: with libFuzzer where the program was built with it, otherwise with seeded
/// mutants.
///
/// ```
/// stoa-fuzz list
/// stoa-fuzz seeds TARGET DIRECTORY            writes the inputs to begin with
/// stoa-fuzz mutants TARGET SECONDS [SEED [FIRST [COUNT]]]
/// stoa-fuzz try TARGET FILE                   tries one input
/// stoa-fuzz libfuzzer TARGET [its options]
/// ```
@main
struct StoaFuzz {
    static func main() {
        let words = CommandLine.arguments
        do {
            try run(Array(words.dropFirst()))
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }

    private static func run(_ words: [String]) throws {
        let command = words.first ?? ""
        if command == "list" { return FuzzTarget.all.forEach { print($0.name) } }
        guard words.count >= 2, let target = FuzzTarget.all.first(where: { $0.name == words[1] })
        else { throw FuzzFinding("usage: stoa-fuzz list|seeds|mutants|try|libfuzzer TARGET …") }
        switch command {
        case "seeds": try writeSeeds(of: target, to: word(2, of: words))
        case "mutants": try tryMutants(of: target, words)
        case "try":
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: word(2, of: words))))
            print(try target.run(bytes) ? "accepted" : "refused")
        case "libfuzzer": try libFuzzer(target, Array(words.dropFirst(2)))
        default: throw FuzzFinding("there is no command \(command)")
        }
        FuzzFolder.shared.withLock { $0.remove() }
    }

    private static func word(_ index: Int, of words: [String]) throws -> String {
        guard index < words.count else { throw FuzzFinding("a word is missing") }
        return words[index]
    }

    private static func writeSeeds(of target: FuzzTarget, to path: String) throws {
        let folder = URL(fileURLWithPath: path)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (index, bytes) in try target.seeds().enumerated() {
            try Data(bytes).write(to: folder.appendingPathComponent("seed-\(index)"))
        }
    }

    private static func tryMutants(of target: FuzzTarget, _ words: [String]) throws {
        func number(_ index: Int, _ otherwise: UInt64) -> UInt64 {
            index < words.count ? UInt64(words[index]) ?? otherwise : otherwise
        }
        let run = try SeededRun(target, seed: number(3, 1))
        _ = try run.runSeeds()
        let summary = try run.run(
            first: number(4, 0),
            count: number(5, 1 << 40),
            for: .seconds(Int64(number(2, 10)))
        )
        print("\(target.name): \(summary)")
    }

    // libFuzzer takes a C function without a context: the target stands beside it.
    private nonisolated(unsafe) static var current: FuzzTarget?

    private static func libFuzzer(_ target: FuzzTarget, _ options: [String]) throws {
        current = target
        let words = ["stoa-fuzz", "-max_len=\(target.bytesMax)"] + options
        var arguments = words.map { strdup($0) } + [nil]
        let status = stoa_libfuzzer(CInt(words.count), &arguments) { bytes, count in
            let input = Array(UnsafeBufferPointer(start: bytes, count: count))
            do {
                _ = try StoaFuzz.current?.run(input)
                return 0
            } catch {
                fatalError("\(error)")
            }
        }
        guard status != -1 else { throw FuzzFinding("built without libFuzzer") }
        guard status == 0 else { throw FuzzFinding("libFuzzer ended with \(status)") }
    }
}
