import AccessCore
import AccessStore
import ArgumentParser
import FoundationEssentials
import MarketTypes

/// What counts the spending of keys: the access database, or that of several doors.
struct SpendingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "the PostgreSQL database that counts what keys spend, if `stoa serve` was given one",
            valueName: "postgres://user@host/database"
        )
    )
    var limits: String?

    /// What each of some keys spent, in total and today.
    func spending(
        of keys: [APIKeyID],
        in database: AccessDatabase,
        at now: Timestamp
    ) async throws -> [APIKeyID: [SpendingLine]] {
        let store: any LimitStore
        if let limits {
            guard let address = PostgresAddress(limits) else {
                throw CommandFailure(
                    "--limits is no address of a database, or has a password in it",
                    hint: "it looks like postgres://user@host/database; PGPASSWORD or a passfile "
                        + "has the password"
                )
            }
            store = PostgresLimits(address)
        } else {
            store = SQLiteLimits(database)
        }
        var lines: [APIKeyID: [SpendingLine]] = [:]
        do {
            for key in keys { lines[key] = try await store.spending(of: key, at: now) }
        } catch let error as AccessStoreError where limits != nil {
            throw CommandFailure("\(error)", hint: "does the database of --limits answer?")
        }
        return lines
    }
}

/// A budget of a key with what is spent of it, in the smallest part of what it counts.
struct BudgetDocument: Encodable {
    let window: String
    let model: String?
    let denomination, limit, spent, reserved: String

    init(_ rule: BudgetRule, _ lines: [SpendingLine], at now: Timestamp) {
        let slot = CounterSlot(model: rule.model, day: rule.window == .day ? now.dayUTC : nil)
        let line = lines.first { $0.slot == slot && $0.denomination == rule.denomination }
        window = rule.window == .day ? "day" : "total"
        model = rule.model
        denomination = rule.denomination.spelled
        limit = "\(rule.limit.obol)"
        spent = "\((line?.counter.settled ?? .zero).obol)"
        reserved = "\((line?.counter.reserved ?? .zero).obol)"
    }
}

/// What a key spent since it was made, in the smallest part of one denomination.
struct SpentDocument: Encodable {
    let denomination, spent, reserved: String

    init?(_ line: SpendingLine) {
        guard line.slot == CounterSlot(model: nil, day: nil) else { return nil }
        denomination = line.denomination.spelled
        spent = "\(line.counter.settled.obol)"
        reserved = "\(line.counter.reserved.obol)"
    }
}

extension APIKey {
    /// Each budget with what is used of it, and what may yet be charged counts as used.
    func budgetText(_ lines: [SpendingLine], at now: Timestamp) -> String {
        guard !budgets.rules.isEmpty else {
            let spent = lines.filter { $0.slot == CounterSlot(model: nil, day: nil) }.map {
                $0.denomination.text($0.counter.used) + " used"
            }
            return (["no budget"] + spent).joined(separator: ", ")
        }
        return budgets.rules.map { rule in
            let slot = CounterSlot(model: rule.model, day: rule.window == .day ? now.dayUTC : nil)
            let line = lines.first { $0.slot == slot && $0.denomination == rule.denomination }
            let used = rule.denomination.digits(line?.counter.used ?? .zero)
            let limit = rule.denomination.text(rule.limit)
            let whose = rule.model.map { " for \($0)" } ?? ""
            return "\(used) of \(limit) \(rule.window == .day ? "today" : "in all")\(whose)"
        }.joined(separator: ", ")
    }

    /// When it ends, to the minute.
    var endText: String {
        let seconds = Double(expires.milliseconds / 1_000)
        let text = Date(timeIntervalSince1970: seconds).formatted(.iso8601)
        return String(text.prefix(16)).replacing("T", with: " ")
    }
}

extension Denomination {
    /// `native`, or the unit's digits: as JSON names it.
    fileprivate var spelled: String {
        switch self {
        case .native: "native"
        case .issued(let unit): unit.description
        }
    }

    fileprivate func digits(_ amount: Amount) -> String {
        switch self {
        case .native: amount.description
        case .issued: "\(amount.obol)"
        }
    }

    /// The access database knows no unit's decimals.
    fileprivate func text(_ amount: Amount) -> String {
        switch self {
        case .native: "\(amount) STOA"
        case .issued(let unit): "\(amount.obol) of the smallest part of unit \(unit)"
        }
    }
}
