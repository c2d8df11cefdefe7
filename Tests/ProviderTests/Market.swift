import AsyncHTTPClient
import CanonicalCoding
import Foundation
import Identity
import LedgerClient
import LedgerCore
import Logging
import MarketTypes
import Provider
import ServiceLifecycle
import SettlementCore
import Synchronization
import Testing

/// A ledger with a seller, a buyer and one offer.
struct Market: Sendable {
    struct Unusable: Error {}

    /// Allows as many connections as the tests have calls at once.
    static let client = HTTPClient(
        eventLoopGroupProvider: .singleton,
        configuration: {
            var configuration = HTTPClient.Configuration()
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
            configuration.connectionPool.retryConnectionEstablishment = false
            configuration.redirectConfiguration = .disallow
            return configuration
        }()
    )

    static let now = Timestamp(milliseconds: 1_800_000_000_000)

    let ledger: MemoryLedger
    let seller: SigningKey
    let receiptKey: SigningKey
    let buyer: SigningKey
    let voucherKey: SigningKey
    let offer: Offer
    let channel: ChannelID

    static func key(_ number: UInt8) throws -> SigningKey {
        try #require(SigningKey(seed: Array(repeating: number, count: SigningKey.seedBytes)))
    }

    /// Makes a market; every price is per single unit.
    static func make(
        _ interface: CallInterface = .chat,
        prices: [(MarketTypes.Unit, UInt64)]? = nil,
        deposit: UInt64 = 1_000_000_000,
        lanes: UInt16 = 64,
        callMilliseconds: UInt32 = 60_000,
        closingDelayBlocks: UInt64 = 600
    ) async throws -> Market {
        let seller = try key(1)
        let buyer = try key(2)
        let allocations = [seller, buyer].map {
            Genesis.Allocation(account: $0.accountID, amount: Amount(obol: 10_000_000_000))
        }
        let parameters = LedgerParameters(
            feeMinimum: Amount(obol: 10),
            feePerByte: .zero,
            closingDelayBlocks: closingDelayBlocks,
            unbondingDelayBlocks: 10
        )
        let genesis = try #require(
            Genesis(
                name: "test",
                time: now,
                sequencer: try key(9).publicKey,
                parameters: parameters,
                allocations: allocations
            )
        )
        let ledger = MemoryLedger(genesis)
        let usual: [(MarketTypes.Unit, UInt64)] =
            interface == .chat ? [(.inputToken, 2), (.outputToken, 3)] : [(.call, 7)]
        let offer = try makeOffer(
            interface,
            prices ?? usual,
            seller: seller.accountID,
            receiptKey: try key(3).publicKey,
            callMilliseconds: callMilliseconds
        )
        try await AccountSession(key: seller, ledger: ledger).execute([
            .publishAsset(
                AssetPublication(
                    name: "tiny-model",
                    kind: .model,
                    licence: "MIT",
                    version: AssetVersion(content: offer.weights, metadataLink: "")
                )
            ),
            .publishOffer(offer),
        ])
        let voucherKey = try key(4)
        let channel = try await openChannel(
            ledger,
            buyer,
            seller.accountID,
            voucherKey.publicKey,
            deposit: deposit,
            lanes: lanes
        )
        return Market(
            ledger: ledger,
            seller: seller,
            receiptKey: try key(3),
            buyer: buyer,
            voucherKey: voucherKey,
            offer: offer,
            channel: channel
        )
    }

    static func openChannel(
        _ ledger: MemoryLedger,
        _ buyer: SigningKey,
        _ payee: AccountID,
        _ voucherKey: PublicKey,
        deposit: UInt64,
        lanes: UInt16
    ) async throws -> ChannelID {
        let session = AccountSession(key: buyer, ledger: ledger)
        let done = try await session.execute([
            .openChannel(
                ChannelOpening(
                    payee: payee,
                    denomination: .native,
                    deposit: Amount(obol: UInt128(deposit)),
                    voucherKey: voucherKey,
                    lanes: lanes
                )
            )
        ])
        return Channel.id(payer: buyer.accountID, sequence: done.sequence, messageIndex: 0)
    }

    static func makeOffer(
        _ interface: CallInterface,
        _ prices: [(MarketTypes.Unit, UInt64)],
        seller: AccountID,
        receiptKey: PublicKey,
        callMilliseconds: UInt32 = 60_000
    ) throws -> Offer {
        var table = SortedMap<MarketTypes.Unit, Price>()
        for (unit, amount) in prices {
            table[unit] = Price(amount: Amount(obol: UInt128(amount)), perUnits: 1)
        }
        return Offer(
            seller: seller,
            receiptKey: receiptKey,
            asset: Asset.id(owner: seller, name: "tiny-model"),
            assetVersion: 1,
            weights: Digest(sha256: [1, 2, 3]),
            model: "tiny-model",
            interface: interface,
            endpoint: "http://127.0.0.1:1",
            denomination: .native,
            prices: PriceTable(table),
            limits: OfferLimits(
                requestBytesMax: 4096,
                inputTokensMax: 1000,
                outputTokensMax: 64,
                templateTokensMax: 16,
                callMillisecondsMax: callMilliseconds
            ),
            verification: .receipt,
            bond: .zero,
            version: 1,
            supersedes: nil,
            expiresAt: Timestamp(milliseconds: now.milliseconds + 1_000_000)
        )
    }

    /// A configuration that serves the one offer from `upstream`, with a journal of its own.
    func configuration(upstream: String) throws -> ProviderConfiguration {
        var configuration = ProviderConfiguration()
        configuration.port = 0
        configuration.journalDirectory = try Self.temporaryDirectory()
        configuration.claims.shutdownTimeoutSeconds = 5
        let kind: UpstreamConfiguration.Kind = offer.interface == .json ? .json : .openai
        var service = ServiceConfiguration(
            offer: offer.id,
            upstream: UpstreamConfiguration(kind: kind, url: upstream, model: "inner-model")
        )
        service.concurrentCallsMax = 64
        configuration.services = [service]
        return configuration
    }

    static func temporaryDirectory() throws -> String {
        let path = FileManager.default.temporaryDirectory.path + "/provider-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true
        )
        return path
    }
}

