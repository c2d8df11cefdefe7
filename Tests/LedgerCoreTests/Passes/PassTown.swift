import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

/// A plan whose every field can be set.
struct PlanDraft: Sendable {
    var name = "monthly"
    var asset = PassTown.asset
    var kind = PlanKind.subscription
    var denomination = Denomination.native
    var price: UInt128 = 5000
    var periodBlocks: UInt64 = 10
    var units: [Unit: UInt64] = [.call: 20]
    var included = PassTown.included(0)
    var overage: Offer?
    var isTransferable = true
    var salesMax: UInt32?
    var bond: UInt128 = 0

    init(_ change: (inout Self) -> Void = { _ in }) { change(&self) }

    /// A trial of ten blocks and twenty calls.
    static func trial(_ change: (inout Self) -> Void = { _ in }) -> PlanDraft {
        PlanDraft {
            $0.name = "try-it"
            $0.kind = .trial
            $0.price = 0
            $0.isTransferable = false
            $0.bond = 2_000_000
            change(&$0)
        }
    }

    var terms: PlanTerms {
        var counts = UnitCounts()
        for unit in Unit.allCases { counts[unit] = units[unit] }
        return PlanTerms(
            name: name,
            asset: asset,
            kind: kind,
            denomination: denomination,
            price: Amount(obol: price),
            periodBlocks: periodBlocks,
            includedUnits: counts,
            includedOffer: included.id,
            overageOffer: overage?.id,
            isTransferable: isTransferable,
            salesMax: salesMax,
            trialBond: Amount(obol: bond)
        )
    }

    var message: Message { .passes(.publishPlan(terms)) }
}

/// A market in which Bob sells passes for "small": a subscription, a scarce one that cannot be
/// given away, one that is paid in tokens, and a trial.
struct PassTown: Sendable {
    static let asset = Asset.id(owner: Person.bob.id, name: "small")
    /// How many offers for included units Bob has published.
    static let offersCount: UInt32 = 8

    var harness = LedgerHarness()
    private(set) var monthly = PlanID(digest(0))
    private(set) var scarce = PlanID(digest(0))
    private(set) var priced = PlanID(digest(0))
    private(set) var trial = PlanID(digest(0))

    /// The town as it stands; made once.
    static let start = PassTown()

    /// Bob's offers under which calls cost nothing; they differ in nothing but their end.
    static func included(_ index: UInt32) -> Offer {
        Town.offer(of: asset) {
            $0.bond = 0
            $0.expiresAt += UInt64(index)
            var prices = SortedMap<Unit, Price>()
            prices[.call] = Price(amount: .zero, perUnits: 1)
            prices[.outputToken] = Price(amount: .zero, perUnits: 1)
            $0.prices = PriceTable(prices)
        }
    }

    /// What a call costs without a pass.
    static let ordinary = Town.offer(of: asset) { $0.bond = 0 }
    /// Another name's offer.
    static let renamed = Town.offer(of: asset) {
        $0.bond = 0
        $0.model = "renamed"
    }

    init() {
        let publication = AssetPublication(
            name: "small",
            kind: .model,
            licence: "MIT",
            version: AssetVersion(content: digest(1), metadataLink: "")
        )
        harness.send(.bob, .publishAsset(publication))
        for index in 0..<Self.offersCount {
            harness.send(.bob, .publishOffer(Self.included(index)))
        }
        harness.send(.bob, .publishOffer(Self.ordinary), .publishOffer(Self.renamed))
        monthly = publish(PlanDraft { $0.overage = Self.ordinary })
        scarce = publish(
            PlanDraft {
                $0.name = "scarce"
                $0.included = Self.included(1)
                $0.kind = .timePass
                $0.units = [:]
                $0.salesMax = 1
                $0.isTransferable = false
            }
        )
        priced = publish(
            PlanDraft {
                $0.name = "tokens"
                $0.included = Self.included(2)
                $0.denomination = LedgerHarness.token
                $0.price = 700
            }
        )
        trial = publish(PlanDraft.trial { $0.included = Self.included(3) })
        harness.endBlock()
    }

    /// Publishes a plan of Bob's and returns its name.
    mutating func publish(_ draft: PlanDraft) -> PlanID {
        let sequence = harness.account(.bob).sequence + 1
        let result = harness.send(.bob, draft.message)
        #expect(result.refusal == nil)
        return Plan.id(seller: Person.bob.id, sequence: sequence, messageIndex: 0)
    }

    @discardableResult
    mutating func send(_ person: Person, _ message: PassMessage) -> TransactionResult {
        harness.send(person, .passes(message))
    }

    /// Buys a pass of a plan, at whatever price.
    @discardableResult
    mutating func buy(_ person: Person, _ plan: PlanID) -> TransactionResult {
        send(person, .buyPass(plan, priceMax: Amount(obol: .max)))
    }

    /// Ends blocks, each at the next height.
    mutating func endBlocks(_ count: UInt64) {
        for _ in 0..<count { harness.endBlock() }
    }

    /// The pass that somebody has of a plan, if any.
    func pass(_ person: Person, _ plan: PlanID) -> Pass? {
        let digest = harness.ledger.state.read(
            StoredDigest.self,
            .pass(of: person.id, plan)
        )?.digest
        return digest.flatMap { harness.ledger.state.read(Pass.self, .pass(PassID($0))) }
    }

    func plan(_ id: PlanID) -> Plan? { harness.ledger.state.read(Plan.self, .plan(id)) }

    func balance(_ person: Person) -> UInt128 { harness.account(person).balance.obol }

    /// A standing renewal of so many periods, for as long as anybody can wait.
    static func renewal(
        _ renewals: UInt32,
        priceMax: UInt128 = 5000,
        until: UInt64 = .max
    ) -> StandingRenewal {
        StandingRenewal(
            priceMax: Amount(obol: priceMax),
            renewals: renewals,
            until: BlockHeight(until)
        )
    }
}
