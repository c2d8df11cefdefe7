import ABCI
import CanonicalCoding
import LedgerCore
import LedgerStore
import MarketTypes
import Testing

/// What an engine must never do: it is told by an exception, and the ledger is as before.
@Suite("Wrong orders", .timeLimit(.minutes(1)))
struct ViolationTests {
    /// Sends `request` as the engine at height `height` and expects an exception that says `text`.
    private func expect(
        _ text: String,
        of request: EngineRequest,
        afterBlocks height: Int = 0,
        begun: Bool = true
    ) async throws {
        let chain = try Chain()
        let ledger = try chain.open()
        try await serving(ledger) { port in
            let engine = try await Engine(chain, port: port)
            if begun { try await engine.handshake() }
            for height in 0..<height { try await engine.apply(chain.block(Int64(height + 1))) }
            let before = try ledger.head
            let stopped = await #expect(throws: EngineStopped.self) {
                try await engine.consensus.call(request)
            }
            #expect(stopped?.reason?.contains(text) == true, "\(stopped?.reason ?? "nothing")")
            #expect(try await engine.consensus.receive() == nil, "the connection must end")
            #expect(try ledger.head == before)

            // The process goes on for the engine that comes back.
            await engine.close()
            let again = try await Engine(chain, port: port, disk: engine.disk)
            try await again.handshake()
            let answer = try await again.apply(
                chain.block(Int64(height + 1), [chain.transfer(Chain.alice, 1)])
            )
            #expect(answer.results.map(\.code) == [0])
            await again.close()
        }
    }

    private func finalize(_ set: (inout BlockRequest) -> Void) throws -> EngineRequest {
        var block = try Chain().block(2)
        set(&block)
        return .finalizeBlock(block)
    }

    @Test("a height that is not the next one", arguments: [0, 1, 3, -1, Int64.max, .min])
    func wrongHeight(_ height: Int64) async throws {
        let text = "wrongHeight"
        try await expect(text, of: try finalize { $0.height = height }, afterBlocks: 1)
    }

    @Test("the same for proposals")
    func wrongProposalHeight() async throws {
        let block = try Chain().block(3)
        try await expect("wrongHeight", of: .processProposal(block), afterBlocks: 1)
        let request: PrepareProposalRequest = made {
            $0.height = 3
            $0.time = block.time
        }
        try await expect("wrongHeight", of: .prepareProposal(request), afterBlocks: 1)
    }

    @Test("Commit without FinalizeBlock, and a second Commit")
    func nothingFinalized() async throws {
        try await expect("nothingFinalized", of: .commit)
        try await expect("nothingFinalized", of: .commit, afterBlocks: 1)
    }

    @Test("Commit on another connection than FinalizeBlock")
    func commitElsewhere() async throws {
        let chain = try Chain()
        let ledger = try chain.open()
        try await driving(chain, ledger) { engine in
            _ = try await engine.finalize(chain.block(1))
            await #expect(throws: EngineStopped.self) { try await engine.snapshot.call(.commit) }
            #expect(try ledger.head.height == BlockHeight(0))
            try await engine.commit()
            #expect(try ledger.head.height == BlockHeight(1))
        }
    }

    @Test("Commit of what was finalized before a connection was lost")
    func commitAfterLoss() async throws {
        let chain = try Chain()
        let ledger = try chain.open()
        let disk = try await driving(chain, ledger) { engine in
            try await engine.apply(chain.block(1))
            _ = try await engine.finalize(chain.block(2))
            return engine.disk
        }
        // Another server numbers its connections as the first one did.
        try await driving(chain, ledger, disk: disk) { engine in
            await #expect(throws: EngineStopped.self) { try await engine.consensus.call(.commit) }
        }
        #expect(try ledger.head.height == BlockHeight(1))
    }

    @Test("a decided block whose time is no time, or before the last block's")
    func wrongTime() async throws {
        let early = Chain.beginning.seconds
        for time in [
            EngineTime(seconds: early, nanos: 0), EngineTime(seconds: -1),
            EngineTime(seconds: early + 5, nanos: -1),
            EngineTime(seconds: early + 5, nanos: 1_000_000_000), EngineTime(seconds: .max),
        ] {
            try await expect("wrongTime", of: try finalize { $0.time = time }, afterBlocks: 1)
        }
    }

    @Test("a proposal with such a time is rejected, so that nobody has to decide it")
    func wrongProposalTime() async throws {
        let chain = try Chain()
        try await driving(chain, try chain.open()) { engine in
            var block = chain.block(1)
            block.time = EngineTime(seconds: -62_135_596_800)
            let verdict = try await engine.process(block)
            #expect(verdict == .reject)
        }
    }

    @Test("a block before InitChain")
    func notBegun() async throws {
        let block = try Chain().block(1)
        try await expect("notBegun", of: .finalizeBlock(block), begun: false)
        try await expect("notBegun", of: .processProposal(block), begun: false)
    }

    @Test("votes and evidence that cannot be read")
    func wrongReport() async throws {
        let short = EngineValidator(address: [1], power: 1)
        let negative = EngineValidator(address: Golden.address, power: -1)
        for validator in [short, negative] {
            let vote = VoteInfo(validator: validator, flag: .commit)
            let request = try finalize { $0.lastCommit.votes = [vote] }
            try await expect("wrongReport", of: request, afterBlocks: 1)
        }
        var unknown = Golden.misbehavior[0]
        unknown.type = .unknown
        try await expect(
            "wrongReport",
            of: try finalize { $0.misbehavior = [unknown] },
            afterBlocks: 1
        )
        try await expect(
            "wrongReport",
            of: try finalize { $0.proposerAddress = [1] },
            afterBlocks: 1
        )
    }

    @Test("a decided block with too many transactions")
    func tooMany() async throws {
        let many = [[UInt8]](repeating: [], count: BlockTransactions.countMax + 1)
        let request = try finalize { $0.transactions = many }
        try await expect("tooManyTransactions", of: request, afterBlocks: 1)
    }
}

