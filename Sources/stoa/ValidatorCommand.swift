import ABCI
import ArgumentParser
import CometBFTClient
import CometBFTTypes
import Consensus
import FoundationEssentials
import LedgerClient
import LedgerCore
import LedgerNode
import LedgerStore
import Logging
import MarketTypes
import ServiceLifecycle
import Synchronization
import Telemetry
import ValidatorNode

struct Validator: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "run one node of a network: the ledger and its ordering engine together",
        discussion: """
            The engine is CometBFT 0.38; COMETBFT_BIN names its program. It is started again \
            whenever it ends, and a height that stands still is reported. `stoa testnet` writes \
            the home directory.

            EXAMPLE
              COMETBFT_BIN=/opt/cometbft stoa validator --home net/node0
            """
    )

    @Option(
        help: ArgumentHelp("the engine's program (else COMETBFT_BIN)", valueName: "program")
    )
    var engine: String?
    @Flag(help: "serve the application alone; somebody else runs the engine")
    var withoutEngine = false
    @Option(help: "take a snapshot for joining nodes every so many blocks; 0 takes none")
    var snapshotIntervalBlocks: UInt64 = 1000
    @Option(help: "how long the height may stand still before it is an alarm, in seconds")
    var standstillSeconds = 30
    @Option(
        help: ArgumentHelp(
            "begin with a snapshot instead of all blocks; asks these nodes, at least two, which "
                + "block to trust, and checks it from the genesis on",
            valueName: "url,url"
        )
    )
    var stateSyncFrom: String?
    @OptionGroup var home: HomeOptions
    @OptionGroup var observing: ObservingOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let program = try enginePath()
        let settings = try settings()
        guard let address = ListenAddress(settings.application) else {
            throw CommandFailure("\(home.path("node", "validator.json")) is damaged")
        }
        let logger = observing.logger("validator")
        let telemetry = try observing.telemetry("validator")
        let parts = try NodeHome(home: home).openApplication(
            snapshotIntervalBlocks: snapshotIntervalBlocks,
            logger: logger
        )
        var answers = EngineLedger.Configuration()
        let store = parts.application.store
        answers.version = Stoa.configuration.version
        let counter = SupplyCounter {
            let audit = try SupplyAudit(store)
            return (audit.height, Array(try OutputOptions.line(audit.document).utf8))
        }
        answers.supplyReport = { counter.latest() }
        let ledger = try EngineLedger(
            application: parts.application,
            stateSync: parts.archive,
            configuration: answers
        )
        if let stateSyncFrom, try store.last().height == BlockHeight(0) {
            try await trustSnapshots(from: stateSyncFrom)
        }
        let gate = OpenGate()
        var configuration = ABCIServer.Configuration()
        configuration.address = address
        let output = output
        let server = ABCIServer(
            application: ledger,
            configuration: configuration,
            logger: logger
        ) { _ in
            gate.open()
            announce(output, service: "validator", url: "http://\(settings.rpc)")
        }
        // Ended in reverse order: the engine before the application that it needs.
        telemetry.watch(store)
        var services: [any Service] = observing.services(telemetry, logger) + [counter, server]
        services.append(watch(parts.application, telemetry, logger))
        if let program {
            let configuration = EngineSupervisor.Configuration(
                program: program,
                home: home.path("engine")
            )
            services.append(
                EngineSupervisor(configuration: configuration, logger: logger) {
                    await gate.wait()
                }
            )
        }
        try await serve(services, logger: logger, node: "this process")
    }

    /// Finds a block to trust by a light client that begins at the genesis, and tells the engine.
    private func trustSnapshots(from list: String) async throws {
        let urls = list.split(separator: ",").map(String.init)
        guard urls.count >= 2, urls.allSatisfy({ $0.hasPrefix("http") }) else {
            throw ValidationError("--state-sync-from wants at least two URLs")
        }
        let genesis = try NodeHome(home: home).genesis()
        let header = try await withHTTPClient { client in
            try await explaining(node: list) {
                let ledger = try NetworkLedger(genesis: genesis, urls: urls, client: client)
                let height = try await ledger.status().height
                return try await ledger.lightBlock(at: height).header
            }
        }
        try EngineHome(directory: home.path("engine")).write(
            EngineConfiguration.StateSync(
                servers: urls.map { $0.replacing(/^https?:\/\//, with: "") },
                trustHeight: header.height.rawValue,
                trustHash: header.hash.description.uppercased()
            )
        )
        note("trusting block \(header.height.rawValue), \(header.hash)")
    }

    private func enginePath() throws -> String? {
        if withoutEngine { return nil }
        let named = engine ?? ProcessInfo.processInfo.environment["COMETBFT_BIN"] ?? ""
        guard !named.isEmpty else {
            throw CommandFailure(
                "the ordering engine's program is not known",
                hint: "set COMETBFT_BIN to CometBFT 0.38, or give --engine"
            )
        }
        guard FileManager.default.isExecutableFile(atPath: named) else {
            throw CommandFailure("\(named) cannot be run", hint: "is it the engine's program?")
        }
        return named
    }

    private func settings() throws -> ValidatorSettings {
        let file = home.path("node", "validator.json")
        guard FileManager.default.fileExists(atPath: file) else {
            throw CommandFailure(
                "there is no network node in \(home.path)",
                hint: "make a network with `stoa testnet`"
            )
        }
        let text = try readFile(file)
        guard
            let settings = try? JSONDecoder().decode(
                ValidatorSettings.self,
                from: Data(text.utf8)
            )
        else { throw CommandFailure("\(file) is damaged") }
        return settings
    }

    private func watch(
        _ application: LedgerApplication,
        _ telemetry: ServiceTelemetry,
        _ logger: Logger
    ) -> HeightWatch {
        telemetry.metrics.set("stoa_chain_standstill", to: 0)
        let standstill = Standstill()
        telemetry.readiness.add(Readiness.Check("blocks") {
            standstill.isStuck.load(ordering: .relaxed) ? "no new block" : nil
        })
        var configuration = HeightWatch.Configuration()
        configuration.standstillMax = .seconds(standstillSeconds)
        return HeightWatch(configuration: configuration, logger: logger) {
            try application.store.last().height
        } alarm: { alarm in
            let isStuck = if case .stuck = alarm { true } else { false }
            standstill.isStuck.store(isStuck, ordering: .relaxed)
            telemetry.metrics.set("stoa_chain_standstill", to: isStuck ? 1 : 0)
        }
    }
}

/// Whether the height has stood still for too long.
private final class Standstill: Sendable {
    let isStuck = Atomic(false)
}

/// Lets everybody through once it is open.
final class OpenGate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func open() { continuation.finish() }

    func wait() async {
        for await _ in stream {}
    }
}
