import Foundation

/// What stands in `Vectors/`, as inputs to begin with.
enum GoldenInputs {
    /// The folder, found from where this file stands, in whichever package that is built.
    static let directory: URL = {
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let found = folder.appendingPathComponent("Vectors")
            let readme = found.appendingPathComponent("README.md").path
            if FileManager.default.fileExists(atPath: readme) { return found }
        }
        return folder
    }()

    /// The bytes of a file such as `proofs/embedded-receipt.json`.
    static func contents(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: directory.appendingPathComponent(path)))
    }

    /// Files of a folder with this ending, by name.
    static func files(_ folder: String, ending: String) throws -> [[UInt8]] {
        let url = directory.appendingPathComponent(folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: url.path)
        return try names.filter { $0.hasSuffix(ending) }.sorted()
            .map { try contents("\(folder)/\($0)") }
    }

    /// A member's strings in every object of a file, in the order in which they stand.
    static func strings(_ member: String, in path: String) throws -> [String] {
        let document = try JSONSerialization.jsonObject(with: Data(try contents(path)))
        var found: [String] = []
        collect(member, in: document, into: &found)
        return found
    }

    private static func collect(_ member: String, in value: Any, into found: inout [String]) {
        if let list = value as? [Any] {
            for element in list { collect(member, in: element, into: &found) }
        } else if let object = value as? [String: Any] {
            for key in object.keys.sorted() {
                if key == member, let text = object[key] as? String { found.append(text) }
                collect(member, in: object[key] as Any, into: &found)
            }
        }
    }

    /// Every string of at least eight bytes of lower-case hex in the vectors, decoded, each once.
    static let bytes: [[UInt8]] = {
        let folders = [
            "abci", "canonical", "cometbft", "identity", "ledger", "proofs", "settlement",
        ]
        var seen: Set<[UInt8]> = []
        var found: [[UInt8]] = []
        for folder in folders {
            for file in (try? files(folder, ending: ".json")) ?? [] {
                for part in file.split(separator: UInt8(ascii: "\"")) where part.count >= 16 {
                    guard let bytes = lowerHex(part), seen.insert(bytes).inserted else { continue }
                    found.append(bytes)
                }
            }
        }
        return found
    }()

    private static func lowerHex(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in text {
            let value: UInt8
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = character - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }
}
