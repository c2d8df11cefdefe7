import LedgerCore

/// What `config.toml` tells the engine; what is not named keeps the engine's own default.
///
/// Every listener is on loopback unless told otherwise, and the engine's metrics are off.
public struct EngineConfiguration: Hashable, Sendable {
    /// How a state-syncing node trusts its first header.
    public struct StateSync: Hashable, Sendable {
        /// At least two RPC endpoints, `host:port`, that are asked for headers.
        public var servers: [String]
        /// A height whose header is known to be good.
        public var trustHeight: UInt64
        /// That header's hash, in hex.
        public var trustHash: String

        /// Creates a trust.
        public init(servers: [String], trustHeight: UInt64, trustHash: String) {
            self.servers = servers
            self.trustHeight = trustHeight
            self.trustHash = trustHash
        }
    }

    /// A name for people.
    public var name: String
    /// Where the application listens, `host:port`.
    public var application: String
    /// Where clients ask, `host:port`.
    public var rpc: String
    /// Where peers connect, `host:port`.
    public var peering: String
    /// The peers to keep a connection to, `id@host:port`.
    public var peers: [String]
    /// How long the engine waits after a block before it begins the next.
    public var blockIntervalMilliseconds: UInt64
    /// The most transactions that may wait for a block.
    public var mempoolTransactionsMax: Int
    /// The most bytes of transactions that may wait.
    public var mempoolBytesMax: Int
    /// How to begin without the history; nil to replay it.
    public var stateSync: StateSync?

    /// Creates a configuration for one machine.
    public init(
        name: String,
        application: String,
        rpc: String,
        peering: String,
        peers: [String],
        blockIntervalMilliseconds: UInt64 = 1000
    ) {
        self.name = name
        self.application = application
        self.rpc = rpc
        self.peering = peering
        self.peers = peers
        self.blockIntervalMilliseconds = blockIntervalMilliseconds
        mempoolTransactionsMax = 16_384
        mempoolBytesMax = 64 << 20
        stateSync = nil
    }

    /// The file's text.
    ///
    /// Peers on one machine share an address, which the engine refuses unless it is told; and
    /// nothing but the peers named is sought (`pex`).
    public var text: String {
        """
        # Written by stoa. Keys that are not named here keep the engine's own defaults.
        proxy_app = "tcp://\(application)"
        moniker = "\(name)"
        abci = "socket"
        db_backend = "goleveldb"
        log_level = "error"
        genesis_file = "config/genesis.json"
        priv_validator_key_file = "config/priv_validator_key.json"
        priv_validator_state_file = "data/priv_validator_state.json"
        node_key_file = "config/node_key.json"

        [rpc]
        laddr = "tcp://\(rpc)"

        [p2p]
        laddr = "tcp://\(peering)"
        persistent_peers = "\(peers.joined(separator: ","))"
        addr_book_strict = false
        allow_duplicate_ip = true
        pex = false

        [mempool]
        size = \(mempoolTransactionsMax)
        max_txs_bytes = \(mempoolBytesMax)
        cache_size = \(mempoolTransactionsMax * 2)
        max_tx_bytes = \(Transaction.bytesMax)

        [consensus]
        timeout_commit = "\(blockIntervalMilliseconds)ms"
        timeout_propose = "\(patience(3))ms"
        timeout_prevote = "\(patience(1))ms"
        timeout_precommit = "\(patience(1))ms"
        create_empty_blocks = true

        [tx_index]
        indexer = "kv"

        [instrumentation]
        prometheus = false

        [statesync]
        \(Self.text(of: stateSync))

        """
    }

    /// How long to wait for others: the engine's own so many seconds, or less where blocks are to
    /// come faster than one a second, as on one machine.
    private func patience(_ seconds: UInt64) -> UInt64 {
        min(1000, max(blockIntervalMilliseconds, 200)) * seconds
    }

    static func text(of stateSync: StateSync?) -> String {
        guard let stateSync else { return "enable = false" }
        return """
            enable = true
            rpc_servers = "\(stateSync.servers.joined(separator: ","))"
            trust_height = \(stateSync.trustHeight)
            trust_hash = "\(stateSync.trustHash)"
            trust_period = "168h0m0s"
            discovery_time = "5s"
            """
    }
}
