import CanonicalCoding
import MarketTypes
import Testing

/// CAN-1 to CAN-10, for every kind of document there is.
@Suite("Documents")
struct DocumentTests {
    @Test("CAN-10: every prefix is refused as truncated", arguments: DocumentCase.all)
    func truncated(_ document: DocumentCase) {
        // Long documents are made of short ones that are tried byte by byte.
        let step = 1 + document.bytes.count / 700
        for count in stride(from: 0, to: document.bytes.count, by: step) {
            #expect(throws: CanonicalError.truncated, "\(count) bytes") {
                try document.reencode(Array(document.bytes.prefix(count)))
            }
        }
    }

    @Test("CAN-1: a byte after the end is refused", arguments: DocumentCase.all)
    func trailing(_ document: DocumentCase) {
        // A genesis may go on with its validators, a bond with the delay that it keeps (LAW-9):
        // whatever follows is the beginning of that.
        let mayGoOn = ["genesis", "bond entry"].contains(document.name)
        let expected: CanonicalError = mayGoOn ? .truncated : .trailingBytes
        for byte in [0x00, 0x01, 0xff] as [UInt8] {
            #expect(throws: expected) {
                try document.reencode(document.bytes + [byte])
            }
        }
    }

    @Test("CAN-1: every version but 1 is refused", arguments: DocumentCase.all)
    func version(_ document: DocumentCase) {
        for version in UInt8.min...UInt8.max where version != 1 {
            #expect(throws: CanonicalError.unknownVersion) {
                try document.reencode([version] + document.bytes.dropFirst())
            }
        }
    }

    @Test(
        "bytes that were changed anywhere are refused, or are the encoding of another document",
        arguments: DocumentCase.all
    )
    func mutated(_ document: DocumentCase) {
        var random = SplitMix64(seed: UInt64(document.bytes.count))
        var refused = 0
        var accepted = 0
        for _ in 0..<(document.bytes.count > 2000 ? 500 : 3000) {
            let mutant = document.bytes.mutated(using: &random)
            do throws(CanonicalError) {
                let again = try document.reencode(mutant)
                #expect(again == mutant, "two encodings of one document: \(Hex.encode(mutant))")
                accepted += 1
            } catch {
                refused += 1
            }
        }
        #expect(refused > 0)
        #expect(accepted > 0, "nothing was ever accepted: the mutations are too coarse")
    }

    @Test("every document decodes to itself", arguments: DocumentCase.all)
    func roundTrip(_ document: DocumentCase) throws {
        #expect(try document.returnsEqual())
        #expect(try document.reencode(document.bytes) == document.bytes)
    }

    @Test("every document has the golden bytes and digest")
    func golden() throws {
        let vectors = try Vectors.load([DocumentVector].self, "canonical/documents.json")
        let known = Dictionary(uniqueKeysWithValues: vectors.map { ($0.name, $0) })
        for document in DocumentCase.all {
            let vector = try #require(known[document.name], "\(document.name) has no vector")
            #expect(Hex.encode(document.bytes) == vector.bytes, "\(document.name)")
            #expect(document.digest?.description == vector.digest, "\(document.name)")
        }
        #expect(known.count >= DocumentCase.all.count)
    }
}

extension [UInt8] {
    /// One to three small injuries: flipped bits, other bytes, bytes too many or too few.
    func mutated(using random: inout SplitMix64) -> [UInt8] {
        var bytes = self
        for _ in 0...(random.next() % 3) {
            let place = Int(random.next() % UInt64(bytes.count))
            let byte = UInt8(truncatingIfNeeded: random.next())
            switch random.next() % 8 {
            case 0...3: bytes[place] ^= 1 << (byte % 8)
            case 4: bytes[place] = byte
            case 5: bytes[place] = [0, 1, 2, 0xff][Int(byte % 4)]
            case 6: bytes.insert(byte, at: place)
            default: if bytes.count > 1 { bytes.remove(at: place) }
            }
        }
        return bytes
    }
}
