import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

/// The market of passes, in which Bob's asset has a thousand shares: Bob 500 of them, Alice 300
/// and Carol 200. Income in STOA and in tokens is shared; Dave and Erin have no share.
struct ShareTown: Sendable {
    static let asset = PassTown.asset
    static let unit = ShareUnit.unit(of: asset)
    static let shares = ShareUnit.denomination(of: asset)

    var passes: PassTown

    /// The town as it stands; made once.
    static let start = ShareTown()

    private init() {
        passes = PassTown.start
        send(.bob, .issueShares(Self.asset, count: 1000, income: [LedgerHarness.token]))
        give(.bob, .alice, 300)
        give(.bob, .carol, 200)
        passes.harness.endBlock()
    }

    var harness: LedgerHarness { passes.harness }

    @discardableResult
    mutating func send(_ person: Person, _ message: SharesMessage) -> TransactionResult {
        passes.harness.send(person, .shares(message))
    }

    @discardableResult
    mutating func give(
        _ from: Person,
        _ to: Person,
        _ shares: UInt128,
        of denomination: Denomination = shares
    ) -> TransactionResult {
        let amount = Amount(obol: shares)
        return passes.harness.send(
            from,
            .transfer(to: to.id, denomination: denomination, amount: amount)
        )
    }

    @discardableResult
    mutating func withdraw(
        _ person: Person,
        _ denomination: Denomination = .native
    ) -> TransactionResult {
        send(person, .withdrawDividends(Self.asset, denomination))
    }

    /// Publishes a plan of Bob's and lets Dave buy a pass: that is so much income.
    mutating func earn(
        _ price: UInt128,
        _ denomination: Denomination = .native,
        offer: UInt32 = 4
    ) -> TransactionResult {
        let plan = passes.publish(
            PlanDraft {
                $0.included = PassTown.included(offer)
                $0.price = price
                $0.denomination = denomination
            }
        )
        return passes.buy(.dave, plan)
    }

    var record: ShareRecord? {
        harness.ledger.state.read(ShareRecord.self, .shares(Self.unit))
    }

    func shares(_ person: Person) -> UInt128 {
        harness.ledger.state.balance(person.id, Self.shares).obol
    }

    func holding(_ person: Person) -> ShareHolding? {
        let key = StateKey.shareHolding(Self.unit, person.id)
        return harness.ledger.state.read(ShareHolding.self, key)
    }

    /// What somebody could withdraw now, in the smallest unit.
    func owed(_ person: Person, _ denomination: Denomination = .native) -> UInt128 {
        guard let record, let place = record.place(of: denomination) else { return 0 }
        var holding = harness.ledger.state.holding(of: person.id, Self.unit)
        holding.settle(record, shares: UInt64(shares(person)))
        return holding.entitlements[place].owed
    }

    func pot(_ denomination: Denomination = .native) -> UInt128 {
        harness.ledger.state.amount(in: .dividends(of: Self.asset, denomination)).obol
    }
}
