import ABCI
import CanonicalCoding
import Consensus
import Identity
import LedgerCore
import LedgerStore
import MarketTypes
import Testing

/// The rest of the pitfalls; 7, 14 and 17 are the engine's or its operator's alone.
@Suite("Later pitfalls", .timeLimit(.minutes(2)))
struct LaterPitfallTests {
    @Test("pitfall 8: what CheckTx accepted and the engine then lost can come again")
    func acceptedAndLost() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open()) { engine in
            let transaction = chain.transfer(Chain.alice, 1)
            #expect(try await engine.broadcast(transaction) == 0)
            engine.mempool.removeAll()
            try await engine.apply(chain.block(1))
            #expect(try await engine.broadcast(transaction) == 0)
            #expect(try await engine.produce().results.map(\.code) == [0])
        }
    }

    @Test("pitfall 9: a proposal fits to the byte as the engine counts, lengths and keys included")
    func proposalSize() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open()) { engine in
            let candidates = (1...20).map { chain.transfer(Chain.alice, UInt64($0)) }
            // As it goes over the wire: one list field per transaction.
            let exact = { (count: Int) -> Int64 in
                let list: PrepareProposalResponse = made {
                    $0.transactions = Array(candidates.prefix(count))
                }
                return Int64(list.wireBytes.count)
            }
            for count in [0, 1, 7, 20] {
                let limit = exact(count)
                #expect(try await engine.prepare(candidates, maxBytes: limit).count == count)
                guard count > 0 else { continue }
                let less = try await engine.prepare(candidates, maxBytes: limit - 1)
                #expect(less.count == count - 1)
            }
            #expect(try await engine.prepare(candidates, maxBytes: -1).isEmpty)
        }
    }

    @Test("pitfall 10: the set for the engine names nobody twice, and all keys are Ed25519")
    func validatorUpdates() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open()) { engine in
            guard
                case .initChain(let begun) = try await engine.consensus.call(
                    .initChain(chain.initChain)
                )
            else {
                Issue.record("another kind")
                return
            }
            #expect(Set(begun.validators.map(\.key)).count == begun.validators.count)
            let answer = try await engine.produce()
            #expect(answer.validatorUpdates.isEmpty)
            #expect(answer.consensusParamUpdates == nil)
        }
        let update = try EngineValidatorUpdate(
            ValidatorUpdate(key: Chain.alice.publicKey, power: 0)
        )
        #expect(update.key == EnginePublicKey(.ed25519, Chain.alice.publicKey.bytes))
        #expect(update.power == 0)
        #expect(throws: EngineViolation.powerTooLarge) {
            try EngineValidatorUpdate(ValidatorUpdate(key: Chain.alice.publicKey, power: 1 << 63))
        }
    }

    @Test("pitfall 11: no transaction takes effect twice, whatever the engine has forgotten")
    func replay() async throws {
        let chain = try Chain()
        let ledger = try chain.open()
        try await driving(chain, ledger) { engine in
            let transaction = chain.transfer(Chain.alice, 1)
            let block = chain.block(1, [transaction, transaction])
            #expect(try await engine.apply(block).results.map(\.code) == [0, 107])
            #expect(try await engine.broadcast(transaction) == 107)
            #expect(try await engine.prepare([transaction]).isEmpty)
            let again = try await engine.apply(chain.block(2, [transaction]))
            #expect(again.results.map(\.code) == [107])
        }
        #expect(try ledger.account(Chain.bob).balance.obol == 1_000_000_000_005)
    }

    @Test("pitfall 12: an empty block changes no root, so an idle chain can stand still")
    func emptyBlocks() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open()) { engine in
            try await engine.broadcast(chain.transfer(Chain.alice, 1))
            let root = try await engine.produce().appHash
            #expect(try await engine.produce().appHash == root)
            #expect(try await engine.produce().appHash == root)
        }
    }

    @Test("pitfall 13: Flush is answered on every connection and at any time, unasked-for too")
    func flush() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open()) { engine in
            for socket in [engine.query, engine.snapshot, engine.checks, engine.consensus] {
                try await socket.send([.flush, .flush, .echo(TextMessage("x")), .flush])
                #expect(try await socket.receive() == .flush)
                #expect(try await socket.receive() == .flush)
                #expect(try await socket.receive() == .echo(TextMessage("x")))
                #expect(try await socket.receive() == .flush)
            }
            // Lengths are unsigned: 64 to 127 are one byte, which a zigzag reader would halve.
            for count in [62, 63, 64, 126, 127, 128, 200] {
                let text = TextMessage(String(repeating: "x", count: count))
                #expect(try await engine.query.call(.echo(text)) == .echo(text))
            }
        }
    }

    @Test("pitfall 15: the version in Info is never 0, before and after a state is restored")
    func restoredState() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open("source")) { engine in
            #expect(try await engine.info().appVersion == EngineLedger.appVersion)
            for height in 1...2 { try await engine.apply(chain.block(Int64(height))) }
            #expect(try await engine.info().appVersion == EngineLedger.appVersion)
        }
        #expect(EngineLedger.appVersion != 0)
    }

    @Test("pitfall 16: the engine may come back to a running application, again and again")
    func engineRestarts() async throws {
        let chain = try Chain()
        let ledger = try chain.open()
        try await serving(ledger, { $0.connectionsMax = 8 }) { port in
            var disk = EngineDisk()
            for height in 1...10 {
                let engine = try await Engine(chain, port: port, disk: disk)
                try await engine.handshake()
                try await engine.broadcast(chain.transfer(Chain.alice, UInt64(height)))
                #expect(try await engine.produce().results.map(\.code) == [0])
                disk = engine.disk
                await engine.close()
            }
        }
        #expect(try ledger.head.height == BlockHeight(10))
    }

    @Test("retain_height is 0 unless a node is told how many blocks to keep")
    func retained() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open("all")) { engine in
            _ = try await engine.finalize(chain.block(1))
            #expect(try await engine.commit().retainHeight == 0)
        }
        var configuration = EngineLedger.Configuration()
        configuration.retainedBlocksMin = 2
        try await driving(
            chain,
            try chain.open("some", configuration: configuration)
        ) { engine in
            for (height, retained) in [(1, 0), (2, 0), (3, 2), (4, 3)] as [(Int64, Int64)] {
                _ = try await engine.finalize(chain.block(height))
                #expect(try await engine.commit().retainHeight == retained)
            }
        }
    }
}
