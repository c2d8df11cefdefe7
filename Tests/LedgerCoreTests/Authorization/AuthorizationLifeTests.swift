import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("Who may act for an account")
struct AuthorizationLifeTests {
    @Test("AUT-12, AUT-14: another key signs after the delay, and the account stays what it was")
    func rotation() throws {
        var house = Household()
        let asked = house.harness.context.height
        let result = house.send(.alice, .rotate(to: .bob))
        let effectiveAt = BlockHeight(asked.rawValue + Household.rotationBlocks)
        let started = AuthorizationEvent.rotationStarted(
            Person.alice.id,
            next: Person.bob.id,
            effectiveAt: effectiveAt
        )
        #expect(result.events == [.authorization(started)])
        house.pass(Household.rotationBlocks - 1)
        #expect(house.send(.alice, .pay(.dave, 1)).isAccepted, "the old key signs until then")
        house.harness.blockEvents = []
        house.pass(1)
        let rotated = AuthorizationEvent.keyRotated(Person.alice.id, signer: Person.bob.id)
        #expect(house.harness.blockEvents == [.authorization(rotated)])
        #expect(house.send([.pay(.dave, 1)], for: .alice, by: .bob).isAccepted)
        #expect(house.send(.bob, .pay(.dave, 1)).isAccepted, "Bob's own account is still his")
        let back = house.send([.rotate(to: .alice)], for: .alice, by: .bob)
        #expect(back.isAccepted)
        house.pass(Household.rotationBlocks)
        #expect(house.send(.alice, .pay(.dave, 1)).isAccepted)
        let entry = StateKey.keyAuthority(Person.alice.id)
        #expect(!house.harness.ledger.state.contains(entry), "nothing is kept of a first key")
    }

    @Test("AUT-11: what an old key granted can be revoked before that key signs again")
    func dormant() {
        var house = Household()
        house.grant()
        house.send(.alice, .rotate(to: .bob))
        house.pass(Household.rotationBlocks)
        #expect(house.carol(.pay(.dave, 1)).refusal == .transaction(.sessionEnded))
        let revoked = house.send([.revoke(.carol)], for: .alice, by: .bob)
        #expect(revoked.isAccepted)
        house.send([.rotate(to: .alice)], for: .alice, by: .bob)
        house.pass(Household.rotationBlocks)
        #expect(house.send(.alice, .pay(.dave, 1)).isAccepted, "the first key signs again")
        #expect(house.carol(.pay(.dave, 1)).refusal == .transaction(.sessionEnded))
    }

    @Test("AUT-13: what was taken back never happens, and another can be asked for")
    func cancelled() {
        var house = Household()
        house.send(.alice, .rotate(to: .bob))
        house.pass(2)
        let cancelled = AuthorizationEvent.rotationCancelled(
            Person.alice.id,
            next: Person.bob.id
        )
        #expect(house.send(.alice, .cancelRotation).events == [.authorization(cancelled)])
        house.send(.alice, .rotate(to: .carol))
        house.harness.blockEvents = []
        house.pass(Household.rotationBlocks - 1)
        #expect(house.harness.blockEvents.isEmpty, "the first date passes without a change")
        #expect(house.send(.alice, .pay(.dave, 1)).isAccepted)
        house.pass(1)
        #expect(house.send([.pay(.dave, 1)], for: .alice, by: .carol).isAccepted)
    }

    @Test("AUT-13: what was taken back takes no place from another's deadline")
    func places() {
        var house = Household()
        let height = house.harness.context.height.rawValue + Household.rotationBlocks
        let count = StateKey(.deadlineCount) { $0.encode(height) }
        func due() -> UInt16? { house.harness.ledger.state.read(DueCount.self, count)?.count }
        for _ in 0..<20 {
            house.send(.alice, .rotate(to: .bob), .cancelRotation)
            #expect(due() == nil)
        }
        house.send(.alice, .rotate(to: .bob))
        house.send(.dave, .rotate(to: .erin))
        house.send(.alice, .cancelRotation)
        #expect(due() == 1)
        house.harness.blockEvents = []
        house.pass(Household.rotationBlocks)
        let rotated = AuthorizationEvent.keyRotated(Person.dave.id, signer: Person.erin.id)
        #expect(house.harness.blockEvents == [.authorization(rotated)])
    }

