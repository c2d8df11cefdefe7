import AccessCore
import AccessStore
import MarketTypes
import WebServing

/// What an organisation spent in the last days, with keys and without: the same counts that budgets
/// hold.
struct UsagePage: Sendable {
    static let days: UInt32 = 30
    static let rowsMax = 50

    let lines: [DaySpending]
    let today: UInt32
    let units: [Denomination: UnitName]
    /// What is counted without a key: by its counters' names.
    let keyless: [APIKeyID: String]

    /// What calls without a key are called.
    static func keyless(of organisation: OrganisationID) -> [APIKeyID: String] {
        var labels: [APIKeyID: String] = [:]
        for use in KeylessUse.allCases {
            guard let counter = use.counter(of: organisation) else { continue }
            labels[counter] =
                switch use {
                case .pages: "Tried on pages, without a key"
                case .programs: "Programs with a token, without a key"
                case .rest: "More of both than is counted one by one"
                }
        }
        return labels
    }

    static func load(
        _ organisation: OrganisationID,
        _ door: AccessDoor,
        _ source: PageSource
    ) async throws -> UsagePage {
        let today = source.now.dayUTC
        let keyless = keyless(of: organisation)
        let labels = try await door.database.labels(of: organisation, at: source.now)
        let lines = try await door.limits.spending(
            of: labels.merging(keyless) { own, _ in own },
            days: (today - min(today, days - 1))...today
        )
        return UsagePage(
            lines: lines,
            today: today,
            units: try await source.units(lines.map(\.denomination)),
            keyless: keyless
        )
    }

    /// The denominations, the native one first, then those with the most lines.
    private var denominations: [Denomination] {
        var counts: [Denomination: Int] = [:]
        for line in lines { counts[line.denomination, default: 0] += 1 }
        return counts.keys.sorted { left, right in
            if (left == .native) != (right == .native) { return left == .native }
            return (counts[right] ?? 0, left) < (counts[left] ?? 0, right)
        }
    }

    func fill(chosen: Denomination?) -> Fill {
        let shown = chosen ?? denominations.first ?? .native
        let unit = units[shown] ?? .native
        let lines = lines.filter { $0.denomination == shown }
        let whole = lines.filter { $0.model == nil }
        let sum = Self.sum(whole)
        var fill = Fill(["unitName": unit.name])
        fill.put("isUsed", !lines.isEmpty)
        fill.put("isCut", self.lines.count >= DaySpending.linesMax)
        fill.put("sum", unit.fill(sum))
        fill.put("todaySum", unit.fill(Self.sum(whole.filter { $0.day == today })))
        fill.put("keyCount", Set(whole.map(\.key)).subtracting(keyless.keys).count)
        fill.put("modelCount", Set(lines.compactMap(\.model)).count)
        fill.put("daysSVG", drawing(whole, unit).svg)
        fill.put("byModel", rows(lines.filter { $0.model != nil }, sum, unit) { $0.model ?? "" })
        fill.put("byKey", rows(whole, sum, unit) { $0.label })
        fill.put(
            "units",
            denominations.count < 2
                ? []
                : denominations.map { denomination in
                    let name = units[denomination] ?? .native
                    var fill = Fill(["unitTitle": name.name])
                    fill.put("isHere", denomination == shown)
                    fill.put(
                        "unitPath",
                        PortalPaths.query(PortalPaths.usage, [("unit", denomination.parameter)])
                    )
                    return fill
                }
        )
        return fill
    }

    private func drawing(_ lines: [DaySpending], _ unit: UnitName) -> DayBars {
        var sums: [UInt32: Amount] = [:]
        for line in lines {
            sums[line.day] = Self.sum([line.amount, sums[line.day] ?? .zero])
        }
        let first = today - min(today, Self.days - 1)
        let most = sums.values.max() ?? .zero
        return DayBars(
            days: (first...today).map { day in
                let amount = sums[day] ?? .zero
                let name = TimeText.axis(seconds: UInt64(day) * 86_400, span: 86_400)
                return DayBars.Day(
                    day: day,
                    value: Double(amount.obol),
                    title: "\(name): \(unit.text(amount))"
                )
            },
            topText: MoneyText.price(most.obol, by: unit.decimals, significant: 4)
                + (unit.name.count <= 4 ? " \(unit.name)" : ""),
            halfText: MoneyText.price(most.obol / 2, by: unit.decimals, significant: 4)
        )
    }

    private func rows(
        _ lines: [DaySpending],
        _ whole: Amount,
        _ unit: UnitName,
        name: (DaySpending) -> String
    ) -> [Fill] {
        var sums: [String: Amount] = [:]
        for line in lines {
            let key = name(line)
            sums[key] = Self.sum([line.amount, sums[key] ?? .zero])
        }
        let sorted = sums.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return sorted.prefix(Self.rowsMax).map { name, amount in
            var fill = Fill(["rowName": name])
            fill.put("rowSum", unit.fill(amount))
            fill.put("rowPart", NumberText.percent(amount.obol, of: whole.obol))
            let part = Bars.part(amount.obol, of: whole.obol)
            fill.put("rowSVG", Bars.split([("part", min(1, part))], title: ""))
            return fill
        }
    }

    private static func sum(_ lines: [DaySpending]) -> Amount { sum(lines.map(\.amount)) }

    /// The sum, or the most there can be: counts of one store never come near it.
    static func sum(_ amounts: [Amount]) -> Amount {
        amounts.reduce(.zero) { (try? $0.adding($1)) ?? Amount(obol: .max) }
    }
}

extension Denomination {
    /// Its name in a page's address; nil for the native one.
    fileprivate var parameter: String? {
        guard case .issued(let unit) = self else { return nil }
        return "\(unit)"
    }
}
