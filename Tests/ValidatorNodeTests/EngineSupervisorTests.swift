import FoundationEssentials
import Logging
import ServiceLifecycle
import Synchronization
import Testing
import ValidatorNode

/// The supervisor beside a program that ends as the engine does.
@Suite("Engine supervisor")
struct EngineSupervisorTests {
    @Test("pitfall 16: an engine that ends with status 0 is started again")
    func restartsOnSuccess() async throws {
        let seen = try await run(script: "exit 0", until: { $0.starts >= 3 })
        #expect(seen.starts >= 3)
        #expect(seen.sights.contains(.ended("exited(0)")))
    }

    @Test("an engine that crashes is started again")
    func restartsOnFailure() async throws {
        let seen = try await run(script: "kill -9 $$", until: { $0.starts >= 2 })
        #expect(seen.starts >= 2)
    }

    @Test("a consensus failure is reported although the engine lives on")
    func consensusFailure() async throws {
        let script = "echo 'E[..] CONSENSUS FAILURE!!! err=x'; sleep 60"
        let seen = try await run(script: script) { seen in
            seen.sights.contains { if case .consensusFailure = $0 { true } else { false } }
        }
        #expect(seen.starts == 1)
    }

    @Test("a program that does not exist is reported, not fatal")
    func missingProgram() async throws {
        let seen = try await run(program: "/nonexistent/engine") { $0.starts >= 2 }
        #expect(
            seen.sights.contains { if case .cannotStart = $0 { true } else { false } }
        )
    }

    @Test("the engine is asked to end when the service is, and is gone afterwards")
    func endsEngine() async throws {
        let directory = try Scratch()
        let pid = directory.path("pid")
        // The trap first: whoever sees the file may send the signal at once.
        let script = "trap 'rm \(pid); exit 0' TERM; echo $$ > \(pid); while :; do sleep 0.05; done"
        _ = try await run(script: script) { _ in FileManager.default.fileExists(atPath: pid) }
        #expect(!FileManager.default.fileExists(atPath: pid), "it got its signal and cleaned up")
    }

    struct Seen: Sendable {
        var sights: [EngineSupervisor.Sight] = []
        var starts: Int {
            sights.count { if case .started = $0 { true } else { false } }
        }
    }

    /// Runs a supervisor over a shell script until `isEnough`, and returns what it saw.
    private func run(
        script: String? = nil,
        program: String? = nil,
        until isEnough: @escaping @Sendable (Seen) -> Bool
    ) async throws -> Seen {
        let directory = try Scratch()
        var path = program ?? ""
        if let script {
            path = try directory.program("engine", "#!/bin/sh\n\(script)\n")
        }
        let seen = Mutex(Seen())
        var configuration = EngineSupervisor.Configuration(program: path, home: directory.path)
        configuration.pauseMin = .milliseconds(10)
        configuration.pauseMax = .milliseconds(20)
        configuration.farewellMax = .seconds(2)
        let supervisor = EngineSupervisor(
            configuration: configuration,
            logger: .silent,
            isReady: {},
            sight: { sight in seen.withLock { $0.sights.append(sight) } }
        )
        let group = ServiceGroup(services: [supervisor], logger: .silent)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for _ in 0..<1000 {
                if isEnough(seen.withLock { $0 }) { break }
                try await Task.sleep(for: .milliseconds(10))
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return seen.withLock { $0 }
        }
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
