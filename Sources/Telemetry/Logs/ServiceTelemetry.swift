public import ServiceLifecycle

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
    /// What must run beside the service so that its operator is told.
    public let companions: [any Service]

    /// Puts it together.
    public init(
        service: String,
        metrics: MetricsRegistry,
        readiness: Readiness = Readiness(),
        export: (@Sendable (SpanRecord) -> Void)? = nil,
        companions: [any Service] = []
    ) {
        self.service = service
        self.metrics = metrics
        self.readiness = readiness
        self.export = export
        self.companions = companions
    }

    /// Tells nobody anything; traces are passed on all the same.
    public static func off(_ service: String) -> ServiceTelemetry {
        ServiceTelemetry(service: service, metrics: .off)
    }
}
