import ABCI
import Foundation
import LedgerCore
import LedgerStore
import MarketTypes
import Testing

/// The engine's recovery table (docs/spec/abci.md), row by row, over real sockets and files.
@Suite("Recovery", .timeLimit(.minutes(1)))
struct RecoveryTests {
    /// Heights 1 to 4, one transfer each, without any crash: what everything must come to.
    private func reference(_ chain: Chain) async throws -> EngineDisk {
        try await driving(chain, try chain.open("reference")) { engine in
            try await Self.run(engine, to: 4)
            return engine.disk
        }
    }

    private static func run(_ engine: Engine, to last: Int, crash: CrashPoint? = nil) async throws {
        while engine.disk.blocks.count < last {
            let height = engine.disk.blocks.count + 1
            try await engine.broadcast(engine.chain.transfer(Chain.alice, UInt64(height)))
            try await engine.produce(crash: height == last ? crash : nil)
        }
    }

    /// Runs to the crash in height `height` and returns what the engine has on disk then.
    private func crashed(
        _ chain: Chain,
        at point: CrashPoint,
        in height: Int,
        _ application: EngineLedger
    ) async throws -> EngineDisk {
        try await driving(chain, application) { engine in
            await #expect(throws: Crash.self) {
                try await Self.run(engine, to: height, crash: point)
            }
            return engine.disk
        }
    }

    @Test(
        "both die anywhere in a height: after the restart everything is as if nothing happened",
        arguments: CrashPoint.allCases,
        [1, 3]
    )
    func bothDie(_ point: CrashPoint, _ height: Int) async throws {
        let chain = try Chain()
        let expected = try await reference(chain)
        let disk = try await crashed(chain, at: point, in: height, try chain.open())
        try await driving(chain, try chain.open(), disk: disk) { engine in
            let committed = point == .committed || point == .stateSaved
            #expect(engine.replayed == (committed ? [] : [Int64(height)]))
            #expect(engine.initChainCalls == (height == 1 && !committed ? 1 : 0))
            try await Self.run(engine, to: 4)
            #expect(engine.disk.answers == expected.answers)
            #expect(engine.disk.appHash == expected.appHash)
        }
    }

    @Test(
        "only the engine dies: the application goes on, and what it left unfinished is forgotten",
        arguments: CrashPoint.allCases
    )
    func engineDies(_ point: CrashPoint) async throws {
        let chain = try Chain()
        let expected = try await reference(chain)
        let ledger = try chain.open()
        let disk = try await serving(ledger) { port in
            let engine = try await Engine(chain, port: port)
            try await engine.handshake()
            await #expect(throws: Crash.self) {
                try await Self.run(engine, to: 2, crash: point)
            }
            await engine.close()
            let again = try await Engine(chain, port: port, disk: engine.disk)
            try await again.handshake()
            try await Self.run(again, to: 4)
            await again.close()
            return again.disk
        }
        #expect(disk.answers == expected.answers)
        #expect(try ledger.head.root.bytes == expected.appHash)
    }

    @Test("the application lost its data: InitChain again, then every block, with equal answers")
    func dataLost() async throws {
        let chain = try Chain()
        let disk = try await reference(chain)
        try await driving(chain, try chain.open("empty"), disk: disk) { engine in
            #expect(engine.initChainCalls == 1)
            #expect(engine.replayed == [1, 2, 3, 4])
        }
    }

    @Test("the application is some blocks behind: exactly those are replayed")
    func behind() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open("old")) { try await Self.run($0, to: 2) }
        let disk = try await reference(chain)
        try await driving(chain, try chain.open("old"), disk: disk) { engine in
            #expect(engine.initChainCalls == 0)
            #expect(engine.replayed == [3, 4])
        }
    }

    @Test("all level: nothing is called but Info")
    func level() async throws {
        let chain = try Chain()
        let disk = try await reference(chain)
        try await driving(chain, try chain.open("reference"), disk: disk) { engine in
            #expect(engine.initChainCalls == 0)
            #expect(engine.replayed.isEmpty)
        }
    }

    @Test("the application is ahead of an engine that lost blocks: Info says so, and it is refused")
    func ahead() async throws {
        let chain = try Chain()
        var disk = try await reference(chain)
        disk.blocks.removeLast(2)
        disk.stateHeight = 2
        let ledger = try chain.open("reference")
        await #expect(throws: EngineStopped(reason: "the application is ahead")) {
            try await driving(chain, ledger, disk: disk) { _ in }
        }
        #expect(try ledger.head.height == BlockHeight(4))
    }

    @Test("a commit that fails is no commit: the engine is told, and the block comes again")
    func commitFails() async throws {
        let chain = try Chain()
        let expected = try await reference(chain)
        let store = try StoreDouble(chain)
        let ledger = try EngineLedger(application: store.application(chain))
        let disk = try await serving(ledger) { port in
            let engine = try await Engine(chain, port: port)
            try await engine.handshake()
            try await Self.run(engine, to: 1)
            store.failNext()
            let stopped = await #expect(throws: EngineStopped.self) {
                try await Self.run(engine, to: 2)
            }
            #expect(stopped?.reason?.isEmpty == false)
            await engine.close()
            #expect(try ledger.head.height == BlockHeight(1))

            let again = try await Engine(chain, port: port, disk: engine.disk)
            try await again.handshake()
            #expect(again.replayed == [2])
            try await Self.run(again, to: 4)
            await again.close()
            return again.disk
        }
        #expect(disk.answers == expected.answers)
    }
}
