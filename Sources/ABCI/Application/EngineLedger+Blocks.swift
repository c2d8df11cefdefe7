import Consensus
import LedgerCore
import MarketTypes
import ProtobufWire
import Synchronization

extension EngineLedger {
    /// Chooses what goes into a block: what can run, up to the limits of the engine and of LED-4.
    func prepare(_ request: PrepareProposalRequest) throws -> PrepareProposalResponse {
        try order.withLock { order in
            let context = try next(request.height, request.time, order)
            let limit = Int(clamping: max(request.maxTransactionBytes, 0))
            var response = PrepareProposalResponse()
            response.transactions = application.prepare(
                request.transactions,
                at: context,
                bytesMax: min(limit, Block.bytesMax),
                byteCount: Self.byteCount
            )
            return response
        }
    }

    /// What a transaction counts for in the engine's limit: itself, its length, a field's key.
    ///
    /// One byte too many stops the engine.
    static func byteCount(_ transaction: [UInt8]) -> Int {
        let count = transaction.count
        return 1 + ProtobufWriter.varintByteCount(UInt64(count)) + count
    }

    /// Judges a block by itself and the last committed state alone, so that all nodes agree.
    ///
    /// A transaction that cannot run any more is no reason to reject: it will be refused in the
    /// block. Whatever ``prepare(_:)`` made is accepted.
    func process(_ request: BlockRequest) throws -> VerdictResponse {
        try order.withLock { order in
            do {
                _ = try next(request.height, request.time, order)
            } catch EngineViolation.wrongTime {
                return VerdictResponse(.reject)
            }
            let isValid = application.process(
                request.transactions,
                bytesMax: Block.bytesMax
            )
            return VerdictResponse(isValid ? .accept : .reject)
        }
    }

    /// Executes a decided block, writing nothing; the same again gives the same again.
    func finalize(
        _ request: BlockRequest,
        on connection: ConnectionNumber
    ) throws -> FinalizeBlockResponse {
        try order.withLock { order in
            let context = try next(request.height, request.time, order)
            guard request.transactions.count <= Block.transactionsMax else {
                throw EngineViolation.tooManyTransactions
            }
            let report = try EngineReport(request)
            order.finalized = nil
            let block = try application.finalize(
                request.transactions,
                at: context,
                report: report
            )
            var response = FinalizeBlockResponse()
            response.events = block.events.map { EngineEvent($0) }
            response.results = block.results.map { ExecutionResult($0) }
            response.validatorUpdates = try EngineValidatorUpdate.list(block.validatorUpdates)
            response.appHash = block.stateRoot.bytes
            order.finalized = Finalized(connection: connection, context: context)
            return response
        }
    }

    /// Makes the finalized block durable before it answers.
    ///
    /// If that fails the block is still the engine's: the exception ends the engine, and when it
    /// is back it sees from Info that it must finalize the block again.
    func commit(on connection: ConnectionNumber) throws -> CommitResponse {
        try order.withLock { order in
            guard let finalized = order.finalized, finalized.connection == connection else {
                throw EngineViolation.nothingFinalized
            }
            order.finalized = nil
            try application.commit(block: nil)
            setLast(finalized.context)
            application.restartAdmission()
            let height = finalized.context.height
            stateSync?.committed(height: height)
            var response = CommitResponse()
            if let kept = configuration.retainedBlocksMin, height.rawValue > max(kept, 1) {
                response.retainHeight = Int64(clamping: height.rawValue - max(kept, 1) + 1)
            }
            return response
        }
    }

    /// The context of the block that must come next, if it is the one that came.
    private func next(
        _ height: Int64,
        _ time: EngineTime,
        _ order: borrowing Order
    ) throws(EngineViolation) -> BlockContext {
        guard order.isBegun else { throw .notBegun }
        let last = last
        let expected = last.height.advanced(byBlocks: 1) ?? last.height
        guard UInt64(exactly: height) == expected.rawValue, expected > last.height else {
            throw .wrongHeight(expected: expected, given: height)
        }
        guard let moment = Timestamp(time), moment >= last.time else { throw .wrongTime(time) }
        return BlockContext(height: expected, time: moment)
    }
}
