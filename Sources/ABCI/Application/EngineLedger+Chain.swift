import CanonicalCoding
import Consensus
import LedgerCore
import LedgerStore
import MarketTypes
import Synchronization

extension EngineLedger {
    /// Where the last durable commit stands, and nothing later.
    func info() throws -> InfoResponse {
        let last = try application.store.last()
        var response = InfoResponse()
        response.data = application.genesis.name
        response.version = configuration.version
        response.appVersion = Self.appVersion
        response.lastBlockHeight = Int64(clamping: last.height.rawValue)
        response.lastBlockAppHash = last.root.bytes
        return response
    }

    /// Checks that the engine's genesis file is this ledger's, and tells it the first set.
    ///
    /// Nothing is written, so it can come again, as it does when either side lost its data.
    func initChain(_ request: InitChainRequest) throws -> InitChainResponse {
        try order.withLock { order in
            let last = try application.store.last()
            guard last.height == BlockHeight(0) else {
                throw EngineViolation.alreadyBegun(at: last.height)
            }
            try checkGenesis(request)
            var response = InitChainResponse()
            response.validators = try EngineValidatorUpdate.list(
                application.genesis.validatorUpdates
            )
            response.appHash = last.root.bytes
            order.isBegun = true
            order.finalized = nil
            return response
        }
    }

    private func checkGenesis(_ request: InitChainRequest) throws(EngineViolation) {
        let name = EngineChainName(application.chain)
        guard request.chainID == name.text else {
            throw .wrongChain(expected: name, given: request.chainID)
        }
        let genesis = GenesisState.genesisBytes(in: request.appState)
        guard genesis == application.genesis.canonicalBytes else { throw .wrongGenesis }
        guard request.initialHeight == 1 else {
            throw .wrongInitialHeight(request.initialHeight)
        }
        guard let time = Timestamp(request.time), time >= application.genesis.time else {
            throw .wrongTime(request.time)
        }
        guard let params = request.consensusParams else { return }
        let blockBytes = params.block?.maxBytes ?? 0
        guard (1...Self.blockBytesMax).contains(blockBytes) else {
            throw .unsupportedParameters(.blockBytes(blockBytes))
        }
        guard params.validator?.keyTypes.contains("ed25519") ?? true else {
            throw .unsupportedParameters(.keyTypes)
        }
        guard params.abci?.voteExtensionsEnableHeight ?? 0 == 0 else {
            throw .unsupportedParameters(.voteExtensions)
        }
    }
}
