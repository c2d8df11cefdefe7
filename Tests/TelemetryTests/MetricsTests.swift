import CoreMetrics
import Telemetry
import Testing

@Suite("Metrics")
struct MetricsTests {
    @Test("P9: what a stranger puts into labels makes no more series than the limit")
    func bounded() {
        let registry = MetricsRegistry(seriesPerNameMax: 3, namesMax: 2)
        for path in 0..<100 {
            Counter(label: "calls", dimensions: [("path", "\(path)")], factory: registry)
                .increment()
        }
        for name in 0..<100 {
            Counter(label: "name\(name)", dimensions: [], factory: registry).increment()
        }
        let lines = registry.exposition().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count == 5)
        #expect(lines.contains("calls_total{overflow=\"true\"} 97"))
    }

    @Test("names and values cannot break out of their line")
    func escaped() {
        let registry = MetricsRegistry()
        let hostile = "a\"b\\c\nd{}=\r\n# TYPE x"
        Counter(label: "1 b-\n", dimensions: [("x y", hostile)], factory: registry).increment(by: 2)
        let text = registry.exposition()
        #expect(
            text == "# TYPE _1_b___total counter\n"
                + #"_1_b___total{x_y="a\"b\\c\nd{}=\n# TYPE x"} 2"# + "\n"
        )
    }

    @Test("a histogram counts cumulatively, and its bounds belong to the bucket below")
    func histogram() {
        let registry = MetricsRegistry()
        let timer = Timer(label: "took", dimensions: [("a", "b")], factory: registry)
        for nanoseconds in [500_000, 500_001, 2_000_000, 61_000_000_000] {
            timer.recordNanoseconds(nanoseconds)
        }
        let text = registry.exposition()
        #expect(text.contains("# TYPE took_seconds histogram\n"))
        #expect(text.contains("took_seconds_bucket{a=\"b\",le=\"0.0005\"} 1\n"))
        #expect(text.contains("took_seconds_bucket{a=\"b\",le=\"0.001\"} 2\n"))
        #expect(text.contains("took_seconds_bucket{a=\"b\",le=\"60.0\"} 3\n"))
        #expect(text.contains("took_seconds_bucket{a=\"b\",le=\"+Inf\"} 4\n"))
        #expect(text.contains("took_seconds_count{a=\"b\"} 4\n"))
    }

    @Test("the order of labels does not matter, and a series outlives its user")
    func sameSeries() {
        let registry = MetricsRegistry()
        Counter(label: "n", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        Counter(label: "n", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
        #expect(registry.exposition().contains("n_total{a=\"1\",b=\"2\"} 2\n"))
    }

    @Test("a gauge goes up and down")
    func gauge() {
        let registry = MetricsRegistry()
        let gauge = Meter(label: "open", dimensions: [], factory: registry)
        gauge.increment(by: 3)
        gauge.decrement(by: 1)
        #expect(registry.exposition().contains("open 2.0\n"))
    }

    @Test("64 tasks lose no count")
    func parallel() async {
        let registry = MetricsRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    let counter = Counter(label: "c", dimensions: [], factory: registry)
                    let timer = Timer(label: "t", dimensions: [], factory: registry)
                    for _ in 0..<100 {
                        counter.increment()
                        timer.recordNanoseconds(1)
                    }
                }
            }
        }
        #expect(registry.exposition().contains("c_total 6400\n"))
        #expect(registry.exposition().contains("t_seconds_count 6400\n"))
    }
}
