import MarketTypes
import OpenAIWire

/// What a wallet may lock of one denomination, in its smallest part.
struct UnitLimits: Hashable, Sendable {
    /// The most that may be locked in channels at once.
    let budget: Amount
    /// What a channel or a top-up locks, unless one call needs more.
    let deposit: Amount
    /// Below this, a channel is topped up in the background.
    let topUpBelow: Amount

    /// Nothing may be locked.
    static let none = UnitLimits(budget: .zero, deposit: .zero, topUpBelow: .zero)
}

/// A denomination that a gateway pays in: what people call it, and what may be spent of it.
struct GatewayUnit: Hashable, Sendable {
    let denomination: Denomination
    /// What stands behind an amount, such as `STOA` or `EURC`.
    let name: String
    /// How many digits stand behind the point.
    let decimals: Int
    let limits: UnitLimits
    /// The most that one call may be worth; nil sets no limit but the budget.
    let priceMax: Amount?

    /// The unit's 64 digits, or `native`.
    var identifier: String {
        switch denomination {
        case .native: "native"
        case .issued(let unit): unit.description
        }
    }

    /// An amount without the unit's name.
    func digits(_ amount: Amount) -> String {
        guard decimals > 0 else { return "\(amount.obol)" }
        let digits = "\(amount.obol)"
        let missing = decimals + 1 - digits.utf8.count
        let padded = String(repeating: "0", count: max(0, missing)) + digits
        return "\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
    }

    /// How the unit stands beside the cost of a call; nil for the native one, whose cost is obol.
    var priced: PricedUnit? {
        denomination == .native
            ? nil
            : PricedUnit(identifier: identifier, name: name, decimals: UInt8(clamping: decimals))
    }

    /// An amount as people read it.
    func text(_ amount: Amount) -> String { "\(digits(amount)) \(name)" }
}

/// The denominations that a gateway pays in, the preferred first.
///
/// Amounts of different denominations are never compared: an offer in an earlier one goes before
/// every offer in a later one, whatever both cost.
struct GatewayUnits: Hashable, Sendable {
    let all: [GatewayUnit]

    init(_ configuration: GatewayConfiguration) {
        let budget = configuration.budget
        var all: [GatewayUnit] = []
        if budget.totalObol > 0 || configuration.unitBudgets.isEmpty {
            all.append(
                GatewayUnit(
                    denomination: .native,
                    name: "STOA",
                    decimals: 9,
                    limits: UnitLimits(
                        budget: Amount(obol: UInt128(budget.totalObol)),
                        deposit: Amount(obol: UInt128(budget.channelDepositObol)),
                        topUpBelow: Amount(obol: UInt128(budget.topUpBelowObol))
                    ),
                    priceMax: configuration.priceMaxObolPerCall.map { Amount(obol: UInt128($0)) }
                )
            )
        }
        for budget in configuration.unitBudgets {
            guard let unit = Digest(hex: budget.unit) else { continue }
            all.append(
                GatewayUnit(
                    denomination: .issued(unit),
                    name: budget.name,
                    decimals: Int(budget.decimals),
                    limits: UnitLimits(
                        budget: budget.total,
                        deposit: budget.channelDeposit,
                        topUpBelow: budget.topUpBelow
                    ),
                    priceMax: budget.priceMaxPerCall
                )
            )
        }
        self.all = all
    }

    /// What may be locked of each denomination.
    var limits: SortedMap<Denomination, UnitLimits> {
        var limits = SortedMap<Denomination, UnitLimits>()
        for unit in all { limits[unit.denomination] = unit.limits }
        return limits
    }

    /// The place of a denomination among the preferred; nil if nothing may be paid in it.
    func rank(of denomination: Denomination) -> Int? {
        all.firstIndex { $0.denomination == denomination }
    }

    /// What is known of a denomination; of one without a budget, its digits.
    func unit(_ denomination: Denomination) -> GatewayUnit {
        if let known = all.first(where: { $0.denomination == denomination }) { return known }
        let name =
            switch denomination {
            case .native: "STOA"
            case .issued(let unit): "of \(unit)"
            }
        return GatewayUnit(
            denomination: denomination,
            name: name,
            decimals: denomination == .native ? 9 : 0,
            limits: .none,
            priceMax: nil
        )
    }
}
