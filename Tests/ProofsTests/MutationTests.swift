import Foundation
import Proofs
import Testing

@Suite("a changed proof file proves nothing")
struct MutationTests {
    private static func refusal(_ bytes: [UInt8], _ trust: ProofTrust) -> ProofRefusal? {
        ProofsTests.refusal(trust) { () throws(ProofRefusal) in try ProofFile(bytes: bytes) }
    }

    private static let space: [UInt8] = [0x20, 0x0A, 0x0D, 0x09]

    @Test(
        "P5: no byte of a file can be changed; what is between its words is no part of it",
        arguments: ["embedded-receipt.json", "embedded-absent.json", "network-channel.json"]
    )
    func everyByte(name: String) throws {
        let text = Array(try #require(try Files.all().first { $0.name == name }).text.utf8)
        let trust = try Files.trust(name)
        var random = SplitMix64(seed: 1)
        var accepted: [Int] = []
        for place in text.indices {
            // Another bit is what a disk does; another digit reaches deepest.
            let bit = text[place] ^ (1 << UInt8(random.below(8)))
            let new = place % 3 == 0 ? Change.digit(instead: text[place]) : bit
            var bytes = text
            bytes[place] = new
            if Self.refusal(bytes, trust) == nil, !Self.space.contains(new) {
                accepted.append(place)
            }
        }
        #expect(accepted.isEmpty)
    }

    @Test("P5: the field that was changed is named, by itself or by what it is part of")
    func named() throws {
        let changes = try Change.all()
        #expect(changes.count > 300)
        for change in changes {
            let isNamed =
                change.path == change.field || change.path.hasPrefix(change.field + ".")
                || change.path.hasPrefix(change.field + "[")
            #expect(isNamed, "\(change)")
        }
    }

    @Test("PRF-15: other verifiers name the same fields: Vectors/proofs/refused.json")
    func golden() throws {
        let lines = try Change.all().map { change in
            "  {\"file\": \"\(change.file)\", \"offset\": \(change.offset), "
                + "\"byte\": \"\(change.character)\", \"field\": \"\(change.field)\"}"
        }
        try VectorTests.check("refused.json", "[\n" + lines.joined(separator: ",\n") + "\n]\n")
    }
}

/// One digit of a golden file changed, and what is named then.
struct Change: Sendable {
    let file: String
    let path: String
    let offset: Int
    let character: Unicode.Scalar
    /// The field of the refusal; empty if there is none.
    let field: String

    static func digit(instead byte: UInt8) -> UInt8 {
        byte == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
    }

    private static let made = Result { try make() }

    static func all() throws -> [Change] { try made.get() }

    /// Four places of every field of every golden file.
    private static func make() throws -> [Change] {
        var changes: [Change] = []
        for (name, text) in try Files.all() where name.hasSuffix(".json") {
            let trust = try Files.trust(name)
            let bytes = Array(text.utf8)
            for (path, range) in fields(of: text) {
                let places = [0, range.count / 3, range.count * 2 / 3, range.count - 1]
                for offset in Set(places).sorted().map({ range.lowerBound + $0 }) {
                    var changed = bytes
                    changed[offset] = digit(instead: bytes[offset])
                    let found = refusal(trust) { () throws(ProofRefusal) in
                        try ProofFile(bytes: changed)
                    }
                    changes.append(
                        Change(
                            file: name,
                            path: path,
                            offset: offset,
                            character: Unicode.Scalar(changed[offset]),
                            field: found?.field ?? ""
                        )
                    )
                }
            }
        }
        return changes
    }

    /// Where each text of a file that was written by us stands, by its field's full name.
    private static func fields(of text: String) -> [(path: String, range: Range<Int>)] {
        var found: [(String, Range<Int>)] = []
        var stack: [(name: String, element: Int?)] = []
        var start = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let bytes = Array(line.utf8)
            let quotes = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\"") }
            var names = stack.map { $0.name + ($0.element.map { "[\($0)]" } ?? "") }
            let isNamed = line.contains("\": ")
            if isNamed {
                names.append(String(decoding: bytes[quotes[0] + 1..<quotes[1]], as: UTF8.self))
            }
            if quotes.count == (isNamed ? 4 : 2) {
                let range = start + quotes[quotes.count - 2] + 1..<start + quotes[quotes.count - 1]
                found.append((names.joined(separator: "."), range))
                if !isNamed { stack[stack.count - 1].element? += 1 }
            }
            if line.hasSuffix("{") || line.hasSuffix("["), isNamed {
                stack.append((names[names.count - 1], line.hasSuffix("[") ? 0 : nil))
            }
            let closes = line.drop { $0 == " " }
            if closes.hasPrefix("}") || closes.hasPrefix("]") { _ = stack.popLast() }
            start += bytes.count + 1
        }
        return found
    }
}

/// A seeded generator, so that a failure can be repeated.
struct SplitMix64 {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func below(_ bound: UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return (z ^ (z >> 31)) % bound
    }
}
