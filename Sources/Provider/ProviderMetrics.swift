import LedgerClient
import MarketTypes
import OpenAIWire
import SettlementCore
import Telemetry

/// What the operator of a provider sees of its calls and its money.
struct ProviderMetrics: Sendable {
    let telemetry: ServiceTelemetry
    private let units = BoundedNames(countMax: 16)

    private var metrics: MetricsRegistry { telemetry.metrics }

    init(_ telemetry: ServiceTelemetry) {
        self.telemetry = telemetry
    }

    /// Counts a call that was turned away before its voucher counted.
    func refused(_ failure: CallFailure, _ interface: CallInterface) {
        let outcome =
            switch failure {
            case .voucher: "voucher_refused"
            case .other(let failure) where failure.kind == .overloaded: "overloaded"
            case .other: "refused"
            }
        metrics.count("stoa_provider_calls", ["interface": interface.name, "outcome": outcome])
    }

    /// Counts a call that has its receipt.
    func ended(_ receipt: Receipt, under offer: Offer) {
        metrics.count(
            "stoa_provider_calls",
            ["interface": offer.interface.name, "outcome": receipt.status.name]
        )
        metrics.count(
            "stoa_provider_earned_obol",
            ["denomination": label(offer.denomination)],
            by: Int64(clamping: receipt.charge.obol)
        )
    }

    /// Counts a claim that the ledger paid.
    func claimed(_ amount: Amount, in denomination: Denomination?) {
        metrics.count("stoa_provider_claims")
        metrics.count(
            "stoa_provider_claimed_obol",
            ["denomination": denomination.map(label) ?? BoundedNames.other],
            by: Int64(clamping: amount.obol)
        )
    }

    /// Times a write to the journal.
    func journaled(since start: ContinuousClock.Instant) {
        metrics.observe(
            "stoa_journal_append",
            ["service": telemetry.service],
            ContinuousClock.now - start
        )
    }

    /// Looks at the book and the upstreams whenever somebody asks, and at what makes it ready.
    func watch(
        _ parts: ProviderParts,
        _ ledger: any LedgerConnection,
        _ heights: LedgerHeight
    ) {
        metrics.addProbe {
            look(at: parts, heights, $0)
            _ = await telemetry.readiness.answer()
        }
        telemetry.readiness.add(Readiness.Check("journal") {
            parts.desk.isWorking ? nil : "it could not be written"
        })
        telemetry.readiness.add(Readiness.Check("upstreams") {
            parts.board.isDown ? "all are down" : nil
        })
        telemetry.readiness.add(Readiness.Check("ledger") {
            do throws(LedgerClientError) {
                let status = try await ledger.status()
                metrics.set("stoa_ledger_height", to: Double(status.height.rawValue))
                return nil
            } catch {
                return "it does not answer"
            }
        })
    }

    private func look(
        at parts: ProviderParts,
        _ heights: LedgerHeight,
        _ metrics: MetricsRegistry
    ) {
        let accounts = parts.desk.withBook { book in
            book.channels.compactMap { book.accounts[$0] }
        }
        var sums: [Denomination: (deposit: Double, owed: Double, channels: Int)] = [:]
        for account in accounts {
            let terms = account.channel.terms
            var sum = sums[terms.denomination] ?? (0, 0, 0)
            sum.deposit += Double(terms.deposit.obol)
            sum.owed += Double(account.unclaimed.obol)
            sum.channels += 1
            sums[terms.denomination] = sum
        }
        if sums.isEmpty { sums[.native] = (0, 0, 0) }
        for (denomination, sum) in sums {
            let name = label(denomination)
            metrics.set("stoa_provider_channels", ["denomination": name], to: Double(sum.channels))
            metrics.set("stoa_provider_deposit_obol", ["denomination": name], to: sum.deposit)
            metrics.set("stoa_provider_unclaimed_obol", ["denomination": name], to: sum.owed)
        }
        let services = parts.board.all
        metrics.set("stoa_provider_upstreams", to: Double(services.count))
        metrics.set("stoa_provider_upstreams_down", to: Double(services.count { $0.isDown }))
        metrics.set("stoa_ledger_height_seen", to: Double(heights.latest.rawValue))
    }

    private func label(_ denomination: Denomination) -> String {
        switch denomination {
        case .native: "native"
        case .issued(let unit): units.label(unit.description)
        }
    }
}

/// The provider's paths as metrics and spans name them.
enum ProviderRoutes {
    /// The template of a path, or nil for a path that there is not.
    static func template(_ path: String) -> String? {
        if CallInterface.allCases.contains(where: { $0.path == path }) { return path }
        if ["/stoa/v1/offers", "/stoa/v1/health"].contains(path) { return path }
        for (prefix, name) in [
            (LanePage.prefix, "{channel}/{lane}"), (PassPage.prefix, "{pass}"),
            (InclusionPage.prefix, "{receipt}"),
        ] where path.hasPrefix(prefix) {
            return prefix + name
        }
        return nil
    }
}
