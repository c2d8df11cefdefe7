import Identity
import MarketTypes

@testable import LedgerCore

/// What passes should be, told once more and in another way: names are numbers, money is a
/// balance for each person, and the ends of periods are looked for at every height.
struct PassModel {
    struct Plan {
        let seller: Person
        let kind: PlanKind
        let denomination: Denomination
        let price: UInt128
        let blocks: UInt64
        let isTransferable: Bool
        let salesMax: UInt32
        let bond: UInt128
        var sales: UInt32 = 0
        var isRetired = false
    }

    struct Pass {
        let plan: PlanID
        var holder: AccountID
        /// The ends of its periods, ascending.
        var ends: [UInt64]
        var renewals: UInt32 = 0
        var until: UInt64 = 0
    }

    struct Trial: Hashable {
        let plan: PlanID
        let account: AccountID
    }

    var plans: [PlanID: Plan] = [:]
    var passes: [Pass] = []
    var trials: Set<Trial> = []
    /// What everybody has: of the native unit, and of the token.
    var native: [AccountID: UInt128] = [:]
    var tokens: [AccountID: UInt128] = [:]
    /// The fees that the ledger took for renewals.
    var fees: UInt128 = 0
    private let fee = LedgerHarness.parameters.feeMinimum.obol

    func place(_ holder: AccountID, _ plan: PlanID) -> Int? {
        passes.firstIndex { $0.holder == holder && $0.plan == plan }
    }

    private func has(_ account: AccountID, _ denomination: Denomination) -> UInt128 {
        (denomination == .native ? native : tokens)[account, default: 0]
    }

    private mutating func add(_ amount: UInt128, _ unit: Denomination, to account: AccountID) {
        if unit == .native {
            native[account, default: 0] += amount
        } else {
            tokens[account, default: 0] += amount
        }
    }

    private mutating func take(_ amount: UInt128, _ unit: Denomination, of account: AccountID) {
        if unit == .native {
            native[account, default: 0] -= amount
        } else {
            tokens[account, default: 0] -= amount
        }
    }

    /// The number of the refusal, or 0; whoever sends it has paid the transaction's fee.
    mutating func apply(_ message: PassMessage, from sender: AccountID, at height: UInt64) -> UInt32
    {
        switch message {
        case .publishPlan: return 0
        case .retirePlan(let id):
            guard let plan = plans[id] else { return 1211 }
            guard plan.seller.id == sender else { return 1212 }
            guard !plan.isRetired else { return 1213 }
            plans[id]?.isRetired = true
            return 0
        case .buyPass(let id, let most): return sell(id, most, to: sender, at: height)
        case .startTrial(let id): return sell(id, nil, to: sender, at: height)
        case .renewPass(let id, let most): return extend(id, most, of: sender)
        case .authorizeRenewal(let id, let renewal):
            guard let plan = plans[id] else { return 1211 }
            guard !plan.isRetired else { return 1213 }
            guard plan.kind != .trial else { return 1214 }
            guard let place = place(sender, id) else { return 1221 }
            guard (1...120).contains(renewal.renewals), renewal.priceMax.obol >= plan.price,
                renewal.until.rawValue >= passes[place].ends.last ?? 0
            else { return 1223 }
            passes[place].renewals = renewal.renewals
            passes[place].until = renewal.until.rawValue
            return 0
        case .cancelRenewal(let id):
            guard plans[id] != nil else { return 1211 }
            guard let place = place(sender, id) else { return 1221 }
            guard passes[place].renewals > 0 else { return 1224 }
            passes[place].renewals = 0
            return 0
        case .transferPass(let id, let account):
            guard let plan = plans[id] else { return 1211 }
            guard let from = place(sender, id) else { return 1221 }
            guard plan.isTransferable, account != sender, account != plan.seller.id else {
                return 1225
            }
            guard place(account, id) == nil else { return 1219 }
            passes[from].holder = account
            passes[from].renewals = 0
            return 0
        }
    }

    private mutating func sell(
        _ id: PlanID,
        _ most: Amount?,
        to buyer: AccountID,
        at height: UInt64
    ) -> UInt32 {
        guard let plan = plans[id] else { return 1211 }
        guard !plan.isRetired else { return 1213 }
        guard (plan.kind == .trial) == (most == nil) else { return 1214 }
        guard plan.seller.id != buyer else { return 1215 }
        guard plan.sales < plan.salesMax else { return 1217 }
        if let most, most.obol < plan.price { return 1218 }
        guard plan.kind == .trial || place(buyer, id) == nil else { return 1219 }
        let trial = Trial(plan: id, account: buyer)
        guard plan.kind != .trial || !trials.contains(trial) else { return 1220 }
        let unit = plan.kind == .trial ? .native : plan.denomination
        let price = plan.kind == .trial ? plan.bond : plan.price
        guard has(buyer, unit) >= price else { return 202 }
        take(price, unit, of: buyer)
        if plan.kind == .trial {
            trials.insert(trial)
        } else {
            add(price, unit, to: plan.seller.id)
        }
        plans[id]?.sales += 1
        passes.append(Pass(plan: id, holder: buyer, ends: [height + plan.blocks]))
        return 0
    }

    private mutating func extend(_ id: PlanID, _ most: Amount, of holder: AccountID) -> UInt32 {
        guard let plan = plans[id] else { return 1211 }
        guard !plan.isRetired else { return 1213 }
        guard plan.kind != .trial else { return 1214 }
        guard most.obol >= plan.price else { return 1218 }
        guard let place = place(holder, id), let end = passes[place].ends.last else { return 1221 }
        guard passes[place].ends.count < 4 else { return 1222 }
        guard has(holder, plan.denomination) >= plan.price else { return 202 }
        take(plan.price, plan.denomination, of: holder)
        add(plan.price, plan.denomination, to: plan.seller.id)
        passes[place].ends.append(end + plan.blocks)
        return 0
    }

    /// Begins a block: periods end, in the order in which their ends were fixed.
    mutating func begin(_ height: UInt64) {
        for index in passes.indices {
            guard let plan = plans[passes[index].plan] else { continue }
            passes[index].ends.removeAll { $0 <= height }
            guard passes[index].ends.isEmpty else { continue }
            let holder = passes[index].holder
            let isNative = plan.denomination == .native
            let needed = fee + (isNative ? plan.price : 0)
            if passes[index].renewals > 0, passes[index].until >= height, !plan.isRetired,
                native[holder, default: 0] >= needed,
                isNative || has(holder, plan.denomination) >= plan.price
            {
                take(fee, .native, of: holder)
                fees += fee
                take(plan.price, plan.denomination, of: holder)
                add(plan.price, plan.denomination, to: plan.seller.id)
                passes[index].ends = [height + plan.blocks]
                passes[index].renewals -= 1
            } else if plan.kind == .trial {
                add(plan.bond, .native, to: holder)
            }
        }
        passes.removeAll { $0.ends.isEmpty }
    }
}
