import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import HTTPServing
import Identity
import LedgerClient
import Logging
import MarketTypes
import Provider
import ServiceLifecycle
import SettlementCore

struct Sell: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "offer a model or service, and serve it",
        discussion: """
            Publishes the asset, the bond and the offer if they are not on the ledger yet, writes \
            the provider's configuration, and runs it. The server behind it can be anything that \
            speaks OpenAI's HTTP, or any JSON over HTTP with --interface json. The same model can \
            be offered in several units: each is an offer of its own.

            EXAMPLE
              stoa sell smollm2-135m --wallet seller --upstream http://127.0.0.1:8080 \\
                --price-in 20 --price-out 60 --weights model.gguf --bond 100
              stoa sell smollm2-135m --wallet seller --upstream http://127.0.0.1:8080 \\
                --unit carol/EURC --price-out 3/1000 --claim-at 5
            """
    )

    @OptionGroup var options: SellOptions
    @OptionGroup var acting: ActingOptions
    @Option(help: "the address to listen on")
    var host = "127.0.0.1"
    @Option(help: "the port to listen on; 0 takes a free one")
    var port = 26700
    @Option(
        help: ArgumentHelp(
            "the URL that buyers reach you at (else host and port)",
            valueName: "url"
        )
    )
    var endpoint: String?
    @Option(
        help: """
            claim once so much is owed, in the unit of the prices (10 for STOA; other units are \
            claimed by time alone unless it is given)
            """
    )
    var claimAt: String?
    @Flag(help: "publish and write the configuration, but do not serve")
    var publishOnly = false
    @OptionGroup var fees: FeeOptions
    @OptionGroup var observing: ObservingOptions
    @OptionGroup var output: OutputOptions

    private var home: HomeOptions { acting.home }
    private var node: NodeOptions { acting.node }

    func run() async throws {
        let keys = try SellerKeys(wallet: acting.wallet, home: home)
        let named = try acting.named()
        let port = port == 0 ? try freePort(host: host) : port
        let endpoint = endpoint ?? "http://\(host):\(port)"
        let logger = observing.logger("provider")
        let telemetry = try observing.telemetry("provider")
        try await withHTTPClient(upstreamClient(ProviderConfiguration())) { client in
            let ledger = try node.connection(client, logger: observing.logger("light"))
            let chain = try await explaining(node: node.url) { try await ledger.status().chain }
            let terms = SigningTerms(chain: chain, feeMax: fees.feeMax)
            let key = keys.account
            let session = AccountSession(key: key, for: named, ledger: ledger, terms: terms)
            let unit = try await explaining(node: node.url) {
                try await options.unit.find(ledger, home: home, wallet: acting.actor)
            }
            let publication = Publication(
                options: options,
                session: session,
                receiptKey: keys.receipts.publicKey,
                endpoint: endpoint,
                denomination: unit.denomination
            )
            let (offer, missing) = try await explaining(node: node.url) {
                try await publication.prepare()
            }
            let configuration = try configuration(
                offer: offer,
                chain: chain,
                port: port,
                unit: unit
            )
            // What would keep it from being served is found before it costs anything.
            let serving = publishOnly ? nil : try await checked(configuration, chain)
            let transaction = try await explaining(node: node.url) {
                try await publication.publish(missing)
            }
            observing.tell(
                transaction.map {
                    "published in block \($0.height.rawValue): offer \(offer.id.digest)"
                }
                    ?? "offer \(offer.id.digest) stands already"
            )
            let file = try ProviderFile(home: home).write(configuration)
            guard let serving else {
                try output.print(
                    ["offer": offer.id.digest.description, "configuration": file],
                    "serve it with `stoa provider --config \(file) --wallet \(acting.wallet)`"
                )
                return
            }
            try await serve(
                observing.services(telemetry, logger) + [
                    keys.provider(
                        serving.configuration,
                        session: session,
                        client: client,
                        logger: logger,
                        telemetry: telemetry,
                        socket: serving.socket,
                        output: output
                    )
                ],
                logger: logger,
                node: node.url
            )
        }
    }

    /// The configuration with this chain's journal, and where it listens, once nothing of this
    /// machine keeps the service from being served.
    private func checked(
        _ configuration: ProviderConfiguration,
        _ chain: ChainID
    ) async throws -> (configuration: ProviderConfiguration, socket: ListeningSocket) {
        if let name = options.upstreamKeyEnvironment,
            ProcessInfo.processInfo.environment[name]?.isEmpty != false
        {
            throw CommandFailure(
                "the environment variable \(name) is not set, so there is no key for the upstream; "
                    + "nothing was published",
                hint: "set it, or publish for a provider elsewhere with --publish-only"
            )
        }
        let serving = try configuration.serving(chain)
        guard !ClaimArchive(directory: serving.journalDirectory).isInUse else {
            throw CommandFailure(
                "another provider is using \(serving.journalDirectory); nothing was published",
                hint: "publish with --publish-only, then start that provider again: one provider "
                    + "serves all that provider.yaml says"
            )
        }
        let socket = try listeningSocket(configuration.host, configuration.port)
        if !socket.isInherited { try await requireFree(configuration.host, configuration.port) }
        return (serving, socket)
    }

    private func configuration(
        offer: Offer,
        chain: ChainID,
        port: Int,
        unit: KnownUnit
    ) throws -> ProviderConfiguration {
        let file = ProviderFile(home: home)
        var configuration = try file.readIfPresent() ?? ProviderConfiguration()
        configuration.host = host
        configuration.port = port
        configuration.journalDirectory = try home.makeDirectory("provider")
        let amount = try claimAt.map { try unit.amount($0) }
        if unit.denomination == .native {
            configuration.claims.amount = amount ?? Amount(obol: 10 * Amount.obolPerStoa)
        } else if let amount {
            configuration.claims.unitAmounts[unit.unit.description] = amount
        }
        // What an offer allows, its provider must take.
        let asked = Int(offer.limits.requestBytesMax)
        if offer.interface.isUpload {
            configuration.uploadBytesMax = max(configuration.uploadBytesMax, asked)
        } else {
            configuration.requestBytesMax = max(configuration.requestBytesMax, asked)
        }
        var service = ServiceConfiguration(offer: offer.id, upstream: options.upstreamConfiguration)
        service.chain = chain.digest.description
        // An older offer of the same model keeps being served until it expires.
        configuration.services.removeAll { $0.offer == service.offer }
        configuration.services.append(service)
        // What is wrong with others in the file keeps nobody from selling this.
        let index = configuration.services.count - 1
        try check(configuration.faults + configuration.faults(ofService: index))
        return configuration
    }
}

extension SellOptions {
    /// The server that does the work, as the provider's configuration names it.
    var upstreamConfiguration: UpstreamConfiguration {
        var configuration = UpstreamConfiguration(
            kind: interface == .json ? .json : .openai,
            url: upstream,
            model: upstreamModel ?? model
        )
        configuration.apiKeyEnvironment = upstreamKeyEnvironment
        configuration.linkedMedia = linkedMedia
        return configuration
    }
}
