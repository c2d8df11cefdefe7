import CoreMetrics

/// One line at the place where something happens: what it is called, its labels, and by how much.
extension MetricsRegistry {
    /// Counts something; the series' name gets `_total` behind it.
    public func count(
        _ name: String,
        _ labels: KeyValuePairs<String, String> = [:],
        by amount: Int64 = 1
    ) {
        guard isRecording else { return }
        makeCounter(label: name, dimensions: Self.pairs(labels)).increment(by: amount)
    }

    /// Puts a duration into a histogram; the series' name gets `_seconds` behind it.
    public func observe(
        _ name: String,
        _ labels: KeyValuePairs<String, String> = [:],
        _ duration: Duration
    ) {
        guard isRecording else { return }
        makeTimer(label: name, dimensions: Self.pairs(labels))
            .recordNanoseconds(duration.nanoseconds)
    }

    /// Says how much there is of something now.
    public func set(
        _ name: String,
        _ labels: KeyValuePairs<String, String> = [:],
        to value: Double
    ) {
        guard isRecording else { return }
        makeMeter(label: name, dimensions: Self.pairs(labels)).set(value)
    }

    /// Says that there is more, or less, of something now.
    public func adjust(
        _ name: String,
        _ labels: KeyValuePairs<String, String> = [:],
        by change: Double
    ) {
        guard isRecording else { return }
        let meter = makeMeter(label: name, dimensions: Self.pairs(labels))
        if change < 0 { meter.decrement(by: -change) } else { meter.increment(by: change) }
    }

    private static func pairs(
        _ labels: KeyValuePairs<String, String>
    ) -> [(String, String)] {
        labels.map { ($0.key, $0.value) }
    }
}

extension Duration {
    /// The whole duration; the longest is 292 years.
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isStillTooLong) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return isTooLong || isStillTooLong ? .max : sum
    }
}
