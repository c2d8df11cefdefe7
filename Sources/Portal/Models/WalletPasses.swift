import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import SettlementCore

/// The passes that an account holds, with what they are for and when they end.
struct WalletPasses: Sendable {
    static let passesMax = 20

    /// A pass, with its plan and the offer that it pays for.
    private struct Held: Sendable {
        let pass: Pass
        let plan: Plan?
        let offer: OfferEntry?
    }

    private let held: [Held]
    private let height: BlockHeight

    static func load(
        _ account: AccountID,
        at height: BlockHeight,
        _ source: PageSource
    ) async throws -> WalletPasses {
        let passes = try await source.ledger.passes(of: account, limit: passesMax)
        let held = try await source.each(passes.map(\.pass)) { pass in
            let plan = try await source.ledger.plan(pass.plan)
            var offer: OfferEntry?
            if let plan { offer = try await source.index.offer(plan.terms.includedOffer) }
            return Held(pass: pass, plan: plan, offer: offer)
        }
        return WalletPasses(held: held, height: height)
    }

    func fill() -> [Fill] {
        held.map { held in
            let terms = held.plan?.terms
            var fill = Fill(["planID": "\(held.pass.plan.digest)"])
            fill.put("planName", terms?.name ?? NameText.short(held.pass.plan.digest))
            fill.put("passModel", held.offer?.record.offer.model)
            fill.put("passHref", terms.map { PortalPaths.offer($0.includedOffer) })
            fill.put("planIncludes", terms.map { Self.includes($0) })
            fill.merge(Self.end(of: held.pass, at: height))
            let isFull = held.pass.periods.count >= Pass.periodsMax
            let isSold = held.plan.map { $0.retiredAt == nil } ?? false
            fill.put("canRenewPass", isSold && !isFull)
            fill.put("priceMax", "\(terms?.price.obol ?? 0)")
            return fill
        }
    }

    /// What a period includes, such as `10 calls`.
    static func includes(_ terms: PlanTerms) -> String {
        let included = terms.includedUnits.entries.map {
            "\(NumberText.grouped($0.value)) \(PriceText.name($0.key).lowercased())"
        }
        return included.isEmpty ? "no limit" : included.joined(separator: ", ")
    }

    /// When a pass ends, in blocks and in words.
    static func end(of pass: Pass, at height: BlockHeight) -> Fill {
        let end = pass.periods.last?.endsAt.rawValue ?? height.rawValue
        let left = end - min(height.rawValue, end)
        var fill = Fill(["passEnds": NumberText.grouped(end)])
        fill.put("passLeft", left == 0 ? "over" : BlockText.span(left))
        fill.put("isOver", left == 0)
        return fill
    }
}
