import AccessCore
import AccessStore
import LedgerCore
import MarketTypes
import WebServing

/// The keys of an organisation, and what each spent of its budgets.
struct KeysPage: Sendable {
    /// The most keys that are over.
    static let endedMax = 50

    /// A key with what it spent.
    struct Entry: Sendable {
        let listing: KeyListing
        let spending: [SpendingLine]
    }

    let entries: [Entry]
    let units: [Denomination: UnitName]
    let isCut: Bool
    let mayWrite: Bool

    static func load(
        _ visitor: Visitor,
        _ access: PortalAccess,
        _ source: PageSource
    ) async throws -> KeysPage {
        let keys = try await access.door.database.keys(
            of: visitor.caller.organisation,
            at: source.now
        )
        let (shown, isCut) = shown(keys, at: source.now)
        let entries = try await source.each(shown) { listing in
            let lines =
                listing.key.budgets.rules.isEmpty
                ? [] : try await access.door.limits.spending(of: listing.key.id, at: source.now)
            return Entry(listing: listing, spending: lines)
        }
        return KeysPage(
            entries: entries,
            units: try await source.units(
                shown.flatMap { $0.key.budgets.rules.map(\.denomination) }
            ),
            isCut: isCut,
            mayWrite: visitor.may(.writeKeys)
        )
    }

    /// Every key that may be used, and the latest of those that are over.
    static func shown(
        _ keys: [KeyListing],
        at now: Timestamp
    ) -> (keys: [KeyListing], isCut: Bool) {
        let living = keys.filter { now < $0.key.ends }
        let ended = keys.filter { now >= $0.key.ends }
        return (living + ended.prefix(endedMax), ended.count > endedMax)
    }

    func fill(at now: Timestamp) -> Fill {
        let fills = entries.map { card($0, at: now) }
        var fill = Fill()
        fill.put("keys", fills.filter { $0.values["isOver"] as? Bool == false })
        fill.put("endedKeys", fills.filter { $0.values["isOver"] as? Bool == true })
        fill.put("keysCut", isCut)
        fill.put("mayWrite", mayWrite)
        return fill
    }

    /// What lists show of a key's text.
    static func prefix(_ key: APIKey) -> String { "stoa_\(key.mode.rawValue)_\(key.id)_…" }

    private func card(_ entry: Entry, at now: Timestamp) -> Fill {
        let key = entry.listing.key
        var fill = Fill(["label": key.label, "prefix": Self.prefix(key), "keyID": key.id.text])
        fill.put("isTest", key.mode == .test)
        fill.put("scopes", key.scopes.scopes.map { Fill(["scopeText": ScopeText.short($0)]) })
        fill.put("created", TimeText.fill(key.created, now: now))
        fill.put("expires", TimeText.full(key.expires))
        fill.put("used", entry.listing.used.map { TimeText.fill($0, now: now) })
        var state = Self.state(key, at: now)
        let isSpent = key.budgets.rules.contains { isUsedUp($0, entry.spending, at: now) }
        if state.tone == "good", isSpent { (state.text, state.tone) = ("Limit reached", "active") }
        fill.put("state", state.text)
        fill.put("tone", state.tone)
        fill.put("stateNote", state.note)
        fill.put("isOver", state.isOver)
        fill.put("canRevoke", mayWrite && !state.isOver)
        fill.put("canRotate", mayWrite && key.state == .active && !state.isOver)
        fill.put("budgets", key.budgets.rules.map { budget($0, entry.spending, at: now) })
        return fill
    }

    private static func state(
        _ key: APIKey,
        at now: Timestamp
    ) -> (text: String, tone: String, note: String?, isOver: Bool) {
        switch key.state {
        case .revoked(let time):
            return ("Revoked", "bad", "since \(TimeText.full(time))", true)
        case .replaced(let successor, let until):
            return now < until
                ? ("Being replaced", "active", "works until \(TimeText.full(until))", false)
                : ("Replaced", "quiet", "by \(successor)", true)
        case .active:
            return now < key.expires
                ? ("Active", "good", nil, false) : ("Expired", "quiet", nil, true)
        }
    }

    /// What was spent of a budget.
    private func used(_ rule: BudgetRule, _ lines: [SpendingLine], at now: Timestamp) -> Amount {
        let slot = CounterSlot(
            model: rule.model,
            day: rule.window == .day ? now.dayUTC : nil
        )
        let line = lines.first { $0.slot == slot && $0.denomination == rule.denomination }
        return line?.counter.used ?? .zero
    }

    private func isUsedUp(
        _ rule: BudgetRule,
        _ lines: [SpendingLine],
        at now: Timestamp
    ) -> Bool {
        // One model's budget leaves the others.
        rule.model == nil && used(rule, lines, at: now) >= rule.limit
    }

    private func budget(_ rule: BudgetRule, _ lines: [SpendingLine], at now: Timestamp) -> Fill {
        let used = used(rule, lines, at: now)
        let unit = units[rule.denomination] ?? .native
        var fill = Fill()
        fill.put("budgetName", "\(rule.model ?? "All models"), \(Self.name(rule.window))")
        fill.put("usedText", MoneyText.exact(used, decimals: unit.decimals))
        fill.put("limitText", unit.text(rule.limit))
        let part = Bars.part(used.obol, of: rule.limit.obol)
        fill.put("usedSVG", Bars.split([(part >= 0.9 ? "no" : "part", min(1, part))], title: ""))
        return fill
    }

