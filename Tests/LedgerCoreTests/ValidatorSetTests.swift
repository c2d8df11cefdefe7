import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("STK-24: the set that orders blocks")
struct ValidatorSetTests {
    private func register(_ person: Person, _ stake: UInt128, in network: inout Network) {
        var draft = RegistrationDraft(person, network.harness.chain)
        draft.selfBond = stake
        #expect(network.harness.send(person, draft.message).isAccepted)
    }

    @Test("begins with the genesis' validators, by ascending address")
    func genesis() throws {
        let network = Network()
        let updates = network.harness.genesis.validatorUpdates
        let addresses = updates.map { ValidatorAddress(consensusKey: $0.key) }
        #expect(addresses == addresses.sorted())
        #expect(Set(updates.map(\.power)) == [6, 4])
        #expect(LedgerHarness().genesis.validatorUpdates.isEmpty)
    }

    @Test("has those with the most stake, and of equals those with the lower addresses")
    func top() {
        var network = Network()
        register(.carol, 4 * .stoa, in: &network)
        register(.dave, 4 * .stoa + 999_999_999, in: &network)
        network.pass(1)
        let equals = [Person.bob, .carol, .dave].sorted { $0.address < $1.address }
        #expect(network.power(.alice) == 6)
        #expect(equals.map { network.power($0) } == [4, 4, nil])
        let weakest = equals[2]
        network.send(
            weakest,
            .delegate(validator: weakest.id, amount: Amount(obol: .stoa))
        )
        network.pass(1)
        #expect(equals.map { network.power($0) } == [4, nil, 5])
    }

    @Test("lets no more compete than there are places; who is pushed out returns with more stake")
    func candidates() {
        var network = Network()
        register(.carol, 3 * .stoa, in: &network)
        register(.dave, 2 * .stoa, in: &network)
        register(.erin, .stoa, in: &network)
        func compete() -> [UInt64] {
            let table = network.harness.ledger.state.read(ValidatorTable.self, .candidates)
            return [Person.alice, .bob, .carol, .dave, .erin].map { table?[$0.address] ?? 0 }
        }
        #expect(compete() == [6, 4, 3, 2, 0], "the weakest of five finds no place")
        let erin = Person.erin.id
        network.send(.erin, .delegate(validator: erin, amount: Amount(obol: 4 * .stoa)))
        #expect(compete() == [6, 4, 3, 0, 5])
        network.pass(1)
        #expect(network.harness.engine.set.count == 3)
        #expect(network.power(.carol) == nil)
        #expect(network.power(.erin) == 5)
        network.send(.erin, .undelegate(validator: erin, amount: Amount(obol: 5 * .stoa)))
        #expect(compete() == [6, 4, 3, 0, 0], "nobody looks for who might follow")
        network.send(
            .dave,
            .delegate(validator: Person.dave.id, amount: Amount(obol: 1))
        )
        #expect(compete() == [6, 4, 3, 2, 0])
    }

    @Test("is never empty: the last ones stay, whatever they did")
    func last() throws {
        var network = Network()
        network.send(
            .bob,
            .undelegate(validator: Person.bob.id, amount: Amount(obol: 4 * .stoa))
        )
        network.pass(1, .block(by: .alice, caught: [(.alice, 1)]))
        network.pass(1)
        #expect(network.harness.engine.set == [Person.alice.address: 6], "Bob had gone before")
        register(.carol, 2 * .stoa, in: &network)
        network.pass(1)
        #expect(network.harness.engine.set == [Person.carol.address: 2])
        network.send(
            .carol,
            .undelegate(validator: Person.carol.id, amount: Amount(obol: 2 * .stoa))
        )
        network.pass(2)
        #expect(network.harness.engine.set == [Person.carol.address: 2])
    }

    @Test("cannot be more powerful than an engine can count")
    func powers() {
        var validator = Validator(
            consensusKey: Person.alice.consensusKey.publicKey,
            commission: .standard,
            at: BlockHeight(0)
        )
        validator.stake = Amount(obol: UInt128(UInt64.max) * .stoa)
        #expect(validator.power == Validator.powerMax)
        let most = UInt64(StakingParameters.candidatesLimit)
        #expect(2 * most * Validator.powerMax <= EngineModel.totalPowerMax)
    }

    @Test("an engine stops at a duplicate, an unknown removal or an empty set: the model knows")
    func model() {
        var engine = EngineModel()
        let alice = ValidatorUpdate(key: Person.alice.consensusKey.publicKey, power: 1)
        let bob = ValidatorUpdate(key: Person.bob.consensusKey.publicKey, power: 0)
        engine.start([alice])
        #expect(engine.apply([alice, alice]) == .duplicate)
        #expect(engine.apply([bob]) == .unknownRemoval)
        #expect(engine.apply([ValidatorUpdate(key: alice.key, power: 0)]) == .emptySet)
        #expect(engine.apply([ValidatorUpdate(key: alice.key, power: .max)]) == .tooMuchPower)
        let pair = [
            ValidatorUpdate(key: Person.bob.consensusKey.publicKey, power: 3),
            ValidatorUpdate(key: Person.carol.consensusKey.publicKey, power: 3),
        ].sorted { ValidatorAddress(consensusKey: $0.key) < ValidatorAddress(consensusKey: $1.key) }
        #expect(engine.apply(pair.reversed()) == .notAscending)
        #expect(engine.apply([ValidatorUpdate(key: reservedKey, power: 1)]) == .wrongKeyType)
        #expect(engine.apply(pair) == nil)
        #expect(engine.set.count == 3)
    }
}
