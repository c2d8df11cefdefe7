import ArgumentParser
import FoundationEssentials
import LedgerClient
import LedgerIndex
import Logging
import MarketTypes
import ServiceLifecycle

struct IndexGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract: "search the catalogue, and the history of everything",
        discussion: """
            An index is a SQLite file that follows a ledger. It can always be made anew from the \
            first block, and `stoa index check` proves that it says what the ledger says.

            EXAMPLES
              stoa index run --once                    bring the index up to the ledger
              stoa index search llama --sort price     what is for sale
              stoa index history --account alice       what happened to an account
              stoa index check --full                  does it equal the ledger?
            """,
        subcommands: [
            IndexRun.self, IndexStatusCommand.self, IndexSearch.self, IndexAssets.self,
            IndexHistory.self, IndexTransactions.self, IndexMarkets.self, IndexTrades.self,
            IndexCandles.self, IndexBlocks.self, IndexCheckCommand.self, IndexRebuildCommand.self,
        ]
    )
}

/// Which index is meant.
struct IndexOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "the index' SQLite file (index.sqlite in the home directory)",
            valueName: "file"
        )
    )
    var database: String?
    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    var path: String { database ?? home.path("index.sqlite") }

    /// Makes the directory that the file stands in, where it is the home directory's.
    func preparePath() throws -> String {
        if database == nil { _ = try home.makeDirectory() }
        return path
    }

    /// Asks the index.
    func ask<Output>(_ question: (IndexReader) async throws -> Output) async throws -> Output {
        try await explainingIndex(path) {
            try await question(IndexReader(try IndexDatabase(reading: path)))
        }
    }

    /// Prints a page, as JSON or as a table.
    func print<Item: IndexDocument>(
        _ page: Page<Item>,
        _ heading: [String],
        _ row: (Item) -> [String]
    ) {
        guard !output.json else {
            Swift.print(page.document.line)
            return
        }
        Swift.print(table(heading, page.items.map(row)))
        if let next = page.next { note("there is more: --after \(next)") }
    }
}

/// Runs `body`, and explains the index' errors.
func explainingIndex<Output>(
    _ path: String,
    _ body: () async throws -> Output
) async throws -> Output {
    do {
        return try await body()
    } catch let error as IndexError {
        throw CommandFailure("\(error)", hint: error.hint)
    } catch let error as LedgerClientError {
        throw error
    } catch let error as CommandFailure {
        throw error
    } catch is CancellationError {
        throw CancellationError()
    } catch {
        throw CommandFailure(
            "the index at \(path) cannot be read: \(error)",
            hint: "`stoa index rebuild` makes a new one"
        )
    }
}

struct IndexRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "follow the ledger, and answer questions over HTTP if asked to",
        discussion: """
            Ending it in any way leaves a whole index, up to some block; it goes on from there.

            EXAMPLE
              stoa index run --listen 127.0.0.1:26750
            """
    )

    @Option(
        help: ArgumentHelp("where to answer questions over HTTP", valueName: "host:port")
    )
    var listen: String?
    @Flag(help: "end once the index is as high as the ledger")
    var once = false
    @OptionGroup var index: IndexOptions
    @OptionGroup var node: NodeOptions

    func validate() throws {
        guard listen == nil || address != nil else {
            throw ValidationError("--listen is like 127.0.0.1:26700")
        }
        guard listen == nil || !once else { throw ValidationError("--once does not listen") }
    }

    /// Host and port of `--listen`.
    private var address: (host: String, port: Int)? {
        guard let listen, let colon = listen.lastIndex(of: ":"),
            let port = UInt16(listen[listen.index(after: colon)...])
        else { return nil }
        let host = listen[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }
        return host.isEmpty ? nil : (String(host), Int(port))
    }

    func run() async throws {
        let path = try index.preparePath()
        let logger = serviceLogger("index")
        try await withHTTPClient { client in
            let ledger = try node.connection(client)
            try await explainingIndex(path) {
                let status = try await explaining(node: node.url) { try await ledger.status() }
                let database = try IndexDatabase(writing: path, chain: status.chain)
                let indexer = Indexer(database: database, ledger: ledger, logger: logger)
                if once {
                    try await explaining(node: node.url) {
                        try await indexer.follow(to: status.height)
                    }
                    let place = try await database.place()
                    try index.output.print(
                        ["height": place.height.rawValue],
                        "indexed up to block \(place.height.rawValue)"
                    )
                    return
                }
                try await explaining(node: node.url) { _ = try await indexer.checkPlace() }
                try await serve(services(database, indexer, logger), logger: logger, node: node.url)
            }
        }
    }

    private func services(
        _ database: IndexDatabase,
        _ indexer: Indexer,
        _ logger: Logger
    ) -> [any Service] {
        let follower = IndexFollower(indexer: indexer, logger: logger)
        guard let address else {
            announce(index.output, service: "index", url: "file://\(database.path)")
            return [follower]
        }
        var configuration = IndexServer.Configuration()
        configuration.host = address.host
        configuration.port = address.port
        let output = index.output
        let server = IndexServer(
            index: IndexReader(database),
            configuration: configuration,
            logger: logger
        ) { port in
            let host = address.host.contains(":") ? "[\(address.host)]" : address.host
            announce(output, service: "index", url: "http://\(host):\(port)")
        }
        return [follower, server]
    }
}

