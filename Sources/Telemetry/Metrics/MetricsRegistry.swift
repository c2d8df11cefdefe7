public import CoreMetrics
import Synchronization

/// Keeps every series of a process, and writes them down for Prometheus (text format 0.0.4).
///
/// A backend of swift-metrics: `MetricsSystem.bootstrap(registry)` once in a process. Labels come
/// from requests in part, so the number of series is bounded: what comes after the limit is counted
/// together, under `overflow="true"`.
public final class MetricsRegistry: MetricsFactory, Sendable {
    private struct State {
        var counters: [MetricName: CounterSeries] = [:]
        var gauges: [MetricName: GaugeSeries] = [:]
        var histograms: [MetricName: HistogramSeries] = [:]
        var seriesOfName: [String: Int] = [:]
    }

    /// Something that looks how much there is, whenever somebody asks for all series.
    public typealias Probe = @Sendable (MetricsRegistry) async -> Void

    /// The most probes.
    public static let probesMax = 64
    /// Keeps nothing, for services that nobody watches.
    public static let off = MetricsRegistry(seriesPerNameMax: 0, namesMax: 0)

    private let state = Mutex(State())
    private let probes = Mutex<[Probe]>([])
    private let seriesPerNameMax: Int
    private let namesMax: Int

    /// Whether anything is kept.
    var isRecording: Bool { namesMax > 0 }

    /// Creates an empty registry.
    ///
    /// - Parameters:
    ///   - seriesPerNameMax: how many combinations of labels one name may have.
    ///   - namesMax: how many names there may be.
    public init(seriesPerNameMax: Int = 1000, namesMax: Int = 500) {
        self.seriesPerNameMax = seriesPerNameMax
        self.namesMax = namesMax
    }

    public func makeCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any CounterHandler {
        series(label, dimensions, \.counters) { CounterSeries() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, \.gauges) { GaugeSeries() }
    }

    public func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        series(label, dimensions, \.histograms) {
            HistogramSeries(bounds: HistogramSeries.magnitudes)
        }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label + "_seconds", dimensions, \.histograms) {
            HistogramSeries(bounds: HistogramSeries.seconds)
        }
    }

    // A series stays once it is there: a scraper must not see it vanish with its last user.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    private func series<Series: Sendable>(
        _ label: String,
        _ dimensions: [(String, String)],
        _ table: WritableKeyPath<State, [MetricName: Series]>,
        _ make: () -> Series
    ) -> Series {
        let name = MetricName(label, dimensions)
        return state.withLock { state in
            if let found = state[keyPath: table][name] { return found }
            let count = state.seriesOfName[name.name] ?? 0
            let hasRoom =
                count < seriesPerNameMax && (count > 0 || state.seriesOfName.count < namesMax)
            let place = hasRoom ? name : name.overflow
            if let found = state[keyPath: table][place] { return found }
            let made = make()
            // Beyond the last name nothing is kept: the caller counts into the void.
            if hasRoom || count > 0 {
                state[keyPath: table][place] = made
                state.seriesOfName[name.name] = count + 1
            }
            return made
        }
    }

    /// Has something looked at before each answer of ``currentExposition()``; those beyond
    /// ``probesMax`` are not taken.
    public func addProbe(_ probe: @escaping Probe) {
        guard isRecording else { return }
        probes.withLock { if $0.count < Self.probesMax { $0.append(probe) } }
    }

    /// Everything in the text format, after each probe has looked.
    public func currentExposition() async -> String {
        for probe in probes.withLock({ $0 }) { await probe(self) }
        return exposition()
    }

    /// Everything in the text format, names and labels in order.
    public func exposition() -> String {
        let (counters, gauges, histograms) = state.withLock {
            ($0.counters, $0.gauges, $0.histograms)
        }
        var text = ""
        Self.write(counters, "counter", to: &text) { name, series, text in
            text += "\(name.text(suffix: "_total")) \(series.value)\n"
        }
        Self.write(gauges, "gauge", to: &text) { name, series, text in
            text += "\(name.text()) \(series.value)\n"
        }
        Self.write(histograms, "histogram", to: &text) { name, series, text in
            let snapshot = series.snapshot
            let bounds = series.bounds.map { "\($0)" } + ["+Inf"]
            for (bound, count) in zip(bounds, snapshot.cumulative) {
                text += "\(name.text(suffix: "_bucket", extra: "le=\"\(bound)\"")) \(count)\n"
            }
            text += "\(name.text(suffix: "_sum")) \(snapshot.sum)\n"
            text += "\(name.text(suffix: "_count")) \(snapshot.cumulative.last ?? 0)\n"
        }
        return text
    }

    private static func write<Series>(
        _ table: [MetricName: Series],
        _ type: String,
        to text: inout String,
        _ body: (MetricName, Series, inout String) -> Void
    ) {
        var last = ""
        let sorted = table.sorted { ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels) }
        for (name, series) in sorted {
            if name.name != last {
                last = name.name
                text += "# TYPE \(last)\(type == "counter" ? "_total" : "") \(type)\n"
            }
            body(name, series, &text)
        }
    }
}
