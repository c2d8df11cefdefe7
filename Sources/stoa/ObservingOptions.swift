import ArgumentParser
import FoundationEssentials
import Logging
import NIOCore
import ServiceLifecycle
import SpanExport
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
            "send the spans of requests to this collector, by OTLP over HTTP "
                + "(OTEL_EXPORTER_OTLP_ENDPOINT)",
            valueName: "url"
        )
    )
    var otlp: String?
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
    ///
    /// - Throws: ``CommandFailure`` if spans cannot be sent as asked.
    func telemetry(_ service: String) throws -> ServiceTelemetry {
        let metrics = metrics == nil ? MetricsRegistry.off : MetricsRegistry()
        let exporter = try spanExporter(service, metrics)
        let writesLines = logFormat == .json
        let export: @Sendable (SpanRecord) -> Void = { span in
            if writesLines { writeLog(span.line) }
            exporter?.add(span)
        }
        return ServiceTelemetry(
            service: service,
            metrics: metrics,
            export: writesLines || exporter != nil ? export : nil,
            companions: exporter.map { [$0] } ?? []
        )
    }

    private func spanExporter(
        _ service: String,
        _ metrics: MetricsRegistry
    ) throws -> SpanExporter? {
        do throws(OTLPRefusal) {
            let destination = try OTLPDestination(
                base: otlp,
                environment: ProcessInfo.processInfo.environment,
                service: service,
                version: Stoa.configuration.version
            )
            guard let destination else { return nil }
            return SpanExporter(
                to: destination,
                service: service,
                metrics: metrics,
                logger: logger(service)
            )
        } catch {
            guard otlp == nil else {
                throw CommandFailure(
                    "\(error)",
                    hint: "Give --otlp http://HOST:4318; see docs/spec/telemetry.md, TEL-17."
                )
            }
            // What is set for a whole machine must not keep a market from starting.
            logger(service).warning("no spans are sent: \(error)")
            return nil
        }
    }

    /// Says what is going on, in the form that log lines have.
    func tell(_ text: String) {
        guard logFormat == .json else { return note(text) }
        var logger = self.logger("service")
        logger.logLevel = .notice
        logger.notice("\(text)")
    }

    /// The services that tell what `telemetry` has, by `--metrics` and `--otlp`.
    func services(_ telemetry: ServiceTelemetry, _ logger: Logger) -> [any Service] {
        guard let metrics else { return telemetry.companions }
        telemetry.metrics.set(
            "stoa_info",
            ["service": telemetry.service, "version": Stoa.configuration.version],
            to: 1
        )
        return telemetry.companions + [
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
