import Dispatch
import LedgerNode
import Synchronization
import Testing

@Suite("Counts of the supply", .timeLimit(.minutes(1)))
struct SupplyCounterTests {
    /// A count that tells how often it was made, and waits until it may end.
    private final class Counting: Sendable {
        private let made = Mutex(0)
        let gate = DispatchSemaphore(value: 0)

        var calls: Int { made.withLock { $0 } }

        func count() -> Int {
            let number = made.withLock { made in
                made += 1
                return made
            }
            gate.wait()
            return number
        }
    }

    private func running(
        _ counter: SupplyCounter<Int>,
        _ body: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await counter.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }

    private func eventually(_ condition: () -> Bool) async throws {
        for _ in 0..<1000 where !condition() { try await Task.sleep(for: .milliseconds(10)) }
        #expect(condition())
    }

    @Test("nobody waits for a count: until one is finished there is the one before")
    func waitsForNone() async throws {
        let counting = Counting()
        let counter = SupplyCounter(interval: .zero) { counting.count() }
        try await running(counter) {
            try await eventually { counting.calls == 1 }
            #expect(counter.latest() == nil)
            counting.gate.signal()
            try await eventually { counting.calls == 2 }
            #expect(counter.latest() == 1)
            // What is under way is finished before the counter ends.
            for _ in 0..<8 { counting.gate.signal() }
        }
    }

    @Test("however many ask, it rests after a count")
    func rests() async throws {
        let counting = Counting()
        counting.gate.signal()
        let counter = SupplyCounter(interval: .seconds(3600)) { counting.count() }
        try await running(counter) {
            try await eventually { counter.latest() == 1 }
            for _ in 0..<10 { _ = counter.latest() }
            try await Task.sleep(for: .milliseconds(100))
            #expect(counting.calls == 1)
        }
    }
}
