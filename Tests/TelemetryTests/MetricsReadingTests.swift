import Telemetry
import Testing

@Suite("Reading metrics")
struct MetricsReadingTests {
    @Test(
        "half of a line is none",
        arguments: [
            "a", "a{", "a{b=\"c\"", "a{b=\"c\"}", "a{b=c} 1", "a{b=\"c\\x\"} 1", "a 1 2", "a x",
            "a{b=\"1\",b=\"2\"} 1", " 1", "{} 1", "a  1",
        ]
    )
    func refused(line: String) {
        #expect(throws: MetricsTextError.malformed(line: 2)) {
            try MetricsText.read("# TYPE a gauge\n\(line)\n")
        }
    }

    @Test("what the registry writes is read back")
    func roundTrip() throws {
        let registry = MetricsRegistry()
        registry.count("n", ["path": "a\"b\\c\nd"], by: 3)
        registry.set("g", to: -2.5)
        registry.set("g", to: .nan)
        registry.adjust("g", by: 0.5)
        registry.observe("t", [:], .milliseconds(7))
        let samples = try MetricsText.read(registry.exposition())
        let view = MetricsView(samples)
        #expect(view.sum("n_total", where: ["path": "a\"b\\c\nd"]) == 3)
        #expect(view.sum("g") == -2)
        #expect(view.sum("t_seconds_count") == 1)
        #expect(view.sum("nothing") == nil)
    }

    @Test("a quantile is where it lies in its bucket, counted since the look before")
    func quantiles() throws {
        func view(_ counts: [Int]) throws -> MetricsView {
            let bounds = ["1", "2", "4", "+Inf"]
            return MetricsView(
                try MetricsText.read(
                    zip(bounds, counts).map { "t_bucket{le=\"\($0)\"} \($1)\n" }.joined()
                )
            )
        }
        let first = try view([10, 20, 20, 20])
        #expect(first.quantile(0.5, of: "t") == 1)
        #expect(first.quantile(0.75, of: "t") == 1.5)
        #expect(try view([0, 0, 0, 5]).quantile(0.5, of: "t") == 4)
        #expect(try view([10, 20, 30, 30]).quantile(0.5, of: "t", since: first) == 3)
        #expect(first.quantile(0.5, of: "t", since: first) == nil)
        #expect(first.quantile(0.5, of: "u") == nil)
    }

    @Test("a registry that is off keeps nothing")
    func off() async {
        MetricsRegistry.off.count("n")
        MetricsRegistry.off.addProbe { $0.set("g", to: 1) }
        #expect(await MetricsRegistry.off.currentExposition() == "")
    }

    @Test("P9: names beyond the limit share one label")
    func boundedNames() {
        let names = BoundedNames(countMax: 2)
        #expect(["a", "b", "c", "a", "d"].map(names.label) == ["a", "b", "other", "a", "other"])
    }
}
