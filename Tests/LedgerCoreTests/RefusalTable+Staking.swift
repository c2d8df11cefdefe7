import Identity
import MarketTypes

@testable import LedgerCore

extension RefusedMessage {
    private static let dave = Person.dave.id
    private static let stoa = Amount(obol: Amount.obolPerStoa)

    static let staking: [RefusedMessage] = registrations + stakes + offices

    /// A registration of Carol's in which one thing is wrong.
    private static func registration(
        _ refusal: Refusal,
        _ name: String,
        from sender: Person = .carol,
        _ change: @escaping @Sendable (inout RegistrationDraft) -> Void
    ) -> RefusedMessage {
        RefusedMessage(refusal, name, from: sender) { town in
            var draft = RegistrationDraft(sender, town.harness.chain)
            change(&draft)
            return draft.message
        }
    }

    private static func commission(_ now: UInt16, _ most: UInt16, _ change: UInt16) -> Commission {
        Commission(basisPoints: now, basisPointsMax: most, changeMax: change)
    }

    private static let registrations: [RefusedMessage] = [
        registration(.staking(.invalidCommission), "a commission above its limit") {
            $0.commission = commission(11, 10, 1)
        },
        registration(.staking(.invalidCommission), "a limit above everything") {
            $0.commission = commission(1, 10_001, 1)
        },
        registration(.staking(.invalidCommission), "a change above the limit") {
            $0.commission = commission(1, 10, 11)
        },
        registration(.staking(.selfBondTooSmall), "an obol too little") {
            $0.selfBond = Amount.obolPerStoa - 1
        },
        registration(.staking(.selfBondTooSmall), "nothing at stake") { $0.selfBond = 0 },
        registration(.staking(.wrongProof), "a key that signed for another chain") {
            $0.chain = ChainID(digest(1))
        },
        registration(.staking(.wrongProof), "a key that signed for another operator") {
            $0.validator = Person.bob.id
        },
        registration(.staking(.alreadyValidator), "a second time", from: .dave) {
            $0.signer = Person.erin.consensusKey
        },
        registration(.staking(.keyInUse), "another validator's key") {
            $0.signer = Person.dave.consensusKey
        },
        registration(.accounts(.insufficientBalance), "more than there is") {
            $0.selfBond = 1_000_000_000_001
        },
    ]

    private static func staking(
        _ refusal: StakingRefusal,
        _ name: String,
        from sender: Person,
        _ message: StakingMessage,
        after change: @escaping @Sendable (inout Town) -> Void = { _ in }
    ) -> RefusedMessage {
        RefusedMessage(.staking(refusal), name, from: sender) { town in
            change(&town)
            return .staking(message)
        }
    }

    private static let stakes: [RefusedMessage] = [
        staking(.zeroAmount, "nothing", from: .alice, .delegate(validator: dave, amount: .zero)),
        staking(
            .zeroAmount,
            "not asked",
            from: .alice,
            .undelegate(validator: dave, amount: .zero)
        ),
        staking(
            .unknownValidator,
            "stake in nobody",
            from: .alice,
            .delegate(validator: Person.bob.id, amount: stoa)
        ),
        staking(
            .unknownValidator,
            "stake of nobody",
            from: .alice,
            .undelegate(validator: Person.bob.id, amount: stoa)
        ),
        staking(
            .tombstoned,
            "stake in one that broke consensus",
            from: .alice,
            .delegate(validator: dave, amount: stoa)
        ) { town in
            town.harness.endBlock(report: .block(by: nil, caught: [(.dave, 1)]))
        },
        staking(
            .insufficientStake,
            "an obol too much",
            from: .alice,
            .undelegate(validator: dave, amount: Amount(obol: 3_000_000_001))
        ),
        staking(
            .insufficientStake,
            "as much as there was before it was slashed",
            from: .alice,
            .undelegate(validator: dave, amount: Amount(obol: 2_850_000_001))
        ) { town in
            town.harness.endBlock(report: .block(by: nil, caught: [(.dave, 1)]))
        },
        staking(
            .insufficientStake,
            "another's stake",
            from: .carol,
            .undelegate(validator: dave, amount: Amount(obol: 1))
        ),
        staking(
            .tooManyUnbondings,
            "a ninth part",
            from: .alice,
            .undelegate(validator: dave, amount: Amount(obol: 1))
        ) { town in
            for _ in 0..<8 {
                let part = StakingMessage.undelegate(validator: dave, amount: Amount(obol: 1))
                town.harness.send(.alice, .staking(part))
            }
        },
        staking(
            .nothingToWithdraw,
            "a block too early",
            from: .alice,
            .withdrawStake(validator: dave)
        ) { town in
            let part = StakingMessage.undelegate(validator: dave, amount: Amount(obol: 1))
            town.harness.send(.alice, .staking(part))
            town.harness.endBlock(blocks: 7)
        },
        staking(
            .nothingToWithdraw,
            "no rewards",
            from: .alice,
            .withdrawRewards(validator: dave)
        ),
        RefusedMessage(.accounts(.insufficientBalance), "more than one has", from: .alice) { _ in
            .staking(.delegate(validator: dave, amount: Amount(obol: 1_000_000_000_000)))
        },
    ]

    private static let offices: [RefusedMessage] = [
        staking(.unknownValidator, "no commission", from: .alice, .setCommission(basisPoints: 1)),
        staking(.unknownValidator, "not in office", from: .alice, .unjail),
        staking(
            .unknownValidator,
            "no stake to return",
            from: .alice,
            .withdrawStake(validator: Person.bob.id)
        ),
        staking(
            .unknownValidator,
            "nobody's rewards",
            from: .alice,
            .withdrawRewards(validator: Person.bob.id)
        ),
        staking(
            .invalidCommission,
            "too big a change up",
            from: .dave,
            .setCommission(basisPoints: 1501)
        ),
        staking(
            .invalidCommission,
            "too big a change down",
            from: .dave,
            .setCommission(basisPoints: 499)
        ),
        staking(
            .commissionTooSoon,
            "a block too soon",
            from: .dave,
            .setCommission(basisPoints: 1500)
        ) { town in
            town.harness.endBlock(blocks: 5)
        },
        staking(.notJailed, "at liberty", from: .dave, .unjail),
        staking(.tooEarly, "a block too early", from: .dave, .unjail) { town in
            for _ in 0..<4 { town.harness.endBlock(report: .block(by: nil, absent: [.dave])) }
            town.harness.endBlock(blocks: 4)
        },
        staking(.tombstoned, "out for ever", from: .dave, .unjail) { town in
            town.harness.endBlock(report: .block(by: nil, caught: [(.dave, 1)]))
        },
    ]
}
