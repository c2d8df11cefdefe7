import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

@Suite("A share's life")
struct ShareLifeTests {
    private static let asset = ShareTown.asset

    @Test("SHA-10: all shares are the owner's at first, units like any other, and never more")
    func issue() {
        var passes = PassTown.start
        let result = passes.harness.send(
            .bob,
            .shares(.issueShares(Self.asset, count: 1 << 48, income: []))
        )
        #expect(
            result.events
                == [.shares(.issued(Self.asset, owner: Person.bob.id, count: 1 << 48))]
        )
        let state = passes.harness.ledger.state
        let record = state.read(ShareRecord.self, .shares(ShareTown.unit))
        #expect(record?.count == 1 << 48)
        #expect(record?.circulating == 1 << 48)
        #expect(record?.streams.map(\.denomination) == [.native])
        #expect(state.supply(ShareTown.shares).obol == 1 << 48)
        #expect(state.balance(Person.bob.id, ShareTown.shares).obol == 1 << 48)
        DenominationCount(passes.harness).check()
    }

    @Test("SHA-20, SHA-12: an income is divided by shares, and paid to who asks")
    func dividends() {
        var town = ShareTown.start
        let seller = town.passes.balance(.bob)
        let result = town.passes.buy(.dave, town.passes.monthly)
        let shared = SharesEvent.incomeShared(
            Self.asset,
            Amount(obol: 5000),
            .native,
            circulating: 1000
        )
        #expect(result.events.contains(.shares(shared)))
        #expect(town.passes.balance(.bob) == seller, "the seller has only his shares")
        #expect([Person.alice, .bob, .carol].map { town.owed($0) } == [1500, 2500, 1000])
        #expect(town.pot() == 5000)
        let before = town.passes.balance(.alice)
        let paid = town.withdraw(.alice)
        let withdrawn = SharesEvent.dividendsWithdrawn(
            Self.asset,
            Amount(obol: 1500),
            .native,
            to: Person.alice.id
        )
        #expect(paid.events == [.shares(withdrawn)])
        #expect(town.passes.balance(.alice) > before - 2000 + 1500 - 1000)
        #expect(town.pot() == 3500)
        #expect(town.withdraw(.alice).refusal == .shares(.nothingToWithdraw))
        #expect(town.withdraw(.bob).isAccepted)
        #expect(town.withdraw(.carol).isAccepted)
        #expect(town.pot() == 0)
    }

    @Test("SHA-21: a holding and a record that are not of one ledger are not settled")
    func foreignHoldings() throws {
        func entry(_ index: UInt8, owed: UInt8) throws -> ShareHolding {
            let zero = [UInt8](repeating: 0, count: 15)
            let most = [UInt8](repeating: owed, count: 16)
            let bytes = [1, 0, 0, 0, 1] + zero + [index] + most + [UInt8](repeating: 0, count: 8)
            return try ShareHolding(canonicalBytes: bytes)
        }
        var record = ShareRecord(asset: Self.asset, count: 4, income: [])
        #expect(try entry(0, owed: 0).settled(record, shares: 4)?.entitlements.count == 1)
        #expect(try entry(1, owed: 0).settled(record, shares: 4) == nil, "paid beyond the index")
        let isAdded = record.streams[0].add(Amount(obol: 8), circulating: 4, scale: 4)
        #expect(isAdded)
        #expect(try entry(0, owed: 0).settled(record, shares: 4)?.entitlements[0].owed == 8)
        #expect(try entry(0, owed: 0xff).settled(record, shares: 4) == nil, "owed more than is")
        let empty = ShareRecord(asset: Self.asset, count: 0, income: [])
        #expect(try entry(0, owed: 0).settled(empty, shares: 4) == nil, "shares of none")
    }

    @Test("SHA-20: in every denomination that is shared, each by itself")
    func denominations() {
        var town = ShareTown.start
        let before = town.harness.tokens(.alice)
        town.passes.buy(.dave, town.passes.priced)
        #expect(town.owed(.alice, LedgerHarness.token) == 210)
        #expect(town.owed(.alice) == 0)
        #expect(town.withdraw(.alice, LedgerHarness.token).isAccepted)
        #expect(town.harness.tokens(.alice) == before + 210)
        #expect(town.pot(LedgerHarness.token) == 490)
    }

    @Test("SHA-21: what was earned stays with who held, what comes goes to who holds")
    func transfers() {
        var town = ShareTown.start
        town.passes.buy(.dave, town.passes.monthly)
        town.give(.alice, .erin, 300)
        #expect(town.owed(.alice) == 1500)
        #expect(town.owed(.erin) == 0)
        town.passes.buy(.erin, town.passes.monthly)
        #expect(town.owed(.alice) == 1500)
        #expect(town.owed(.erin) == 1500)
        town.give(.erin, .erin, 300)
        #expect(town.owed(.erin) == 1500)
        #expect(town.record?.circulating == 1000)
    }

    @Test("SHA-21: shares that are locked earn nothing, and the others earn all")
    func locked() {
        var town = ShareTown.start
        let opening = Town.opening {
            $0.denomination = ShareTown.shares
            $0.deposit = 500
            $0.payee = Person.erin.id
        }
        #expect(town.passes.harness.send(.bob, .openChannel(opening)).isAccepted)
        #expect(town.record?.circulating == 500)
        town.passes.buy(.dave, town.passes.monthly)
        #expect([Person.alice, .bob, .carol].map { town.owed($0) } == [3000, 0, 2000])
    }

    @Test("SHA-20: while no share is in an account, the seller gets the income")
    func nobody() {
        var town = ShareTown.start
        for (person, count) in [(Person.alice, 300), (.bob, 500), (.carol, 200)] {
            let opening = Town.opening {
                $0.denomination = ShareTown.shares
                $0.deposit = UInt128(count)
                $0.payee = Person.erin.id
            }
            #expect(town.passes.harness.send(person, .openChannel(opening)).isAccepted)
        }
        #expect(town.record?.circulating == 0)
        let before = town.passes.balance(.bob)
        let result = town.passes.buy(.dave, town.passes.monthly)
        let missed = SharesEvent.incomeNotShared(
            Self.asset,
            Amount(obol: 5000),
            .native,
            to: Person.bob.id
        )
        #expect(result.events.contains(.shares(missed)))
        #expect(town.passes.balance(.bob) == before + 5000)
        #expect(town.pot() == 0)
    }

    @Test("SHA-11: income in another unit is shared once the owner has admitted it")
    func admission() {
        var town = ShareTown.start
        town.passes.harness.send(.dave, TermsDraft().message)
        let unit = UnitRecord.unit(issuer: Person.dave.id, ticker: "CHFC")
        let mint = UnitMessage.mintUnit(unit, Amount(obol: 1000), to: Person.dave.id)
        town.passes.harness.send(.dave, .units(mint))
        let draft = PlanDraft {
            $0.included = PassTown.included(4)
            $0.price = 100
            $0.denomination = .issued(unit)
        }
        #expect(
            town.passes.harness.send(.bob, draft.message).refusal == .shares(.incomeNotShared)
        )
        let result = town.send(.bob, .admitIncome(Self.asset, .issued(unit)))
        #expect(result.events == [.shares(.incomeAdmitted(Self.asset, .issued(unit)))])
        #expect(town.earn(100, .issued(unit)).isAccepted)
        #expect(town.owed(.alice, .issued(unit)) == 30)
        #expect(town.withdraw(.alice, .issued(unit)).isAccepted)
        DenominationCount(town.harness).check()
    }

    @Test("SHA-20: income in a unit that is not shared, from a plan older than the shares")
    func notShared() {
        var passes = PassTown.start
        passes.harness.send(.bob, .shares(.issueShares(Self.asset, count: 3, income: [])))
        let before = passes.harness.tokens(.bob)
        let result = passes.buy(.dave, passes.priced)
        let missed = SharesEvent.incomeNotShared(
            Self.asset,
            Amount(obol: 700),
            LedgerHarness.token,
            to: Person.bob.id
        )
        #expect(result.events.contains(.shares(missed)))
        #expect(passes.harness.tokens(.bob) == before + 700)
    }

    @Test("SHA-5: shares stay with their holders when the asset changes hands")
    func ownership() {
        var town = ShareTown.start
        let lineage = LineageMessage.offerAsset(Self.asset, to: Person.erin.id)
        #expect(town.passes.harness.send(.bob, .lineage(lineage)).isAccepted)
        #expect(town.passes.harness.send(.erin, .lineage(.acceptAsset(Self.asset))).isAccepted)
        #expect([Person.alice, .bob, .carol].map { town.shares($0) } == [300, 500, 200])
        let again = SharesMessage.issueShares(Self.asset, count: 1, income: [])
        #expect(town.send(.erin, again).refusal == .shares(.alreadyIssued))
    }

    @Test("SHA-21: who has sold all and taken all leaves no entry, and no fraction is lost")
    func leaving() {
        var town = ShareTown.start
        #expect(town.earn(1001).isAccepted)
        #expect(town.owed(.alice) == 300)
        #expect(town.give(.alice, .erin, 300).isAccepted)
        #expect(town.holding(.alice) != nil, "it is owed something")
        #expect(town.withdraw(.alice).isAccepted)
        #expect(town.holding(.alice) == nil)
        // Three tenths of an obol went back, and wait for the next income.
        let scale = town.record?.scale ?? 0
        #expect(scale == 1000)
        #expect(town.record?.streams[0].rest == scale * 3 / 10)
        // 700.7 are owed to those who stayed; with the 0.3 that makes 701.
        #expect(town.pot() == 701)
        #expect([Person.bob, .carol].map { town.owed($0) } == [500, 200])
        #expect(town.holding(.erin)?.isOwed == false)
    }

    /// The market of passes with a unit of Dave's, of which he has 2^96.
    private static func rich() -> (passes: PassTown, unit: Denomination) {
        var passes = PassTown.start
        let unit = UnitRecord.unit(issuer: Person.dave.id, ticker: "CHFC")
        passes.harness.send(
            .dave,
            TermsDraft { $0.supplyMax = 1 << 96 }.message,
            .units(.mintUnit(unit, Amount(obol: 1 << 96), to: Person.dave.id))
        )
        return (passes, .issued(unit))
    }

    /// Lets Dave buy a pass for so much.
    private static func pay(
        _ price: UInt128,
        _ unit: Denomination,
        offer: UInt32,
        in passes: inout PassTown
    ) -> TransactionResult {
        let plan = passes.publish(
            PlanDraft {
                $0.included = PassTown.included(offer)
                $0.price = price
                $0.denomination = unit
            }
        )
        return passes.buy(.dave, plan)
    }

    @Test("SHA-20: shareholders of a unit with 18 decimals are paid for as long as there is any")
    func manyDecimals() {
        var (passes, unit) = Self.rich()
        passes.harness.send(.bob, .shares(.issueShares(Self.asset, count: 10, income: [unit])))
        // 75,558 whole units at a time, of a unit with 18 decimals.
        let price = UInt128(1) << 76
        for offer in [UInt32(4), 5, 6] {
            let result = Self.pay(price, unit, offer: offer, in: &passes)
            let shared = SharesEvent.incomeShared(
                Self.asset,
                Amount(obol: price),
                unit,
                circulating: 10
            )
            #expect(result.events.contains(.shares(shared)))
        }
        let taken = passes.harness.send(.bob, .shares(.withdrawDividends(Self.asset, unit)))
        #expect(taken.isAccepted)
        #expect(passes.harness.ledger.state.balance(Person.bob.id, unit).obol == 3 * price)
    }

    @Test("SHA-20: an index that would end pays the seller instead")
    func tooMuch() {
        var (passes, unit) = Self.rich()
        let count = ShareUnit.countMax
        passes.harness.send(.bob, .shares(.issueShares(Self.asset, count: count, income: [unit])))
        let one = Amount(obol: 1)
        let sale = SaleOpening(
            given: ShareTown.shares,
            amount: Amount(obol: UInt128(count) - 1),
            wanted: .native,
            rate: SaleRate(one, per: one),
            until: BlockHeight(100)
        )
        #expect(passes.harness.send(.bob, .exchange(.openSale(sale))).isAccepted)
        passes.harness.endBlock()
        for (offer, price, isShared) in [
            (UInt32(4), UInt128(1) << 80, false), (5, (1 << 80) - 1, true), (6, 1, false),
        ] {
            let result = Self.pay(price, unit, offer: offer, in: &passes)
            let amount = Amount(obol: price)
            let event =
                isShared
                ? SharesEvent.incomeShared(Self.asset, amount, unit, circulating: 1)
                : .incomeNotShared(Self.asset, amount, unit, to: Person.bob.id)
            #expect(result.events.contains(.shares(event)), "\(price)")
        }
        let taken = passes.harness.send(.bob, .shares(.withdrawDividends(Self.asset, unit)))
        #expect(taken.isAccepted)
        DenominationCount(passes.harness).check()
    }

    @Test("encodings lead back, of messages and events")
    func coding() throws {
        let asset = Self.asset
        let unit = Denomination.issued(digest(3))
        let messages: [SharesMessage] = [
            .issueShares(asset, count: 7, income: [unit]), .admitIncome(asset, unit),
            .withdrawDividends(asset, .native),
        ]
        #expect(messages.map(\.tag) == [40, 41, 42])
        for message in messages {
            let whole = Message.shares(message)
            #expect(try Message(canonicalBytes: whole.canonicalBytes) == whole)
        }
        let amount = Amount(obol: 5)
        let events: [SharesEvent] = [
            .issued(asset, owner: Person.bob.id, count: 7), .incomeAdmitted(asset, unit),
            .incomeShared(asset, amount, unit, circulating: 3),
            .incomeNotShared(asset, amount, unit, to: Person.bob.id),
            .dividendsWithdrawn(asset, amount, unit, to: Person.bob.id),
        ]
        for event in events {
            let whole = Event.shares(event)
            #expect(try Event(canonicalBytes: whole.canonicalBytes) == whole)
            #expect(whole.record.name.hasPrefix("shares."))
        }
        #expect(Set(events.map(\.record.name)).count == events.count)
    }
}
