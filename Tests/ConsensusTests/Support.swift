import CanonicalCoding
import Consensus
import Foundation
import Identity
import LedgerCore
import LedgerStore
import Logging
import MarketTypes
import Synchronization
import Testing

/// A ledger in a directory of its own, which can be closed and opened again.
final class Market: Sendable {
    static let alice = key("alice")
    static let bob = key("bob")
    static let sequencer = key("sequencer")

    let directory: String
    let genesis: Genesis

    init(closingDelayBlocks: UInt64 = 5) throws {
        directory = NSTemporaryDirectory() + "stoa-consensus-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true
        )
        let rich = Amount(obol: 1_000_000_000_000)
        let made = Genesis(
            name: "test",
            time: Timestamp(milliseconds: 1000),
            sequencer: Self.sequencer.publicKey,
            parameters: LedgerParameters(
                feeMinimum: Amount(obol: 10),
                feePerByte: .zero,
                closingDelayBlocks: closingDelayBlocks,
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

    func application() throws -> LedgerApplication {
        var configuration = LedgerStoreConfiguration(directory: directory)
        configuration.mapBytesMax = 64 << 20
        return try LedgerApplication(
            store: try LedgerStore(configuration: configuration),
            genesis: genesis
        )
    }

    func sequencer(
        _ application: LedgerApplication,
        _ change: (inout Sequencer.Configuration) -> Void = { _ in }
    ) throws -> Sequencer {
        var configuration = Sequencer.Configuration()
        configuration.tick = .milliseconds(5)
        change(&configuration)
        return try Sequencer(
            application: application,
            key: Self.sequencer,
            configuration: configuration,
            logger: Logger(label: "test"),
            now: { Timestamp(milliseconds: 2000) }
        )
    }

    /// Runs `body` beside a running sequencer.
    @discardableResult
    func running<Output: Sendable>(
        _ sequencer: Sequencer,
        _ body: @Sendable (Sequencer) async throws -> Output
    ) async throws -> Output {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await sequencer.run() }
            let output = try await body(sequencer)
            group.cancelAll()
            return output
        }
    }

    func transfer(
        _ from: SigningKey,
        _ sequence: UInt64,
        to: SigningKey,
        _ obol: UInt128 = 5,
        validUntil: UInt64 = 1000,
        fee: UInt128 = 10,
        chain: ChainID? = nil
    ) -> [UInt8] {
        sign(
            from,
            sequence,
            [
                .transfer(
                    to: to.accountID,
                    denomination: .native,
                    amount: Amount(obol: obol)
                )
            ],
            validUntil: validUntil,
            fee: fee,
            chain: chain
        )
    }

    func sign(
        _ from: SigningKey,
        _ sequence: UInt64,
        _ messages: [Message],
        validUntil: UInt64 = 1000,
        fee: UInt128 = 10,
        chain: ChainID? = nil
    ) -> [UInt8] {
        from.sign(
            Transaction(
                chain: chain ?? genesis.chain,
                sender: from.accountID,
                sequence: sequence,
                fee: Amount(obol: fee),
                validUntil: BlockHeight(validUntil),
                messages: messages
            )
        ).signed.canonicalBytes
    }
}

extension LedgerApplication {
    func account(_ key: SigningKey) throws -> Account {
        guard let bytes = store.value(for: .account(key.accountID)) else { return .unused }
        return try Account(canonicalBytes: bytes)
    }
}
