import ArgumentParser
import FoundationEssentials
import Logging
import NIOCore
import ServiceLifecycle
import Telemetry

/// How a service's operator sees what it does.
struct ObservingOptions: ParsableArguments {
    /// How log lines are written.
    enum LogFormat: String, CaseIterable, ExpressibleByArgument {
        case text, json
    }

    @Option(
        help: ArgumentHelp(
            "serve /metrics for Prometheus, /health and /ready here; a port alone is on 127.0.0.1",
            valueName: "host:port"
        )
    )
    var metrics: ListeningPlace?
    @Option(help: "how log lines are written, text or json; json has the spans of requests too")
    var logFormat = LogFormat.text
    @Option(
        help: ArgumentHelp(
            "what is logged: trace, debug, info, notice, warning, error, critical "
                + "(STOA_LOG, else warning)",
            valueName: "level"
        )
    )
    var logLevel: LogLevel?

    /// The logger of one part of the program.
    func logger(_ label: String) -> Logger {
        var logger = serviceLogger(label)
        if logFormat == .json {
            logger = Logger(label: "stoa.\(label)") { label in
                var handler = JSONLogHandler(label: label, sink: writeLog)
                handler.metadataProvider = JSONLogHandler.requestNames
                return handler
            }
            logger.logLevel = serviceLogger(label).logLevel
        }
        if let logLevel { logger.logLevel = logLevel.level }
        return logger
    }

    /// What a service tells its operator.
    func telemetry(_ service: String) -> ServiceTelemetry {
        let writeSpan: @Sendable (SpanRecord) -> Void = { writeLog($0.line) }
        return ServiceTelemetry(
            service: service,
            metrics: metrics == nil ? .off : MetricsRegistry(),
            export: logFormat == .json ? writeSpan : nil
        )
    }

    /// Says what is going on, in the form that log lines have.
    func tell(_ text: String) {
        guard logFormat == .json else { return note(text) }
        var logger = self.logger("service")
        logger.logLevel = .notice
        logger.notice("\(text)")
    }

    /// The services that show what `telemetry` has: one with `--metrics`, else none.
    func services(_ telemetry: ServiceTelemetry, _ logger: Logger) -> [any Service] {
        guard let metrics else { return [] }
        telemetry.metrics.set(
            "stoa_info",
            ["service": telemetry.service, "version": Stoa.configuration.version],
            to: 1
        )
        return [
            OperatorServer(
                host: metrics.host,
                port: metrics.port,
                metrics: telemetry.metrics,
                readiness: telemetry.readiness,
                logger: logger,
                waitsForPort: ProcessInfo.processInfo.environment["LISTEN_FDS"] != nil
            ) { port in
                tell("metrics at http://\(metrics.shownHost):\(port)/metrics")
            }
        ]
    }
}

/// An address to listen on: `127.0.0.1:9464`, `[::1]:9464`, or a port alone.
struct ListeningPlace: ExpressibleByArgument {
    let host: String
    let port: Int

    init?(argument: String) {
        if let port = UInt16(argument) {
            (host, self.port) = ("127.0.0.1", Int(port))
            return
        }
        guard let colon = argument.lastIndex(of: ":"),
            let port = UInt16(argument[argument.index(after: colon)...])
        else { return nil }
        var host = argument[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        (self.host, self.port) = (String(host), Int(port))
    }

    var shownHost: String { host.contains(":") ? "[\(host)]" : host }
}

/// A log level by its name.
struct LogLevel: ExpressibleByArgument {
    let level: Logger.Level

    init?(argument: String) {
        guard let level = Logger.Level(rawValue: argument) else { return nil }
        self.level = level
    }
}
