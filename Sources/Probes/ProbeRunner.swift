public import Logging
public import MarketTypes
public import ServiceLifecycle
public import Telemetry

/// Looks at everything once a minute, and writes down what it saw.
public struct ProbeRunner: Service {
    private let probes: [Probe]
    private let history: ProbeHistory
    private let interval: Duration
    private let timeout: Duration
    private let telemetry: ServiceTelemetry
    private let logger: Logger
    private let now: @Sendable () -> Timestamp

    /// Creates a runner.
    ///
    /// - Parameter timeout: how long one look may take; it has found a fault then.
    public init(
        _ probes: [Probe],
        history: ProbeHistory,
        interval: Duration = .seconds(60),
        timeout: Duration = .seconds(10),
        telemetry: ServiceTelemetry,
        logger: Logger,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.probes = probes
        self.history = history
        self.interval = interval
        self.timeout = timeout
        self.telemetry = telemetry
        self.logger = logger
        self.now = now
    }

    /// Looks until the service is told to stop.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            // What is looked at starts at the same time.
            try? await Task.sleep(for: min(interval, .seconds(2)))
            while !Task.isCancelled {
                for probe in probes where !Task.isCancelled { await look(probe) }
                try? await Task.sleep(for: interval)
            }
        }
    }

    private func look(_ probe: Probe) async {
        let start = ContinuousClock.now
        let fault = await fault(within: timeout, probe.run)
        // A shutdown takes away what is looked at, and that is no fault of it.
        guard !Task.isCancelled else { return }
        let took = ContinuousClock.now - start
        telemetry.metrics.observe("stoa_probe", ["probe": probe.name], took)
        if fault != nil { telemetry.metrics.count("stoa_probe_faults", ["probe": probe.name]) }
        do {
            try await history.note(
                probe.name,
                fault: fault,
                milliseconds: UInt64(max(0, took.nanoseconds) / 1_000_000),
                at: now()
            )
        } catch {
            logger.warning("what a probe found cannot be written", metadata: ["error": "\(error)"])
        }
    }
}