    private static func name(_ window: BudgetRule.Window) -> String {
        switch window {
        case .total: "in total"
        case .day: "a day"
        }
    }
}

/// What somebody typed to make a key.
struct KeyForm {
    /// How many models a form has budgets for.
    static let modelRows = 3
    static let lives: [(days: UInt64, title: String)] = [
        (7, "a week"), (30, "a month"), (90, "three months"), (365, "a year"),
    ]

    /// Reads a form's field; nil if it is not there or empty.
    let read: (String) -> String?

    /// The form's fields as they were typed, or as a new form has them.
    func fill(_ allowed: ScopeSet, isTyped: Bool) -> Fill {
        var fill = Fill()
        fill.put("labelText", read("label") ?? "")
        fill.put("dayText", read("budget.day") ?? "")
        fill.put("totalText", read("budget.total") ?? "")
        let usual: Set<Scope> = [.callModels, .readUsage]
        let groups = ScopeText.Group.allCases.map { group in
            var fill = Fill(["groupTitle": ScopeText.title(group)])
            fill.put("isStrong", group == .administer)
            fill.put(
                "scopes",
                allowed.scopes.filter { ScopeText.group($0) == group }.map { scope in
                    let isTicked = isTyped ? read("scope.\(scope.rawValue)") != nil : nil
                    var fill = Fill(["scopeName": scope.rawValue])
                    fill.put("scopeSentence", ScopeText.sentence(scope))
                    fill.put("ticked", isTicked ?? usual.contains(scope))
                    return fill
                }
            )
            return fill
        }
        fill.put("scopeGroups", groups.filter { !$0.list("scopes").isEmpty })
        let days = read("days").flatMap { UInt64($0) } ?? 90
        fill.put(
            "lives",
            Self.lives.map { life in
                var fill = Fill(["value": "\(life.days)", "optionTitle": life.title])
                fill.put("chosen", life.days == days)
                return fill
            }
        )
        fill.put("isTest", read("mode") == APIKeyText.Mode.test.rawValue)
        fill.put(
            "models",
            (1...Self.modelRows).map { row in
                var fill = Fill(["row": "\(row)"])
                fill.put("modelText", read("model\(row)") ?? "")
                fill.put("modelDayText", read("model\(row).day") ?? "")
                fill.put("modelTotalText", read("model\(row).total") ?? "")
                return fill
            }
        )
        fill.put("modelsTyped", (1...Self.modelRows).contains { read("model\($0)") != nil })
        return fill
    }

    /// The key that the fields ask for.
    func request(at now: Timestamp) throws -> APIKeyRequest {
        let scopes = Scope.allCases.filter { read("scope.\($0.rawValue)") != nil }
        guard !scopes.isEmpty else {
            throw Problem.unfit(
                "The key could do nothing.",
                hint: "Tick at least one thing that it may do."
            )
        }
        guard let days = read("days").flatMap({ UInt64($0) }),
            Self.lives.contains(where: { $0.days == days })
        else { throw Problem.unfit("The key needs an end.") }
        var rules = try rules("budget", model: nil)
        for row in 1...Self.modelRows {
            let model = read("model\(row)")
            let own = try self.rules("model\(row)", model: model)
            guard model == nil || !own.isEmpty else {
                throw Problem.unfit(
                    "The model “\(model ?? "")” has no budget.",
                    hint: "Say how much may be spent on it, or leave its name out."
                )
            }
            rules += own
        }
        guard let budgets = BudgetRules(rules) else {
            throw Problem.unfit(
                "One model has two budgets of the same kind.",
                hint: "Give each model one row."
            )
        }
        return APIKeyRequest(
            label: read("label") ?? "",
            mode: APIKeyText.Mode(rawValue: read("mode") ?? "") ?? .live,
            scopes: ScopeSet(scopes),
            budgets: budgets,
            expires: now.adding(milliseconds: days * 86_400_000)
        )
    }

    private func rules(_ name: String, model: String?) throws -> [BudgetRule] {
        try [("day", BudgetRule.Window.day), ("total", .total)].compactMap { suffix, window in
            guard let text = read("\(name).\(suffix)") else { return nil }
            // A comma is refused, not left out: to most of Europe it is the point, and a budget
            // of 0,5 would become one of 5.
            guard let limit = try? Amount(stoa: text) else {
                throw Problem.unfit(
                    "“\(text)” is no amount of STOA.",
                    hint: "Write it like 0.5: a point, at most nine digits behind it, no commas."
                )
            }
            if model == nil, name != "budget" {
                throw Problem.unfit(
                    "There is a budget for a model without a name.",
                    hint: "Name the model as its offer does."
                )
            }
            let rule = BudgetRule(window: window, model: model, limit: limit, denomination: .native)
            guard let rule else { throw Problem.unfit("The model’s name cannot be used.") }
            return rule
        }
    }
}
