import ArgumentParser
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Telemetry

struct Top: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "watch what services do, by their metrics",
        discussion: """
            Reads the addresses that services serve with --metrics, again and again, and shows \
            rates, latencies and money. Rates are differences between two looks; with --once \
            there is one look, and they are left out.

            EXAMPLE
              stoa connect --wallet alice --metrics 9464
              stoa top --url http://127.0.0.1:9464 --url http://127.0.0.1:9465
            """
    )

    @Option(help: "an address of metrics; repeat for each")
    var url: [String] = ["http://127.0.0.1:9464"]
    @Option(help: ArgumentHelp("how often to look", valueName: "seconds"))
    var every = 2
    @Flag(help: "look once and end")
    var once = false
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...16).contains(url.count) else {
            throw ValidationError("--url is given 1 to 16 times")
        }
        guard (1...3600).contains(every) else {
            throw ValidationError("--every is 1 to 3600 seconds")
        }
    }

    func run() async throws {
        try await withHTTPClient { client in
            var earlier: [String: Look] = [:]
            while true {
                var rows: [TopRow] = []
                for url in url {
                    let look = await look(at: url, client)
                    rows.append(TopRow(url, look, since: earlier[url]))
                    earlier[url] = look
                }
                if once, rows.allSatisfy({ $0.error != nil }) {
                    throw CommandFailure(
                        rows.compactMap(\.error).joined(separator: "; "),
                        hint: "is a service running with --metrics, and is --url its address?"
                    )
                }
                try show(rows)
                if once { return }
                try await Task.sleep(for: .seconds(every))
            }
        }
    }

    private func show(_ rows: [TopRow]) throws {
        let isScreen = !once && !output.json
        // Home, and clear to the end: nothing flickers, as it would if all were cleared first.
        let home = isScreen ? "\u{1B}[H\u{1B}[J" : ""
        try output.print(rows, home + TopRow.text(rows))
    }

    /// One look at a process.
    struct Look {
        let at: ContinuousClock.Instant
        let view: MetricsView?
        let error: String?
    }

    private func look(at url: String, _ client: HTTPClient) async -> Look {
        let address = url.hasSuffix("/metrics") ? url : url + "/metrics"
        do {
            let request = HTTPClientRequest(url: address)
            let answer = try await client.execute(request, timeout: .seconds(5))
            guard answer.status == .ok else {
                return Look(at: .now, view: nil, error: "\(url) answers \(answer.status.code)")
            }
            let body = try await answer.body.collect(upTo: MetricsText.bytesMax)
            let samples = try MetricsText.read(String(buffer: body))
            return Look(at: .now, view: MetricsView(samples), error: nil)
        } catch is MetricsTextError {
            return Look(at: .now, view: nil, error: "\(url) serves no metrics")
        } catch {
            return Look(at: .now, view: nil, error: "\(url) does not answer")
        }
    }
}

/// What is shown of one process; what there is no number for is left out.
struct TopRow: Encodable {
    let url: String
    let error: String?
    var service: String?
    var requests: Double?
    var requestsPerSecond: Double?
    var failures: Double?
    var inFlight: Double?
    var calls: Double?
    var callsPerSecond: Double?
    var latencyP50: Double?
    var latencyP99: Double?
    var journalP99: Double?
    var chargedObol: Double?
    var earnedObol: Double?
    var depositObol: Double?
    var restObol: Double?
    var unclaimedObol: Double?
    var ledgerHeight: Double?
    var indexLagBlocks: Double?
    var feedReaders: Double?
    var refusals: Double?

    init(_ url: String, _ look: Top.Look, since earlier: Top.Look?) {
        self.url = url
        error = look.error
        guard let view = look.view else { return }
        let before = earlier?.view
        let elapsed = earlier.map { Double((look.at - $0.at).nanoseconds) / 1e9 }
        func rate(_ name: String) -> Double? {
            guard let elapsed, elapsed > 0, let before, let now = view.sum(name) else { return nil }
            let then = before.sum(name) ?? 0
            // A counter that went back belongs to a process that began anew.
            return now >= then ? (now - then) / elapsed : now / elapsed
        }
        service = view.values(of: "service", in: "stoa_info").first
        requests = view.sum("stoa_http_requests_total")
        requestsPerSecond = rate("stoa_http_requests_total")
        failures = view.sum("stoa_http_requests_total", where: ["status": "5xx"])
        inFlight = view.sum("stoa_http_in_flight")
        for name in ["stoa_gateway_calls_total", "stoa_provider_calls_total"] {
            guard let sum = view.sum(name) else { continue }
            calls = sum
            callsPerSecond = rate(name)
        }
        let latency = "stoa_http_request_seconds"
        latencyP50 = view.quantile(0.5, of: latency, since: before)
        latencyP99 = view.quantile(0.99, of: latency, since: before)
        journalP99 = view.quantile(0.99, of: "stoa_journal_append_seconds", since: before)
        let native = ["denomination": "native"]
        chargedObol = view.sum("stoa_gateway_charged_obol_total", where: native)
        earnedObol = view.sum("stoa_provider_earned_obol_total", where: native)
        depositObol = view.sum("stoa_gateway_deposit_obol", where: native)
        restObol = view.sum("stoa_gateway_rest_obol", where: native)
        unclaimedObol = view.sum("stoa_provider_unclaimed_obol", where: native)
        ledgerHeight = view.sum("stoa_ledger_height")
        indexLagBlocks = view.sum("stoa_index_lag_blocks")
        feedReaders = view.sum("stoa_feed_readers")
        refusals = view.sum("stoa_refusals_total")
    }

    /// The rows as people read them: one line of work and one of money for each process.
    static func text(_ rows: [TopRow]) -> String {
        table(
            [
                "SERVICE", "REQ/S", "REQ", "5XX", "OPEN", "P50", "P99", "CALLS", "REFUSED",
                "JOURNAL P99", "HEIGHT", "LAG", "STOA CHARGED/EARNED", "IN CHANNELS", "ADDRESS",
            ],
            rows.map { row in
                if let error = row.error {
                    return ["-"] + Array(repeating: "-", count: 13) + [error]
                }
                return [
                    row.service ?? "?", number(row.requestsPerSecond, digits: 1),
                    number(row.requests), number(row.failures), number(row.inFlight),
                    time(row.latencyP50), time(row.latencyP99), number(row.calls),
                    number(row.refusals), time(row.journalP99), number(row.ledgerHeight),
                    number(row.indexLagBlocks), stoa(row.chargedObol ?? row.earnedObol),
                    stoa(row.depositObol ?? row.unclaimedObol), row.url,
                ]
            }
        )
    }

    private static func number(_ value: Double?, digits: Int = 0) -> String {
        guard let value, value.isFinite, abs(value) < 1e15 else { return "-" }
        guard digits > 0 else { return "\(Int64(value))" }
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }

    private static func time(_ seconds: Double?) -> String {
        guard let seconds, seconds.isFinite, seconds < 1e9 else { return "-" }
        return seconds < 1
            ? "\(number(seconds * 1000, digits: 1)) ms" : "\(number(seconds, digits: 1)) s"
    }

    private static func stoa(_ obol: Double?) -> String {
        guard let obol, obol.isFinite, abs(obol) < 1e18 else { return "-" }
        let thousandths = Int64((obol / 1e6).rounded())
        let rest = String(abs(thousandths % 1000))
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }
}
