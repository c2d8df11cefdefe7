import Identity
import MarketTypes
import Testing

@testable import LedgerCore

/// One transaction in Alice's name that must be refused, and why.
struct RefusedAct: Sendable, CustomTestStringConvertible {
    let refusal: Refusal
    let name: String
    let act: @Sendable (inout Household) -> TransactionResult

    var testDescription: String { "\(refusal.name): \(name)" }

    init(
        _ refusal: AuthorizationRefusal,
        _ name: String,
        _ act: @escaping @Sendable (inout Household) -> TransactionResult
    ) {
        (self.refusal, self.name, self.act) = (.authorization(refusal), name, act)
    }

    init(
        _ refusal: TransactionRefusal,
        _ name: String,
        _ act: @escaping @Sendable (inout Household) -> TransactionResult
    ) {
        (self.refusal, self.name, self.act) = (.transaction(refusal), name, act)
    }

    /// A grant of Alice's in which one thing is wrong.
    static func grant(
        _ refusal: AuthorizationRefusal,
        _ name: String,
        _ change: @escaping @Sendable (inout Household.Draft) -> Void
    ) -> RefusedAct {
        RefusedAct(refusal, name) { house in
            var draft = Household.Draft()
            change(&draft)
            return house.send(.alice, draft.message)
        }
    }

    private static func limit(_ amount: UInt128, _ unit: Denomination = .native) -> SessionLimit {
        SessionLimit(unit, Amount(obol: amount))
    }

    static let grants: [RefusedAct] = [
        grant(.invalidNumber, "a period of no blocks") { $0.periodBlocks = 0 },
        grant(.invalidNumber, "that ended already") { $0.validUntil = 1 },
        grant(.invalidNumber, "too far ahead") { $0.validUntil = 2_592_003 },
        grant(.invalidScope, "nothing to send") { $0.messages = [] },
        grant(.invalidScope, "what grants") { $0.messages = [1, 116] },
        grant(.invalidScope, "what changes the key") { $0.messages = [1, 118] },
        grant(.invalidScope, "what there is no message for, beyond all") { $0.messages = [200] },
        grant(.invalidScope, "a tag of zero") { $0.messages = [0] },
        grant(.invalidScope, "a vote") {
            $0.messages = [GovernanceMessage.tags.lowerBound]
        },
        grant(.invalidScope, "a vote of the last kind") {
            $0.messages = [GovernanceMessage.tags.upperBound]
        },
        grant(.invalidScope, "a bond, to payees") {
            $0.messages = [1, 11]
            $0.payees = [Person.bob.id]
        },
        grant(.invalidLimits, "no limit") { $0.limits = [] },
        grant(.invalidLimits, "no fee") { $0.limits = [limit(1, Household.token)] },
        grant(.invalidLimits, "a limit of nothing") { $0.limits = [limit(0)] },
        grant(.invalidLimits, "a unit twice") { $0.limits = [limit(1), limit(1)] },
        grant(.invalidLimits, "units in another order") {
            $0.limits = [limit(1), limit(1, .issued(digest(9))), limit(1, .issued(digest(8)))]
        },
        grant(.invalidKey, "to the account's own key") { $0.session = Person.alice.id },
        RefusedAct(.invalidKey, "to the key that signs since") { house in
            house.send(.alice, .rotate(to: .carol))
            house.pass(Household.rotationBlocks)
            return house.send([Household.Draft().message], for: .alice, by: .carol)
        },
        RefusedAct(.unknownSession, "revoking nothing") { $0.send(.alice, .revoke(.carol)) },
        RefusedAct(.unknownSession, "revoking twice") { house in
            house.grant()
            house.send(.alice, .revoke(.carol))
            return house.send(.alice, .revoke(.carol))
        },
        RefusedAct(.unknownSession, "revoking another's") { house in
            house.grant()
            return house.send(.bob, .revoke(.carol))
        },
        RefusedAct(.unknownSession, "revoking what has ended") { house in
            house.grant { $0.validUntil = 3 }
            house.pass(2)
            return house.send(.alice, .revoke(.carol))
        },
    ]

