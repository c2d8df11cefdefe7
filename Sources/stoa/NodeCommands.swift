import ArgumentParser
import CanonicalCoding
import Consensus
import FoundationEssentials
import HTTPServing
import Identity
import LedgerCore
import LedgerNode
import LedgerStore
import Logging
import MarketTypes
import ServiceLifecycle
import Telemetry

struct NodeGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "run a ledger",
        discussion: "EXAMPLE\n  stoa node run",
        subcommands: [NodeInit.self, NodeRun.self]
    )
}

struct NodeInit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "start a new chain: its genesis and its sequencer's key",
        discussion: """
            The genesis fixes the supply and the rules for ever; there is no key that can change \
            them later.

            EXAMPLE
              stoa node init --allocate alice=1000000 --allocate bob=1000
            """
    )

    @Option(help: "the chain's name for people")
    var name = "stoa-local"
    @Option(
        help: ArgumentHelp(
            "who owns how many STOA at the start; repeat for each",
            valueName: "account=stoa"
        )
    )
    var allocate: [String]
    @Option(help: "blocks between a payer's request to close a channel and its end")
    var closingDelayBlocks = LedgerParameters.standard.closingDelayBlocks
    @Option(help: "blocks that a bond stays at risk after its owner asked for it back")
    var unbondingDelayBlocks = LedgerParameters.standard.unbondingDelayBlocks
    @Option(
        help: ArgumentHelp(
            "another number of the rules, which a vote could change; repeat for each",
            valueName: "name=value"
        )
    )
    var number: [NumberText] = []
    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let wallets = Wallets(home: home)
        let allocations = try allocate.map { text in
            let parts = text.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, let amount = try? Amount(stoa: String(parts[1])) else {
                throw ValidationError("“\(text)” is not like alice=1000")
            }
            return Genesis.Allocation(
                account: try wallets.resolve(String(parts[0])),
                amount: amount
            )
        }
        let parameters = LedgerParameters(
            feeMinimum: LedgerParameters.standard.feeMinimum,
            feePerByte: LedgerParameters.standard.feePerByte,
            closingDelayBlocks: closingDelayBlocks,
            unbondingDelayBlocks: unbondingDelayBlocks
        )
        let genesis = try NodeHome(home: home).create(
            name: name,
            parameters: parameters,
            allocations: allocations,
            numbers: number.map(\.change)
        )
        try output.print(
            [
                "chain": genesis.chain.digest.description,
                "supplyObol": "\(genesis.supply.obol)",
            ],
            "chain \(genesis.chain.digest)\nsupply \(genesis.supply) STOA"
        )
    }
}

struct NodeRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "run the ledger of this home directory",
        discussion: "EXAMPLE\n  stoa node run --port 26600"
    )

    @Option(help: "the address to listen on")
    var host = "127.0.0.1"
    @Option(help: "the port to listen on; 0 takes a free one")
    var port = 26600
    @Option(
        help: ArgumentHelp(
            "how often a block is made while something waits for blocks to pass",
            valueName: "milliseconds"
        )
    )
    var tick: UInt64 = 1000
    @OptionGroup var home: HomeOptions
    @OptionGroup var observing: ObservingOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...3_600_000).contains(tick) else {
            throw ValidationError("--tick is from 1 to 3600000 milliseconds")
        }
    }

    func run() async throws {
        let logger = observing.logger("node")
        let telemetry = try observing.telemetry("node")
        let parts = try NodeHome(home: home).open(tick: .milliseconds(tick), logger: logger)
        var configuration = NodeServer.Configuration()
        configuration.host = host
        configuration.port = port
        let shown = (host, output)
        let server = NodeServer(
            ledger: EmbeddedLedger(sequencer: parts.sequencer),
            configuration: configuration,
            logger: logger,
            telemetry: telemetry,
            socket: try listeningSocket(host, port)
        ) { port in
            announce(shown.1, service: "node", url: "http://\(shown.0):\(port)")
        }
        telemetry.watch(parts.application.store)
        let services = observing.services(telemetry, logger) + [parts.sequencer, server]
        try await serve(services, logger: logger, node: "this process")
    }
}

/// Tells people and scripts that a service answers.
func announce(_ output: OutputOptions, service: String, url: String) {
    // A server that is told to end before it listens has no port.
    guard !url.hasSuffix(":0") else { return }
    try? output.print(["service": service, "url": url], "\(service) ready at \(url)")
    StartNotice.send("READY=1", to: ProcessInfo.processInfo.environment["NOTIFY_SOCKET"])
}

