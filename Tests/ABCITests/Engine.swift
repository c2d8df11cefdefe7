import ABCI
import LedgerCore
import MarketTypes
import Testing

/// What an engine keeps on disk: its blocks, its state, and the last answers.
struct EngineDisk: Sendable {
    var blocks: [BlockRequest] = []
    var stateHeight = 0
    var appHash: [UInt8] = []
    var saved: FinalizeBlockResponse?
    /// Every answer to FinalizeBlock by height, to compare replays with.
    var answers: [Int: FinalizeBlockResponse] = [:]
}

/// Where an engine can die within one height, in the order of its own steps.
enum CrashPoint: CaseIterable, Sendable {
    case blockStored
    case finalized
    case responseSaved
    case committed
    case stateSaved
}

/// The engine died on purpose.
struct Crash: Error {}

/// The engine's side of the protocol, after CometBFT 0.38's handshake and block execution.
final class Engine {
    let chain: Chain
    var disk: EngineDisk
    var mempool: [[UInt8]] = []
    let query: EngineSocket
    let snapshot: EngineSocket
    let checks: EngineSocket
    let consensus: EngineSocket
    private(set) var initChainCalls = 0
    private(set) var replayed: [Int64] = []

    /// Opens the four connections in the engine's order.
    init(_ chain: Chain, port: Int, disk: EngineDisk = EngineDisk()) async throws {
        self.chain = chain
        self.disk = disk
        query = try await EngineSocket(port: port)
        snapshot = try await EngineSocket(port: port)
        checks = try await EngineSocket(port: port)
        consensus = try await EngineSocket(port: port)
    }

    func close() async {
        for socket in [query, snapshot, checks, consensus] { await socket.close() }
    }

    func info() async throws -> InfoResponse {
        guard case .info(let info) = try await query.call(.info(InfoRequest())) else {
            throw EngineStopped(reason: "not info")
        }
        return info
    }

    /// The handshake: compares heights and replays what the application lacks.
    func handshake() async throws {
        let info = try await info()
        let (app, store) = (Int(info.lastBlockHeight), disk.blocks.count)
        if app == 0 {
            initChainCalls += 1
            guard case .initChain(let begun) = try await consensus.call(.initChain(chain.initChain))
            else { throw EngineStopped(reason: "not initChain") }
            if disk.stateHeight == 0 { disk.appHash = begun.appHash }
        }
        guard app <= store else { throw EngineStopped(reason: "the application is ahead") }
        if app == store, store == disk.stateHeight + 1, let saved = disk.saved {
            // The application has the block; the engine goes by what it answered then.
            save(saved)
        }
        for height in app..<store {
            let answer = try await finalize(disk.blocks[height])
            replayed.append(Int64(height + 1))
            try await commit()
            if height + 1 > disk.stateHeight { save(answer) }
        }
        let hash = try await self.info().lastBlockAppHash
        guard hash == disk.appHash else { throw EngineStopped(reason: "app hash mismatch") }
    }

    /// Offers a transaction; it waits if CheckTx accepts it.
    @discardableResult
    func broadcast(_ transaction: [UInt8]) async throws -> UInt32 {
        let request: CheckTransactionRequest = made { $0.transaction = transaction }
        guard case .checkTransaction(let result) = try await checks.call(.checkTransaction(request))
        else { throw EngineStopped(reason: "not checkTx") }
        if result.code == 0 { mempool.append(transaction) }
        return result.code
    }

    /// Makes one block as its proposer.
    @discardableResult
    func produce(crash: CrashPoint? = nil) async throws -> FinalizeBlockResponse {
        let block = try await propose()
        return try await apply(block, crash: crash)
    }

    /// Prepares and judges the next block.
    func propose(maxBytes: Int64 = 1 << 20) async throws -> BlockRequest {
        var block = chain.block(Int64(disk.blocks.count + 1))
        if block.height > 1 { block.lastCommit = votes }
        let prepared = try await prepare(mempool, maxBytes: maxBytes)
        block.transactions = prepared
        #expect(try await process(block) == .accept)
        return block
    }