    static let rotations: [RefusedAct] = [
        RefusedAct(.invalidKey, "to the same key") { $0.send(.alice, .rotate(to: .alice)) },
        RefusedAct(.rotationPending, "while another waits") { house in
            house.send(.alice, .rotate(to: .bob))
            return house.send(.alice, .rotate(to: .carol))
        },
        RefusedAct(.noRotation, "taking back nothing") { $0.send(.alice, .cancelRotation) },
        RefusedAct(.noRotation, "taking back twice") { house in
            house.send(.alice, .rotate(to: .bob))
            house.send(.alice, .cancelRotation)
            return house.send(.alice, .cancelRotation)
        },
        RefusedAct(.noRotation, "taking back what has happened") { house in
            house.send(.alice, .rotate(to: .bob))
            house.pass(Household.rotationBlocks)
            return house.send([.cancelRotation], for: .alice, by: .bob)
        },
        RefusedAct(.wrongSigner, "by the next key, too early") { house in
            house.send(.alice, .rotate(to: .bob))
            house.pass(Household.rotationBlocks - 1)
            return house.send([.pay(.dave, 1)], for: .alice, by: .bob)
        },
        RefusedAct(.wrongSigner, "by the old key, too late") { house in
            house.send(.alice, .rotate(to: .bob))
            house.pass(Household.rotationBlocks)
            return house.send([.cancelRotation], for: .alice, by: .alice)
        },
        RefusedAct(.wrongSigner, "by a key that was taken back") { house in
            house.send(.alice, .rotate(to: .bob))
            house.send(.alice, .cancelRotation)
            house.pass(Household.rotationBlocks + 2)
            return house.send([.pay(.dave, 1)], for: .alice, by: .bob)
        },
        RefusedAct(.wrongSigner, "by a stranger") {
            $0.send([.pay(.dave, 1)], for: .alice, by: .erin)
        },
    ]