extension Market {
    /// Runs a provider until `body` returns, and shuts it down gracefully.
    func serving(
        _ configuration: ProviderConfiguration,
        now: @escaping @Sendable () -> Timestamp = {
            Market.now
        },
        clock: VirtualClock? = nil,
        _ body: (Door) async throws -> Void
    ) async throws {
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        var uptime = ProviderService.systemUptime
        if let clock { uptime = { clock.nanoseconds } }
        let service = ProviderService(
            configuration: configuration,
            receiptKey: receiptKey,
            account: AccountSession(key: seller, ledger: ledger),
            ledger: ledger,
            httpClient: Self.client,
            logger: .silent,
            now: now,
            uptimeNanoseconds: uptime,
            onListening: { found.yield($0) }
        )
        let services = ServiceGroup(services: [service], logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { found.finish() }
                try await services.run()
            }
            for await port in ports {
                do {
                    try await body(
                        Door(market: self, url: "http://127.0.0.1:\(port)", services: services)
                    )
                } catch {
                    await services.triggerGracefulShutdown()
                    throw error
                }
                break
            }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }

    /// Runs an upstream and a provider before it.
    func serving(
        clock: VirtualClock? = nil,
        change: (inout ProviderConfiguration) -> Void = { _ in },
        _ body: (Door, FakeUpstream) async throws -> Void
    ) async throws {
        try await FakeUpstream.run { upstream, url in
            var configuration = try self.configuration(upstream: url)
            change(&configuration)
            try await serving(configuration, clock: clock) { door in
                try await body(door, upstream)
            }
        }
    }

    /// What the ledger paid the seller from the channel.
    func paid(from channel: ChannelID? = nil) async throws -> Amount {
        try await ledger.channel(channel ?? self.channel)?.paid ?? .zero
    }
}

/// A clock that a test moves: what is counted by it does not depend on how busy the machine is.
final class VirtualClock: Sendable {
    private let elapsed = Atomic<UInt64>(1_000_000_000)

    var nanoseconds: UInt64 { elapsed.load(ordering: .sequentiallyConsistent) }

    func advance(milliseconds: UInt64) {
        elapsed.add(milliseconds * 1_000_000, ordering: .sequentiallyConsistent)
    }
}

/// Waits for something that other tasks bring about; the time limit of the test bounds it.
func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() {
        try Task.checkCancellation()
        await Task.yield()
    }
}
