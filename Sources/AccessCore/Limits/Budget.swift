public import MarketTypes

/// One limit of what a key may spend.
public struct BudgetRule: Hashable, Sendable {
    /// Over which time spending is added up.
    public enum Window: UInt8, Hashable, CaseIterable, Sendable {
        /// Since the key was made.
        case total = 1
        /// In one day of UTC.
        case day = 2
    }

    /// The longest name of a model in bytes.
    public static let modelBytesMax = 128

    /// Over which time.
    public let window: Window
    /// For which model alone; nil for all together.
    public let model: String?
    /// The most that may be spent.
    public let limit: Amount
    /// Counted in what.
    public let denomination: Denomination

    /// Makes a rule; nil if the model's name is empty or too long.
    public init?(window: Window, model: String? = nil, limit: Amount, denomination: Denomination) {
        if let model {
            guard isFitLabel(model, bytesMax: Self.modelBytesMax) else { return nil }
        }
        self.window = window
        self.model = model
        self.limit = limit
        self.denomination = denomination
    }

    /// The place among rules: those for everything before those for a model, total before day.
    private var order: Int { (model == nil ? 0 : 2) + Int(window.rawValue) }

    static func precedes(_ left: BudgetRule, _ right: BudgetRule) -> Bool {
        guard left.order == right.order else { return left.order < right.order }
        guard left.model == right.model else { return (left.model ?? "") < (right.model ?? "") }
        return left.denomination < right.denomination
    }

    fileprivate func concernsSame(as other: BudgetRule) -> Bool {
        window == other.window && model == other.model && denomination == other.denomination
    }
}

/// The limits of a key, in order of precedence.
public struct BudgetRules: Hashable, Sendable {
    /// The most rules that a key may have.
    public static let countMax = 16
    /// No limit.
    public static let none = BudgetRules(sorted: [])

    /// The rules.
    public let rules: [BudgetRule]

    private init(sorted rules: [BudgetRule]) { self.rules = rules }

    /// Collects rules; nil if there are too many, or two for the same thing.
    public init?(_ rules: [BudgetRule]) {
        guard rules.count <= Self.countMax else { return nil }
        let sorted = rules.sorted(by: BudgetRule.precedes)
        for (left, right) in zip(sorted, sorted.dropFirst()) {
            guard !left.concernsSame(as: right) else { return nil }
        }
        self.init(sorted: sorted)
    }

    /// Checks a reservation against counters.
    ///
    /// - Parameter counter: what was spent and is reserved in a slot.
    /// - Throws: ``BudgetRefusal`` for the first rule that it would break.
    public func check(
        _ request: SpendingRequest,
        counter: (CounterSlot) -> BudgetCounter
    ) throws(BudgetRefusal) {
        guard !rules.isEmpty else { return }
        guard rules.contains(where: { $0.denomination == request.denomination }) else {
            throw .otherDenomination
        }
        for rule in rules where rule.denomination == request.denomination {
            guard rule.model == nil || rule.model == request.model else { continue }
            let used = counter(CounterSlot(rule, day: request.day)).used
            let left = used < rule.limit ? rule.limit.obol - used.obol : 0
            guard request.amount.obol <= left else {
                throw .exceeded(BudgetExcess(rule: rule, available: Amount(obol: left)))
            }
        }
    }
}

/// Which limit a call would have broken, and what is left of it.
public struct BudgetExcess: Hashable, Sendable {
    /// The limit.
    public let rule: BudgetRule
    /// What may still be spent under it.
    public let available: Amount

    /// Joins the two.
    public init(rule: BudgetRule, available: Amount) {
        self.rule = rule
        self.available = available
    }
}

/// Why money was not reserved, or a reservation not changed; in order of precedence.
public enum BudgetRefusal: Error, Hashable, Sendable {
    /// The key has limits, but none in what the call would be paid in.
    case otherDenomination
    /// A limit would be broken.
    case exceeded(BudgetExcess)
    /// The key spends on too many models to count each.
    case tooManyModels
    /// The key has too many reservations open at once.
    case tooManyOpen
    /// There is no such reservation, or it was settled.
    case unknownReservation
    /// It is bound to another voucher.
    case boundElsewhere
    /// It was never bound to a voucher, so nothing can have been charged.
    case unbound
    /// More was charged than was reserved.
    case aboveReservation
    /// The sum does not fit.
    case overflow