    static let sessions: [RefusedAct] = [
        RefusedAct(.sessionEnded, "past its last height") { house in
            house.grant { $0.validUntil = 4 }
            house.pass(3)
            return house.carol(.pay(.bob, 1))
        },
        RefusedAct(.sessionEnded, "revoked in the same block") { house in
            house.grant()
            house.send(.alice, .revoke(.carol))
            return house.carol(.pay(.bob, 1))
        },
        RefusedAct(.sessionEnded, "granted by a key that signs no more") { house in
            house.grant()
            house.send(.alice, .rotate(to: .bob))
            house.pass(Household.rotationBlocks)
            return house.carol(.pay(.bob, 1))
        },
        RefusedAct(.outsideSession, "a message it may not send") { house in
            house.grant { $0.messages = [6] }
            return house.carol(.pay(.bob, 1))
        },
        RefusedAct(.outsideSession, "one such message among others") { house in
            house.grant { $0.messages = [1] }
            return house.carol(.pay(.bob, 1), .depositBond(Amount(obol: 1)))
        },
        RefusedAct(.outsideSession, "revoking itself") { house in
            house.grant()
            return house.carol(.revoke(.carol))
        },
        RefusedAct(.outsideSession, "granting") { house in
            house.grant()
            return house.carol(Household.Draft().message)
        },
        RefusedAct(.outsideSession, "changing the key") { house in
            house.grant()
            return house.carol(.rotate(to: .carol))
        },
        RefusedAct(.outsideSession, "paying somebody else") { house in
            house.grant { $0.payees = [Person.bob.id] }
            return house.carol(.pay(.carol, 1))
        },
        RefusedAct(.outsideSession, "a channel to somebody else") { house in
            house.grant { $0.payees = [Person.bob.id] }
            return house.carol(.open(to: .dave, 5))
        },
        RefusedAct(.outsideSession, "more for somebody else's channel") { house in
            house.send(.alice, .open(to: .dave, 5))
            let sequence = house.harness.account(.alice).sequence
            let channel = Channel.id(
                payer: Person.alice.id,
                sequence: sequence,
                messageIndex: 0
            )
            house.grant { $0.payees = [Person.bob.id] }
            return house.carol(.topUpChannel(channel: channel, amount: Amount(obol: 5)))
        },
        RefusedAct(.outsideSession, "more for no channel") { house in
            house.grant { $0.payees = [Person.bob.id] }
            let none = ChannelID(digest(1))
            return house.carol(.topUpChannel(channel: none, amount: Amount(obol: 5)))
        },
        RefusedAct(.outsideSession, "a pass of somebody else's") { house in
            house.plantPlan(of: .dave)
            house.grant {
                $0.messages = [58]
                $0.payees = [Person.bob.id]
            }
            return house.carol(.buyPass)
        },
        RefusedAct(.outsideSession, "a pass of no plan") { house in
            house.grant {
                $0.messages = [58]
                $0.payees = [Person.bob.id]
            }
            return house.carol(.buyPass)
        },
        RefusedAct(TransactionRefusal.sessionLimit, "a fee beyond what it may spend") { house in
            house.grant { $0.limits = [limit(1000)] }
            return house.carol(.pay(.bob, 1))
        },
        RefusedAct(AuthorizationRefusal.sessionLimit, "an obol too much, with the fee") { house in
            house.grant()
            let fee = house.fee(.pay(.bob, 1))
            return house.carol(.pay(.bob, 100_001 - fee))
        },
        RefusedAct(AuthorizationRefusal.sessionLimit, "in two messages") { house in
            house.grant()
            return house.carol(.pay(.bob, 60_000), .pay(.bob, 60_000))
        },
        RefusedAct(AuthorizationRefusal.sessionLimit, "in two transactions") { house in
            house.grant()
            house.carol(.pay(.bob, 60_000))
            return house.carol(.pay(.bob, 60_000))
        },
        RefusedAct(AuthorizationRefusal.sessionLimit, "a unit without a limit") { house in
            house.grant()
            return house.carol(.pay(.bob, 1, Household.token))
        },
        RefusedAct(AuthorizationRefusal.sessionLimit, "a unit beyond its limit") { house in
            house.grant { $0.limits = [limit(100_000), limit(9, Household.token)] }
            return house.carol(.pay(.bob, 10, Household.token))
        },
        RefusedAct(AuthorizationRefusal.sessionLimit, "what a channel gave back") { house in
            house.send(.alice, .open(to: .bob, 500_000))
            let sequence = house.harness.account(.alice).sequence
            let channel = Channel.id(
                payer: Person.alice.id,
                sequence: sequence,
                messageIndex: 0
            )
            house.send(.alice, .closeChannel(channel))
            house.pass(6)
            house.grant()
            return house.carol(.withdrawChannel(channel), .pay(.carol, 400_000))
        },
    ]

    static let all = grants + rotations + sessions
}

@Suite("Who may act for an account: refusals")
struct AuthorizationRefusalTests {
    /// That nothing but fee, sequence number and the session's count changes, the harness checks.
    @Test("each has its number", arguments: RefusedAct.all)
    func act(_ refused: RefusedAct) {
        var house = Household()
        let result = refused.act(&house)
        #expect(result.refusal == refused.refusal)
    }

    @Test("every refusal that there is stands in a table")
    func covered() {
        let found = Set(RefusedAct.all.map(\.refusal.code))
        let session: [TransactionRefusal] = [
            .wrongSigner, .sessionEnded, .outsideSession, .sessionLimit,
        ]
        let all: [Refusal] =
            AuthorizationRefusal.allCases.map { .authorization($0) }
            + session.map { .transaction($0) }
        for refusal in all { #expect(found.contains(refusal.code), "\(refusal.name)") }
    }
}
