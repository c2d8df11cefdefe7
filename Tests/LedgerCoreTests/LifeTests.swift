import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

@Suite("The ledger")
struct LifeTests {
    private func balance(_ person: Person, _ town: Town) -> UInt128 {
        town.harness.account(person).balance.obol
    }

    @Test("LED-1: refuses a genesis that names an account twice or mints too much")
    func refusesGenesis() throws {
        func genesis(
            _ amounts: [UInt128],
            name: String = "x",
            key: PublicKey = Person.bob.key.publicKey,
            same: Bool = false
        ) -> Genesis? {
            Genesis(
                name: name,
                time: Timestamp(milliseconds: 1),
                sequencer: key,
                parameters: .standard,
                allocations: amounts.enumerated().map { index, amount in
                    .init(
                        account: AccountID(digest(same ? 1 : UInt8(9 - index))),
                        amount: Amount(obol: amount)
                    )
                }
            )
        }
        let most = UInt128(UInt64.max) * 1_000_000_000
        #expect(genesis([1, 1], same: true) == nil)
        #expect(genesis([most, 1]) == nil)
        #expect(genesis([.max, .max]) == nil)
        #expect(genesis([], name: String(repeating: "é", count: 33)) == nil)
        #expect(genesis([], key: reservedKey) == nil)
        let good = try #require(genesis([most - 5, 5]))
        #expect(good.supply.obol == most)
        #expect(good.allocations.map(\.account) == good.allocations.map(\.account).sorted())
        let changes = good.changes
        #expect(changes.map(\.key) == changes.map(\.key).sorted())
        #expect(genesis([7])?.chain != genesis([8])?.chain)
    }

    @Test("LED-5: takes exactly the least fee, which grows with the bytes")
    func fees() {
        var town = Town.start
        let before = balance(.alice, town)
        let draft = TransactionDraft(town)
        #expect(draft.transaction.fee.obol == 1000 + UInt128(draft.bytes.count))
        #expect(town.harness.apply(draft.bytes).isAccepted)
        #expect(balance(.alice, town) == before - draft.transaction.fee.obol - 1)
        let costly = LedgerParameters(
            feeMinimum: Amount(obol: 1),
            feePerByte: Amount(obol: .max),
            closingDelayBlocks: 1,
            unbondingDelayBlocks: 1
        )
        #expect(costly.fee(bytes: 2).obol == .max)
        #expect(costly.fee(bytes: 1).obol == .max)
    }

    @Test("LED-5: lets a transaction in at its last height, and no transaction in twice")
    func once() {
        var town = Town.start
        var draft = TransactionDraft(town)
        draft.set(validUntil: town.harness.context.height.rawValue)
        #expect(town.harness.apply(draft.bytes).isAccepted)
        #expect(town.harness.apply(draft.bytes).refusal == .transaction(.staleSequence))
        town.harness.endBlock()
        #expect(town.harness.apply(draft.bytes).refusal == .transaction(.expired))
    }

    @Test("LED-10: leaves the balance as it is when one pays oneself")
    func toOneself() {
        var town = Town.start
        let before = balance(.alice, town)
        let all = Message.transfer(
            to: Person.alice.id,
            denomination: .native,
            amount: Amount(obol: before / 2)
        )
        let result = town.harness.send(.alice, all)
        #expect(result.isAccepted)
        #expect(before - balance(.alice, town) < 2000)
    }

    @Test("LED-7: keeps no entry for a unit that one has nothing of")
    func emptied() {
        var town = Town.start
        let key = StateKey.issuedBalance(Person.alice.id, digest(0x77))
        #expect(town.harness.ledger.state.contains(key))
        let all = Amount(obol: town.harness.tokens(.alice))
        let gift = Message.transfer(
            to: Person.bob.id,
            denomination: LedgerHarness.token,
            amount: all
        )
        #expect(town.harness.send(.alice, gift).isAccepted)
        #expect(!town.harness.ledger.state.contains(key))
        #expect(town.harness.tokens(.bob) == 2 * all.obol)
        #expect(town.harness.send(.bob, gift).isAccepted, "to oneself, half of it")
    }

