import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

/// One message about passes that must be refused, who sends it, and why.
struct RefusedPass: Sendable, CustomTestStringConvertible {
    let refusal: Refusal
    let name: String
    let sender: Person
    let message: @Sendable (inout PassTown) -> Message

    var testDescription: String { "\(refusal.name): \(name)" }

    init(
        _ refusal: PassRefusal,
        _ name: String,
        from sender: Person = .alice,
        _ message: @escaping @Sendable (inout PassTown) -> PassMessage
    ) {
        self.init(other: .passes(refusal), name, from: sender, message)
    }

    init(
        other refusal: Refusal,
        _ name: String,
        from sender: Person = .alice,
        _ message: @escaping @Sendable (inout PassTown) -> PassMessage
    ) {
        self.refusal = refusal
        self.name = name
        self.sender = sender
        self.message = { .passes(message(&$0)) }
    }

    /// A plan of Bob's in which one thing is wrong.
    private static func draft(
        _ refusal: PassRefusal,
        _ name: String,
        from sender: Person = .bob,
        _ change: @escaping @Sendable (inout PlanDraft) -> Void
    ) -> RefusedPass {
        RefusedPass(refusal, name, from: sender) { _ in
            .publishPlan(
                PlanDraft {
                    $0.included = PassTown.included(7)
                    change(&$0)
                }.terms
            )
        }
    }

    private static let most = Amount(obol: .max)

    private static let forms: [RefusedPass] = [
        draft(.invalidName, "one letter") { $0.name = "m" },
        draft(.invalidName, "a capital") { $0.name = "Monthly" },
        draft(.invalidPrice, "for nothing") { $0.price = 0 },
        draft(.invalidPrice, "a trial that costs") {
            $0 = PlanDraft.trial { $0.price = 1 }
        },
        draft(.invalidPeriod, "a block too short") { $0.periodBlocks = 9 },
        draft(.invalidPeriod, "a block too long") { $0.periodBlocks = 31_536_001 },
        draft(.invalidUnits, "a subscription to nothing") { $0.units = [:] },
        draft(.invalidUnits, "a trial of nothing") {
            $0 = PlanDraft.trial { $0.units = [:] }
        },
        draft(.invalidTerms, "none to be sold") { $0.salesMax = 0 },
        draft(.invalidTerms, "a trial to give away") {
            $0 = PlanDraft.trial { $0.isTransferable = true }
        },
        draft(.invalidBond, "a bond for what is paid") { $0.bond = 1_000_000 },
        draft(.invalidBond, "an obol too little") {
            $0 = PlanDraft.trial { $0.bond = 999_999 }
        },
        draft(.invalidBond, "an obol too much") {
            $0 = PlanDraft.trial { $0.bond = 100_000_000_001 }
        },
    ]

    private static let plans: [RefusedPass] = [
        draft(.unknownDenomination, "a unit nobody issued") {
            $0.denomination = .issued(digest(1))
        },
        RefusedPass(other: .assets(.unknownAsset), "no such asset", from: .bob) { _ in
            .publishPlan(PlanDraft { $0.asset = AssetID(digest(1)) }.terms)
        },
        RefusedPass(other: .assets(.notOwner), "another's asset", from: .carol) { _ in
            .publishPlan(PlanDraft { $0.included = PassTown.included(7) }.terms)
        },
        RefusedPass(other: .lineage(.retired), "a retired asset", from: .bob) { town in
            town.harness.send(.bob, .lineage(.retireAsset(PassTown.asset)))
            return .publishPlan(PlanDraft { $0.included = PassTown.included(7) }.terms)
        },
        draft(.unknownOffer, "no such offer") { $0.included = PassTown.included(99) },
        draft(.unknownOffer, "no such overage") { $0.overage = PassTown.included(99) },
        RefusedPass(.wrongOffer, "an offer that was withdrawn", from: .bob) { town in
            town.harness.send(.bob, .withdrawOffer(PassTown.included(7).id))
            return .publishPlan(PlanDraft { $0.included = PassTown.included(7) }.terms)
        },
        RefusedPass(.wrongOffer, "another seller's", from: .carol) { town in
            town.harness.send(.bob, .lineage(.offerAsset(PassTown.asset, to: Person.carol.id)))
            town.harness.send(.carol, .lineage(.acceptAsset(PassTown.asset)))
            return .publishPlan(PlanDraft { $0.included = PassTown.included(7) }.terms)
        },
        RefusedPass(.wrongOffer, "another asset's", from: .bob) { town in
            let publication = AssetPublication(
                name: "other",
                kind: .model,
                licence: "MIT",
                version: AssetVersion(content: digest(1), metadataLink: "")
            )
            town.harness.send(.bob, .publishAsset(publication))
            let other = Asset.id(owner: Person.bob.id, name: "other")
            return .publishPlan(
                PlanDraft {
                    $0.asset = other
                    $0.included = PassTown.included(7)
                }.terms
            )
        },
        draft(.wrongOffer, "a unit that the offer does not count") { $0.units[.second] = 1 },
        draft(.wrongOffer, "one offer for both") { $0.overage = PassTown.included(7) },
        draft(.wrongOffer, "another name beyond") { $0.overage = PassTown.renamed },
        draft(.offerInUse, "another plan's offer") { $0.included = PassTown.included(0) },
        RefusedPass(.unknownPlan, "no such plan to retire", from: .bob) { _ in
            .retirePlan(PlanID(digest(1)))
        },
        RefusedPass(.notSeller, "another's plan") { .retirePlan($0.monthly) },
        RefusedPass(.retired, "a second time", from: .bob) { town in
            town.send(.bob, .retirePlan(town.monthly))
            return .retirePlan(town.monthly)
        },
    ]

