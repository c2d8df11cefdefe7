public import Consensus
import LedgerCore
import LedgerStore
public import MarketTypes
import Synchronization

/// The ledger as an ABCI 2.0 engine sees it (docs/spec/abci.md).
///
/// ```
///               ┌────────────── again after a crash ─────────────┐
/// InitChain ──▶ (Prepare | Process)* ──▶ FinalizeBlock ──▶ Commit ┴▶ the next height
/// ```
/// Calls that move the chain take turns, whatever connection they come on; CheckTx and Query go
/// on beside them, on the last committed state. Only Commit writes, and what it answers is
/// durable. A call out of order throws ``EngineViolation`` and changes nothing.
public final class EngineLedger: EngineApplication {
    /// The version that every header carries; it changes together with the rules.
    public static let appVersion: UInt64 = 1
    /// The largest block that an engine may be configured for, in bytes.
    ///
    /// It leaves a frame of ``ABCIServer/Configuration/frameBytesMax`` room for votes and evidence.
    public static let blockBytesMax: Int64 = 32 << 20

    /// What an engine is told besides the ledger's state.
    public struct Configuration: Sendable {
        /// How many blocks the engine must keep; nil for all of them.
        public var retainedBlocksMin: UInt64?
        /// The program's version, for people.
        public var version = ""
        /// The last count of all money in the state against the supply, as JSON, with the height
        /// whose state was counted; nil where that is not offered.
        ///
        /// It must answer at once, without counting: other questions wait for it.
        public var supplyReport: (@Sendable () -> (height: BlockHeight, report: [UInt8])?)?

        /// Creates the standard configuration: every block is kept.
        public init() {}
    }

    struct Order {
        /// Whether the engine has shown that it orders this chain.
        var isBegun: Bool
        /// What Commit would make durable.
        var finalized: Finalized?
    }

    struct Finalized {
        let connection: ConnectionNumber
        let context: BlockContext
    }

    /// The ledger that is driven.
    public let application: LedgerApplication
    let stateSync: (any StateSyncing)?
    let configuration: Configuration
    let order: Mutex<Order>
    private let lastBlock: Mutex<BlockContext>

    /// Opens the ledger for an engine; `stateSync` gives and takes snapshots, nil for none.
    ///
    /// - Throws: what reading the store throws.
    public init(
        application: LedgerApplication,
        stateSync: (any StateSyncing)? = nil,
        configuration: Configuration = Configuration()
    ) throws {
        self.application = application
        self.stateSync = stateSync
        self.configuration = configuration
        let last = try application.store.last()
        order = Mutex(Order(isBegun: last.height > BlockHeight(0), finalized: nil))
        lastBlock = Mutex(BlockContext(height: last.height, time: last.time))
    }

    /// The last committed block.
    var last: BlockContext { lastBlock.withLock { $0 } }

    func setLast(_ context: BlockContext) { lastBlock.withLock { $0 = context } }

    public func answer(
        _ request: EngineRequest,
        on connection: ConnectionNumber
    ) throws -> EngineResponse {
        switch request {
        case .echo(let message): .echo(message)
        case .flush: .flush
        case .info: .info(try info())
        case .initChain(let request): .initChain(try initChain(request))
        case .query(let request): .query(query(request))
        case .checkTransaction(let request): .checkTransaction(check([request])[0])
        case .commit: .commit(try commit(on: connection))
        case .listSnapshots: .listSnapshots(try listSnapshots())
        case .offerSnapshot(let request): .offerSnapshot(try offerSnapshot(request))
        case .loadSnapshotChunk(let request): .loadSnapshotChunk(try loadChunk(request))
        case .applySnapshotChunk(let request): .applySnapshotChunk(try applyChunk(request))
        case .prepareProposal(let request): .prepareProposal(try prepare(request))
        case .processProposal(let request): .processProposal(try process(request))
        case .extendVote: .extendVote(BytesResponse())
        case .verifyVoteExtension(let request): .verifyVoteExtension(verify(request))
        case .finalizeBlock(let request):
            .finalizeBlock(try finalize(request, on: connection))
        }
    }

    /// CheckTx: signatures of what is new are checked together, on all cores; what the engine
    /// checks again after a block was checked before.
    public func check(_ requests: [CheckTransactionRequest]) -> [ExecutionResult] {
        let last = last
        guard let height = last.height.advanced(byBlocks: 1) else {
            return requests.map { _ in ExecutionResult(refusal: .expired) }
        }
        let context = BlockContext(height: height, time: last.time)
        let new = requests.filter { $0.kind == .new }.map(\.transaction)
        var verified = application.verifyAll(new)[...]
        return requests.map { request in
            do throws(TransactionRefusal) {
                switch request.kind {
                case .recheck: try application.recheck(request.transaction, at: context)
                case .new:
                    guard let transaction = verified.popFirst() else { return .accepted }
                    try application.check(try transaction.get(), at: context)
                }
                return .accepted
            } catch {
                return ExecutionResult(refusal: error)
            }
        }
    }

    /// Forgets what a connection left unfinished: FinalizeBlock without Commit.
    public func closed(_ connection: ConnectionNumber) {
        order.withLock { order in
            if order.finalized?.connection == connection { order.finalized = nil }
        }
    }

    /// Adds no extension to votes, and accepts none from others.
    private func verify(_ request: VerifyVoteExtensionRequest) -> VerdictResponse {
        VerdictResponse(request.voteExtension.isEmpty ? .accept : .reject)
    }
}