    @Test("LED-42, SET-10: pays lanes in one claim, and the rest back on release")
    func claim() throws {
        var town = Town.start
        let (alice, bob) = (balance(.alice, town), balance(.bob, town))
        let lanes = [town.call(0, 2), town.call(1, 3), town.call(3, 1)]
        let claim = ChannelClaim(
            channel: town.open,
            lanes: lanes.map(\.claim),
            receiptsRoot: digest(3),
            receiptsCount: 5,
            release: true
        )
        let result = town.harness.send(.bob, .claimChannel(claim))
        // Lane 0 was settled at 100; lanes 1 and 3 never.
        #expect(
            result.events == [
                .channelClaimed(town.open, paid: Amount(obol: 100 + 300 + 100)),
                .channelClosed(town.open, refunded: Amount(obol: 1000 - 100 - 500)),
            ]
        )
        #expect(balance(.alice, town) == alice + 400)
        #expect(balance(.bob, town) > bob - 5000)
        let record = town.harness.ledger.state.read(ClaimRecord.self, .claim(town.open, 1))
        #expect(record?.receiptsRoot == digest(3))
        #expect(record?.paid == Amount(obol: 500))
        #expect(town.harness.ledger.state.read(ClaimRecord.self, .claim(town.open, 2)) == nil)
    }

    @Test("LED-43, LED-44: closes in order: claims below the closing height, withdrawal from it")
    func closing() throws {
        var town = Town.start
        let late = { (town: Town) in
            town.call(0, 1) {
                ($0.voucher.channel, $0.receipt.channel) = (town.closing, town.closing)
            }
        }
        town.harness.endBlock(blocks: 3)
        let call = late(town)
        let claimed = town.harness.send(.bob, town.claim([call], of: town.closing))
        #expect(claimed.events == [.channelClaimed(town.closing, paid: Amount(obol: 100))])
        let early = town.harness.send(.carol, .withdrawChannel(town.closing))
        #expect(early.refusal == .channels(.tooEarly))
        town.harness.endBlock()
        let before = balance(.alice, town)
        let result = town.harness.send(.carol, .withdrawChannel(town.closing))
        #expect(result.events == [.channelClosed(town.closing, refunded: Amount(obol: 900))])
        #expect(balance(.alice, town) == before + 900)
        #expect(
            town.harness.send(.alice, .withdrawChannel(town.closing)).refusal
                == .channels(.closed)
        )
    }

    @Test("LED-51, LED-52: returns a bond after its delay, and not what came later")
    func unbonding() {
        var town = Town.start
        town.harness.send(.bob, .unbond(Amount(obol: 400_000)))
        town.harness.endBlock(blocks: 3)
        town.harness.send(.bob, .unbond(Amount(obol: 1000)))
        town.harness.endBlock(blocks: 5)
        let before = balance(.bob, town)
        let result = town.harness.send(.bob, .withdrawBond)
        #expect(result.events == [.bondChanged(Person.bob.id, active: Amount(obol: 599_000))])
        #expect(balance(.bob, town) > before + 398_000)
        #expect(town.harness.ledger.state.bond(Person.bob.id).unbonding.count == 1)
    }

    @Test("P7, LED-53: fraud costs the whole bond, also the part that is on its way back")
    func fraud() throws {
        var town = Town.start
        town.harness.send(.bob, .unbond(Amount(obol: 300_001)), .depositBond(Amount(obol: 2)))
        let before = [Person.alice, .carol].map { balance($0, town) }
        let pool = town.harness.ledger.state.read(StoredAmount.self, .feePool)?.amount.obol ?? 0
        let proof = Message.reportFraud(town.fraud())
        let fee = town.harness.transaction(.carol, [proof]).fee.obol
        let result = town.harness.send(.carol, proof)
        let subject = FraudSubject(channel: town.open, lane: LaneID(1), sequence: 1)
        #expect(
            result.events == [
                .bondSlashed(Person.bob.id, amount: Amount(obol: 1_000_002), subject: subject)
            ]
        )
        #expect(balance(.alice, town) == before[0] + 250_000)
        #expect(balance(.carol, town) == before[1] + 125_000 - fee)
        let after = town.harness.ledger.state.read(StoredAmount.self, .feePool)?.amount.obol
        #expect(after == pool + fee + 625_002)
        #expect(town.harness.ledger.state.bond(Person.bob.id) == .none)
    }

    @Test("LED-31: what was sold under a withdrawn or replaced offer stays claimable")
    func oldOffers() {
        var town = Town.start
        town.harness.send(.bob, .withdrawOffer(town.offer.id))
        let older = town.older.id
        let replaced = town.call(1, 1) { ($0.voucher.offer, $0.receipt.offer) = (older, older) }
        let result = town.harness.send(.bob, town.claim([town.call(0, 2), replaced]))
        #expect(result.events == [.channelClaimed(town.open, paid: Amount(obol: 200))])
    }

    @Test("LED-7: remembers how long somebody waits for blocks")
    func deadline() {
        let town = Town.start
        let stored = town.harness.ledger.state.read(StoredHeight.self, .lastDeadline)
        #expect(stored?.height == BlockHeight(2 + 5))
    }

    @Test("LED-40: a payer knows a channel's name before the block does")
    func channelName() {
        var town = Town.start
        let sequence = town.harness.account(.alice).sequence + 1
        let gift = Message.transfer(
            to: Person.bob.id,
            denomination: .native,
            amount: Amount(obol: 1)
        )
        let result = town.harness.send(.alice, gift, .openChannel(Town.opening()))
        let name = Channel.id(payer: Person.alice.id, sequence: sequence, messageIndex: 1)
        let opened = Event.channelOpened(name, payer: Person.alice.id, payee: Person.bob.id)
        #expect(result.events.last == opened)
    }
}
