import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import Gateway
import Identity
import LedgerClient
import LedgerCore
import LedgerNode
import Logging
import MarketTypes
import Provider
import ServiceLifecycle

struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "run a whole market on this machine: ledger, buyer's gateway, and what you sell",
        discussion: """
            On first run it makes a chain, two wallets (seller and buyer, a million STOA each) \
            and a passphrase, all in the home directory. What `stoa sell --publish-only` \
            configured is served too.

            EXAMPLE
              stoa up
              stoa sell my-model --wallet seller --upstream http://127.0.0.1:8080 --price-in 20
            """
    )

    @Option(help: "the port of the ledger node; 0 takes a free one")
    var nodePort = 26600
    @Option(help: "the port of the buyer's gateway; 0 takes a free one")
    var port = 8090
    @OptionGroup var options: ConnectOptions
    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try prepare()
        let logger = serviceLogger("up")
        let parts = try NodeHome(home: home).open(logger: logger)
        let ledger = EmbeddedLedger(sequencer: parts.sequencer)
        var configuration = NodeServer.Configuration()
        configuration.port = nodePort
        let output = output
        let server = NodeServer(ledger: ledger, configuration: configuration, logger: logger) {
            announce(output, service: "node", url: "http://127.0.0.1:\($0)")
        }
        try await withHTTPClient(upstreamClient(ProviderConfiguration())) { client in
            var services: [any Service] = [parts.sequencer, server]
            let chain = try NodeHome(home: home).genesis().chain
            if let provider = try await provider(ledger, chain, client, logger) {
                services.append(provider)
            }
            services.append(try await gateway(ledger, chain, client, logger))
            try await serve(services, logger: logger, node: "this process")
        }
    }

    /// Makes on first run what the market needs.
    private func prepare() throws {
        _ = try home.makeDirectory()
        let secret = home.path("passphrase")
        if home.passphraseFile == nil, !FileManager.default.fileExists(atPath: secret),
            ProcessInfo.processInfo.environment["STOA_PASSPHRASE"] == nil
        {
            try writePrivateFile(randomPassphrase() + "\n", to: secret)
            note("made a passphrase in \(secret)")
        }
        let node = NodeHome(home: home)
        guard !node.exists else { return }
        let wallets = Wallets(home: home)
        let passphrase = try home.passphrase(isNew: true)
        let million = Amount(obol: 1_000_000 * Amount.obolPerStoa)
        let allocations = try ["seller", "buyer"].map { name in
            Genesis.Allocation(
                account: try wallets.openOrCreate(name, passphrase: passphrase).accountID,
                amount: million
            )
        }
        let genesis = try node.create(
            name: "stoa-local",
            parameters: .standard,
            allocations: allocations,
            numbers: Genesis.localNumbers
        )
        note("started chain \(genesis.chain.digest)")
    }

    /// The provider of what was offered on this chain; nil if nothing was.
    private func provider(
        _ ledger: EmbeddedLedger,
        _ chain: ChainID,
        _ client: HTTPClient,
        _ logger: Logger
    ) async throws -> (any Service)? {
        let file = ProviderFile(home: home)
        guard var configuration = try file.readIfPresent() else { return nil }
        var offered: [ServiceConfiguration] = []
        for service in configuration.services {
            let offer = Digest(hex: service.offer).map { OfferID($0) }
            if let offer, try await ledger.offer(offer) != nil {
                offered.append(service)
            } else {
                note(
                    """
                    \(service.upstream.model.isEmpty ? "a service" : service.upstream.model) in \
                    \(file.path) is not served: its offer is not on this chain; \
                    `stoa sell` makes one
                    """
                )
            }
        }
        guard !offered.isEmpty else { return nil }
        configuration.services = offered
        let keys = try SellerKeys(wallet: "seller", home: home)
        let session = AccountSession(key: keys.account, ledger: ledger)
        return keys.provider(
            try configuration.serving(chain),
            session: session,
            client: client,
            logger: logger,
            output: output
        )
    }

    private func gateway(
        _ ledger: EmbeddedLedger,
        _ chain: ChainID,
        _ client: HTTPClient,
        _ logger: Logger
    ) async throws -> any Service {
        let wallets = Wallets(home: home)
        let passphrase = try home.passphrase()
        let key = try wallets.open("buyer", passphrase: passphrase)
        let vouchers = try wallets.companion("vouchers", of: "buyer", passphrase: passphrase)
        var configuration = try await options.configuration(
            journal: try home.gatewayJournal(of: chain),
            isLocalMarket: true
        ) { try await $0.find(ledger, home: home, wallet: "buyer") }
        configuration.port = port
        try check(configuration.validate())
        let output = output
        return GatewayService(
            configuration: configuration,
            account: AccountSession(key: key, ledger: ledger),
            voucherKey: vouchers,
            ledger: ledger,
            httpClient: client,
            logger: logger,
            now: wallClock
        ) {
            announce(output, service: "gateway", url: "http://127.0.0.1:\($0)")
        }
    }

    private func randomPassphrase() -> String {
        var generator = SystemRandomNumberGenerator()
        return Hex.encode((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
}
