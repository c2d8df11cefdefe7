import Identity
import MarketTypes
import Testing

@testable import LedgerCore

/// Terms whose every field can be set.
struct TermsDraft: Sendable {
    var ticker = "CHFC"
    var name = "Swiss franc credit"
    var decimals: UInt8 = 2
    var document = digest(9)
    var link = "https://carol.example/terms"
    var supplyMax: UInt128 = 1_000_000

    init(_ change: (inout Self) -> Void = { _ in }) { change(&self) }

    var terms: UnitTerms {
        UnitTerms(
            ticker: ticker,
            name: name,
            decimals: decimals,
            document: document,
            link: link,
            supplyMax: Amount(obol: supplyMax)
        )
    }

    var message: Message { .units(.issueUnit(terms)) }
}

/// People with a unit of Carol's: Alice has 5000 of it, Bob 1000, and Alice asked for the
/// redemption of 700 more.
struct UnitTown: Sendable {
    static let unit = UnitRecord.unit(issuer: Person.carol.id, ticker: "CHFC")
    static let denomination = Denomination.issued(unit)
    /// How long a holder must wait here.
    static let blocks: UInt64 = 86_400

    var harness = LedgerHarness()
    private(set) var redemption = digest(0)

    /// The town as it stands; made once.
    static let start = UnitTown()

    init() {
        harness.send(.carol, TermsDraft().message)
        send(.carol, .mintUnit(Self.unit, Amount(obol: 5700), to: Person.alice.id))
        send(.carol, .mintUnit(Self.unit, Amount(obol: 1000), to: Person.bob.id))
        redemption = redeem(.alice, 700)
        harness.endBlock()
    }

    /// Asks for a redemption and returns its name.
    mutating func redeem(_ person: Person, _ amount: UInt128) -> Digest {
        let sequence = harness.account(person).sequence + 1
        let message = UnitMessage.redeemUnit(
            Self.unit,
            Amount(obol: amount),
            reference: digest(3)
        )
        #expect(send(person, message).refusal == nil)
        return Redemption.id(holder: person.id, sequence: sequence, messageIndex: 0)
    }

    @discardableResult
    mutating func send(_ person: Person, _ message: UnitMessage) -> TransactionResult {
        harness.send(person, .units(message))
    }

    func has(_ person: Person) -> UInt128 {
        harness.ledger.state.balance(person.id, Self.denomination).obol
    }

    var supply: UInt128 { harness.ledger.state.supply(Self.denomination).obol }

    var record: UnitRecord? { harness.ledger.state.read(UnitRecord.self, .unit(Self.unit)) }

    /// What a redemption holds.
    func locked(_ id: Digest) -> UInt128 {
        harness.ledger.state.amount(in: Redemption.pot(id, of: Self.unit)).obol
    }
}
