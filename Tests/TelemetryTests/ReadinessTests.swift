import Synchronization
import Telemetry
import Testing

@Suite("Readiness", .timeLimit(.minutes(1)))
struct ReadinessTests {
    @Test("a service that has not said what it needs is not ready")
    func empty() async {
        #expect(await !Readiness().answer().isReady)
    }

    @Test("one fault is enough, and a check that does not end is one")
    func faults() async {
        let readiness = Readiness(timeout: .milliseconds(20))
        readiness.add(.init("good") { nil })
        #expect(await readiness.answer().isReady)
        readiness.add(.init("stuck") {
            try? await Task.sleep(for: .seconds(600))
            return nil
        })
        let answer = await readiness.answer()
        #expect(!answer.isReady)
        #expect(answer.findings.map(\.fault) == [nil, "no answer in time"])
    }

    @Test("P9: strangers who ask at once make it look once")
    func once() async {
        let looks = Mutex(0)
        let readiness = Readiness(keeps: .seconds(600))
        readiness.add(.init("counted") {
            looks.withLock { $0 += 1 }
            return nil
        })
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<100 { group.addTask { _ = await readiness.answer() } }
        }
        #expect(looks.withLock { $0 } == 1)
    }
}
