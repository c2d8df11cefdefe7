import ArgumentParser
import Gateway
import Identity
import LedgerClient
import Logging
import MarketTypes
import ServiceLifecycle
import UnixSignals

/// How much a buyer's gateway may spend, and where it listens.
struct ConnectOptions: ParsableArguments {
    @Option(help: "the most STOA that may be locked in channels", transform: Amount.init(argument:))
    var budget = Amount(obol: 100 * Amount.obolPerStoa)
    @Option(help: "what a new channel locks, in STOA", transform: Amount.init(argument:))
    var deposit: Amount?
    @Option(help: "how many calls one channel carries at once")
    var lanes: UInt16 = 32
    @Option(help: "buy only from these sellers: addresses; repeat for each")
    var seller: [String] = []
    @Option(help: "the least bond a seller must have, in STOA", transform: Amount.init(argument:))
    var minimumBond = Amount.zero
    @Option(help: "the most one call may cost, in obol")
    var priceMax: UInt64?
    @Option(help: ArgumentHelp("what clients must send as their API key", valueName: "key"))
    var apiKey: String?

    @Flag(help: "buy from sellers on this machine or a private network too")
    var allowPrivateSellers = false

    /// The gateway's configuration.
    ///
    /// - Parameter isLocalMarket: whether the ledger runs on this machine, so that its sellers are
    ///   the user's own and may be here too.
    func configuration(journal: String, isLocalMarket: Bool) throws -> GatewayConfiguration {
        var configuration = GatewayConfiguration()
        configuration.journalDirectory = journal
        configuration.lanesPerChannel = lanes
        configuration.apiKey = apiKey
        configuration.priceMaxObolPerCall = priceMax
        configuration.sellers.allow = seller
        configuration.sellers.allowPrivateEndpoints = allowPrivateSellers || isLocalMarket
        configuration.sellers.minimumBondObol = try obol(minimumBond, "--minimum-bond")
        let total = try obol(budget, "--budget")
        configuration.budget.totalObol = total
        // A tenth of the budget for each channel leaves room for several sellers.
        let share = try deposit.map { try obol($0, "--deposit") } ?? max(1, total / 10)
        configuration.budget.channelDepositObol = min(share, total)
        configuration.budget.topUpBelowObol = configuration.budget.channelDepositObol / 5
        return configuration
    }

    private func obol(_ amount: Amount, _ option: String) throws -> UInt64 {
        guard let value = UInt64(exactly: amount.obol) else {
            throw ValidationError("\(option) is too large")
        }
        return value
    }
}

struct Connect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "run a buyer's gateway: an OpenAI-compatible URL on this machine",
        discussion: """
            It opens channels within your budget, signs a voucher for each call, and checks and \
            keeps every receipt. Point any OpenAI client at the URL it prints.

            EXAMPLE
              stoa connect --wallet alice --budget 50
              OPENAI_BASE_URL=http://127.0.0.1:8090/v1 OPENAI_API_KEY=none your-program
            """
    )

    @Option(help: "the wallet that pays")
    var wallet = "default"
    @Option(
        help: ArgumentHelp(
            "the account that pays, if it let the wallet's key act: a wallet's name or an address",
            valueName: "account"
        )
    )
    var account: String?
    @Option(help: "the address to listen on")
    var host = "127.0.0.1"
    @Option(help: "the port to listen on; 0 takes a free one")
    var port = 8090
    @OptionGroup var options: ConnectOptions
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let wallets = Wallets(home: home)
        let passphrase = try home.passphrase()
        let payer = try account.map { try wallets.resolve($0) }
        let key = try wallets.open(wallet, passphrase: passphrase)
        let vouchers = try wallets.openOrCreate(wallet + ".vouchers", passphrase: passphrase)
        var configuration = try options.configuration(
            journal: try home.makeDirectory("gateway"),
            isLocalMarket: node.isLocal
        )
        configuration.host = host
        configuration.port = port
        try check(configuration.validate())
        let logger = serviceLogger("gateway")
        let shown = (host, output)
        try await withHTTPClient(GatewayService.clientConfiguration(for: configuration)) { client in
            let ledger = try node.connection(client)
            let service = GatewayService(
                configuration: configuration,
                account: AccountSession(key: key, for: payer, ledger: ledger),
                voucherKey: vouchers,
                ledger: ledger,
                httpClient: client,
                logger: logger,
                now: wallClock
            ) { port in
                announce(shown.1, service: "gateway", url: "http://\(shown.0):\(port)")
            }
            try await serve([service], logger: logger, node: node.url)
        }
    }
}

/// Refuses a configuration, naming everything that is wrong with it.
func check(_ problems: [String]) throws {
    guard problems.isEmpty else {
        throw CommandFailure(
            "the configuration is not valid:\n  " + problems.joined(separator: "\n  ")
        )
    }
}

/// Runs services until a signal ends them, and explains the ledger's errors.
func serve(_ services: [any Service], logger: Logger, node: String) async throws {
    let group = ServiceGroup(
        services: services,
        gracefulShutdownSignals: [.sigterm, .sigint],
        logger: logger
    )
    try await explaining(node: node) { try await group.run() }
}
