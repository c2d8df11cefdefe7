import LedgerCore
import MarketTypes
import NIOCore
import SettlementCore
import Synchronization

/// The plans that there are, and the passes that the gateway's account holds.
///
/// Under a plan's included offer only holders of a pass are served, so that nobody else should
/// choose it. What is left of a pass only its seller counts: a refusal tells, for a while.
final class PassShelf: Sendable {
    private struct Held {
        let id: PassID
        let pass: Pass
    }

    private struct State {
        /// The plan of each included offer.
        var plans: [OfferID: PlanID] = [:]
        var passes: [PlanID: Held] = [:]
        var height = BlockHeight(0)
        var refusals: [OfferID: Refusal] = [:]
    }

    /// What a seller refused to serve, and until when it is not asked again.
    private struct Refusal {
        /// The least that was refused of each unit; nil if nothing at all is served.
        let units: UnitCounts?
        let period: PassPeriod?
        let until: NIODeadline
    }

    /// How long a refusal counts; calls under way may give units back.
    private static let refusalAge = TimeAmount.seconds(10)
    /// The most plans that are remembered; offers of others look ordinary, and are refused.
    private let plansMax: Int
    private let state = Mutex(State())

    init(plansMax: Int) {
        self.plansMax = plansMax
    }

    /// Whether the account holds any pass.
    var hasPasses: Bool { state.withLock { !$0.passes.isEmpty } }

    /// Takes over all plans.
    func setPlans(_ plans: [(id: PlanID, plan: Plan)]) {
        let pairs = plans.map { ($0.plan.terms.includedOffer, $0.id) }
        state.withLock { $0.plans = Dictionary(pairs) { first, _ in first } }
    }

    /// Takes over a plan that was published.
    func add(_ id: PlanID, _ plan: Plan) {
        state.withLock { state in
            guard state.plans.count < plansMax else { return }
            state.plans[plan.terms.includedOffer] = id
        }
    }

    /// Takes over all passes of the account, as they are at `height`.
    func setPasses(_ passes: [(id: PassID, pass: Pass)], at height: BlockHeight) {
        let held = passes.map { ($0.pass.plan, Held(id: $0.id, pass: $0.pass)) }
        state.withLock { state in
            state.passes = Dictionary(held) { first, _ in first }
            state.height = max(state.height, height)
            state.refusals = [:]
        }
    }

    /// Notes the latest block; true if the passes should be read anew because a period ended that
    /// nothing follows, as far as is known here.
    func advance(to height: BlockHeight) -> Bool {
        state.withLock { state in
            state.height = max(state.height, height)
            return state.passes.values.contains { $0.pass.period(at: height) == nil }
        }
    }

    /// Whether an offer is one to choose from: ordinary, or its pass is held.
    func admits(_ offer: OfferID) -> Bool {
        state.withLock { state in
            guard let plan = state.plans[offer] else { return true }
            return state.passes[plan] != nil
        }
    }

    /// Whether a pass may pay for a call under an offer; nil if the offer is an ordinary one.
    func serves(_ offer: OfferID, _ unitsMax: UnitCounts) -> Bool? {
        state.withLock { state in
            guard let plan = state.plans[offer] else { return nil }
            guard let period = state.passes[plan]?.pass.period(at: state.height) else {
                return false
            }
            guard let refusal = state.refusals[offer], refusal.period == period,
                NIODeadline.now() < refusal.until
            else { return true }
            guard let units = refusal.units else { return false }
            return units.entries.contains { (unitsMax[$0.key] ?? 0) < $0.value }
        }
    }

    /// Notes that a seller refused a call: with `unitsMax` if it might serve a smaller one.
    func refused(_ offer: OfferID, _ unitsMax: UnitCounts?) {
        state.withLock { state in
            guard let plan = state.plans[offer] else { return }
            state.refusals[offer] = Refusal(
                units: unitsMax,
                period: state.passes[plan]?.pass.period(at: state.height),
                until: .now() + Self.refusalAge
            )
        }
    }
}
