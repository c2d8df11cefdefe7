import AccessStore
import ArgumentParser
import Hummingbird
import LedgerClient
import LedgerIndex
import Logging
import MarketAPI
import Portal
import ServiceLifecycle
import WebServing

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "serve the market's pages and its API over a ledger",
        discussion: """
            It follows the ledger into an index of its own, and answers on one port: pages for \
            people, /api/v1 for programs.

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
            "a folder with htmx.min.js; pages work without it (scripts/libraries makes it)",
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

    func run() async throws {
        let path = try index.preparePath()
        let accessDatabase = try access.open(index.home)
        let door = AccessDoor(
            accessDatabase,
            limits: SQLiteLimits(accessDatabase),
            issuer: try access.issuer(accessDatabase),
            configuration: try stand.configuration(),
            now: wallClock
        )
        let logger = serviceLogger("serve")
        try await withHTTPClient { client in
            let ledger = try node.connection(client)
            try await explainingIndex(path) {
                let status = try await explaining(node: node.url) { try await ledger.status() }
                let database = try IndexDatabase(writing: path, chain: status.chain)
                let indexer = Indexer(database: database, ledger: ledger, logger: logger)
                try await explaining(node: node.url) { _ = try await indexer.checkPlace() }
                let follower = IndexFollower(indexer: indexer, logger: logger)
                let feed = EventFeed(index: IndexReader(database), logger: logger)
                let api = try MarketAPI(
                    ledger: ledger,
                    index: IndexReader(database),
                    answers: AnswerStore(path: path + ".answers"),
                    feed: feed,
                    now: wallClock
                )
                let server = try application(api, ledger, IndexReader(database), door, logger)
                // The last is stopped first: readers must leave before the server can.
                try await serve([follower, server, feed], logger: logger, node: node.url)
            }
        }
    }

    private func application(
        _ api: MarketAPI,
        _ ledger: any LedgerConnection,
        _ reader: IndexReader,
        _ door: AccessDoor,
        _ logger: Logger
    ) throws -> some Service {
        let portal = try portal(ledger, reader)
        let router = Router(context: WebContext.self, options: .autoGenerateHeadEndpoints)
        door.addMiddleware(to: router)
        door.addRoutes(to: router)
        try api.addRoutes(to: router)
        portal.addRoutes(to: router)
        let output = index.output
        let shown = host.contains(":") ? "[\(host)]" : host
        return Application(
            router: router,
            server: .http1(
                configuration: .init(additionalChannelHandlers: [api.makeSocketDoor()])
            ),
            configuration: .init(address: .hostname(host, port: port), serverName: "stoa"),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                announce(output, service: "market", url: "http://\(shown):\(port)")
            },
            logger: logger
        )
    }

    private func portal(_ ledger: any LedgerConnection, _ reader: IndexReader) throws -> Portal {
        var options = Portal.Options()
        options.gatewayURL = gateway
        options.libraries = libraries
        options.pages = pages
        do {
            return try Portal(ledger: ledger, index: reader, options: options, now: wallClock)
        } catch {
            throw CommandFailure(
                "the pages cannot be read: \(error)",
                hint: "do the folders of --libraries and --pages exist?"
            )
        }
    }
}