struct IndexStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "where the index stands, and how much there is in it",
        discussion: "EXAMPLE\n  stoa index status"
    )

    @OptionGroup var index: IndexOptions

    func run() async throws {
        let status = try await index.ask { try await $0.status() }
        guard !index.output.json else {
            print(status.document.line)
            return
        }
        print(
            """
            chain         \(status.place.chain.digest)
            height        \(status.place.height.rawValue)
            transactions  \(status.transactions)
            events        \(status.events)
            assets        \(status.assets)
            offers        \(status.offers)
            trades        \(status.trades)
            """
        )
    }
}

struct IndexCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "prove that the index equals the ledger",
        discussion: """
            Every asset and offer on the ledger is compared with its row and every row with the \
            ledger; some blocks, or with --full all of them, are read again and compared with \
            what the index says of them. Exit status 1 if something differs.

            EXAMPLE
              stoa index check --full
            """
    )

    @Flag(help: "compare everything, with an index made anew from the first block")
    var full = false
    @Option(help: "how many blocks to compare otherwise")
    var blocks = 32
    @OptionGroup var index: IndexOptions
    @OptionGroup var node: NodeOptions

    func validate() throws {
        guard (2...100_000).contains(blocks) else {
            throw ValidationError("--blocks is from 2 to 100000")
        }
    }

    func run() async throws {
        var settings = IndexChecker.Settings()
        settings.isFull = full
        settings.sampleBlocks = blocks
        let chosen = settings
        let report = try await node.ask { ledger in
            try await explainingIndex(index.path) {
                let database = try IndexDatabase(reading: index.path)
                return try await IndexChecker(
                    database: database,
                    ledger: ledger,
                    settings: chosen
                ).check()
            }
        }
        if index.output.json {
            print(report.document.line)
        } else {
            let verdict =
                report.isEqual ? "equal to the ledger" : "\(report.differenceCount) differences"
            print(
                """
                \(verdict) at block \(report.height.rawValue)
                compared: \(report.blocks) blocks with \(report.events) events, \
                \(report.assets) assets, \(report.offers) offers
                """
            )
            for difference in report.differences {
                print("\(difference.place)")
                print("  ledger  \(difference.expected ?? "(nothing)")")
                print("  index   \(difference.found ?? "(nothing)")")
            }
        }
        if !report.isEqual { throw ExitCode(1) }
    }
}

struct IndexRebuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "make the index anew from the first block",
        discussion: """
            The old one stays until the new one is complete.

            EXAMPLE
              stoa index rebuild
            """
    )

    @OptionGroup var index: IndexOptions
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let path = try index.preparePath()
        let place = try await node.ask { ledger in
            try await explainingIndex(path) {
                try await IndexRebuild(path: path, ledger: ledger, logger: serviceLogger("index"))
                    .run()
            }
        }
        try index.output.print(
            ["height": place.height.rawValue],
            "indexed up to block \(place.height.rawValue)"
        )
    }
}
