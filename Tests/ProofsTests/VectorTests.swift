import Foundation
import Proofs
import Testing

@Suite("golden proof files")
struct VectorTests {
    @Test("PRF-1: the files in Vectors/proofs are what is made here, byte for byte")
    func unchanged() throws {
        for (name, text) in try Files.all() { try Self.check(name, text) }
    }

    @Test("every golden proof file proves something, and reads back to its own text")
    func accepted() throws {
        for (name, text) in try Files.all() where name.hasSuffix(".json") {
            #expect(try refusal(text, Files.trust(name)) == nil, "\(name)")
            #expect(try ProofFile(bytes: Array(text.utf8)).text == text)
        }
    }

    @Test("PRF-15: forged files, each right but for one thing, are refused, and that is named")
    func forged() throws {
        let forgeries = try Forgery.all()
        for forgery in forgeries {
            let found = try refusal(forgery.text, Files.trust(forgery.name))
            #expect(found?.field == forgery.field, "\(forgery.name)")
            #expect(forgery.fault == nil || found?.fault == forgery.fault, "\(forgery.name)")
            try Self.check("forged/\(forgery.name).json", forgery.text)
        }
        let lines = forgeries.map { "  \"\($0.name).json\": \"\($0.field)\"" }
        try Self.check("forged.json", "{\n" + lines.joined(separator: ",\n") + "\n}\n")
    }

    /// Compares a golden file; with `STOA_ADD_VECTORS` set, one that is not there yet is written.
    static func check(_ name: String, _ text: String) throws {
        let url = Files.directory.appendingPathComponent(name)
        // Files are only ever added: one that is there stays as it is.
        if ProcessInfo.processInfo.environment["STOA_ADD_VECTORS"] != nil,
            !FileManager.default.fileExists(atPath: url.path)
        {
            try text.write(to: url, atomically: true, encoding: .utf8)
        }
        let isSame = try String(contentsOf: url, encoding: .utf8) == text
        #expect(isSame, "\(name)")
    }
}
