import Foundation
import LedgerCore
import MarketTypes
import Proofs
import Testing

@Suite("a proof file has one form")
struct FormatTests {
    private let name = "embedded-account.json"

    private func text() throws -> String {
        try #require(try Files.all().first { $0.name == name }).text
    }

    /// The refusal of the text with the first `old` replaced.
    private func refused(_ old: String, _ new: String) throws -> ProofRefusal? {
        let text = try text()
        let range = try #require(text.range(of: old), "\(old)")
        return refusal(text.replacingCharacters(in: range, with: new), try Files.trust(name))
    }

    @Test("PRF-3: a field that is unknown, missing or there twice is refused by its name")
    func fields() throws {
        #expect(try refused("\"subject\"", "\"subjekt\"") == ProofRefusal("subject", .missingField))
        #expect(try refused("\"seal\"", "\"stamp\"") == ProofRefusal("stamp", .unknownField))
        #expect(try refused("\"kind\"", "\"sort\"") == ProofRefusal("seal.kind", .missingField))
        let twice = "\"subject\": \"state\", \"subject\""
        #expect(try refused("\"subject\"", twice) == ProofRefusal("subject", .repeatedField))
        let more = "\"note\": \"hello\", \"kind\""
        #expect(try refused("\"kind\"", more) == ProofRefusal("seal.note", .unknownField))
    }

    @Test("PRF-2: another spelling of the same text is refused")
    func spelling() throws {
        #expect(try refused("\"stoa-proof\"", "\"stoa\\u002dproof\"")?.field == "format")
        #expect(try refused("\"version\": 1", "\"version\": 01")?.field == "version")
        #expect(try refused("\"version\": 1", "\"version\": 1.0")?.fault == .malformedDocument)
        #expect(try refused("\"version\": 1", "\"version\": true")?.field == "version")
        #expect(try refused("\"version\": 1", "\"version\": \"1\"")?.fault == .unsupported)
        let upper = try text().uppercasedHex()
        #expect(refusal(upper, try Files.trust(name))?.fault == .malformedValue)
    }

    @Test("PRF-2: text before or after the document, or none, is refused")
    func around() throws {
        let trust = try Files.trust(name)
        for text in [try text() + "x", "\u{feff}" + (try text()), "", "[]", "null", "{", "{}"] {
            let found = refusal(text, trust)
            #expect(["file", "format"].contains(found?.field), "\(text.prefix(8))")
        }
    }

    @Test("PRF-2: lists and objects in each other without end are refused")
    func depth() throws {
        let deep = String(repeating: "[", count: 100_000)
        let found = refusal("{\"format\": " + deep, try Files.trust(name))
        #expect(found?.fault == .malformedDocument)
    }

    @Test("PRF-2: a file that is too large is refused unread")
    func size() throws {
        let large = String(repeating: " ", count: ProofFile.bytesMax) + (try text())
        let found = refusal(large, try Files.trust(name))
        #expect(found == ProofRefusal("file", .malformedDocument))
    }

    @Test("PRF-1: another version, format, subject or kind of seal is refused")
    func unsupported() throws {
        #expect(try refused("stoa-proof", "stoa-prof") == ProofRefusal("format", .unsupported))
        #expect(try refused("\"version\": 1", "\"version\": 2")?.fault == .unsupported)
        #expect(try refused("\"state\"", "\"estate\"") == ProofRefusal("subject", .unsupported))
        #expect(try refused("\"sequencer\"", "\"me\"") == ProofRefusal("seal.kind", .unsupported))
    }

    @Test("PRF-4: presence cannot be shown as absence, nor the other way round")
    func presence() throws {
        let embedded = try Sale.make(isNetwork: false)
        let seal = try embedded.sequencerSeal()
        let here = embedded.entry(.channel(embedded.channel))
        let hidden = EntryProof(key: here.key, value: nil, path: here.path)
        let away = embedded.entry(.channel(.init(.zero)))
        let invented = EntryProof(key: away.key, value: here.value, path: away.path)
        for entry in [hidden, invented] {
            let file = ProofFile.state(StateEntryProof(entry: entry, seal: seal))
            let found = refusal(file.text, ProofTrust(genesis: embedded.genesis))
            #expect(found == ProofRefusal("entry", .state(.otherClaim)))
        }
    }
}

extension String {
    /// The text with the first hex digit that is a letter in upper case.
    fileprivate func uppercasedHex() throws -> String {
        let start = try #require(range(of: "\"key\": \"")).upperBound
        let letter = try #require(self[start...].firstIndex { "abcdef".contains($0) })
        return replacingCharacters(in: letter...letter, with: self[letter].uppercased())
    }
}
