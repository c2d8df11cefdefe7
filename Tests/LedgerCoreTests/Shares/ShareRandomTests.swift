import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

/// People who trade, lock and withdraw shares while the asset earns, from one seed.
private struct Shareholders {
    private static let asset = ShareTown.asset
    private static let unit = UnitRecord.unit(issuer: Person.dave.id, ticker: "CHFC")

    var random: SplitMix64
    private var passes = PassTown.start
    private var model: ShareModel
    private var plans: [PlanID] = []
    private var channels: [(id: ChannelID, payer: Person, payee: Person, count: UInt128)] = []

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        let counts: [UInt64] = [1, 3, 100, 1000, 999_983, 1 << 20]
        let count = random.pick(counts) ?? 1
        let money = UnitMessage.mintUnit(Self.unit, Amount(obol: 500_000), to: Person.dave.id)
        passes.harness.send(.dave, TermsDraft().message, .units(money))
        let income = [LedgerHarness.token, .issued(Self.unit)].sorted()
        let shares = SharesMessage.issueShares(Self.asset, count: count, income: income)
        #expect(passes.harness.send(.bob, .shares(shares)).isAccepted)
        model = ShareModel(
            scale: UInt128(count),
            shares: [Person.bob.id: UInt128(count)],
            streams: [.native: .init(), income[0]: .init(), income[1]: .init()]
        )
        plans = [passes.monthly, passes.priced]
        let prices: [(UInt128, Denomination)] = [
            (1, .native), (997, .native), (3, .issued(Self.unit)), (7777, .issued(Self.unit)),
        ]
        for (index, (price, denomination)) in prices.enumerated() {
            plans.append(
                passes.publish(
                    PlanDraft {
                        $0.included = PassTown.included(4 + UInt32(index))
                        $0.price = price
                        $0.denomination = denomination
                    }
                )
            )
        }
    }

    private mutating func somebody() -> Person { random.pick(Person.all) ?? .alice }

    private mutating func number(upTo most: UInt128) -> UInt128 {
        if random.once(in: 12) { return most + 1 }
        if random.once(in: 4) { return most }
        return most == 0 ? 0 : UInt128(random.next()) % (most + 1)
    }

    mutating func step() {
        switch random.below(16) {
        case 0...4: give()
        case 5...8: earn()
        case 9...10: withdraw()
        case 11...12: lock()
        case 13: unlock()
        case 14: intrude()
        default: passes.harness.endBlock()
        }
        check()
    }

    private mutating func give() {
        let (from, to) = (somebody(), somebody())
        let mine = model.shares[from.id] ?? 0
        let count = number(upTo: mine)
        let gift = Message.transfer(
            to: to.id,
            denomination: ShareTown.shares,
            amount: Amount(obol: count)
        )
        let result = passes.harness.send(from, gift)
        #expect(result.isAccepted == (count > 0 && count <= mine))
        guard result.isAccepted else { return }
        model.move(count, from: from.id, to: nil)
        model.move(count, from: nil, to: to.id)
    }

    private mutating func earn() {
        guard let id = random.pick(plans), let plan = passes.plan(id) else { return }
        let person = random.pick([Person.dave, .erin, .alice]) ?? .dave
        let message: PassMessage =
            passes.pass(person, id) == nil
            ? .buyPass(id, priceMax: Amount(obol: .max))
            : .renewPass(id, priceMax: Amount(obol: .max))
        let result = passes.send(person, message)
        guard result.isAccepted else { return }
        let shared = model.earn(plan.terms.price.obol, plan.terms.denomination)
        let events = result.events.filter { if case .shares = $0 { true } else { false } }
        #expect(events.count == 1)
        if case .shares(.incomeShared(_, let amount, _, _))? = events.first {
            #expect(shared && amount == plan.terms.price)
        } else {
            #expect(!shared)
        }
    }

    private mutating func withdraw() {
        let person = somebody()
        let all: [Denomination] = [
            .native, LedgerHarness.token, .issued(Self.unit), .issued(digest(9)),
        ]
        let denomination = random.pick(all) ?? .native
        let message = SharesMessage.withdrawDividends(Self.asset, denomination)
        let result = passes.harness.send(person, .shares(message))
        let paid = model.withdraw(person.id, denomination)
        #expect(result.isAccepted == (paid != nil))
        guard let paid else { return }
        let event = SharesEvent.dividendsWithdrawn(
            Self.asset,
            Amount(obol: paid),
            denomination,
            to: person.id
        )
        #expect(result.events == [.shares(event)])
    }

    /// Locks shares in a channel.
    private mutating func lock() {
        let (payer, payee) = (somebody(), somebody())
        let mine = model.shares[payer.id] ?? 0
        let count = number(upTo: mine)
        let id = Channel.id(
            payer: payer.id,
            sequence: passes.harness.account(payer).sequence + 1,
            messageIndex: 0
        )
        let opening = Town.opening {
            $0.denomination = ShareTown.shares
            $0.deposit = count
            $0.payee = payee.id
            $0.key = payer.voucherKey.publicKey
        }
        guard passes.harness.send(payer, .openChannel(opening)).isAccepted else { return }
        #expect(count > 0 && count <= mine)
        model.move(count, from: payer.id, to: nil)
        channels.append((id, payer, payee, count))
    }

    private mutating func unlock() {
        guard !channels.isEmpty else { return }
        let channel = channels.remove(at: random.below(channels.count))
        let release = ChannelClaim(
            channel: channel.id,
            lanes: [],
            receiptsRoot: .zero,
            receiptsCount: 0,
            release: true
        )
        #expect(passes.harness.send(channel.payee, .claimChannel(release)).isAccepted)
        model.move(channel.count, from: nil, to: channel.payer.id)
    }

    /// Does what nobody may do.
    private mutating func intrude() {
        let person = somebody()
        let messages: [Message] = [
            .shares(.issueShares(Self.asset, count: 5, income: [])),
            .units(.mintUnit(ShareTown.unit, Amount(obol: 1), to: person.id)),
            .units(.burnUnit(ShareTown.unit, Amount(obol: 1))),
            .units(.redeemUnit(ShareTown.unit, Amount(obol: 1), reference: .zero)),
            .shares(.admitIncome(Self.asset, ShareTown.shares)),
        ]
        guard let message = random.pick(messages) else { return }
        #expect(!passes.harness.send(person, message).isAccepted)
    }

    private func check() {
        DenominationCount(passes.harness).check()
        let state = passes.harness.ledger.state
        guard let record = state.read(ShareRecord.self, .shares(ShareTown.unit)) else {
            Issue.record("there are shares")
            return
        }
        #expect(record.scale == model.scale)
        #expect(UInt128(record.circulating) == model.circulating)
        #expect(record.circulating <= record.count)
        for (place, stream) in record.streams.enumerated() {
            guard let expected = model.streams[stream.denomination] else { return }
            let pot = state.amount(in: .dividends(of: Self.asset, stream.denomination)).obol
            #expect(pot == expected.pot)
            #expect(stream.rest == expected.rest)
            var parts = stream.rest
            for person in Person.all {
                let key = StateKey.shareHolding(ShareTown.unit, person.id)
                let shares = model.shares[person.id] ?? 0
                let has = state.balance(person.id, ShareTown.shares).obol
                #expect(has == shares)
                guard var holding = state.read(ShareHolding.self, key) else {
                    #expect(shares == 0 && expected.parts[person.id] ?? 0 == 0)
                    continue
                }
                holding.settle(record, shares: UInt64(shares))
                let mine = holding.entitlements[place]
                let owed = mine.owed * record.scale + UInt128(mine.fraction)
                #expect(owed == expected.parts[person.id] ?? 0, "\(person.name)")
                parts += owed
            }
            #expect(parts == pot * record.scale, "SHA-4: not all dividends are somebody's")
        }
    }

    /// Everybody takes what can be taken; what is left is less than an obol for each.
    mutating func settleAll() {
        for person in Person.all {
            for denomination in [Denomination.native, LedgerHarness.token, .issued(Self.unit)] {
                let message = SharesMessage.withdrawDividends(Self.asset, denomination)
                _ = passes.harness.send(person, .shares(message))
                _ = model.withdraw(person.id, denomination)
            }
        }
        check()
        for (_, stream) in model.streams { #expect(stream.pot <= 6) }
    }
}

