import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

/// A network of two validators, Alice with six STOA and Bob with four, and what tests do to it.
struct Network: Sendable {
    static let stoa = Amount.obolPerStoa
    var harness = LedgerHarness(
        staking: LedgerHarness.staking,
        validators: [
            Person.alice.validator(staking: 6 * stoa), Person.bob.validator(staking: 4 * stoa),
        ]
    )

    @discardableResult
    mutating func send(_ person: Person, _ messages: StakingMessage...) -> TransactionResult {
        let transaction = harness.transaction(person, messages.map { .staking($0) })
        return harness.apply(person.key.sign(transaction).signed.canonicalBytes)
    }

    /// Ends blocks, each with the same report for the next.
    mutating func pass(_ blocks: Int, _ report: EngineReport = .none) {
        for _ in 0..<blocks { harness.endBlock(report: report) }
    }

    func balance(_ person: Person) -> UInt128 { harness.account(person).balance.obol }
    var pool: UInt128 {
        harness.ledger.state.read(StoredAmount.self, .feePool)?.amount.obol ?? 0
    }
    var height: UInt64 { harness.context.height.rawValue }
    func power(_ person: Person) -> UInt64? { harness.engine.set[person.address] }
    func validator(_ person: Person) throws -> Validator {
        try #require(harness.validator(person))
    }
}

