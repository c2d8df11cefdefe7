public import Logging
public import ServiceLifecycle
import Subprocess
import SystemPackage

/// Keeps the ordering engine running beside the application.
///
/// The engine ends with status 0 when it loses its application, so every end is a reason to start
/// it again (cometbft-abci, section 4.1). It is started after the application listens, and ended
/// before it stops listening.
public struct EngineSupervisor: Service {
    /// What the supervisor may be told.
    public struct Configuration: Sendable {
        /// The engine's program.
        public var program: String
        /// The engine's directory.
        public var home: String
        /// The first pause before the engine is started again.
        public var pauseMin: Duration = .milliseconds(500)
        /// The longest pause; each is twice the one before until the engine stays up.
        public var pauseMax: Duration = .seconds(30)
        /// After this long the engine counts as up, and the next pause is the first again.
        public var stableAfter: Duration = .seconds(60)
        /// How long the engine may take to end when it is asked to.
        public var farewellMax: Duration = .seconds(10)

        /// Creates a configuration with standard times.
        public init(program: String, home: String) {
            self.program = program
            self.home = home
        }
    }

    /// Something the supervisor saw.
    public enum Sight: Hashable, Sendable {
        /// The engine was started for this many times.
        case started(count: Int)
        /// The engine ended, with what the system said.
        case ended(String)
        /// The engine said that consensus failed here: it stays alive and does nothing.
        case consensusFailure(String)
        /// The engine's program could not be started.
        case cannotStart(String)
    }

    private let configuration: Configuration
    private let isReady: @Sendable () async -> Void
    private let sight: @Sendable (Sight) -> Void
    private let logger: Logger

    /// Creates a supervisor.
    ///
    /// - Parameters:
    ///   - isReady: returns once the application listens.
    ///   - sight: called, besides the log, with what is seen.
    public init(
        configuration: Configuration,
        logger: Logger,
        isReady: @escaping @Sendable () async -> Void,
        sight: @escaping @Sendable (Sight) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.isReady = isReady
        self.sight = sight
        self.logger = logger
    }

    /// Runs the engine until the service is told to stop.
    public func run() async throws {
        await isReady()
        try? await cancelWhenGracefulShutdown { try await keepRunning() }
    }

    private func keepRunning() async throws {
        let clock = ContinuousClock()
        var pause = configuration.pauseMin
        var count = 0
        while true {
            try Task.checkCancellation()
            count += 1
            let startedAt = clock.now
            see(.started(count: count))
            see(await runOnce())
            try Task.checkCancellation()
            if clock.now - startedAt >= configuration.stableAfter { pause = configuration.pauseMin }
            try await clock.sleep(for: pause)
            pause = min(pause * 2, configuration.pauseMax)
        }
    }

    private func runOnce() async -> Sight {
        var options = PlatformOptions()
        options.teardownSequence = [
            .gracefulShutDown(allowedDurationToNextStep: configuration.farewellMax)
        ]
        do {
            let done = try await Subprocess.run(
                .path(FilePath(configuration.program)),
                arguments: ["start", "--home", configuration.home],
                // The passphrase of a wallet is none of the engine's business.
                environment: .inherit.updating(["STOA_PASSPHRASE": nil]),
                platformOptions: options,
                input: .none,
                output: .sequence,
                error: .combinedWithOutput
            ) { execution in
                let lines = execution.standardOutput.strings(
                    bufferingPolicy: .maxLineLength(1 << 20)
                )
                for try await line in lines { read(line) }
            }
            return .ended("\(done.terminationStatus)")
        } catch {
            return .cannotStart("\(error)")
        }
    }

    /// Passes on what the engine says; nothing of it is kept.
    private func read(_ line: String) {
        let text = line.trimmingPrefix { $0.isWhitespace }
        guard !text.isEmpty else { return }
        if text.contains("CONSENSUS FAILURE") {
            see(.consensusFailure(String(text.prefix(400))))
        } else {
            logger.info("engine: \(text.prefix(1000))")
        }
    }

    private func see(_ sight: Sight) {
        switch sight {
        case .started(let count):
            logger.info("starting the engine", metadata: ["count": "\(count)"])
        case .ended(let status):
            logger.warning("the engine ended; starting it again", metadata: ["status": "\(status)"])
        case .consensusFailure(let line):
            logger.critical(
                "consensus failed on this node: the engine lives on and does nothing",
                metadata: ["engine": "\(line)", "hint": "docs/operations/network.md, A stuck node"]
            )
        case .cannotStart(let error):
            logger.critical(
                "the engine cannot be started",
                metadata: ["error": "\(error)", "program": "\(configuration.program)"]
            )
        }
        self.sight(sight)
    }
}
