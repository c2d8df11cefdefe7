import LedgerClient
import LedgerCore
import MarketTypes

/// Why the ledger would refuse a transaction by its state of now, as far as that is sure before
/// anything is signed: a refused transaction costs its fee.
///
/// It finds what people run into, not everything: what it is silent about may be refused all the
/// same.
struct Forecast: Sendable {
    let ledger: any LedgerConnection
    let sentences: PlainSentence
    let fee: Amount

    /// What stands in the way, a sentence each; empty if nothing is known to.
    func obstacles(_ messages: [Message], balance: Amount) async -> [String] {
        var found: [String] = []
        var needs: [Denomination: Amount] = [:]
        for message in messages {
            if let obstacle = await obstacle(message) { found.append(obstacle) }
            guard let need = await need(of: message) else {
                // It may bring money in, so what the others need cannot be told.
                return found
            }
            if let (denomination, amount) = need.amount {
                let sum = needs[denomination, default: .zero]
                needs[denomination] = (try? sum.adding(amount)) ?? sum
            }
        }
        return await found + shortages(needs, balance)
    }

    /// What a message takes out of the sender's balance; nil if it may put something in.
    private struct Need {
        var amount: (Denomination, Amount)?
    }

    private func need(of message: Message) async -> Need? {
        switch message {
        case .transfer(_, let denomination, let amount): Need(amount: (denomination, amount))
        case .openChannel(let opening): Need(amount: (opening.denomination, opening.deposit))
        case .topUpChannel(let id, let amount):
            (try? await ledger.channel(id)).map { Need(amount: ($0.denomination, amount)) }
        case .depositBond(let amount), .governance(.lockVotes(let amount)):
            Need(amount: (.native, amount))
        case .passes(.buyPass(let id, _)), .passes(.renewPass(let id, _)):
            (try? await ledger.plan(id)).map {
                Need(amount: ($0.terms.denomination, $0.terms.price))
            }
        case .closeChannel, .authorization, .governance(.vote), .governance(.unlockVotes),
            .governance(.delegateVotes):
            Need()
        default: nil
        }
    }

    private func shortages(
        _ needs: [Denomination: Amount],
        _ balance: Amount
    ) async -> [String] {
        var found: [String] = []
        let native = needs[.native] ?? .zero
        let total = (try? native.adding(fee)) ?? native
        if balance < total {
            let fee = fee.words(decimals: 9, "STOA")
            let sum = total.words(decimals: 9, "STOA")
            let owned = balance.words(decimals: 9, "STOA")
            found.append(
                (native.isZero ? "The fee is \(fee)" : "With the fee of \(fee) it takes \(sum)")
                    + ", and this account has \(owned)."
            )
        }
        let issued = needs.keys.compactMap(\.unit).sorted()
        for unit in issued {
            guard let amount = needs[.issued(unit)], let held = await held(unit), held < amount
            else { continue }
            let needed = await sentences.words(amount, .issued(unit))
            let owned = await sentences.words(held, .issued(unit))
            found.append("It takes \(needed), and this account has \(owned).")
        }
        return found
    }

    /// What the sender has of a unit; nil if the ledger does not tell.
    private func held(_ unit: Digest) async -> Amount? {
        do {
            let key = StateKey.issuedBalance(sentences.sender, unit)
            return try await ledger.read(StoredAmount.self, key)?.amount ?? .zero
        } catch {
            return nil
        }
    }

    private func obstacle(_ message: Message) async -> String? {
        switch message {
        case .passes(.buyPass(let id, let priceMax)):
            guard let plan = try? await ledger.plan(id) else { return nil }
            let held = try? await ledger.pass(of: sentences.sender, id)
            if held != nil {
                return "This account has a pass of the plan “\(plan.terms.name)” already: it can "
                    + "be renewed."
            }
            return await tooDear(plan, priceMax)
        case .passes(.renewPass(let id, let priceMax)):
            guard let plan = try? await ledger.plan(id) else { return nil }
            return await tooDear(plan, priceMax)
        case .closeChannel(let id):
            guard let channel = try? await ledger.channel(id) else { return nil }
            return channel.status == .closed ? "The channel is closed already." : nil
        default: return nil
        }
    }

    private func tooDear(_ plan: Plan, _ priceMax: Amount) async -> String? {
        let name = plan.terms.name
        if plan.retiredAt != nil { return "The plan “\(name)” is not sold any more." }
        guard plan.terms.price > priceMax else { return nil }
        let price = await sentences.words(plan.terms.price, plan.terms.denomination)
        let most = await sentences.words(priceMax, plan.terms.denomination)
        return "The plan “\(name)” costs \(price) now, and at most \(most) is offered for it."
    }
}

extension Denomination {
    /// The unit that was issued; nil for the native one.
    fileprivate var unit: Digest? {
        switch self {
        case .native: nil
        case .issued(let unit): unit
        }
    }
}
