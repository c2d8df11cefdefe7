/// What a service tells its operator: numbers, and the spans of its requests.
public struct ServiceTelemetry: Sendable {
    /// The service's name, as metrics and spans carry it.
    public let service: String
    /// Keeps its numbers.
    public let metrics: MetricsRegistry
    /// Whether it can do its work now.
    public let readiness: Readiness
    /// Takes the spans that are over; nil drops them.
    public let export: (@Sendable (SpanRecord) -> Void)?

    /// Puts it together.
    public init(
        service: String,
        metrics: MetricsRegistry,
        readiness: Readiness = Readiness(),
        export: (@Sendable (SpanRecord) -> Void)? = nil
    ) {
        self.service = service
        self.metrics = metrics
        self.readiness = readiness
        self.export = export
    }

    /// Tells nobody anything; traces are passed on all the same.
    public static func off(_ service: String) -> ServiceTelemetry {
        ServiceTelemetry(service: service, metrics: .off)
    }
}