@Suite("Stake")
struct StakingLifeTests {
    @Test("STK-21: the proposer's side earns the fees: commission, and the rest by stake")
    func rewards() throws {
        var network = Network()
        network.send(.carol, .delegate(validator: Person.alice.id, amount: Amount(obol: 3 * .stoa)))
        let fees = network.pool
        #expect(fees > 1000)
        network.pass(1, .block(by: .alice))
        #expect(network.pool == 0)
        let commission = fees / 10
        let entry = try network.validator(.alice)
        #expect(entry.commissionEarned.obol == commission)
        #expect(entry.rewards.obol == fees - commission)
        let (alice, carol) = (network.balance(.alice), network.balance(.carol))
        let first = network.send(.carol, .withdrawRewards(validator: Person.alice.id))
        let third = (fees - commission) / 3
        let paid = StakingEvent.rewardsPaid(
            Person.alice.id,
            to: Person.carol.id,
            amount: Amount(obol: third)
        )
        #expect(first.events == [.staking(paid)])
        let second = network.send(.alice, .withdrawRewards(validator: Person.alice.id))
        #expect(second.isAccepted)
        #expect(network.balance(.carol) + 2000 > carol + third)
        #expect(network.balance(.alice) + 2000 > alice + commission + 2 * third)
        let kept = try network.validator(.alice).rewards.obol
        #expect(kept <= 2, "what rounding keeps is less than an obol for each")
        #expect(
            network.send(.carol, .withdrawRewards(validator: Person.alice.id)).refusal
                == .staking(.nothingToWithdraw)
        )
    }

    @Test("STK-21: the pool waits where the proposer is unknown, out, or has nothing behind it")
    func unearned() throws {
        var network = Network()
        network.send(.bob, .undelegate(validator: Person.bob.id, amount: Amount(obol: 4 * .stoa)))
        let fees = network.pool
        let stranger = ValidatorAddress(bytes: [UInt8](repeating: 9, count: 20))
        network.pass(1, EngineReport(proposer: stranger, votes: [], misbehavior: []))
        network.pass(1, .block(by: .bob))
        network.pass(1, .block(by: nil))
        #expect(network.pool == fees)
        network.pass(1, .block(by: .alice, caught: [(.alice, 2)]))
        #expect(network.pool == 300_000_000, "what was there was earned before the evidence")
        network.pass(1, .block(by: .alice))
        #expect(network.pool == 300_000_000)
    }

    @Test("STK-11: stake is paid from what one has, not from the rewards that come with it")
    func debitFirst() {
        var network = Network()
        let alice = Person.alice.id
        network.send(.carol, .delegate(validator: alice, amount: Amount(obol: 3 * .stoa)))
        network.pass(1, .block(by: .alice))
        let one = StakingMessage.delegate(validator: alice, amount: Amount(obol: .stoa))
        let fee = network.harness.transaction(.carol, [.staking(one)]).fee.obol
        let all = network.balance(.carol) - fee
        let more = StakingMessage.delegate(validator: alice, amount: Amount(obol: all + 1))
        #expect(network.send(.carol, more).refusal == .accounts(.insufficientBalance))
        let rest = Amount(obol: network.balance(.carol) - fee)
        let result = network.send(.carol, .delegate(validator: alice, amount: rest))
        #expect(result.isAccepted)
        #expect(network.balance(.carol) > 0, "the rewards came all the same")
    }

    @Test("STK-20: a block in which nothing happens changes nothing, whoever makes and signs it")
    func idle() {
        var network = Network()
        network.send(.carol, .delegate(validator: Person.bob.id, amount: Amount(obol: 5 * .stoa)))
        network.pass(1, .block(by: .bob, present: [.alice, .bob]))
        #expect(!network.harness.ledger.changes.isEmpty, "the reward")
        for _ in 0..<5 {
            network.pass(1, .block(by: .bob, present: [.alice, .bob]))
            #expect(network.harness.ledger.changes.isEmpty)
            network.pass(1, .block(by: .alice, present: [.alice, .bob]))
            #expect(network.harness.ledger.changes.isEmpty)
        }
    }

    @Test("STK-12, STK-13: stake comes back after its delay, and earns nothing meanwhile")
    func unbonding() throws {
        var network = Network()
        network.send(.carol, .delegate(validator: Person.alice.id, amount: Amount(obol: 3 * .stoa)))
        network.pass(1)
        network.send(.carol, .undelegate(validator: Person.alice.id, amount: Amount(obol: .stoa)))
        let begun = network.height
        #expect(network.power(.alice) == 9)
        network.pass(1)
        #expect(network.power(.alice) == 8)
        let before = network.balance(.carol)
        network.pass(Int(begun + 7 - network.height))
        let early = network.send(.carol, .withdrawStake(validator: Person.alice.id))
        #expect(early.refusal == .staking(.nothingToWithdraw))
        network.pass(1)
        let late = network.send(.carol, .withdrawStake(validator: Person.alice.id))
        #expect(late.isAccepted)
        #expect(network.balance(.carol) + 4000 > before + .stoa)
        #expect(network.harness.staked(.carol, with: .alice) == 2 * .stoa)
        network.send(
            .carol,
            .undelegate(validator: Person.alice.id, amount: Amount(obol: 2 * .stoa))
        )
        network.pass(8)
        network.send(.carol, .withdrawStake(validator: Person.alice.id))
        let key = StateKey.delegation(Person.carol.id, to: Person.alice.id)
        #expect(!network.harness.ledger.state.contains(key), "no entry for nothing")
    }

    @Test("STK-15: a commission changes by little, and not before delegators could leave")
    func commission() throws {
        var network = Network()
        #expect(
            network.send(.alice, .setCommission(basisPoints: 1500)).refusal
                == .staking(.commissionTooSoon)
        )
        network.pass(7)
        #expect(network.height == 8)
        #expect(network.send(.alice, .setCommission(basisPoints: 1500)).isAccepted)
        network.pass(7)
        #expect(
            network.send(.alice, .setCommission(basisPoints: 2000)).refusal
                == .staking(.commissionTooSoon)
        )
        network.pass(1)
        #expect(network.send(.alice, .setCommission(basisPoints: 1000)).isAccepted)
        #expect(try network.validator(.alice).commission.basisPoints == 1000)
    }

    @Test("P9: the proof in a registration counts among a transaction's signatures")
    func signatures() {
        let network = Network()
        let message = RegistrationDraft(.dave, network.harness.chain).message
        let transaction = network.harness.transaction(.dave, [message, message, message])
        let bytes = Person.dave.key.sign(transaction).signed.canonicalBytes
        #expect(Transaction.signatureCount(ofSigned: bytes) == 4)
    }

    @Test("STK-23: who fails to sign for too long is out until it asks to be back")
    func liveness() throws {
        var network = Network()
        network.pass(3, .block(by: nil, present: [.bob], absent: [.alice]))
        network.pass(1, .block(by: nil, present: [.alice, .bob]))
        #expect(!network.harness.ledger.state.contains(.missedBlocks), "it signed in between")
        network.pass(3, .block(by: nil, present: [.bob], absent: [.alice, .alice]))
        #expect(try network.validator(.alice).jailedUntil == nil)
        network.pass(1, .block(by: nil, present: [.bob], absent: [.alice]))
        let until = try #require(try network.validator(.alice).jailedUntil)
        #expect(until.rawValue == network.height + 5)
        #expect(try network.validator(.alice).stake.obol == 6 * .stoa, "nothing is taken")
        network.pass(1, .block(by: nil, present: [.bob], absent: [.alice]))
        #expect(network.power(.alice) == nil)
        #expect(!network.harness.ledger.state.contains(.missedBlocks))
        let early = network.send(.alice, .unjail)
        #expect(early.refusal == .staking(.tooEarly))
        network.pass(4, .block(by: nil, present: [.bob], absent: [.alice]))
        #expect(network.send(.alice, .unjail).isAccepted)
        network.pass(1)
        #expect(network.power(.alice) == 6)
    }
}

extension UInt128 {
    /// One STOA in obol.
    static var stoa: UInt128 { Amount.obolPerStoa }
}
