import MarketTypes
import Testing

@Suite("Values")
struct ValueTests {
    @Test(
        "refuses text that is not hex",
        arguments: ["0", "abc", "0g", "0x00", " 00", "00 ", "éé"]
    )
    func refusesHex(_ text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test("hex goes both ways for every byte")
    func hex() {
        let all = [UInt8](0...255)
        #expect(Hex.decode(Hex.encode(all)) == all)
        #expect(Hex.decode(Hex.encode(all).uppercased()) == all)
        #expect(Hex.encode([0x00, 0x9f, 0xa0, 0xff]) == "009fa0ff")
        #expect(Hex.encode([UInt8]()).isEmpty)
    }

    @Test("a digest is 32 bytes, neither more nor less", arguments: [0, 1, 31, 33, 64])
    func refusesDigest(_ count: Int) {
        #expect(Digest(bytes: [UInt8](repeating: 1, count: count)) == nil)
        #expect(Digest(hex: String(repeating: "01", count: count)) == nil)
    }

    @Test("a digest is the same from an array, a slice, a list without storage, and text")
    func digests() throws {
        let bytes = [UInt8](1...32)
        let digest = try #require(Digest(bytes: bytes))
        #expect(digest.bytes == bytes)
        #expect(Digest(bytes: ([0] + bytes + [0])[1..<33]) == digest)
        #expect(Digest(bytes: bytes.lazy.map { $0 ^ 0 }) == digest)
        #expect(Digest(hex: digest.description) == digest)
        #expect(digest.words.0 == 0x0102_0304_0506_0708)
    }

    @Test("digests are ordered as their bytes", arguments: UInt64(0)..<50)
    func order(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func digest() throws -> Digest {
            let bytes = (0..<32).map { _ in random.next() % 4 == 0 ? 1 : UInt8(0) }
            return try #require(Digest(bytes: bytes))
        }
        let (left, right) = (try digest(), try digest())
        #expect((left < right) == left.bytes.lexicographicallyPrecedes(right.bytes))
    }

    @Test("a digest's bits are those of its bytes, most significant first")
    func bits() throws {
        let bytes = (0..<32).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ 5) }
        let digest = try #require(Digest(bytes: bytes))
        for index in 0..<256 {
            #expect(digest.bit(index) == (bytes[index / 8] >> (7 - index % 8) & 1 == 1))
        }
    }

    @Test("P12: a sorted map equals a list searched from the front", arguments: UInt64(0)..<40)
    func sortedMap(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var map = SortedMap<Int, Int>()
        var model: [(key: Int, value: Int)] = []
        for step in 0..<100 {
            let key = Int(random.next() % 12)
            let value: Int? = random.next() % 3 == 0 ? nil : step
            map[key] = value
            model.removeAll { $0.key == key }
            if let value { model.append((key, value)) }
            model.sort { $0.key < $1.key }
            #expect(map.entries.elementsEqual(model) { $0 == $1 })
            #expect(map[key] == value)
            #expect(map.count == model.count)
        }
        #expect(SortedMap(model.reversed().map { ($0.key, $0.value) }) == map)
    }

    @Test("a sorted map refuses a key that appears twice")
    func sortedMapRefusesDuplicates() {
        #expect(SortedMap([(1, "a"), (2, "b"), (1, "a")]) == nil)
    }

    @Test("a height that does not fit is nil")
    func heights() {
        #expect(BlockHeight(.max).advanced(byBlocks: 1) == nil)
        #expect(BlockHeight(1).advanced(byBlocks: .max) == nil)
        #expect(BlockHeight(1).advanced(byBlocks: .max - 1) == BlockHeight(.max))
    }

    @Test("units have distinct names, numbers from 1 and an order")
    func units() {
        #expect(Unit.allCases.map(\.rawValue) == Array(1...5))
        for unit in Unit.allCases { #expect(Unit(name: unit.name) == unit) }
        #expect(Unit(name: "Token") == nil)
        #expect(Unit.allCases.sorted() == Unit.allCases)
    }

    @Test("the native denomination comes first, then issued ones by digest")
    func denominations() {
        let one = Denomination.issued(Digest(words: (0, 0, 0, 1)))
        let two = Denomination.issued(Digest(words: (0, 0, 0, 2)))
        #expect([two, .native, one].sorted() == [.native, one, two])
        #expect(!(Denomination.native < .native))
    }
}
