import ABCI
import CanonicalCoding
import Consensus
import Foundation
import Identity
import LedgerCore
import LedgerStore
import MarketTypes
import Testing

/// A ledger in a directory of its own, which can be closed and opened again.
final class Chain: Sendable {
    static let alice = key("alice")
    static let bob = key("bob")
    /// The engine's genesis_time; the ledger's begins at the same moment.
    static let beginning = EngineTime(seconds: 1_763_856_000)

    let directory: String
    let genesis: Genesis

    init(name: String = "test") throws {
        directory = NSTemporaryDirectory() + "stoa-abci-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true
        )
        let rich = Amount(obol: 1_000_000_000_000)
        let made = Genesis(
            name: name,
            time: Timestamp(milliseconds: UInt64(Self.beginning.seconds) * 1000),
            sequencer: Self.key("sequencer").publicKey,
            parameters: LedgerParameters(
                feeMinimum: Amount(obol: 10),
                feePerByte: .zero,
                closingDelayBlocks: 5,
                unbondingDelayBlocks: 5
            ),
            allocations: [
                .init(account: Self.alice.accountID, amount: rich),
                .init(account: Self.bob.accountID, amount: rich),
            ]
        )
        genesis = try #require(made)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    static func key(_ name: String) -> SigningKey {
        guard let key = SigningKey(seed: Digest(sha256: Array(name.utf8)).bytes) else {
            preconditionFailure("no secure memory")
        }
        return key
    }

    /// Opens the ledger in a folder of this chain, as a process that starts does.
    func open(
        _ node: String = "node",
        stateSync: (any StateSyncing)? = nil,
        configuration: EngineLedger.Configuration = .init()
    ) throws -> EngineLedger {
        var store = LedgerStoreConfiguration(directory: directory + "/" + node)
        store.mapBytesMax = 64 << 20
        return try EngineLedger(
            application: LedgerApplication(store: opened(store), genesis: genesis),
            stateSync: stateSync,
            configuration: configuration
        )
    }

    /// A process that ended holds no lock any more; here its last task may still be ending.
    private func opened(_ configuration: LedgerStoreConfiguration) throws -> LedgerStore {
        for _ in 0..<200 {
            do {
                return try LedgerStore(configuration: configuration)
            } catch StoreError.inUse {
                usleep(10_000)
            }
        }
        throw StoreError.inUse
    }

    func transfer(
        _ from: SigningKey,
        _ sequence: UInt64,
        to: SigningKey = Chain.bob,
        _ obol: UInt128 = 5,
        validUntil: UInt64 = 1000
    ) -> [UInt8] {
        from.sign(
            Transaction(
                chain: genesis.chain,
                sender: from.accountID,
                sequence: sequence,
                fee: Amount(obol: 10),
                validUntil: BlockHeight(validUntil),
                messages: [
                    .transfer(
                        to: to.accountID,
                        denomination: .native,
                        amount: Amount(obol: obol)
                    )
                ]
            )
        ).signed.canonicalBytes
    }

    /// What the engine says at the start, from a genesis file that is right.
    var initChain: InitChainRequest {
        var request = InitChainRequest()
        request.time = Self.beginning
        request.chainID = EngineChainName(genesis.chain).text
        request.appState = Array(GenesisState.json(genesis).utf8)
        request.initialHeight = 1
        var params = ConsensusParams()
        var block = BlockParams()
        block.maxBytes = 16 << 20
        block.maxGas = -1
        var keys = ValidatorParams()
        keys.keyTypes = ["ed25519"]
        params.block = block
        params.evidence = EvidenceParams()
        params.validator = keys
        params.version = VersionParams()
        params.abci = ExtensionParams()
        request.consensusParams = params
        return request
    }

    /// A decided block as the engine hands it over.
    func block(
        _ height: Int64,
        _ transactions: [[UInt8]] = [],
        nanos: Int32 = 999_999_999
    ) -> BlockRequest {
        var block = BlockRequest()
        block.transactions = transactions
        block.height = height
        block.time = EngineTime(seconds: Self.beginning.seconds + height, nanos: nanos)
        block.hash = [UInt8](repeating: UInt8(truncatingIfNeeded: height), count: 32)
        block.proposerAddress = [UInt8](repeating: 7, count: 20)
        return block
    }
}

extension EngineLedger {
    func account(_ key: SigningKey) throws -> Account {
        guard let bytes = application.store.value(for: .account(key.accountID)) else {
            return .unused
        }
        return try Account(canonicalBytes: bytes)
    }

    var head: StoredHead { get throws { try application.store.last() } }
}
