import ArgumentParser
import Gateway
import Glibc
import Identity
import LedgerClient
import Logging
import MarketTypes
import NIOCore
import Provider
import ServiceLifecycle
import UnixSignals

/// How much a buyer's gateway may spend, and where it listens.
struct ConnectOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "the most that may be locked in channels (100): STOA, or \"20 issuer/TICKER\"; repeat "
                + "for each unit, the preferred first after STOA",
            valueName: "amount [unit]"
        )
    )
    var budget: [UnitSum] = []
    @Option(
        help: ArgumentHelp(
            "what a new channel locks (a tenth of the budget); repeat for each unit",
            valueName: "amount [unit]"
        )
    )
    var deposit: [UnitSum] = []
    @Option(help: "how many calls one channel carries at once")
    var lanes: UInt16 = 32
    @Option(help: "buy only from these sellers: addresses; repeat for each")
    var seller: [String] = []
    @Option(help: "the least bond a seller must have, in STOA", transform: Amount.init(argument:))
    var minimumBond = Amount.zero
    @Option(
        help: ArgumentHelp(
            "the most one call may cost: in obol, or \"0.05 issuer/TICKER\"; repeat for each unit",
            valueName: "obol, or amount unit"
        )
    )
    var priceMax: [UnitSum] = []
    @OptionGroup var key: GatewayKeyOptions

    @Flag(help: "buy from sellers on this machine or a private network too")
    var allowPrivateSellers = false

    /// The gateway's configuration.
    ///
    /// - Parameters:
    ///   - isLocalMarket: whether the ledger runs on this machine, so that its sellers are the
    ///     user's own and may be here too.
    ///   - find: which unit a name means.
    func configuration(
        journal: String,
        isLocalMarket: Bool,
        find: (UnitName) async throws -> KnownUnit
    ) async throws -> GatewayConfiguration {
        var configuration = GatewayConfiguration()
        configuration.journalDirectory = journal
        configuration.lanesPerChannel = lanes
        configuration.apiKey = try key.key()
        configuration.sellers.allow = seller
        configuration.sellers.allowPrivateEndpoints = allowPrivateSellers || isLocalMarket
        configuration.sellers.minimumBondObol = try obol(minimumBond, "--minimum-bond")
        let budgets = try await sums(budget, find)
        let deposits = try await sums(deposit, find)
        var native = budgets[.native]
        if budgets.isEmpty { native = Amount(obol: 100 * Amount.obolPerStoa) }
        let total = try obol(native ?? .zero, "--budget")
        configuration.budget.totalObol = total
        // A tenth of the budget for each channel leaves room for several sellers.
        let share = try deposits[.native].map { try obol($0, "--deposit") } ?? max(1, total / 10)
        configuration.budget.channelDepositObol = min(share, total)
        configuration.budget.topUpBelowObol = configuration.budget.channelDepositObol / 5
        for sum in budget where sum.unit != nil {
            let known = try await sum.known(find)
            guard case .issued(let unit) = known.denomination else { continue }
            configuration.unitBudgets.append(
                try unitBudget(unit, known, try sum.amount(in: known), deposits)
            )
        }
        for sum in priceMax { try await limit(&configuration, sum, find) }
        for denomination in deposits.keys where budgets[denomination] == nil {
            guard denomination != .native || !budgets.isEmpty else { continue }
            throw ValidationError("--deposit names a unit without a --budget")
        }
        return configuration
    }

    private func unitBudget(
        _ unit: Digest,
        _ known: KnownUnit,
        _ total: Amount,
        _ deposits: [Denomination: Amount]
    ) throws -> UnitBudget {
        var budget = UnitBudget(
            unit: unit,
            name: known.name,
            decimals: known.decimals,
            total: total
        )
        if let deposit = deposits[.issued(unit)] {
            budget.channelDeposit = min(deposit, total)
            budget.topUpBelow = Amount(obol: budget.channelDeposit.obol / 5)
        }
        return budget
    }

    /// Takes over the most that one call may cost.
    private func limit(
        _ configuration: inout GatewayConfiguration,
        _ sum: UnitSum,
        _ find: (UnitName) async throws -> KnownUnit
    ) async throws {
        guard sum.unit != nil else {
            guard let obol = UInt64(sum.digits) else {
                throw ValidationError("--price-max “\(sum.digits)” is no number of obol")
            }
            configuration.priceMaxObolPerCall = obol
            return
        }
        let known = try await sum.known(find)
        let amount = try sum.amount(in: known)
        if known.denomination == .native {
            configuration.priceMaxObolPerCall = try obol(amount, "--price-max")
            return
        }
        let name = known.unit.description
        guard let index = configuration.unitBudgets.firstIndex(where: { $0.unit == name }) else {
            throw ValidationError("--price-max names \(known.name), which has no --budget")
        }
        configuration.unitBudgets[index].priceMaxPerCall = amount
    }

    /// The amounts by their units; none twice.
    private func sums(
        _ sums: [UnitSum],
        _ find: (UnitName) async throws -> KnownUnit
    ) async throws -> [Denomination: Amount] {
        var found: [Denomination: Amount] = [:]
        for sum in sums {
            let known = try await sum.known(find)
            guard found.updateValue(try sum.amount(in: known), forKey: known.denomination) == nil
            else { throw ValidationError("\(known.name) is named twice") }
        }
        return found
    }

    private func obol(_ amount: Amount, _ option: String) throws -> UInt64 {
        guard let value = UInt64(exactly: amount.obol) else {
            throw ValidationError("\(option) is too large")
        }
        return value
    }
}