    private static let sales: [RefusedPass] = [
        RefusedPass(.unknownPlan, "no such plan") { _ in
            .buyPass(PlanID(digest(1)), priceMax: most)
        },
        RefusedPass(.retired, "not sold any more") { town in
            town.send(.bob, .retirePlan(town.monthly))
            return .buyPass(town.monthly, priceMax: most)
        },
        RefusedPass(.retired, "not tried any more") { town in
            town.send(.bob, .retirePlan(town.trial))
            return .startTrial(town.trial)
        },
        RefusedPass(.wrongKind, "a trial for money") { .buyPass($0.trial, priceMax: most) },
        RefusedPass(.wrongKind, "a subscription to try") { .startTrial($0.monthly) },
        RefusedPass(.ownPlan, "of oneself", from: .bob) { .buyPass($0.monthly, priceMax: most) },
        RefusedPass(.ownPlan, "tried by oneself", from: .bob) { .startTrial($0.trial) },
        RefusedPass(.sellerLeft, "an asset that was sold") { town in
            town.harness.send(.bob, .lineage(.offerAsset(PassTown.asset, to: Person.carol.id)))
            town.harness.send(.carol, .lineage(.acceptAsset(PassTown.asset)))
            return .buyPass(town.monthly, priceMax: most)
        },
        RefusedPass(other: .lineage(.retired), "an asset that is retired") { town in
            town.harness.send(.bob, .lineage(.retireAsset(PassTown.asset)))
            return .buyPass(town.monthly, priceMax: most)
        },
        RefusedPass(.soldOut, "the second of one") { town in
            town.buy(.carol, town.scarce)
            return .buyPass(town.scarce, priceMax: most)
        },
        RefusedPass(.priceAboveMax, "an obol too much") {
            .buyPass($0.monthly, priceMax: Amount(obol: 4999))
        },
        RefusedPass(.alreadyHeld, "a second one") { town in
            town.buy(.alice, town.monthly)
            return .buyPass(town.monthly, priceMax: most)
        },
        RefusedPass(.trialUsed, "a second trial") { town in
            town.send(.alice, .startTrial(town.trial))
            return .startTrial(town.trial)
        },
        RefusedPass(.trialUsed, "a second trial after the first") { town in
            town.send(.alice, .startTrial(town.trial))
            town.endBlocks(11)
            return .startTrial(town.trial)
        },
        RefusedPass(other: .accounts(.insufficientBalance), "more than one has") { town in
            town.harness.send(
                .alice,
                .transfer(
                    to: Person.erin.id,
                    denomination: LedgerHarness.token,
                    amount: Amount(obol: 999_301)
                )
            )
            return .buyPass(town.priced, priceMax: most)
        },
    ]