    private var votes: CommitInfo {
        made {
            $0.votes = [
                VoteInfo(
                    validator: EngineValidator(
                        address: [UInt8](repeating: 7, count: 20),
                        power: 10
                    ),
                    flag: .commit
                )
            ]
        }
    }

    func prepare(_ candidates: [[UInt8]], maxBytes: Int64 = 1 << 20) async throws -> [[UInt8]] {
        let block = chain.block(Int64(disk.blocks.count + 1))
        let request: PrepareProposalRequest = made {
            $0.maxTransactionBytes = maxBytes
            $0.transactions = candidates
            $0.height = block.height
            $0.time = block.time
        }
        let reply = try await consensus.call(.prepareProposal(request))
        guard case .prepareProposal(let prepared) = reply else {
            throw EngineStopped(reason: "not prepareProposal")
        }
        return prepared.transactions
    }

    func process(_ block: BlockRequest) async throws -> ProposalVerdict {
        guard case .processProposal(let answer) = try await consensus.call(.processProposal(block))
        else { throw EngineStopped(reason: "not processProposal") }
        return answer.verdict
    }

    func finalize(_ block: BlockRequest) async throws -> FinalizeBlockResponse {
        guard case .finalizeBlock(let answer) = try await consensus.call(.finalizeBlock(block))
        else { throw EngineStopped(reason: "not finalizeBlock") }
        #expect(answer.results.count == block.transactions.count)
        if let before = disk.answers.updateValue(answer, forKey: Int(block.height)) {
            #expect(before == answer, "a replayed block must give the same answer")
        }
        return answer
    }

    @discardableResult
    func commit() async throws -> CommitResponse {
        guard case .commit(let answer) = try await consensus.call(.commit) else {
            throw EngineStopped(reason: "not commit")
        }
        return answer
    }

    /// Executes a decided block in the engine's order of steps, and dies where it is told to.
    @discardableResult
    func apply(_ block: BlockRequest, crash: CrashPoint? = nil) async throws
        -> FinalizeBlockResponse
    {
        disk.blocks.append(block)
        if crash == .blockStored { throw Crash() }
        let answer = try await finalize(block)
        if crash == .finalized { throw Crash() }
        disk.saved = answer
        if crash == .responseSaved { throw Crash() }
        #expect(try await checks.call(.flush) == .flush)
        try await commit()
        if crash == .committed { throw Crash() }
        save(answer)
        if crash == .stateSaved { throw Crash() }
        mempool.removeAll { block.transactions.contains($0) }
        try await recheck()
        return answer
    }

    private func save(_ answer: FinalizeBlockResponse) {
        disk.stateHeight += 1
        disk.appHash = answer.appHash
        disk.saved = nil
    }

    /// Checks again what still waits: all together, then one Flush.
    func recheck() async throws {
        try await checks.send(
            mempool.map { transaction in
                .checkTransaction(
                    made {
                        $0.transaction = transaction
                        $0.kind = .recheck
                    }
                )
            } + [.flush]
        )
        var kept: [[UInt8]] = []
        for transaction in mempool {
            guard case .checkTransaction(let result)? = try await checks.receive() else {
                throw EngineStopped(reason: "not checkTx")
            }
            if result.code == 0 { kept.append(transaction) }
        }
        #expect(try await checks.receive() == .flush)
        mempool = kept
    }

    func ask(_ path: String, _ data: [UInt8] = [], prove: Bool = false) async throws
        -> QueryResponse
    {
        let request: QueryRequest = made {
            $0.path = path
            $0.data = data
            $0.prove = prove
        }
        guard case .query(let answer) = try await query.call(.query(request)) else {
            throw EngineStopped(reason: "not query")
        }
        return answer
    }
}
