public import Logging
public import MarketTypes
public import ServiceLifecycle

/// Watches whether the chain moves, and says loudly when it does not.
///
/// An engine that lost consensus stays alive, and its own health page stays green; only the
/// height tells (cometbft-abci, pitfall 7).
public struct HeightWatch: Service {
    /// What the watch may be told.
    public struct Configuration: Sendable {
        /// How often it looks.
        public var interval: Duration = .seconds(2)
        /// How long the height may stand still before it is an alarm.
        public var standstillMax: Duration = .seconds(30)
        /// How often the alarm is repeated.
        public var repetition: Duration = .seconds(60)

        /// Creates the standard configuration.
        public init() {}
    }

    private let configuration: Configuration
    private let height: @Sendable () throws -> BlockHeight
    private let alarm: @Sendable (Alarm) -> Void
    private let logger: Logger

    /// What the watch saw.
    public enum Alarm: Hashable, Sendable {
        /// The height has not moved for this long.
        case stuck(at: BlockHeight, for: Duration)
        /// It moves again.
        case moving(at: BlockHeight)
    }

    /// Creates a watch.
    ///
    /// - Parameters:
    ///   - height: the last committed height.
    ///   - alarm: called, besides the log, with what is seen.
    public init(
        configuration: Configuration,
        logger: Logger,
        height: @escaping @Sendable () throws -> BlockHeight,
        alarm: @escaping @Sendable (Alarm) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.height = height
        self.alarm = alarm
        self.logger = logger
    }

    /// Watches until the service is told to stop.
    public func run() async throws {
        try? await cancelWhenGracefulShutdown { try await watch() }
    }

    private func watch() async throws {
        let clock = ContinuousClock()
        var last = try height()
        var movedAt = clock.now
        var saidAt: ContinuousClock.Instant?
        while true {
            try await clock.sleep(for: configuration.interval)
            let now = try height()
            if now != last {
                if saidAt != nil { say(.moving(at: now)) }
                (last, movedAt, saidAt) = (now, clock.now, nil)
                continue
            }
            let standstill = clock.now - movedAt
            guard standstill >= configuration.standstillMax else { continue }
            if let saidAt, clock.now - saidAt < configuration.repetition { continue }
            say(.stuck(at: last, for: standstill))
            saidAt = clock.now
        }
    }

    private func say(_ alarm: Alarm) {
        switch alarm {
        case .stuck(let height, let time):
            logger.critical(
                "no new block: this node or the network is stuck",
                metadata: [
                    "height": "\(height.rawValue)", "for": "\(time.components.seconds) s",
                    "hint": "docs/operations/network.md, A stuck node",
                ]
            )
        case .moving(let height):
            logger.notice("blocks come again", metadata: ["height": "\(height.rawValue)"])
        }
        self.alarm(alarm)
    }
}
