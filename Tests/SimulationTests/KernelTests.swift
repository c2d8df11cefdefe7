import MarketTypes
import Testing

@testable import Simulation

/// Chance, time and trace.
@Suite("Simulation kernel")
struct KernelTests {
    @Test("the source of chance is xoshiro256** seeded by SplitMix64")
    func knownNumbers() {
        var source = RandomSource(seed: 0)
        let numbers = (0..<3).map { _ in source.next() }
        let known: [UInt64] = [
            0x99ec_5f36_cb75_f2b4, 0xbf6e_1f78_4956_452a, 0x1a5f_849d_4933_e6e0,
        ]
        #expect(numbers == known)
    }

    @Test("numbers stay in their range, and reach both ends")
    func ranges() {
        var source = RandomSource(seed: 7)
        let numbers = (0..<2_000).map { _ in source.number(3...9) }
        #expect(Set(numbers) == Set(3...9))
        #expect((0..<1_000).allSatisfy { _ in !source.chance(permille: 0) })
        #expect((0..<1_000).allSatisfy { _ in source.chance(permille: 1000) })
        #expect(source.bytes(13).count == 13)
        #expect(source.pick([Int]()) == nil)
    }

    @Test("events happen by time, and at one time in the order in which they were planned")
    func order() {
        var queue = EventQueue<Int>()
        var source = RandomSource(seed: 1)
        var expected: [(time: UInt64, number: Int)] = []
        for number in 0..<500 {
            let time = source.below(40)
            queue.plan(number, at: time)
            expected.append((time, number))
        }
        expected.sort { ($0.time, $0.number) < ($1.time, $1.number) }
        var got: [Int] = []
        while let next = queue.next() { got.append(next.event) }
        #expect(got == expected.map(\.number))
        #expect(queue.next() == nil)
    }

    @Test("a trace's digest tells two runs apart by any field of any line")
    func digest() {
        func digest(_ change: (inout [TraceLine]) -> Void) -> String {
            var lines = (0..<300).map { index in
                TraceLine(
                    time: UInt64(index),
                    what: "does",
                    who: "node",
                    number: 1,
                    other: 2,
                    name: nil
                )
            }
            change(&lines)
            var trace = Trace(keepsLines: false)
            for line in lines { trace.note(line) }
            return trace.digest.description
        }
        let same = digest { _ in }
        #expect(digest { _ in } == same)
        #expect(digest { $0.removeLast() } != same)
        #expect(digest { $0.swapAt(3, 4) } != same)
        #expect(
            digest {
                $0[150] = TraceLine(
                    time: 150,
                    what: "does",
                    who: "node",
                    number: 1,
                    other: 3,
                    name: nil
                )
            } != same
        )
    }
}
