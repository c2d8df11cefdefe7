/// What one look at a process' metrics shows: sums, gauges, and quantiles from buckets.
public struct MetricsView: Sendable {
    private let samples: [MetricSample]

    /// Looks at samples.
    public init(_ samples: [MetricSample]) {
        self.samples = samples
    }

    /// The sum of all series of a name whose labels have these values; nil if there is none.
    public func sum(_ name: String, where labels: [String: String] = [:]) -> Double? {
        let found = samples.filter { $0.name == name && Self.matches($0, labels) }
        return found.isEmpty ? nil : found.reduce(0) { $0 + $1.value }
    }

    /// The values that a label has in a name's series, in order.
    public func values(of label: String, in name: String) -> [String] {
        Set(samples.filter { $0.name == name }.compactMap { $0.labels[label] }).sorted()
    }

    /// A quantile of a histogram, as Prometheus' `histogram_quantile` estimates it: linear within
    /// the bucket; nil without observations since `earlier`.
    ///
    /// - Parameters:
    ///   - name: the histogram, without `_bucket`.
    ///   - earlier: what is subtracted, so that only later observations count.
    public func quantile(
        _ quantile: Double,
        of name: String,
        where labels: [String: String] = [:],
        since earlier: MetricsView? = nil
    ) -> Double? {
        var counts = buckets(name, labels)
        for (bound, count) in earlier?.buckets(name, labels) ?? [:] {
            // A counter that went back belongs to a process that began anew.
            counts[bound] = max(0, (counts[bound] ?? 0) - count)
        }
        let sorted = counts.sorted { $0.key < $1.key }
        guard let total = sorted.last?.value, total > 0 else { return nil }
        let rank = quantile * total
        var (lower, below) = (0.0, 0.0)
        for (bound, count) in sorted {
            if count >= rank {
                // Above the highest bound nothing is known but that it is above.
                guard bound.isFinite, count > below else { return lower }
                return lower + (bound - lower) * (rank - below) / (count - below)
            }
            (lower, below) = (bound, count)
        }
        return lower
    }

    private func buckets(_ name: String, _ labels: [String: String]) -> [Double: Double] {
        var found: [Double: Double] = [:]
        for sample in samples
        where sample.name == name + "_bucket" && Self.matches(sample, labels) {
            guard let text = sample.labels["le"] else { continue }
            guard let bound = text == "+Inf" ? .infinity : Double(text) else { continue }
            found[bound, default: 0] += sample.value
        }
        return found
    }

    private static func matches(_ sample: MetricSample, _ labels: [String: String]) -> Bool {
        labels.allSatisfy { sample.labels[$0.key] == $0.value }
    }
}
