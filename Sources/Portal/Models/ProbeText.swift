import MarketTypes
import Probes

/// What probes found, as the status page says it.
enum ProbeText {
    static func fill(_ summary: ProbeSummary, _ source: PageSource) -> Fill {
        var fill = Fill()
        fill.put("probe", name(summary.name))
        fill.put("isGood", summary.isGood)
        fill.put("day", share(summary.day))
        fill.put("quarter", share(summary.quarter))
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

    private static func duration(_ incident: ProbeIncident, until end: Timestamp) -> String {
        let began = incident.began.milliseconds
        let minutes = (end.milliseconds - min(began, end.milliseconds)) / 60_000
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