    @Test("AUT-12: the delay is what the rules said when it was asked for")
    func delay() {
        var house = Household()
        house.send(.alice, .rotate(to: .bob))
        house.harness.plant(StoredNumber(500), .governedNumber(.rotationDelayBlocks))
        house.pass(Household.rotationBlocks)
        #expect(house.send([.pay(.dave, 1)], for: .alice, by: .bob).isAccepted)
    }

    @Test("AUT-2: a session's key spends up to its limit in a period, fees included")
    func limit() {
        var house = Household()
        house.grant()
        let fee = house.fee(.pay(.bob, 1))
        let sequence = house.harness.account(.alice).sequence
        #expect(house.carol(.pay(.bob, 100_000 - fee)).isAccepted)
        #expect(house.spent == [100_000])
        #expect(house.harness.account(.alice).sequence == sequence + 1)
        house.pass(9)
        #expect(house.carol(.pay(.bob, 1)).refusal == .transaction(.sessionLimit))
        house.pass(1)
        #expect(house.carol(.pay(.bob, 1)).isAccepted, "a new period")
        #expect(house.spent == [1 + fee])
    }

    @Test("AUT-3: of a refused transaction, the fee counts and nothing else")
    func refusedFee() {
        var house = Household()
        house.grant()
        let fee = house.fee(.pay(.bob, 1))
        #expect(
            house.carol(.pay(.bob, 200_000)).refusal == .authorization(.sessionLimit)
        )
        #expect(house.spent == [fee])
        #expect(
            house.carol(.pay(.bob, 0)).refusal == .accounts(.zeroAmount)
        )
        #expect(house.spent == [2 * fee])
    }

    @Test("AUT-2: each unit has a limit of its own")
    func units() {
        var house = Household()
        house.grant {
            $0.limits.append(SessionLimit(Household.token, Amount(obol: 9)))
        }
        let fee = house.fee(.pay(.bob, 9, Household.token))
        #expect(house.carol(.pay(.bob, 9, Household.token)).isAccepted)
        #expect(house.spent == [fee, 9])
        #expect(house.carol(.pay(.bob, 1)).isAccepted)
    }

    @Test("AUT-2: whom it may pay, it pays")
    func payees() {
        var house = Household()
        house.grant { $0.payees = [Person.bob.id, Person.dave.id] }
        #expect(house.carol(.pay(.bob, 1), .pay(.dave, 1)).isAccepted)
        #expect(house.carol(.open(to: .dave, 10)).isAccepted)
        let channel = Channel.id(
            payer: Person.alice.id,
            sequence: house.harness.account(.alice).sequence,
            messageIndex: 0
        )
        let more = Message.topUpChannel(channel: channel, amount: Amount(obol: 5))
        #expect(house.carol(more).isAccepted)
        #expect(house.carol(.closeChannel(channel)).isAccepted)
    }

    @Test("AUT-2: a pass of whom it may pay it buys, and what that costs counts")
    func pass() {
        var house = Household()
        house.plantPlan(of: .bob)
        house.grant {
            $0.messages = [58]
            $0.payees = [Person.bob.id]
        }
        let before = house.harness.account(.alice).balance.obol
        let result = house.carol(.buyPass)
        // The plan's asset is nobody's, so it is no matter here whether the sale went through.
        let left = before - house.harness.account(.alice).balance.obol
        #expect(result.refusal != .transaction(.outsideSession))
        #expect(house.spent == [left])
    }

    @Test("AUT-11: a key can be granted something again, and begins anew")
    func again() {
        var house = Household()
        house.grant()
        house.carol(.pay(.bob, 50_000))
        house.send(.alice, .revoke(.carol))
        house.grant { $0.messages = [1] }
        #expect(house.spent == [0])
        #expect(house.carol(.pay(.bob, 50_000)).isAccepted)
        #expect(house.send(.carol, .pay(.bob, 1)).isAccepted, "Carol's own account is hers")
    }

    @Test("AUT-2: several keys have limits of their own, and one for each account")
    func several() {
        var house = Household()
        house.grant()
        house.grant { $0.session = Person.dave.id }
        house.carol(.pay(.bob, 90_000))
        #expect(house.send([.pay(.bob, 90_000)], for: .alice, by: .dave).isAccepted)
        #expect(
            house.send([.pay(.erin, 1)], for: .bob, by: .dave).refusal
                == .transaction(.wrongSigner)
        )
    }

    @Test("AUT-1: admission alone counts fees, and writes nothing for who may not enter")
    func admission() throws {
        var house = Household()
        house.grant { $0.limits = [SessionLimit(.native, Amount(obol: 3000))] }
        house.harness.endBlock()
        var ledger = house.harness.ledger
        let context = house.harness.context
        let first = house.harness.transaction(.alice, [.pay(.bob, 1)])
        func checked(_ transaction: Transaction) throws -> CheckedTransaction {
            try CheckedTransaction(
                canonicalBytes: Person.carol.key.sign(transaction).signed.canonicalBytes,
                chain: house.harness.chain
            )
        }
        try ledger.admit(try checked(first), at: context)
        func next(_ sequence: UInt64) -> Transaction {
            Transaction(
                chain: first.chain,
                sender: first.sender,
                sequence: sequence,
                fee: first.fee,
                validUntil: first.validUntil,
                messages: first.messages
            )
        }
        try ledger.admit(try checked(next(first.sequence + 1)), at: context)
        let changes = ledger.changes
        #expect(throws: TransactionRefusal.sessionLimit) {
            try ledger.admit(try checked(next(first.sequence + 2)), at: context)
        }
        #expect(throws: TransactionRefusal.staleSequence) {
            var fresh = house.harness.ledger
            defer { #expect(fresh.changes.isEmpty) }
            try fresh.admit(try checked(next(first.sequence - 1)), at: context)
        }
        #expect(ledger.changes == changes)
    }

    @Test("IDN-22: an account of several keys acts when enough of them sign")
    func policy() throws {
        var house = Household()
        let keys = [Person.bob.key, Person.carol.key, Person.dave.key]
        let policy = try #require(KeyPolicy(threshold: 2, members: keys.map(\.publicKey)))
        let account = policy.publicKey.accountID
        house.send(
            .alice,
            .transfer(to: account, denomination: .native, amount: Amount(obol: 1_000_000))
        )
        let transaction = Transaction(
            chain: house.harness.chain,
            sender: account,
            sequence: 1,
            fee: Amount(obol: 5000),
            validUntil: BlockHeight(.max),
            messages: [.pay(.erin, 1)]
        )
        let parts = keys.map { $0.sign(transaction).signed }
        let alone = house.harness.apply(parts[0].canonicalBytes)
        #expect(alone.refusal == .transaction(.wrongSigner))
        let joined = try #require(
            Signed.join(transaction, policy: policy, parts: [parts[2], parts[0]])
        )
        let checked = try CheckedTransaction(
            canonicalBytes: joined.canonicalBytes,
            chain: house.harness.chain
        )
        #expect(checked.signatureCount == 2)
        #expect(Transaction.signatureCount(ofSigned: joined.canonicalBytes) == 2)
        #expect(house.harness.apply(joined.canonicalBytes).isAccepted)
        #expect(house.harness.apply(joined.canonicalBytes).refusal == .transaction(.staleSequence))
    }

    @Test("events and messages decode to themselves, and bytes that differ are refused")
    func coding() throws {
        let (one, two) = (Person.alice.id, Person.bob.id)
        let events: [AuthorizationEvent] = [
            .sessionGranted(one, session: two, validUntil: BlockHeight(9)),
            .sessionRevoked(one, session: two),
            .rotationStarted(one, next: two, effectiveAt: BlockHeight(7)),
            .rotationCancelled(one, next: two), .keyRotated(one, signer: two),
        ]
        for event in events.map({ Event.authorization($0) }) {
            #expect(try Event(canonicalBytes: event.canonicalBytes) == event)
            #expect(event.record.name.hasPrefix("authorization."))
        }
        let messages: [Message] = [
            Household.Draft().message, .revoke(.bob), .rotate(to: .bob), .cancelRotation,
        ]
        for message in messages {
            #expect(try Message(canonicalBytes: message.canonicalBytes) == message)
        }
        let grant = Household.Draft(messages: [1, 6], payees: [one, two]).message
        var bytes = grant.canonicalBytes
        // Version, tag, session, length of the tags: then the tags.
        bytes.swapAt(38, 39)
        #expect(throws: CanonicalError.invalidValue) { try Message(canonicalBytes: bytes) }
        bytes.swapAt(38, 39)
        #expect(try Message(canonicalBytes: bytes) == grant)
        bytes[39] = bytes[38]
        #expect(throws: CanonicalError.invalidValue) { try Message(canonicalBytes: bytes) }
    }
}