@Suite("Shares, whatever happens")
struct ShareRandomTests {
    @Test("SHA-4, P1: every part of every dividend is somebody's", arguments: Soak.seeds)
    func random(_ seed: UInt64) {
        var holders = Shareholders(seed: seed)
        for _ in 0..<100 { holders.step() }
        holders.settleAll()
    }

    @Test("SHA-4: with any numbers that there can be", arguments: Soak.seeds)
    func extremes(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let count = max(1, random.next() >> (16 + UInt64(random.below(48))))
        var record = ShareRecord(asset: ShareTown.asset, count: count, income: [])
        let scale = record.scale
        #expect(scale == UInt128(count))
        var holders = [ShareHolding](repeating: ShareHolding(), count: 4)
        var shares: [UInt64] = [count, 0, 0, 0]
        var pot: UInt128 = 0
        for _ in 0..<60 {
            let (from, to) = (random.below(4), random.below(4))
            let moved = shares[from] == 0 ? 0 : random.next() % (shares[from] + 1)
            holders[from].settle(record, shares: shares[from])
            shares[from] -= moved
            holders[to].settle(record, shares: shares[to])
            shares[to] += moved
            let circulating = shares[0] + shares[1] + shares[2]  // the fourth is a pool
            let income = UInt128(random.next()) << UInt128(random.below(24))
            record.circulating = circulating
            if record.streams[0].add(
                Amount(obol: income),
                circulating: circulating,
                scale: scale
            ) {
                pot += income
                // The pool earns nothing: it begins again at the new index.
                holders[3] = ShareHolding()
                holders[3].settle(record, shares: 0)
            }
            var (units, parts) = (UInt128(0), record.streams[0].rest)
            for (index, holder) in holders.dropLast().enumerated() {
                var settled = holder
                settled.settle(record, shares: shares[index])
                units += settled.entitlements[0].owed
                parts += UInt128(settled.entitlements[0].fraction)
            }
            #expect(parts % scale == 0)
            #expect(units + parts / scale == pot)
        }
    }
}
