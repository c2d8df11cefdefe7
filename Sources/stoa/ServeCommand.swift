import AccessStore
import ArgumentParser
import AsyncHTTPClient
import CallDoor
import Gateway
import HTTPServing
import Hummingbird
import LedgerClient
import LedgerIndex
import Logging
import MarketAPI
import MarketTypes
import NIOSSL
import OpenAIWire
import Portal
import Receipts
import ServiceLifecycle
import SettlementCore
import Telemetry
import WebServing

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "serve the market's pages and its API over a ledger",
        discussion: """
            It follows the ledger into an index of its own, and answers on one port: pages for \
            people, /api/v1 for programs, and /v1 for OpenAI's and Anthropic's clients that have a \
            key of this market. Calls are paid from the account of the key's organisation, by a \
            session that it granted to this process; nobody hands a key over.

            EXAMPLE
              stoa serve --node http://127.0.0.1:26600 --port 8080 --libraries .libraries
            """
    )

    @Option(help: "the address to listen on")
    var host = "127.0.0.1"
    @Option(help: "the port to listen on; 0 takes a free one")
    var port = 8080
    @Option(help: "the gateway that the pages' examples call")
    var gateway = "http://127.0.0.1:8090"
    @Option(
        help: ArgumentHelp(
            "the ledger that the page for sellers names; --node is shown only if it is on this "
                + "machine",
            valueName: "url"
        )
    )
    var sellersNode: String?
    @Option(
        help: ArgumentHelp(
            "where people get this program, for the pages that name its commands",
            valueName: "url"
        )
    )
    var downloadURL: String?
    @Option(
        help: ArgumentHelp(
            "a folder with scripts that others wrote; pages work without (scripts/libraries)",
            valueName: "folder"
        )
    )
    var libraries: String?
    @Option(
        help: ArgumentHelp(
            "templates and styles instead of those in the program, to change them",
            valueName: "folder"
        )
    )
    var pages: String?
    @OptionGroup var index: IndexOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var access: AccessOptions
    @OptionGroup var stand: DoorOptions
    @OptionGroup var hosting: HostingOptions
    @OptionGroup var tls: TLSOptions
    @OptionGroup var connections: ConnectionOptions
    @OptionGroup var sandbox: SandboxOptions
    @OptionGroup var webhooks: WebhookOptions
    @OptionGroup var observing: ObservingOptions

    func run() async throws {
        let encrypted = try tls.configuration()
        let path = try index.preparePath()
        let socket = try listeningSocket(host, port)
        let accessDatabase = try access.open(index.home)
        let sealing = try access.sealingKey(accessDatabase)
        let telemetry = try observing.telemetry("market")
        let door = try await self.door(accessDatabase, sealing, telemetry)
        let logger = observing.logger("market")
        let hosted = try hosting.configuration(index.home, isLocalMarket: node.isLocal)
        try await withHTTPClients(sellers: hosting.clientConfiguration(hosted)) { client, sellers in
            let ledger = try node.connection(client, logger: observing.logger("light"))
            try await explainingIndex(path) {
                let (database, follower) = try await openIndex(path, ledger, socket, logger)
                let receipts = try self.webhooks.receipts(path, accessDatabase)
                let reader = IndexReader(database)
                let feed = EventFeed(index: reader, receipts: receipts, logger: logger)
                let endings = receipts.endings(door, logger)
                let wallets = try hosting.wallets(
                    hosted,
                    sealing,
                    ledger: ledger,
                    endings: endings,
                    sellers: sellers,
                    presence: feed.presence,
                    telemetry: telemetry,
                    logger: logger
                )
                let webhooks = try self.webhooks.door(path, sealing)
                let files = try hosting.files(index.home)
                let api = try MarketAPI(
                    ledger: ledger,
                    index: IndexReader(database),
                    answers: AnswerStore(path: path + ".answers"),
                    feed: feed,
                    webhooks: webhooks,
                    access: accessDatabase,
                    now: wallClock
                )
                let market = Market(
                    api: api,
                    ledger: ledger,
                    reader: IndexReader(database),
                    personal: try personal(door, wallets, ledger, webhooks, receipts, files),
                    door: door,
                    wallets: wallets,
                    endings: endings,
                    files: files,
                    probes: try MarketProbes(path, ledger, IndexReader(database), client),
                    logger: logger
                )
                telemetry.watch(ledger, IndexReader(database), feed)
                let sending = self.webhooks.dispatcher(webhooks, receipts, reader, door, logger)
                let server = try application(market, encrypted, socket)
                let alone = follower.running([
                    BudgetSweep(door.limits, logger: logger, now: wallClock), sending,
                    market.probes.runner(door, logger),
                ])
                // The last is stopped first: readers must leave before the server can, and the
                // server before the wallets that its calls are paid from.
                try await serve(
                    observing.services(telemetry, logger) + [
                        alone, endings, wallets, server, WalletsLeaving(wallets: wallets), feed,
                    ],
                    logger: logger,
                    node: node.url
                )
            }
        }
    }

    private func personal(
        _ door: AccessDoor,
        _ wallets: HostedWallets,
        _ ledger: any LedgerConnection,
        _ webhooks: WebhookDoor,
        _ receipts: ReceiptDoor,
        _ files: FileStore
    ) throws -> PortalAccess {
        PortalAccess(
            door,
            faucet: try sandbox.faucet(index.home, ledger),
            delegate: HostedSpending(wallets: wallets, receipts: receipts.log),
            archive: HostedPapers(directory: index.home.path("hosted")),
            webhooks: webhooks.pages(receipts),
            files: files
        )
    }

    private func door(
        _ database: AccessDatabase,
        _ sealing: SealingKey,
        _ telemetry: ServiceTelemetry
    ) async throws -> AccessDoor {
        AccessDoor(
            database,
            limits: try await stand.limitStore(database, telemetry),
            issuer: try access.issuer(database, sealing),
            configuration: try stand.configuration(speaksTLS: tls.certificate != nil),
            telemetry: telemetry,
            now: wallClock
        )
    }

    /// The index behind everything, if it is one of this ledger, and what keeps it up.
    private func openIndex(
        _ path: String,
        _ ledger: any LedgerConnection,
        _ socket: ListeningSocket,
        _ logger: Logger
    ) async throws -> (IndexDatabase, IndexSuccession) {
        let status = try await explaining(node: node.url) { try await ledger.status() }
        var succession = IndexSuccession(path: path, chain: status.chain, ledger: ledger, logger)
        let database: IndexDatabase
        do {
            database = try IndexDatabase(writing: path, chain: status.chain)
            succession.database = database
        } catch IndexError.busy where socket.isInherited {
            // The predecessor follows the ledger until it ends.
            database = try IndexDatabase(reading: path)
        }
        let indexer = Indexer(database: database, ledger: ledger, logger: logger)
        try await explaining(node: node.url) { _ = try await indexer.checkPlace() }
        return (database, succession)
    }

    /// What the routes answer from.
    private struct Market {
        let api: MarketAPI
        let ledger: any LedgerConnection
        let reader: IndexReader
        let personal: PortalAccess
        let door: AccessDoor
        let wallets: HostedWallets
        let endings: BudgetEndings
        let files: FileStore
        let probes: MarketProbes
        let logger: Logger
    }

    private func application(
        _ market: Market,
        _ encrypted: TLSConfiguration?,
        _ socket: ListeningSocket
    ) throws -> some Service {
        let portal = try portal(market)
        let router = Router(context: WebContext.self, options: .autoGenerateHeadEndpoints)
        // Before the door's middleware: who asks whether it is alive has no key.
        OperatorPages(market.door.telemetry.readiness).addRoutes(to: router)
        market.door.addMiddleware(to: router)
        market.door.addRoutes(to: router, pages: portal)
        CallRoutes(
            wallets: market.wallets,
            budgets: market.door.limits,
            endings: market.endings,
            files: market.files,
            now: wallClock
        ).addRoutes(to: router)
        try market.api.addRoutes(to: router)
        portal.addRoutes(to: router)
        let output = index.output
        let scheme = encrypted == nil ? "http" : "https"
        let shown = scheme + "://" + (host.contains(":") ? "[\(host)]" : host)
        return HTTPDoor(
            responder: router.buildResponder(),
            connections: HTTPConnections(
                handlers: [
                    market.api.makeSocketDoor(rate: market.door.addressRate),
                    ClientPresenceHandler(market.api.presence, closesAlways: false),
                ],
                idleTimeout: .seconds(max(1, stand.idleSeconds)),
                tls: encrypted
            ),
            socket: socket,
            limits: connections.limits(isBehindProxy: stand.trustForwarded),
            logger: market.logger,
            onListening: { port in
                // Over TLS the certificate is of another name than this machine's.
                if encrypted == nil { market.probes.served.set("\(shown):\(port)") }
                announce(output, service: "market", url: "\(shown):\(port)")
            }
        )
    }

    private func portal(_ market: Market) throws -> Portal {
        var options = Portal.Options()
        options.gatewayURL = gateway
        // Where an operator's own node is, is nobody's business.
        options.node = sellersNode ?? (node.isLocal ? node.url : options.node)
        options.download = downloadURL
        options.operations = market.api.operations
        options.libraries = libraries
        options.pages = pages
        options.probes = market.probes.history
        do {
            return try Portal(
                ledger: market.ledger,
                index: market.reader,
                options: options,
                access: market.personal,
                now: wallClock
            )
        } catch {
            throw CommandFailure(
                "the pages cannot be read: \(error)",
                hint: "do the folders of --libraries and --pages exist?"
            )
        }
    }
}

extension ServiceTelemetry {
    /// How many blocks an index may be behind its ledger while pages are right enough.
    private static let lagBlocksMax: UInt64 = 10

    /// Shows how far the index is behind the ledger, and who listens.
    func watch(_ ledger: any LedgerConnection, _ index: IndexReader, _ feed: EventFeed) {
        let blocksBehind: @Sendable () async throws -> UInt64 = {
            let last = try await ledger.status().height.rawValue
            let place = try await index.place().height.rawValue
            metrics.set("stoa_ledger_height", to: Double(last))
            metrics.set("stoa_index_height", to: Double(place))
            metrics.set("stoa_index_lag_blocks", to: Double(last - min(place, last)))
            return last - min(place, last)
        }
        readiness.add(
            Readiness.Check("ledger") {
                do {
                    return try await blocksBehind() > Self.lagBlocksMax
                        ? "the index is more than \(Self.lagBlocksMax) blocks behind" : nil
                } catch is LedgerClientError {
                    return "it does not answer"
                } catch {
                    return "the index cannot be read"
                }
            }
        )
        metrics.addProbe { metrics in
            metrics.set("stoa_feed_readers", to: Double(feed.readerCount))
            _ = await readiness.answer()
        }
    }
}
