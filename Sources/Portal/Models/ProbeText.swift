import MarketTypes
import Probes

/// What probes found, as the status page says it.
enum ProbeText {
    /// - Parameter isLost: whether it did not answer this page either.
    static func fill(_ summary: ProbeSummary, isLost: Bool, _ source: PageSource) -> Fill {
        var fill = Fill()
        fill.put("probe", name(summary.name))
        fill.put("isGood", summary.isGood && !isLost)
        fill.put("day", share(summary.day, within: 1_440))
        // Before there is more than a day, both would say the same.
        let isLonger = summary.quarter.looks > summary.day.looks
        fill.put("quarter", isLonger ? share(summary.quarter, within: 90 * 1_440) : "–")
        fill.put("took", "\(summary.milliseconds) ms")
        fill.put("seen", source.time(summary.seen))
        return fill
    }

    static func fill(_ incident: ProbeIncident, _ source: PageSource) -> Fill {
        var fill = Fill()
        fill.put("probe", name(incident.name))
        fill.put("fault", incident.fault)
        fill.put("began", source.time(incident.began))
        fill.put("isOpen", incident.ended == nil)
        fill.put("lasted", duration(incident, until: incident.ended ?? source.now))
        return fill
    }

    /// `99.98 %`, rounded down: only what was always well is called so.
    static func share(_ count: ProbeCount) -> String {
        guard let part = count.goodOfTenThousand else { return "–" }
        guard part < 10_000 else { return "100 %" }
        let rest = part % 100
        return "\(part / 100).\(rest < 10 ? "0" : "")\(rest) %"
    }

    /// A share, and of how long if that is less than the `minutes` that its column is of: there is
    /// a look a minute.
    static func share(_ count: ProbeCount, within minutes: UInt64) -> String {
        guard count.looks > 0, count.looks < minutes / 10 * 9 else { return share(count) }
        return "\(share(count)) of \(duration(minutes: count.looks))"
    }

    private static func duration(_ incident: ProbeIncident, until end: Timestamp) -> String {
        let began = incident.began.milliseconds
        return duration(minutes: (end.milliseconds - min(began, end.milliseconds)) / 60_000)
    }

    private static func duration(minutes: UInt64) -> String {
        switch minutes {
        case 0: return "less than a minute"
        case 1..<120: return NumberText.count(minutes, "minute", "minutes")
        case 120..<2880: return NumberText.count(minutes / 60, "hour", "hours")
        default: return NumberText.count(minutes / 1440, "day", "days")
        }
    }

    private static func name(_ probe: String) -> String {
        switch probe {
        case "ledger": "Ledger"
        case "index": "Index"
        case "door": "Pages and API"
        case ProbeHistory.marketName: "Market"
        default: probe
        }
    }
}
