import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("STK-1 to STK-3: a genesis with validators")
struct StakingGenesisTests {
    private func genesis(
        _ validators: [Genesis.Validator],
        _ parameters: StakingParameters = .standard,
        balance: UInt128 = 10 * .stoa
    ) -> Genesis? {
        Genesis(
            name: "stake",
            time: Timestamp(milliseconds: 1),
            sequencer: Person.alice.key.publicKey,
            parameters: .standard,
            allocations: [Person.alice, .bob].map {
                .init(account: $0.id, amount: Amount(obol: balance))
            },
            stakingParameters: parameters,
            validators: validators
        )
    }

    private var alice: Genesis.Validator { Person.alice.validator(staking: 2 * .stoa) }

    @Test("is refused if a validator could not be one")
    func refuses() {
        func commission(_ now: UInt16, _ most: UInt16, _ change: UInt16) -> Genesis.Validator {
            Person.alice.validator(
                staking: 2 * .stoa,
                commission: Commission(basisPoints: now, basisPointsMax: most, changeMax: change)
            )
        }
        let sameKey = Genesis.Validator(
            operator: Person.bob.id,
            consensusKey: Person.alice.consensusKey.publicKey,
            selfBond: Amount(obol: 2 * .stoa)
        )
        let wrongKey = Genesis.Validator(
            operator: Person.bob.id,
            consensusKey: reservedKey,
            selfBond: Amount(obol: 2 * .stoa)
        )
        let bad: [[Genesis.Validator]] = [
            [alice, alice], [alice, sameKey], [wrongKey],
            [Person.alice.validator(staking: 10 * .stoa + 1)],
            [Person.carol.validator(staking: 2 * .stoa)],
            [Person.alice.validator(staking: .stoa - 1)], [Person.alice.validator(staking: 0)],
            [commission(2, 1, 0)], [commission(1, 10_001, 0)], [commission(1, 5, 6)],
        ]
        for validators in bad { #expect(genesis(validators) == nil) }
        let few = StakingParameters(validatorsMax: 1, candidatesMax: 1)
        let bob = Person.bob.validator(staking: 2 * .stoa)
        #expect(genesis([alice, bob], few) == nil)
        #expect(genesis([alice], few) != nil)
        #expect(genesis([alice, bob]) == genesis([bob, alice]))
        #expect(genesis([Person.alice.validator(staking: 10 * .stoa)]) != nil)
    }

    @Test("is refused with numbers that no chain could have")
    func parameters() {
        let bad = [
            StakingParameters(validatorsMax: 0),
            StakingParameters(validatorsMax: 3, candidatesMax: 2),
            StakingParameters(candidatesMax: 201), StakingParameters(selfBondMin: .zero),
            StakingParameters(slashBasisPoints: 10_001),
        ]
        for parameters in bad {
            #expect(genesis([], parameters) == nil)
            #expect(throws: CanonicalError.invalidValue) {
                try StakingParameters(canonicalBytes: parameters.canonicalBytes)
            }
        }
        #expect(StakingParameters.standard.isValid)
    }

    @Test("says nothing about stake if there is nothing to say, as before there was any")
    func encoding() throws {
        let plain = try #require(genesis([]))
        let staked = try #require(genesis([alice]))
        let tuned = try #require(genesis([], StakingParameters(jailBlocks: 1)))
        let bytes = plain.canonicalBytes
        #expect(staked.canonicalBytes.starts(with: bytes))
        for one in [plain, staked, tuned] {
            #expect(try Genesis(canonicalBytes: one.canonicalBytes) == one)
        }
        #expect(Set([plain, staked, tuned].map(\.chain)).count == 3)
        var encoder = CanonicalEncoder()
        encoder.encode(StakingParameters.standard)
        encoder.encode(UInt32(0))
        #expect(throws: CanonicalError.invalidValue) {
            try Genesis(canonicalBytes: bytes + encoder.bytes)
        }
        for count in (bytes.count + 1)..<staked.canonicalBytes.count {
            #expect(throws: CanonicalError.truncated) {
                try Genesis(canonicalBytes: Array(staked.canonicalBytes.prefix(count)))
            }
        }
        // What follows would be numbers (GOV-42).
        #expect(throws: CanonicalError.truncated) {
            try Genesis(canonicalBytes: staked.canonicalBytes + [0])
        }
        let keys = plain.changes.map { $0.key.bytes[0] }
        #expect(!keys.contains { (0x40...0x46).contains($0) })
    }

    @Test("P1: takes what is staked out of the allocations, so that the supply stays")
    func money() throws {
        let staked = try #require(genesis([alice]))
        var base = MemoryState()
        base.commit(staked.changes)
        #expect(base.recount(.native) == staked.supply.obol)
        #expect(staked.changes.map(\.key) == staked.changes.map(\.key).sorted())
        let ledger = Ledger(chain: staked.chain, base: base)
        #expect(ledger.state.account(Person.alice.id).balance.obol == 8 * .stoa)
    }
}

