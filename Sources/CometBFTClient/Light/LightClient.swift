public import CometBFTTypes
import FoundationEssentials
public import Logging
public import MarketTypes
import Synchronization

/// Follows a network by its headers alone, and believes only what its validators signed.
///
/// It begins at an anchor that its owner trusts, verifies later blocks by ``LightVerifier``,
/// skipping where enough of the old validators still sign and going through the blocks between
/// where they do not, and compares what it found with other nodes. Two blocks of one height that
/// both verify are an attack: then it stops for good (docs/spec/light-client.md, LGT-8 to LGT-13).
public final class LightClient: Sendable {
    /// What the owner trusts without proof.
    public enum Anchor: Hashable, Sendable {
        /// The validators of the genesis, who sign the first block.
        case genesis(ValidatorSet)
        /// A block, by its height and its header's hash, from somebody who is trusted.
        case block(height: BlockHeight, hash: Digest)
    }

    /// How a light client works.
    public struct Settings: Sendable {
        /// For how long trust lasts.
        public var rules = TrustRules()
        /// Whether blocks may be skipped; otherwise each one is verified from the one before.
        public var skips = true
        /// The most verified blocks that are kept in memory.
        public var trustedBlocksMax = 512
        /// The most blocks that are fetched to verify one.
        public var fetchesMax = 2048
        /// The most headers that are followed back from a trusted one.
        public var backwardStepsMax = 10_000
        /// With how many other nodes a new block is compared, if there are as many.
        public var witnessesMax = 2

        /// Creates the standard settings.
        public init() {}
    }

    struct State: Sendable {
        var trusted: TrustedBlocks
        var alarm: RPCFailure?
    }

    let rpc: CometBFTRPC
    let chainName: String
    let settings: Settings
    let logger: Logger
    let state: Mutex<State>
    private let anchor: Anchor
    private let store: any TrustStore
    private let clock: @Sendable () -> BlockTime

    /// Creates a client of the network that the engine calls `chainName`.
    ///
    /// `clock` says what time it is: the system's unless a test says otherwise.
    public init(
        rpc: CometBFTRPC,
        chainName: String,
        anchor: Anchor,
        store: any TrustStore = MemoryTrustStore(),
        settings: Settings = Settings(),
        logger: Logger = Logger(label: "stoa.light"),
        clock: @escaping @Sendable () -> BlockTime = { LightClient.systemTime() }
    ) {
        self.rpc = rpc
        self.chainName = chainName
        self.anchor = anchor
        self.store = store
        self.settings = settings
        self.logger = logger
        self.clock = clock
        state = Mutex(State(trusted: TrustedBlocks(countMax: settings.trustedBlocksMax)))
    }

    /// What time the system says it is.
    public static func systemTime() -> BlockTime {
        let milliseconds = max(0, Date().timeIntervalSince1970 * 1000)
        return BlockTime(Timestamp(milliseconds: UInt64(milliseconds)))
    }

    var now: BlockTime { clock() }

    /// The latest block that was verified, without asking anybody.
    public var latestTrusted: LightBlock? { state.withLock { $0.trusted.latest } }

    /// The latest block of the network, verified; the latest known one if no node has a later.
    ///
    /// - Throws: ``RPCFailure``.
    public func latest() async throws(RPCFailure) -> LightBlock {
        let known = try await begin()
        await rpc.probe(chainName: chainName)
        do throws(RPCFailure) {
            return try await rpc.any { (endpoint) async throws(RPCFailure) -> LightBlock in
                let height = try await self.rpc.standing(of: endpoint, chainName: self.chainName)
                let best = self.latestTrusted ?? known
                guard height >= best.height else {
                    throw RPCFailure(.notYet, "a node is behind what is known")
                }
                guard height > best.height else { return best }
                do throws(RPCFailure) {
                    return try await self.verified(height, from: endpoint)
                } catch {
                    // It does not have the block that it claimed to have.
                    if error.code == .notYet { self.rpc.reportLie(of: endpoint) }
                    throw error
                }
            }
        } catch {
            guard error.code == .notYet else { throw error }
            return latestTrusted ?? known
        }
    }

    /// The block at `height`, verified.
    ///
    /// - Throws: ``RPCFailure``; `notYet` if no node has it.
    public func block(at height: BlockHeight) async throws(RPCFailure) -> LightBlock {
        _ = try await begin()
        if let known = state.withLock({ $0.trusted.block(at: height) }) { return known }
        return try await rpc.any { (endpoint) async throws(RPCFailure) -> LightBlock in
            try await self.verified(height, from: endpoint)
        }
    }

    /// The latest trusted block, from memory, the store or the anchor.
    private func begin() async throws(RPCFailure) -> LightBlock {
        let (alarm, known) = state.withLock { ($0.alarm, $0.trusted.latest) }
        if let alarm { throw alarm }
        if let known { return known }
        if let kept = try load() {
            try keep([kept])
            return kept
        }
        let first = try await rpc.any { (endpoint) async throws(RPCFailure) -> LightBlock in
            try await self.anchored(from: endpoint)
        }
        try keep([first])
        return first
    }

    private func load() throws(RPCFailure) -> LightBlock? {
        let kept: LightBlock?
        do {
            kept = try store.load()
            try kept?.verify(chainName: chainName)
        } catch {
            throw RPCFailure(.unproven, "the trusted block that was kept is damaged: \(error)")
        }
        guard let kept else { return nil }
        if case .block(let height, let hash) = anchor {
            // A newer anchor is what its owner trusts now; one of the same height must agree.
            if height > kept.height { return nil }
            guard height < kept.height || kept.header.hash == hash else {
                throw RPCFailure(.conflict, "the kept block is not the one that is trusted")
            }
        }
        return kept
    }

    private func anchored(from endpoint: Int) async throws(RPCFailure) -> LightBlock {
        switch anchor {
        case .genesis(let validators):
            let block = try await fetch(BlockHeight(1), from: endpoint, known: validators)
            guard block.header.validatorsHash == validators.hash else {
                throw RPCFailure(.unproven, "the first block has other validators than the genesis")
            }
            return block
        case .block(let height, let hash):
            let block = try await fetch(height, from: endpoint)
            guard block.header.hash == hash else {
                throw RPCFailure(.unproven, "the trusted height has another block")
            }
            return block
        }
    }

    /// Takes verified blocks, oldest first, and stops for good if one contradicts another.
    func keep(_ blocks: [LightBlock]) throws(RPCFailure) {
        let (conflict, grew) = state.withLock { state -> (RPCFailure?, LightBlock?) in
            let before = state.trusted.latest?.height
            for block in blocks {
                guard let other = state.trusted.insert(block) else { continue }
                let alarm = Self.conflict(block, other)
                state.alarm = alarm
                return (alarm, nil)
            }
            let latest = state.trusted.latest
            return (nil, latest?.height == before ? nil : latest)
        }
        if let conflict { throw conflict }
        guard let grew else { return }
        do {
            try store.save(grew)
        } catch {
            logger.warning("the trusted block could not be kept", metadata: ["error": "\(error)"])
        }
    }

    static func conflict(_ one: LightBlock, _ other: LightBlock) -> RPCFailure {
        RPCFailure(
            .conflict,
            "two signed blocks at height \(one.height.rawValue): "
                + "\(one.header.hash) and \(other.header.hash)"
        )
    }
}