/// A logger that writes to standard error, from STOA_LOG (warning unless set).
func serviceLogger(_ label: String) -> Logger {
    var logger = Logger(label: "stoa.\(label)") { StreamLogHandler.standardError(label: $0) }
    let level = ProcessInfo.processInfo.environment["STOA_LOG"] ?? "warning"
    logger.logLevel = Logger.Level(rawValue: level) ?? .warning
    return logger
}

extension ServiceTelemetry {
    /// Shows a ledger's height, and is ready while its store can be read.
    func watch(_ store: some ApplicationStore) {
        readiness.add(Readiness.Check("ledger") {
            do {
                let height = try store.last().height
                metrics.set("stoa_ledger_height", to: Double(height.rawValue))
                return nil
            } catch {
                return "its store cannot be read"
            }
        })
        metrics.addProbe { _ in _ = await readiness.answer() }
    }
}

/// The part of a home directory that holds a ledger.
struct NodeHome {
    let home: HomeOptions
    private var genesisFile: String { home.path("node", "genesis.stoa") }

    /// Whether a chain was started here.
    var exists: Bool { FileManager.default.fileExists(atPath: genesisFile) }

    /// Starts a chain: writes its genesis and makes the sequencer's key.
    func create(
        name: String,
        parameters: LedgerParameters,
        allocations: [Genesis.Allocation],
        numbers: [NumberChange]
    ) throws -> Genesis {
        guard !exists else {
            throw CommandFailure(
                "there is a chain in \(home.path("node")) already; it was left alone",
                hint: "use another --home for another chain"
            )
        }
        _ = try home.makeDirectory("node")
        let key = try Wallets(home: home).openOrCreate(
            "sequencer",
            passphrase: try home.passphrase(isNew: true)
        )
        guard
            let genesis = Genesis(
                name: name,
                time: wallClock(),
                sequencer: key.publicKey,
                parameters: parameters,
                allocations: allocations,
                numbers: numbers
            )
        else {
            throw CommandFailure(
                "this genesis is not valid",
                hint: "an account or a number may be named once, and a name has 64 bytes at most"
            )
        }
        try writePrivateFile(Hex.encode(genesis.canonicalBytes) + "\n", to: genesisFile)
        return genesis
    }

    /// Reads the genesis.
    func genesis() throws -> Genesis {
        guard exists else {
            throw CommandFailure(
                "there is no chain in \(home.path("node"))",
                hint: "start one with `stoa node init`, or use `stoa up`"
            )
        }
        let text = try readFile(genesisFile)
        guard let bytes = Hex.decode(text.filter { !$0.isWhitespace }),
            let genesis = try? Genesis(canonicalBytes: bytes)
        else { throw CommandFailure("\(genesisFile) is damaged") }
        return genesis
    }

    /// Opens the ledger of a network's node, with the archive of its snapshots.
    func openApplication(
        snapshotIntervalBlocks: UInt64,
        logger: Logger
    ) throws -> NetworkParts {
        let store = try openStore()
        return try NetworkParts(
            application: LedgerApplication(store: store, genesis: try genesis()),
            store: store,
            directory: try home.makeDirectory("node", "snapshots"),
            intervalBlocks: snapshotIntervalBlocks,
            logger: logger
        )
    }

    private func openStore() throws -> LedgerStore {
        do {
            let directory = try home.makeDirectory("node", "data")
            return try LedgerStore(configuration: LedgerStoreConfiguration(directory: directory))
        } catch let error as StoreError {
            throw CommandFailure(
                "the ledger in \(home.path("node", "data")) cannot be opened: \(error)",
                hint: "does another process use this home directory?"
            )
        }
    }

    /// Opens the ledger, ready to run; while something waits for blocks to pass, it makes one
    /// every `tick`.
    func open(
        tick: Duration = .seconds(1),
        logger: Logger
    ) throws -> (sequencer: Sequencer, application: LedgerApplication) {
        let genesis = try genesis()
        let key = try Wallets(home: home).open("sequencer", passphrase: try home.passphrase())
        let application = try LedgerApplication(store: try openStore(), genesis: genesis)
        var configuration = Sequencer.Configuration()
        configuration.tick = tick
        let sequencer = try Sequencer(
            application: application,
            key: key,
            configuration: configuration,
            logger: logger,
            now: wallClock
        )
        return (sequencer, application)
    }
}

/// The time now, from the system's clock.
@Sendable func wallClock() -> Timestamp {
    // Not `timespec`: whose type that is depends on which modules a build has seen, and release
    // builds have seen others than debug ones.
    Timestamp(milliseconds: UInt64(max(0, Date().timeIntervalSince1970 * 1000)))
}
