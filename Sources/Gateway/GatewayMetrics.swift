import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import OpenAIWire
import SettlementCore
import Telemetry

/// What the operator of a gateway sees of its calls and its money.
///
/// Labels are of bounded sets: interfaces, kinds of failure, and the first so many sellers and
/// units. A model is none: strangers name models.
struct GatewayMetrics: Sendable {
    static let off = GatewayMetrics(.off("gateway"))

    let telemetry: ServiceTelemetry
    private let sellers = BoundedNames(countMax: 64)
    private let units = BoundedNames(countMax: 16)

    private var metrics: MetricsRegistry { telemetry.metrics }

    init(_ telemetry: ServiceTelemetry) {
        self.telemetry = telemetry
    }

    /// Counts a call that did not fail on this side, and passes its result on.
    func noting(_ result: CallResult, _ interface: CallInterface) -> CallResult {
        let outcome: String
        switch result {
        case .answered: outcome = "answered"
        case .streaming: outcome = "streamed"
        case .faulty: outcome = "faulty_request"
        // Counted where the client is told, with the failures before a call.
        case .failed: return result
        }
        metrics.count("stoa_gateway_calls", ["interface": interface.name, "outcome": outcome])
        return result
    }

    /// Counts a call that failed for its client.
    func failed(_ failure: APIFailure, path: String) {
        let isDialect = [CallDialect.messagesPath, CallDialect.responsesPath].contains(path)
        let interface =
            isDialect ? .chat : CallInterface.allCases.first { $0.path == path }
        guard let interface else { return }
        metrics.count(
            "stoa_gateway_calls",
            ["interface": interface.name, "outcome": failure.kind.metricName]
        )
    }

    /// Counts a promise that is durable.
    func promised(_ engagement: Engagement) {
        guard let most = try? engagement.offer.prices.charge(for: engagement.unitsMax) else {
            return
        }
        metrics.count(
            "stoa_gateway_promised_obol",
            ["denomination": label(engagement.offer.denomination)],
            by: Int64(clamping: most.obol)
        )
    }

    /// Counts a receipt that was checked and is durable.
    func settled(_ receipt: Receipt, under offer: Offer) {
        let seller = sellers.label(offer.seller.description)
        metrics.count("stoa_gateway_receipts", ["seller": seller, "status": receipt.status.name])
        metrics.count(
            "stoa_gateway_charged_obol",
            ["seller": seller, "denomination": label(offer.denomination)],
            by: Int64(clamping: receipt.charge.obol)
        )
    }

    /// Counts a seller that broke the rules.
    func struckOff(_ reason: StrikeReason) {
        metrics.count("stoa_gateway_sellers_struck_off", ["reason": reason.name])
    }

    /// Times a write to the journal.
    func journaled(since start: ContinuousClock.Instant) {
        metrics.observe(
            "stoa_journal_append",
            ["service": telemetry.service],
            ContinuousClock.now - start
        )
    }

    /// Looks at the wallet and the gate whenever somebody asks, and at what makes it ready.
    func watch(_ parts: GatewayParts) {
        telemetry.metrics.addProbe {
            look(at: parts, $0)
            _ = await telemetry.readiness.answer()
        }
        telemetry.readiness.add(Readiness.Check("journal") {
            parts.book.isWorking ? nil : "it could not be written"
        })
        telemetry.readiness.add(Readiness.Check("ledger") {
            do throws(LedgerClientError) {
                let status = try await parts.ledger.status()
                metrics.set("stoa_ledger_height", to: Double(status.height.rawValue))
                return nil
            } catch {
                return "it does not answer"
            }
        })
    }

    private func look(at parts: GatewayParts, _ metrics: MetricsRegistry) {
        let wallet = parts.wallet.withLock { $0 }
        for unit in parts.units.all {
            let ids = wallet.onLedger.filter { $0.value.denomination == unit.denomination }.keys
            let deposit = ids.reduce(0.0) { $0 + Double(wallet.onLedger[$1]?.deposit.obol ?? 0) }
            let rest = ids.reduce(0.0) { $0 + Double(wallet.channels[$1]?.available.obol ?? 0) }
            let name = label(unit.denomination)
            metrics.set("stoa_gateway_channels", ["denomination": name], to: Double(ids.count))
            metrics.set("stoa_gateway_deposit_obol", ["denomination": name], to: deposit)
            metrics.set("stoa_gateway_rest_obol", ["denomination": name], to: rest)
            metrics.set(
                "stoa_gateway_budget_left_obol",
                ["denomination": name],
                to: Double(wallet.budgetLeft(unit.denomination).obol)
            )
        }
        let load = parts.gate.load
        metrics.set("stoa_gateway_calls_in_progress", to: Double(load.inProgress))
        metrics.set("stoa_gateway_calls_waiting", to: Double(load.waiting))
        metrics.set("stoa_gateway_calls_looked_up", to: Double(parts.chores.count))
    }

    private func label(_ denomination: Denomination) -> String {
        switch denomination {
        case .native: "native"
        case .issued(let unit): units.label(unit.description)
        }
    }
}

extension APIFailureKind {
    /// The kind as a metric's label; append-only.
    var metricName: String {
        switch self {
        case .invalidRequest: "invalid_request"
        case .authentication: "authentication"
        case .insufficientFunds: "insufficient_funds"
        case .modelNotFound: "model_not_found"
        case .tooLarge: "too_large"
        case .rateLimited: "rate_limited"
        case .upstreamFailed: "upstream_failed"
        case .overloaded: "overloaded"
        case .timeout: "timeout"
        case .notFound: "not_found"
        case .internalFault: "internal_fault"
        case .permission: "permission"
        case .unsupportedMedia: "unsupported_media"
        case .receiptMissing: "receipt_missing"
        }
    }
}

/// The gateway's paths as metrics and spans name them.
enum GatewayRoutes {
    private static let plain: Set<String> = [
        "/v1/models", CallDialect.messagesPath, CallDialect.responsesPath,
        "/stoa/v1/status", "/stoa/v1/receipts", "/stoa/v1/health",
    ]

    /// The template of a path, or nil for a path that there is not.
    static func template(_ path: String) -> String? {
        if plain.contains(path) || CallInterface.allCases.contains(where: { $0.path == path }) {
            return path
        }
        return path.hasPrefix("/v1/models/") ? "/v1/models/{model}" : nil
    }
}