    private static let renewals: [RefusedPass] = [
        RefusedPass(.noPass, "nothing to renew") { .renewPass($0.monthly, priceMax: most) },
        RefusedPass(.noPass, "a pass that ended") { town in
            town.buy(.alice, town.monthly)
            town.endBlocks(10)
            return .renewPass(town.monthly, priceMax: most)
        },
        RefusedPass(.noPass, "another's pass") { town in
            town.buy(.carol, town.monthly)
            return .renewPass(town.monthly, priceMax: most)
        },
        RefusedPass(.wrongKind, "a trial") { town in
            town.send(.alice, .startTrial(town.trial))
            return .renewPass(town.trial, priceMax: most)
        },
        RefusedPass(.retired, "not renewed any more") { town in
            town.buy(.alice, town.monthly)
            town.send(.bob, .retirePlan(town.monthly))
            return .renewPass(town.monthly, priceMax: most)
        },
        RefusedPass(.priceAboveMax, "an obol too much again") { town in
            town.buy(.alice, town.monthly)
            return .renewPass(town.monthly, priceMax: Amount(obol: 4999))
        },
        RefusedPass(.tooManyPeriods, "a fifth period") { town in
            town.buy(.alice, town.monthly)
            for _ in 0..<3 { town.send(.alice, .renewPass(town.monthly, priceMax: most)) }
            return .renewPass(town.monthly, priceMax: most)
        },
        RefusedPass(.noPass, "no pass to go on") {
            .authorizeRenewal($0.monthly, PassTown.renewal(1))
        },
        RefusedPass(.wrongKind, "a trial that goes on") { town in
            town.send(.alice, .startTrial(town.trial))
            return .authorizeRenewal(town.trial, PassTown.renewal(1))
        },
        RefusedPass(.invalidRenewal, "no renewal") { town in
            town.buy(.alice, town.monthly)
            return .authorizeRenewal(town.monthly, PassTown.renewal(0))
        },
        RefusedPass(.invalidRenewal, "one too many") { town in
            town.buy(.alice, town.monthly)
            return .authorizeRenewal(town.monthly, PassTown.renewal(121))
        },
        RefusedPass(.invalidRenewal, "for an obol too little") { town in
            town.buy(.alice, town.monthly)
            return .authorizeRenewal(town.monthly, PassTown.renewal(1, priceMax: 4999))
        },
        RefusedPass(.invalidRenewal, "until a block too early") { town in
            town.buy(.alice, town.monthly)
            let end = town.harness.context.height.rawValue + 10
            return .authorizeRenewal(town.monthly, PassTown.renewal(1, until: end - 1))
        },
        RefusedPass(.notAuthorized, "nothing to take back") { town in
            town.buy(.alice, town.monthly)
            return .cancelRenewal(town.monthly)
        },
        RefusedPass(.noPass, "nothing to give") {
            .transferPass($0.monthly, to: Person.carol.id)
        },
        RefusedPass(.notTransferable, "a pass that stays") { town in
            town.buy(.alice, town.scarce)
            return .transferPass(town.scarce, to: Person.carol.id)
        },
        RefusedPass(.notTransferable, "to oneself") { town in
            town.buy(.alice, town.monthly)
            return .transferPass(town.monthly, to: Person.alice.id)
        },
        RefusedPass(.notTransferable, "to the seller") { town in
            town.buy(.alice, town.monthly)
            return .transferPass(town.monthly, to: Person.bob.id)
        },
        RefusedPass(.alreadyHeld, "to who has one") { town in
            town.buy(.alice, town.monthly)
            town.buy(.carol, town.monthly)
            return .transferPass(town.monthly, to: Person.carol.id)
        },
        RefusedPass(other: .deadlines(.invalidHeight), "beyond all counting") { town in
            town.buy(.alice, town.monthly)
            guard let pass = town.pass(.alice, town.monthly),
                let name = town.name(.alice, town.monthly)
            else { return .retirePlan(town.monthly) }
            let period = PassPeriod(startsAt: pass.end, endsAt: BlockHeight(.max - 9))
            var late = pass
            late.periods = [period]
            town.harness.plant(late, .pass(name))
            return .renewPass(town.monthly, priceMax: most)
        },
    ]

    static let all = forms + plans + sales + renewals
}

@Suite("The ledger refuses of passes")
struct PassRefusalTests {
    @Test("a message that breaks a rule, with its number", arguments: RefusedPass.all)
    func message(_ refused: RefusedPass) {
        var town = PassTown.start
        let message = refused.message(&town)
        let result = town.harness.send(refused.sender, message)
        #expect(result.refusal == refused.refusal)
        #expect(result.messageIndex == 0)
    }

    @Test("every refusal that there is stands in the table")
    func covered() {
        let codes = Set(RefusedPass.all.map(\.refusal.code))
        let missing = PassRefusal.allCases.filter { !codes.contains(Refusal.passes($0).code) }
        #expect(missing.isEmpty)
    }
}
