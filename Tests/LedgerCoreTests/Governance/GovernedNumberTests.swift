import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("Numbers that a vote can change")
struct GovernedNumberTests {
    @Test("GOV-40: each has an id and a name of its own, and a standard within its bounds")
    func table() {
        let all = GovernedNumber.all
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.id < $1.id })
        #expect(Set(all.map(\.name)).count == all.count)
        for number in all {
            #expect(number.bounds.contains(number.standard), "\(number.name)")
            #expect(GovernedNumber(id: number.id) == number)
            #expect(GovernedNumber(name: number.name) == number)
            #expect(number.name.contains("."))
        }
        #expect(GovernedNumber(id: 1) == nil)
        #expect(GovernedNumber(name: "gold") == nil)
    }

    @Test("GOV-40: whoever reads the state finds what the ledger goes by", arguments: [1, 2])
    func values(_ round: UInt64) {
        var town = Assembly()
        for number in GovernedNumber.all {
            let before = town.harness.base.value(for: number.stateKey)
            #expect(number.value(entry: before) == town.state.current(number))
        }
        town.lock(.alice, 10)
        for start in stride(from: 0, to: GovernedNumber.all.count, by: 8) {
            let numbers = GovernedNumber.all[start...].prefix(8)
            let changes = numbers.map { number in
                let bound = round == 1 ? number.bounds.lowerBound : number.bounds.upperBound
                return NumberChange(number: number.id, value: bound)
            }
            #expect(town.harness.ledger.parameters.feeMinimum.obol == 1000)
            var staged = town.state
            let isDone = staged.change(changes)
            #expect(isDone)
            for change in changes {
                #expect(GovernedNumber(id: change.number).map(staged.current) == change.value)
            }
        }
    }

    @Test("GOV-40: beyond its bounds a number does not go, whoever asks")
    func bounds() {
        let town = Assembly()
        for number in GovernedNumber.all {
            for value in [
                number.bounds.lowerBound &- 1, number.bounds.upperBound &+ 1, .max,
            ] where !number.bounds.contains(value) {
                var staged = town.state
                let isDone = staged.change([NumberChange(number: number.id, value: value)])
                #expect(!isDone)
                #expect(staged.current(number) == town.state.current(number))
            }
        }
    }

    @Test("GOV-41: the numbers of staking reach the candidates and the set")
    func staking() throws {
        let people: [Person] = [.alice, .bob, .carol, .dave, .erin]
        var town = Assembly(
            staking: StakingParameters(validatorsMax: 5, candidatesMax: 6, jailBlocks: 5),
            validators: zip(people, [7, 6, 5, 4, 3]).map { person, stoa in
                person.validator(staking: UInt128(stoa) * Assembly.stoa)
            }
        )
        func powers(_ town: Assembly) -> [UInt64?] {
            people.map { town.harness.engine.set[$0.address] }
        }
        #expect(powers(town) == [7, 6, 5, 4, 3])
        town.lock(.alice, 10)
        town.decide(.numbers([NumberChange(number: 801, value: 4)]))
        town.pass(1)
        #expect(powers(town) == [7, 6, 5, 4, nil])
        town.decide(.numbers([NumberChange(number: 801, value: 5)]))
        town.pass(1)
        #expect(powers(town) == [7, 6, 5, 4, 3], "it was a candidate all the time")
        town.decide(
            .numbers([
                NumberChange(number: 801, value: 4), NumberChange(number: 802, value: 4),
                NumberChange(number: 806, value: 7),
            ])
        )
        town.pass(1)
        #expect(powers(town) == [7, 6, 5, 4, nil])
        let candidates = town.state.read(ValidatorTable.self, .candidates)
        #expect(candidates?.entries.count == 4)
        #expect(town.state.stakingParameters.jailBlocks == 7)
        #expect(town.state.stakingParameters.slashBasisPoints == 500)
    }

    @Test("LAW-9: what was locked comes back after the delay that it was locked under")
    func exits() throws {
        var town = Assembly(validators: [Person.carol.validator(staking: 6 * Assembly.stoa)])
        let some = Amount(obol: 1000)
        func stake(_ person: Person) -> Message {
            .staking(.delegate(validator: Person.carol.id, amount: some))
        }
        func leave(_ person: Person, _ town: inout Assembly) throws -> [UInt64] {
            let one = Amount(obol: 1)
            let messages: [Message] = [
                .governance(.unlockVotes(one)), .unbond(one),
                .staking(.undelegate(validator: Person.carol.id, amount: one)),
            ]
            for message in messages { #expect(town.harness.send(person, message).isAccepted) }
            let bond = try #require(town.state.bond(person.id).unbonding.last)
            let votes = try #require(town.state.voter(person.id).unlockings.last)
            let delegation = town.state.delegation(person.id, to: Person.carol.id)
            let stake = try #require(delegation.unbonding.last)
            return [votes.releasedAt, bond.releasedAt, stake.releasedAt].map {
                $0.rawValue - town.height
            }
        }
        town.lock(.alice, 10)
        for message in [.depositBond(some), stake(.alice)] {
            #expect(town.harness.send(.alice, message).isAccepted)
        }
        let changed: [UInt64] = [1608, 601, 804].map { _ in 999_999 }
        town.decide(
            .numbers(zip([601, 804, 1608], changed).map { NumberChange(number: $0, value: $1) })
        )
        town.pass(1)
        let before = [Assembly.unlockDelay, LedgerHarness.parameters.unbondingDelayBlocks, 7200]
        let first = try leave(.alice, &town)
        #expect(first == before, "longer for whoever was there before")
        town.lock(.bob, 1)
        for message in [.depositBond(some), stake(.bob)] {
            #expect(town.harness.send(.bob, message).isAccepted)
        }
        let new = try leave(.bob, &town)
        #expect(new == changed)
        // Whoever adds takes the delay of now; nobody gets out sooner than others rely on.
        town.lock(.alice, 1)
        for message in [.depositBond(some), stake(.alice)] {
            #expect(town.harness.send(.alice, message).isAccepted)
        }
        let added = try leave(.alice, &town)
        #expect(added == changed)
        town.decide(
            .numbers([601, 804, 1608].map { NumberChange(number: $0, value: 700) })
        )
        town.pass(1)
        let kept = try leave(.alice, &town)
        #expect(kept == changed, "sooner than those who rely on it were told")
        let bond = town.state.bond(Person.alice.id)
        #expect(try Bond(canonicalBytes: bond.canonicalBytes) == bond)
        let voter = town.state.voter(Person.alice.id)
        #expect(try Voter(canonicalBytes: voter.canonicalBytes) == voter)
        let delegation = town.state.delegation(Person.alice.id, to: Person.carol.id)
        #expect(try Delegation(canonicalBytes: delegation.canonicalBytes) == delegation)
    }

    @Test("GOV-31: the treasury's share of the fees goes there when a proposer is paid")
    func share() throws {
        var town = Assembly(
            staking: LedgerHarness.staking,
            validators: [Person.alice.validator(staking: 6 * Assembly.stoa)]
        )
        town.harness.endBlock(report: .block(by: .alice))
        func pool() -> UInt128 {
            town.state.read(StoredAmount.self, .feePool)?.amount.obol ?? 0
        }
        town.lock(.bob, 1)
        town.harness.blockEvents = []
        town.harness.endBlock(report: .block(by: .alice))
        #expect(town.treasury == 0)
        #expect(town.harness.blockEvents.count == 1)
        town.harness.plant(StoredNumber(2500), .governedNumber(.treasuryShare))
        town.lock(.bob, 1)
        let fees = pool()
        let rewards = try #require(town.harness.validator(.alice)).money
        town.harness.blockEvents = []
        town.harness.endBlock(report: .block(by: .alice))
        #expect(town.treasury == fees / 4)
        #expect(pool() == 0)
        let after = try #require(town.harness.validator(.alice)).money
        #expect(after - rewards == fees - fees / 4)
        let share = GovernanceEvent.treasuryFunded(
            by: nil,
            .native,
            Amount(obol: fees / 4)
        )
        #expect(town.harness.blockEvents.last == .governance(share))
    }
}