    /// The number for the wire; append-only.
    public var code: UInt32 {
        switch self {
        case .otherDenomination: 1
        case .exceeded: 2
        case .tooManyModels: 3
        case .tooManyOpen: 4
        case .unknownReservation: 5
        case .boundElsewhere: 6
        case .unbound: 7
        case .aboveReservation: 8
        case .overflow: 9
        }
    }
}

/// What a call may cost at most, and for what.
public struct SpendingRequest: Hashable, Sendable {
    /// Which key pays.
    public let key: APIKeyID
    /// For which model.
    public let model: String
    /// At most how much.
    public let amount: Amount
    /// Counted in what.
    public let denomination: Denomination
    /// On which day of UTC, counted from 1970-01-01.
    public let day: UInt32

    /// Asks for an amount; nil if the model's name is unfit.
    public init?(
        key: APIKeyID,
        model: String,
        amount: Amount,
        denomination: Denomination,
        at now: Timestamp
    ) {
        guard isFitLabel(model, bytesMax: BudgetRule.modelBytesMax) else { return nil }
        self.key = key
        self.model = model
        self.amount = amount
        self.denomination = denomination
        day = now.dayUTC
    }

    /// Where it is counted: everything in total and that day, the model in total and that day.
    public var slots: [CounterSlot] {
        [
            CounterSlot(model: nil, day: nil), CounterSlot(model: nil, day: day),
            CounterSlot(model: model, day: nil), CounterSlot(model: model, day: day),
        ]
    }
}

/// Names a counter of a key and denomination.
public struct CounterSlot: Hashable, Sendable {
    /// The model; nil for all together.
    public let model: String?
    /// The day of UTC; nil since the beginning.
    public let day: UInt32?

    /// Names a counter.
    public init(model: String?, day: UInt32?) {
        self.model = model
        self.day = day
    }

    init(_ rule: BudgetRule, day: UInt32) {
        model = rule.model
        self.day = rule.window == .day ? day : nil
    }
}

/// What was spent and what may yet be: the one count that limits are checked by and reports show.
public struct BudgetCounter: Hashable, Sendable {
    /// What receipts charged.
    public private(set) var settled: Amount
    /// What open calls may charge at most.
    public private(set) var reserved: Amount

    /// Nothing.
    public static let zero = BudgetCounter(settled: .zero, reserved: .zero)

    /// A counter as it was stored.
    public init(settled: Amount, reserved: Amount) {
        self.settled = settled
        self.reserved = reserved
    }

    /// The two together, or the most there can be.
    public var used: Amount { (try? settled.adding(reserved)) ?? Amount(obol: .max) }

    /// Sets an amount aside.
    ///
    /// - Throws: ``BudgetRefusal/overflow``; the counter is as it was.
    public mutating func reserve(_ amount: Amount) throws(BudgetRefusal) {
        guard let sum = try? reserved.adding(amount), (try? settled.adding(sum)) != nil else {
            throw .overflow
        }
        reserved = sum
    }

    /// Ends a reservation of `amount`, of which `charge` was spent.
    ///
    /// - Throws: ``BudgetRefusal/aboveReservation``; the counter is as it was.
    public mutating func settle(_ amount: Amount, charge: Amount) throws(BudgetRefusal) {
        guard charge <= amount, let rest = try? reserved.subtracting(amount) else {
            throw .aboveReservation
        }
        guard let sum = try? settled.adding(charge) else { throw .overflow }
        reserved = rest
        settled = sum
    }
}

extension Timestamp {
    /// The day of UTC, counted from 1970-01-01.
    public var dayUTC: UInt32 { UInt32(truncatingIfNeeded: milliseconds / 86_400_000) }

    /// The moment so many milliseconds later, or the last there is.
    public func adding(milliseconds more: UInt64) -> Timestamp {
        let (sum, overflows) = milliseconds.addingReportingOverflow(more)
        return Timestamp(milliseconds: overflows ? .max : sum)
    }
}
