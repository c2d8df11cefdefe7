import Identity
import MarketTypes

@testable import LedgerCore

/// Who may act for whom, kept a second time and in another way: as lists of what was said, from
/// which each answer is found anew.
struct AuthorizationModel {
    struct Change {
        let account: Person
        let next: Person
        let effectiveAt: UInt64
        var isCancelled = false
    }

    struct Spending {
        let height: UInt64
        let unit: Denomination
        let amount: UInt128
    }

    struct Permit {
        let account: Person
        let key: Person
        let by: Person
        let draft: Household.Draft
        let grantedAt: UInt64
        var revokedAt: UInt64?
        var spendings: [Spending] = []
        /// When each period began, from the first transaction in it on.
        var periods: [UInt64]
    }

    var changes: [Change] = []
    var permits: [Permit] = []

    /// Whose key signs.
    func signer(of account: Person, at height: UInt64) -> Person {
        let done = changes.last {
            $0.account.id == account.id && !$0.isCancelled && $0.effectiveAt <= height
        }
        return done?.next ?? account
    }

    /// The place of the change that waits.
    func pending(_ account: Person, at height: UInt64) -> Int? {
        changes.lastIndex {
            $0.account.id == account.id && !$0.isCancelled && $0.effectiveAt > height
        }
    }

    /// The place of what a key was granted last.
    func permit(_ account: Person, _ key: Person) -> Int? {
        permits.lastIndex { $0.account.id == account.id && $0.key.id == key.id }
    }

    func isLive(_ permit: Permit, at height: UInt64) -> Bool {
        permit.revokedAt == nil && height <= permit.draft.validUntil
            && signer(of: permit.account, at: height).id == permit.by.id
    }

    /// What was spent of a unit in the period that `height` is in, if there is a new one then.
    func spent(_ permit: Permit, _ unit: Denomination, at height: UInt64) -> UInt128 {
        let start = periodStart(permit, at: height)
        return permit.spendings.filter { $0.height >= start && $0.unit == unit }
            .reduce(0) { $0 + $1.amount }
    }

    func periodStart(_ permit: Permit, at height: UInt64) -> UInt64 {
        let last = permit.periods.last ?? permit.grantedAt
        return height >= last + permit.draft.periodBlocks ? height : last
    }

    func limit(_ permit: Permit, _ unit: Denomination) -> UInt128 {
        permit.draft.limits.first { $0.denomination == unit }?.amount.obol ?? 0
    }
}

/// One message of a random transaction, with what the model must know of it.
enum RandomAct {
    case pay(Person, UInt128, Denomination)
    case grant(Household.Draft, key: Person)
    case revoke(Person)
    case rotate(Person)
    case cancel

    var message: Message {
        switch self {
        case .pay(let person, let amount, let unit): .pay(person, amount, unit)
        case .grant(let draft, _): draft.message
        case .revoke(let person): .revoke(person)
        case .rotate(let person): .rotate(to: person)
        case .cancel: .cancelRotation
        }
    }

    var tag: UInt8 {
        switch self {
        case .pay: 1
        case .grant: 116
        case .revoke: 117
        case .rotate: 118
        case .cancel: 119
        }
    }
}

extension AuthorizationModel {
    /// Does what a transaction of one act does, or says why not, as the rules are written down.
    mutating func apply(
        _ act: RandomAct,
        account: Person,
        key: Person,
        fee: UInt128,
        at height: UInt64
    ) -> Refusal? {
        if signer(of: account, at: height).id == key.id {
            return own(act, account: account, at: height)
        }
        guard let place = permit(account, key) else { return .transaction(.wrongSigner) }
        let permit = permits[place]
        guard isLive(permit, at: height) else { return .transaction(.sessionEnded) }
        guard permit.draft.messages.contains(act.tag),
            case .pay(let payee, let amount, let unit) = act,
            permit.draft.payees.isEmpty || permit.draft.payees.contains(payee.id)
        else { return .transaction(.outsideSession) }
        let start = periodStart(permit, at: height)
        let used = spent(permit, .native, at: height)
        guard used + fee <= limit(permit, .native) else { return .transaction(.sessionLimit) }
        if start != permits[place].periods.last { permits[place].periods.append(start) }
        permits[place].spendings.append(Spending(height: height, unit: .native, amount: fee))
        if amount == 0 { return .accounts(.zeroAmount) }
        let before = spent(permits[place], unit, at: height)
        guard before + amount <= limit(permit, unit) else { return .authorization(.sessionLimit) }
        permits[place].spendings.append(Spending(height: height, unit: unit, amount: amount))
        return nil
    }

    private mutating func own(_ act: RandomAct, account: Person, at height: UInt64) -> Refusal? {
        let current = signer(of: account, at: height)
        switch act {
        case .pay(_, let amount, _): return amount == 0 ? .accounts(.zeroAmount) : nil
        case .grant(let draft, let key):
            guard draft.validUntil >= height else { return .authorization(.invalidNumber) }
            guard key.id != current.id, key.id != account.id else {
                return .authorization(.invalidKey)
            }
            permits.append(
                Permit(
                    account: account,
                    key: key,
                    by: current,
                    draft: draft,
                    grantedAt: height,
                    periods: [height]
                )
            )
        case .revoke(let key):
            guard let place = permit(account, key), permits[place].revokedAt == nil,
                height <= permits[place].draft.validUntil
            else { return .authorization(.unknownSession) }
            permits[place].revokedAt = height
        case .rotate(let next):
            if next.id == current.id { return .authorization(.invalidKey) }
            if pending(account, at: height) != nil { return .authorization(.rotationPending) }
            let effectiveAt = height + Household.rotationBlocks
            changes.append(Change(account: account, next: next, effectiveAt: effectiveAt))
        case .cancel:
            guard let place = pending(account, at: height) else {
                return .authorization(.noRotation)
            }
            changes[place].isCancelled = true
        }
        return nil
    }
}
