import Foundation
import Testing

@testable import LedgerCore

@Suite("Numbers in the source")
struct DeclaredNumberTests {
    /// The ids of all numbers that some file of the rules declares.
    private static func declared() throws -> Set<UInt16> {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        let folder = root.appendingPathComponent("Sources/LedgerCore")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        var found: Set<UInt16> = []
        for case let file as URL in files ?? .init() where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /GovernedNumber\(\s*([0-9_]+),/) {
                let digits = match.1.replacing("_", with: "")
                found.insert(try #require(UInt16(digits)))
            }
        }
        return found
    }

    @Test("GOV-40: whatever a component declares, votes can change")
    func complete() throws {
        let all = Set(GovernedNumber.all.map(\.id))
        let declared = try Self.declared()
        #expect(declared.count > 10)
        #expect(declared.subtracting(all).isEmpty, "add them to GovernedNumber.all")
    }
}
