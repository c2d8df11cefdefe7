import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

/// A town in which keys change hands quickly, and Carol's key acts for Alice.
struct Household: Sendable {
    static let rotationBlocks: UInt64 = 5
    static let native = Denomination.native
    static let token = LedgerHarness.token

    var harness = LedgerHarness()

    init() {
        harness.plant(StoredNumber(Self.rotationBlocks), .governedNumber(.rotationDelayBlocks))
    }

    /// A grant to Carol's key, in which things can be changed.
    struct Draft {
        var session = Person.carol.id
        var messages: [UInt8] = [1, 6, 7, 9, 10]
        var payees: [AccountID] = []
        var limits: [SessionLimit] = [SessionLimit(.native, Amount(obol: 100_000))]
        var periodBlocks: UInt64 = 10
        var validUntil: UInt64 = 50

        var message: Message {
            .authorization(
                .grantSession(
                    SessionGrant(
                        session: session,
                        scope: SessionScope(messages: messages, payees: payees),
                        limits: limits,
                        periodBlocks: periodBlocks,
                        validUntil: BlockHeight(validUntil)
                    )
                )
            )
        }
    }

    /// Alice lets Carol's key act.
    mutating func grant(_ change: (inout Draft) -> Void = { _ in }) {
        var draft = Draft()
        change(&draft)
        let result = send(.alice, draft.message)
        #expect(result.isAccepted, "\(String(describing: result.refusal))")
    }

    @discardableResult
    mutating func send(_ person: Person, _ messages: Message...) -> TransactionResult {
        send(messages, for: person, by: person)
    }

    /// Executes messages in one account's name, signed by another person's key.
    @discardableResult
    mutating func send(
        _ messages: [Message],
        for sender: Person,
        by signer: Person
    ) -> TransactionResult {
        let transaction = harness.transaction(sender, messages)
        return harness.apply(signer.key.sign(transaction).signed.canonicalBytes)
    }

    /// Executes a message of Alice's that Carol's key signs.
    @discardableResult
    mutating func carol(_ messages: Message...) -> TransactionResult {
        send(messages, for: .alice, by: .carol)
    }

    /// Writes a plan, as if it had been published.
    mutating func plantPlan(of seller: Person) {
        let terms = PlanTerms(
            name: "plan",
            asset: AssetID(digest(1)),
            kind: .timePass,
            denomination: .native,
            price: Amount(obol: 500),
            periodBlocks: 100,
            includedUnits: UnitCounts(),
            includedOffer: OfferID(digest(2)),
            overageOffer: nil,
            isTransferable: false,
            salesMax: nil,
            trialBond: .zero
        )
        let plan = Plan(
            seller: seller.id,
            terms: terms,
            publishedAt: BlockHeight(1),
            sales: 0,
            retiredAt: nil
        )
        harness.plant(plan, .plan(Self.plan))
    }

    static let plan = PlanID(digest(0x21))

    mutating func pass(_ blocks: UInt64) {
        for _ in 0..<blocks { harness.endBlock() }
    }

    /// What Carol's key has spent of each limit, in the period that it spent last.
    var spent: [UInt128] { session?.spent.map(\.obol) ?? [] }
    var session: Session? {
        harness.ledger.state.read(Session.self, .session(Person.alice.id, Person.carol.id))
    }

    /// The fee that the next transaction with these messages would pay.
    func fee(_ messages: Message...) -> UInt128 {
        harness.transaction(.alice, messages).fee.obol
    }
}

extension Message {
    static func pay(
        _ person: Person,
        _ amount: UInt128,
        _ denomination: Denomination = .native
    ) -> Message {
        .transfer(to: person.id, denomination: denomination, amount: Amount(obol: amount))
    }

    static func open(to payee: Person, _ deposit: UInt128) -> Message {
        .openChannel(
            ChannelOpening(
                payee: payee.id,
                denomination: .native,
                deposit: Amount(obol: deposit),
                voucherKey: Person.alice.voucherKey.publicKey,
                lanes: 1
            )
        )
    }

    static let buyPass = Message.passes(
        .buyPass(Household.plan, priceMax: Amount(obol: 500))
    )
    static func rotate(to person: Person) -> Message { .authorization(.rotateKey(to: person.id)) }
    static func revoke(_ person: Person) -> Message { .authorization(.revokeSession(person.id)) }
    static let cancelRotation = Message.authorization(.cancelRotation)
}
