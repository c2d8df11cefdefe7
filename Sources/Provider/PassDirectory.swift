import LedgerClient
import LedgerCore
import Logging
import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore
import Synchronization

/// Which offers are served only for passes, and who holds which pass as the ledger has it.
///
/// A pass that was read is believed for a few blocks or seconds, and not beyond its own periods:
/// so calls need no question, and a renewal that no event told of is found all the same.
final class PassDirectory: Sendable {
    private struct Holding: Hashable {
        let holder: AccountID
        let plan: PlanID
    }

    private struct Finding {
        let pass: (id: PassID, pass: Pass)?
        let height: BlockHeight
        let at: NIODeadline
    }

    private struct State {
        var plans: [OfferID: (id: PlanID, terms: PlanTerms)] = [:]
        var findings: [Holding: Finding] = [:]
    }

    /// How many passes are remembered.
    private static let findingsMax = 4096
    /// How long what was read counts: blocks, and time for when no block comes.
    private static let agesMax = (blocks: UInt64(5), time: TimeAmount.seconds(10))
    /// How long it counts that there was no pass; somebody may be about to buy one.
    private static let absenceAgeMax = TimeAmount.seconds(1)

    private let ledger: any LedgerConnection
    private let heights: LedgerHeight
    private let logger: Logger
    private let state = Mutex(State())

    init(ledger: any LedgerConnection, heights: LedgerHeight, logger: Logger) {
        self.ledger = ledger
        self.heights = heights
        self.logger = logger
    }

    /// Notes that an offer serves a plan's included units.
    func add(_ id: PlanID, _ terms: PlanTerms) {
        state.withLock { $0.plans[terms.includedOffer] = (id, terms) }
    }

    /// Whether calls under an offer need a pass.
    func needsPass(_ offer: OfferID) -> Bool { state.withLock { $0.plans[offer] != nil } }

    /// Reads a pass anew when it is needed next.
    func forget(_ holder: AccountID, _ plan: PlanID) {
        _ = state.withLock {
            $0.findings.removeValue(forKey: Holding(holder: holder, plan: plan))
        }
    }

    /// The pass that pays for a call under an offer, or nil if the offer needs none.
    ///
    /// - Throws: ``CallFailure`` if the payer has no pass that runs, or the ledger cannot be asked.
    func call(
        under offer: OfferID,
        by payer: AccountID,
        unitsMax: UnitCounts
    ) async throws(CallFailure) -> PassCall? {
        guard let plan = state.withLock({ $0.plans[offer] }) else { return nil }
        let found = try await pass(of: payer, plan.id)
        let height = max(found.height, heights.latest)
        guard let (id, pass) = found.pass, let period = pass.period(at: height) else {
            throw .other(
                APIFailure(
                    .insufficientFunds,
                    message: "This offer is for holders of a pass of the plan "
                        + "'\(plan.terms.name)', and the payer has none that runs.",
                    hint: "Run: stoa pass buy \(plan.id.digest)",
                    stoaCode: PassCallRefusal.noPass.code
                )
            )
        }
        return PassCall(
            use: PassUse(id, period),
            included: plan.terms.includedUnits,
            unitsMax: unitsMax
        )
    }

    /// Why a call under an offer is not served although its payer has a pass.
    func unitsUsed(under offer: OfferID) -> CallFailure {
        let terms = state.withLock { $0.plans[offer]?.terms }
        let rest = terms?.overageOffer.map { " Beyond it, offer \($0.digest) stands." }
        return .other(
            APIFailure(
                .insufficientFunds,
                message: "What is left of the pass's period is less than the call could use.",
                hint: "Call under an ordinary offer, or wait for the next period." + (rest ?? ""),
                stoaCode: PassCallRefusal.unitsUsed.code
            )
        )
    }

    private func pass(
        of holder: AccountID,
        _ plan: PlanID
    ) async throws(CallFailure) -> Finding {
        let holding = Holding(holder: holder, plan: plan)
        if let known = state.withLock({ $0.findings[holding] }), stands(known) { return known }
        do throws(LedgerClientError) {
            // A block after this one may change what is read; its event makes it forgotten then.
            let height = heights.latest
            let finding = Finding(
                pass: try await ledger.pass(of: holder, plan),
                height: height,
                at: .now()
            )
            remember(finding, holding)
            return finding
        } catch {
            logger.warning("the ledger cannot be asked", metadata: ["error": "\(error.message)"])
            throw .other(
                APIFailure(
                    .overloaded,
                    message: "The pass cannot be looked up now.",
                    retryAfterSeconds: 1
                )
            )
        }
    }

    private func stands(_ finding: Finding) -> Bool {
        let height = heights.latest
        let age = NIODeadline.now() - finding.at
        guard finding.pass?.pass.period(at: height) != nil else {
            return age < Self.absenceAgeMax && finding.height == height
        }
        return age < Self.agesMax.time
            && height.rawValue - min(height.rawValue, finding.height.rawValue)
                < Self.agesMax.blocks
    }

    private func remember(_ finding: Finding, _ holding: Holding) {
        state.withLock { state in
            if state.findings.count >= Self.findingsMax {
                state.findings = state.findings.filter { stands($0.value) }
            }
            guard state.findings.count < Self.findingsMax else { return }
            state.findings[holding] = finding
        }
    }
}
