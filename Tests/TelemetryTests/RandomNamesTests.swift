import Telemetry
import Testing

@Suite("Names that differ")
struct RandomNamesTests: Sendable {
    @Test("No word comes twice, also where several tasks ask")
    func distinct() async {
        let words = await withTaskGroup(of: [UInt64].self) { group in
            for _ in 0..<8 { group.addTask { (0..<5_000).map { _ in RandomNames.next() } } }
            return await group.reduce(into: [UInt64]()) { $0 += $1 }
        }
        #expect(Set(words).count == 40_000)
        let bits = words.reduce(0) { $0 + $1.nonzeroBitCount }
        #expect((31.5...32.5).contains(Double(bits) / 40_000), "half of the bits are set")
    }

    @Test("A pair's halves are two words")
    func pairs() {
        let pairs = (0..<5_000).map { _ in RandomNames.pair() }
        #expect(Set(pairs.map(\.0)).count == 5_000 && Set(pairs.map(\.1)).count == 5_000)
        #expect(pairs.allSatisfy { $0.0 != $0.1 })
    }
}