@Suite("Documents of stake")
struct StakingCodingTests {
    private func check<Document: CanonicalCodable & Hashable>(
        _ document: Document,
        oneMore: CanonicalError = .trailingBytes
    ) throws {
        let bytes = document.canonicalBytes
        #expect(try Document(canonicalBytes: bytes) == document)
        for count in bytes.indices {
            #expect(throws: CanonicalError.truncated) {
                try Document(canonicalBytes: Array(bytes.prefix(count)))
            }
        }
        #expect(throws: oneMore) { try Document(canonicalBytes: bytes + [0]) }
    }

    @Test("CAN-1: messages and events have one encoding, under the next tags")
    func tags() throws {
        let (one, two) = (AccountID(digest(1)), AccountID(digest(2)))
        let amount = Amount(obol: 7)
        var messages: [Message] = [RegistrationDraft(.alice, ChainID(digest(3))).message]
        messages += [
            StakingMessage.delegate(validator: one, amount: amount),
            .undelegate(validator: one, amount: amount), .withdrawStake(validator: one),
            .withdrawRewards(validator: one), .setCommission(basisPoints: 513), .unjail,
        ].map { .staking($0) }
        #expect(messages.map { $0.canonicalBytes[1] } == Array(15...21))
        for message in messages { try check(message) }
        let events: [Event] = [
            StakingEvent.registered(one, address: Person.alice.address),
            .delegationChanged(one, delegator: two, shares: 9),
            .stakeWithdrawn(one, delegator: two, amount: amount),
            .rewardsPaid(one, to: two, amount: amount), .rewardEarned(one, amount: amount),
            .commissionChanged(one, basisPoints: 513), .jailed(one, until: BlockHeight(8)),
            .unjailed(one), .slashed(one, amount: amount, infraction: BlockHeight(9)),
        ].map { .staking($0) }
        #expect(events.map { $0.canonicalBytes[1] } == Array(12...20))
        for event in events { try check(event) }
    }

    @Test("CAN-10: entries decode to themselves, and lists that are too long are refused")
    func entries() throws {
        var network = Network()
        network.send(
            .alice,
            .undelegate(validator: Person.alice.id, amount: Amount(obol: 5))
        )
        network.pass(4, .block(by: .bob, absent: [.alice, .bob], caught: [(.bob, 2), (.bob, 3)]))
        let state = network.harness.ledger.state
        for person in [Person.alice, .bob] {
            let validator = try network.validator(person)
            try check(validator)
            // What follows would be the kept delay (LAW-9).
            try check(state.delegation(person.id, to: person.id), oneMore: .truncated)
        }
        let table = try #require(state.read(ValidatorTable.self, .validatorSet))
        try check(table)
        var bytes = table.canonicalBytes
        bytes[4] = 201
        #expect(throws: CanonicalError.tooLong) { try ValidatorTable(canonicalBytes: bytes) }
        let entry = Array(bytes[5..<33])
        for bad in [entry + entry, Array(repeating: 0, count: 28)] {
            let count = UInt8(bad.count / 28)
            #expect(throws: CanonicalError.invalidValue) {
                try ValidatorTable(canonicalBytes: [1, 0, 0, 0, count] + bad)
            }
        }
        var many = try network.validator(.bob)
        many.slashes = Array(repeating: many.slashes[0], count: 17)
        #expect(throws: CanonicalError.tooLong) {
            try Validator(canonicalBytes: many.canonicalBytes)
        }
        var parts = state.delegation(Person.alice.id, to: Person.alice.id)
        parts.unbonding = Array(repeating: parts.unbonding[0], count: 9)
        #expect(throws: CanonicalError.tooLong) {
            try Delegation(canonicalBytes: parts.canonicalBytes)
        }
    }
}
