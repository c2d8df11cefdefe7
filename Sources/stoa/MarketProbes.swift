import AsyncHTTPClient
import LedgerClient
import LedgerIndex
import Logging
import MarketTypes
import NIOCore
import NIOHTTP1
import Probes
import Synchronization
import WebServing

/// Where this process serves, once it does.
final class ServedAddress: Sendable {
    private let url = Mutex<String?>(nil)

    func set(_ url: String) { self.url.withLock { $0 = url } }

    var current: String? { url.withLock { $0 } }
}

/// What `stoa serve` looks at once a minute, for its status page.
struct MarketProbes {
    let history: ProbeHistory
    let ledger: any LedgerConnection
    let index: IndexReader
    let client: HTTPClient
    let served = ServedAddress()

    /// Opens the history beside an index.
    init(
        _ path: String,
        _ ledger: any LedgerConnection,
        _ index: IndexReader,
        _ client: HTTPClient
    ) throws {
        history = try ProbeHistory(path: path + ".probes")
        self.ledger = ledger
        self.index = index
        self.client = client
    }

    /// How many blocks the index may be behind and still count as well.
    private static let lagBlocksMax: UInt64 = 10

    func runner(_ door: AccessDoor, _ logger: Logger) -> ProbeRunner {
        ProbeRunner(
            [
                Probe("ledger") { await ledgerFault() }, Probe("index") { await indexFault() },
                Probe("door") { await doorFault() },
            ],
            history: history,
            telemetry: door.telemetry,
            logger: logger,
            now: wallClock
        )
    }

    private func ledgerFault() async -> String? {
        do throws(LedgerClientError) {
            _ = try await ledger.status()
            return nil
        } catch {
            return "the ledger does not answer"
        }
    }

    /// An index is not to blame for a ledger that is away.
    private func indexFault() async -> String? {
        guard let place = try? await index.place() else { return "the index cannot be read" }
        guard let last = try? await ledger.status().height.rawValue else { return nil }
        return place.height.rawValue + Self.lagBlocksMax < last
            ? "the index is more than \(Self.lagBlocksMax) blocks behind" : nil
    }

    /// A request through the whole door, limits and all, as a program makes one; nothing is at
    /// fault before it is open, or where only TLS is spoken, which this side cannot check.
    private func doorFault() async -> String? {
        guard let url = served.current else { return nil }
        do {
            let answer = try await client.execute(
                HTTPClientRequest(url: url + "/api/v1"),
                timeout: .seconds(10)
            )
            _ = try await answer.body.collect(upTo: 1 << 20)
            return answer.status == .ok ? nil : "the API answers \(answer.status.code)"
        } catch {
            return "the API does not answer"
        }
    }
}