extension Validator {
    fileprivate var money: UInt128 { rewards.obol + commissionEarned.obol }
}

@Suite("GOV-42: numbers in a genesis")
struct GenesisNumberTests {
    private func genesis(
        _ numbers: [(UInt16, UInt64)],
        validators: [Genesis.Validator] = []
    ) -> Genesis? {
        Genesis(
            name: "numbers",
            time: Timestamp(milliseconds: 1),
            sequencer: Person.alice.key.publicKey,
            parameters: .standard,
            allocations: [.init(account: Person.alice.id, amount: Amount(obol: Assembly.stoa))],
            validators: validators,
            numbers: numbers.map { NumberChange(number: $0.0, value: $0.1) }
        )
    }

    @Test("stand in the state, and lead back to the genesis")
    func stands() throws {
        let validator = Person.alice.validator(staking: Assembly.stoa)
        for validators in [[], [validator]] {
            let made = try #require(genesis([(1607, 3), (1602, 1)], validators: validators))
            #expect(try Genesis(canonicalBytes: made.canonicalBytes) == made)
            let value = made.changes.first { $0.key == .governedNumber(.timelockBlocks) }?.value
            #expect(GovernedNumber.timelockBlocks.value(entry: value) == 3)
            let without = try #require(genesis([], validators: validators))
            #expect(made.changes.count == without.changes.count + 2)
            #expect(try Genesis(canonicalBytes: without.canonicalBytes) == without)
            #expect(made.chain != without.chain)
        }
    }

    @Test("are refused if they are unknown, elsewhere, twice, or beyond")
    func refuses() throws {
        let bad: [[(UInt16, UInt64)]] = [
            [(9, 9)], [(101, 5)], [(801, 5)], [(1607, 3), (1607, 3)], [(1607, 0)],
            [(1607, 1_000_001)], [(1605, 9001)],
        ]
        for numbers in bad { #expect(genesis(numbers) == nil, "\(numbers)") }
        #expect(genesis([(1609, 0)]) != nil, "0 is within its bounds")
        let made = try #require(genesis([(1607, 3)]))
        let bytes = made.canonicalBytes
        var empty = Array(bytes.dropLast(10))
        #expect(throws: CanonicalError.self) { try Genesis(canonicalBytes: empty) }
        empty[empty.count - 1] = 0
        #expect(throws: CanonicalError.self) { try Genesis(canonicalBytes: empty) }
    }
}
