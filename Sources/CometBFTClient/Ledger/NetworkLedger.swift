public import AsyncHTTPClient
import CanonicalCoding
public import CometBFTTypes
import Identity
public import LedgerClient
public import LedgerCore
public import Logging
public import MarketTypes
import Synchronization

/// A ledger that a network of validators keeps, behind nodes of which none is trusted.
///
/// Whatever it says of the state, or of what became of a transaction, was checked against headers
/// that more than two thirds of the validators signed. Two things cannot be: the events of a
/// block, which validators do not sign, and whether a list is complete; both are a node's word.
public final class NetworkLedger: LedgerConnection {
    /// How long things may take.
    public struct Settings: Sendable {
        /// How often a node is asked whether something has happened.
        public var pollMilliseconds: Int64 = 200
        /// How often a transaction that waits is offered again.
        public var offerMilliseconds: Int64 = 5000
        /// How long a submission waits for its block.
        public var confirmSecondsMax: Int64 = 60
        /// How long an answer waits for the header that proves it.
        public var proofSecondsMax: Int64 = 15
        /// How long a follower waits for the next block before it asks anew.
        public var followSecondsMax: Int64 = 3600
        /// Whether each entry of a list is proven too; one question more for each.
        public var provesLists = false
        /// The most blocks that are searched for a transaction that a node may be hiding.
        public var searchedBlocksMax: UInt64 = 256
        /// The most accounts whose proven sequence is remembered.
        public var accountsMax = 1024
        /// The most transactions that may wait for their end, or were left without one and may
        /// still be in a block that would be searched.
        public var pendingMax = 4096
        /// How many outcomes are remembered, for those who ask again.
        public var outcomesMax = 256

        /// Creates the standard settings.
        public init() {}
    }

    struct State: Sendable {
        /// The latest state that was seen or acted in: no later answer may be older.
        var floor = BlockHeight(0)
        /// The last proven sequence of accounts, with the height of the proof.
        var sequences: [StateKey: (sequence: UInt64, height: BlockHeight)] = [:]
        /// Transactions whose end is unknown.
        var pending: [Digest: Pending] = [:]
        /// What became of transactions, the oldest first to be forgotten.
        var outcomes: [(hash: Digest, outcome: TransactionOutcome)] = []
        /// The rules' numbers as they were last proven, with the root of the state they stood in.
        var parameters: (root: Digest, value: LedgerParameters)?
    }

    /// A transaction whose end is unknown.
    struct Pending: Sendable {
        /// The height at which it was first offered.
        let from: BlockHeight
        /// The height after which no block holds it, or so many may that they are not searched.
        let until: BlockHeight
    }

    let genesis: Genesis
    let rpc: CometBFTRPC
    let settings: Settings
    let state = Mutex(State())
    /// Decides what is believed.
    public let light: LightClient

    /// Creates a connection to the network that began with `genesis`.
    public init(
        genesis: Genesis,
        rpc: CometBFTRPC,
        light: LightClient,
        settings: Settings = Settings()
    ) {
        self.genesis = genesis
        self.rpc = rpc
        self.light = light
        self.settings = settings
    }

    /// Creates a connection that trusts the genesis' validators and asks the nodes at `urls`.
    ///
    /// - Throws: ``LightRefusal`` if the genesis names no validators.
    public convenience init(
        genesis: Genesis,
        urls: [String],
        client: HTTPClient,
        store: any TrustStore = MemoryTrustStore(),
        settings: Settings = Settings(),
        logger: Logger = Logger(label: "stoa.light")
    ) throws(LightRefusal) {
        let rpc = CometBFTRPC(urls: urls, client: client)
        let light = LightClient(
            rpc: rpc,
            chainName: EngineChainName(genesis.chain).text,
            anchor: try .genesis(genesis),
            store: store,
            logger: logger
        )
        self.init(genesis: genesis, rpc: rpc, light: light, settings: settings)
    }

    /// The chain as of the latest state that is proven: one block behind the latest header.
    ///
    /// The name comes from the genesis. So do the parameters before the first block; later a vote
    /// may have changed them, and they are read and proven unless the state is still the same.
    public func status() async throws(LedgerClientError) -> LedgerStatus {
        do throws(RPCFailure) {
            let latest = try await light.latest()
            let root = try Self.root(of: latest)
            let height = BlockHeight(latest.height.rawValue - 1)
            var time = genesis.time
            if height.rawValue > 0 {
                let block = try await light.block(at: height)
                time = block.header.time.timestamp ?? genesis.time
            }
            return LedgerStatus(
                chain: genesis.chain,
                name: genesis.name,
                height: height,
                time: time,
                stateRoot: root,
                parameters: height.rawValue > 0
                    ? try await parameters(inStateOf: root) : genesis.parameters
            )
        } catch {
            throw error.asLedgerError
        }
    }

    /// The rules' numbers in the state with this root, or in a later one.
    private func parameters(inStateOf root: Digest) async throws(RPCFailure) -> LedgerParameters {
        if let known = state.withLock({ $0.parameters }), known.root == root { return known.value }
        let entry = try await readProven(.parameters)
        guard let bytes = entry.value else { return genesis.parameters }
        guard let value = try? LedgerParameters(canonicalBytes: bytes) else {
            throw RPCFailure(.unproven, "the network's numbers are none that this program knows")
        }
        let proven = try Self.root(of: entry.block)
        state.withLock { $0.parameters = (proven, value) }
        return value
    }

    /// The verified block at `height`: for proofs that leave this process.
    public func lightBlock(
        at height: BlockHeight
    ) async throws(LedgerClientError) -> LightBlock {
        do throws(RPCFailure) {
            return try await light.block(at: height)
        } catch {
            throw error.asLedgerError
        }
    }

    /// The state root that a header carries: of the state after the block before it.
    static func root(of block: LightBlock) throws(RPCFailure) -> Digest {
        guard let root = Digest(bytes: block.header.appHash) else {
            throw RPCFailure(.unproven, "the network's application is not a Stoa ledger")
        }
        return root
    }

    /// The block at `height`, waiting until there is one.
    func awaitBlock(
        at height: BlockHeight,
        secondsMax: Int64
    ) async throws(RPCFailure) -> LightBlock {
        let deadline = ContinuousClock.now + .seconds(secondsMax)
        while true {
            do throws(RPCFailure) {
                return try await light.block(at: height)
            } catch {
                guard error.code == .notYet, ContinuousClock.now < deadline else { throw error }
            }
            try await pause()
        }
    }

    func pause() async throws(RPCFailure) {
        do {
            try await Task.sleep(for: .milliseconds(settings.pollMilliseconds))
        } catch {
            throw RPCFailure(.unreachable, "the question was called off")
        }
    }
}

extension RPCFailure {
    var asLedgerError: LedgerClientError {
        switch code {
        case .unreachable, .notYet: LedgerClientError(.unreachable, message)
        case .answeredError: LedgerClientError(.badRequest, message)
        case .malformedAnswer, .unproven, .conflict, .trustExpired:
            LedgerClientError(.malformedAnswer, message)
        }
    }
}