/// An amount and its unit as people type them: `50`, or `20 carol/EURC`.
struct UnitSum: ExpressibleByArgument {
    let digits: String
    /// The unit; nil for STOA.
    let unit: UnitName?

    init?(argument: String) {
        let words = argument.split(separator: " ").map(String.init)
        guard (1...2).contains(words.count) else { return nil }
        digits = words[0]
        unit = words.count == 2 ? UnitName(words[1]) : nil
    }

    func known(_ find: (UnitName) async throws -> KnownUnit) async throws -> KnownUnit {
        guard let unit else { return .native }
        return try await find(unit)
    }

    func amount(in known: KnownUnit) throws -> Amount { try known.amount(digits) }
}

struct Connect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "run a buyer's gateway: an OpenAI-compatible URL on this machine",
        discussion: """
            It opens channels within your budget, signs a voucher for each call, and checks and \
            keeps every receipt. Point any OpenAI client at the URL it prints.

            It pays in the units that have a budget, and in no other. Prices in different units \
            are never compared: offers in STOA go first if it has a budget, then those in the \
            other units in the order of the budgets; within a unit, the cheapest first. Fees are \
            always paid in STOA.

            EXAMPLE
              stoa connect --wallet alice --budget 50 --budget "20 carol/EURC"
              OPENAI_BASE_URL=http://127.0.0.1:8090/v1 OPENAI_API_KEY=none your-program
            """
    )

    @OptionGroup var acting: ActingOptions
    @Option(help: "the address to listen on")
    var host = "127.0.0.1"
    @Option(help: "the port to listen on; 0 takes a free one")
    var port = 8090
    @OptionGroup var options: ConnectOptions
    @OptionGroup var fees: FeeOptions
    @OptionGroup var observing: ObservingOptions
    @OptionGroup var output: OutputOptions

    private var node: NodeOptions { acting.node }

    func run() async throws {
        let home = acting.home
        let payer = try acting.named()
        let key = try acting.key()
        let vouchers = try Wallets(home: home).companion(
            "vouchers",
            of: acting.wallet,
            passphrase: try home.passphrase(of: acting.wallet)
        )
        let (chain, found) = try await node.ask { ledger in
            let chain = try await ledger.status().chain
            let journal = try home.gatewayJournal(of: chain)
            let found = try await options.configuration(
                journal: journal,
                isLocalMarket: node.isLocal
            ) { try await $0.find(ledger, home: home, wallet: acting.actor) }
            return (chain, found)
        }
        var configuration = found
        configuration.host = host
        configuration.port = port
        try check(configuration.validate())
        let logger = observing.logger("gateway")
        let telemetry = try observing.telemetry("gateway")
        let shown = (host, output)
        let sellers = GatewayService.clientConfiguration(for: configuration)
        try await withHTTPClients(sellers: sellers) { own, client in
            let ledger = try node.connection(own, logger: observing.logger("light"))
            let service = GatewayService(
                configuration: configuration,
                account: AccountSession(
                    key: key,
                    for: payer,
                    ledger: ledger,
                    terms: SigningTerms(chain: chain, feeMax: fees.feeMax)
                ),
                voucherKey: vouchers,
                ledger: ledger,
                httpClient: client,
                logger: logger,
                telemetry: telemetry,
                now: wallClock,
                socket: try listeningSocket(shown.0, port)
            ) { port in
                announce(shown.1, service: "gateway", url: "http://\(shown.0):\(port)")
            }
            let services = observing.services(telemetry, logger) + [service]
            try await serve(services, logger: logger, node: node.url)
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
    do {
        try await explaining(node: node) { try await group.run() }
    } catch let error as GatewayError {
        throw CommandFailure(error, node: node)
    } catch let error as ProviderError {
        throw CommandFailure(error, node: node)
    } catch let error as IOError where error.errnoCode == EADDRINUSE {
        throw CommandFailure(
            "another process listens at that address",
            hint: "give another --port; 0 takes a free one"
        )
    }
}
