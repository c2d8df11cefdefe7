import Logging
import MarketTypes
import ServiceLifecycle
import Synchronization
import Testing
import ValidatorNode

/// The watch over a height that a test moves.
@Suite("Height watch")
struct HeightWatchTests {
    @Test("pitfall 7: a height that stands still is an alarm, and its end is told")
    func standstill() async throws {
        let height = Mutex(BlockHeight(5))
        let alarms = Mutex<[HeightWatch.Alarm]>([])
        var configuration = HeightWatch.Configuration()
        configuration.interval = .milliseconds(10)
        configuration.standstillMax = .milliseconds(50)
        configuration.repetition = .seconds(60)
        let watch = HeightWatch(
            configuration: configuration,
            logger: .silent,
            height: { height.withLock { $0 } },
            alarm: { alarm in alarms.withLock { $0.append(alarm) } }
        )
        let group = ServiceGroup(services: [watch], logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await wait { alarms.withLock { $0.count } == 1 }
            height.withLock { $0 = BlockHeight(6) }
            try await wait { alarms.withLock { $0.count } >= 2 }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        let seen = alarms.withLock { $0 }
        guard case .stuck(let at, let time)? = seen.first else {
            Issue.record("no alarm")
            return
        }
        #expect(at == BlockHeight(5))
        #expect(time >= .milliseconds(50))
        #expect(seen.dropFirst().first == .moving(at: BlockHeight(6)))
    }

    private func wait(until isTrue: () -> Bool) async throws {
        for _ in 0..<500 where !isTrue() { try await Task.sleep(for: .milliseconds(10)) }
        try #require(isTrue())
    }
}