/// InitChain against engines that are set up for something else.
@Suite("Genesis", .timeLimit(.minutes(1)))
struct GenesisTests {
    private func refusal(
        _ set: (inout InitChainRequest, Chain) -> Void
    ) async throws -> String {
        let chain = try Chain()
        let ledger = try chain.open()
        return try await serving(ledger) { port in
            let engine = try await Engine(chain, port: port)
            var request = chain.initChain
            set(&request, chain)
            let stopped = await #expect(throws: EngineStopped.self) {
                try await engine.consensus.call(.initChain(request))
            }
            await engine.close()
            return stopped?.reason ?? ""
        }
    }

    @Test("another chain, genesis, height, time or parameters are refused by name")
    func refused() async throws {
        #expect(
            try await refusal {
                $0.chainID = "stoa-other"; _ = $1
            }.contains("wrongChain")
        )
        for text in ["", "{}", "null", "{\"stoa_genesis\":\"00\"}", "{\"stoa_genesis\":\"0\"}"] {
            let reason = try await refusal { request, _ in request.appState = Array(text.utf8) }
            #expect(reason.contains("wrongGenesis"))
        }
        #expect(
            try await refusal {
                $0.appState += Array("{}".utf8); _ = $1
            }.contains("wrongGenesis")
        )
        #expect(
            try await refusal {
                $0.initialHeight = 2; _ = $1
            }.contains("wrongInitialHeight")
        )
        #expect(
            try await refusal {
                $0.time = EngineTime(seconds: 1); _ = $1
            }.contains("wrongTime")
        )
        for bytes in [-1, 0, (32 << 20) + 1] {
            let reason = try await refusal { request, _ in
                request.consensusParams?.block?.maxBytes = Int64(bytes)
            }
            #expect(reason.contains("blockBytes"))
        }
        let keys = try await refusal {
            $0.consensusParams?.validator?.keyTypes = []; _ = $1
        }
        #expect(keys.contains("keyTypes"))
        let extensions = try await refusal { request, _ in
            request.consensusParams?.abci?.voteExtensionsEnableHeight = 5
        }
        #expect(extensions.contains("voteExtensions"))
    }

    @Test("InitChain again is the same again, until there is a block")
    func again() async throws {
        let chain = try Chain()
        let ledger = try chain.open()
        try await driving(chain, ledger) { engine in
            let first = try await engine.consensus.call(.initChain(chain.initChain))
            let second = try await engine.consensus.call(.initChain(chain.initChain))
            #expect(first == second)
            guard case .initChain(let answer) = first else {
                Issue.record("another kind")
                return
            }
            #expect(answer.appHash == (try ledger.head.root.bytes))
            #expect(answer.consensusParams == nil)
            try await engine.produce()
            await #expect(throws: EngineStopped.self) {
                try await engine.consensus.call(.initChain(chain.initChain))
            }
        }
    }

    @Test("the genesis is read from the file's JSON with any white space, and nothing else")
    func appState() throws {
        let genesis = try Chain().genesis
        let text = GenesisState.json(genesis)
        let spaced = text.replacing("{", with: " {\n\t").replacing(":", with: " : ") + "\r\n"
        let bytes = GenesisState.genesisBytes(in: Array(text.utf8))
        #expect(bytes == genesis.canonicalBytes)
        #expect(GenesisState.genesisBytes(in: Array(spaced.utf8)) == bytes)
        for wrong in [
            "", "{", "[]", text + "x", "{\"stoa_genesis\":\"zz\"}", "{\"stoa_genesis\":\"00\"",
            "{\"stoa_genesis\":\"00\",\"x\":1}", "{\"other\":\"00\"}", "{\"stoa_genesis\":00}",
        ] {
            #expect(GenesisState.genesisBytes(in: Array(wrong.utf8)) == nil, "\(wrong)")
        }
    }
}
