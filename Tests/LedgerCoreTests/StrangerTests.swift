import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

@Suite("P2: nobody moves another's money")
struct StrangerTests {
    /// Everything that a person has: balances, bond, and what is locked as a payer.
    private func wealth(_ person: Person, _ town: Town) -> [UInt128] {
        let state = town.harness.ledger.state
        let locked = [town.open, town.closing, town.closed].reduce(UInt128(0)) { sum, id in
            guard let channel = state.read(Channel.self, .channel(id)), channel.payer == person.id
            else { return sum }
            return sum + channel.locked.obol
        }
        let balance = state.account(person.id).balance.obol
        let staked = town.harness.staked(person, with: .dave)
        return [
            balance + locked + state.bond(person.id).atRisk.obol + staked, locked,
            state.bond(person.id).active.obol, town.harness.tokens(person), staked,
        ]
    }

    /// What Carol can think of, with everything that is Alice's and Bob's in it.
    private func attempts(_ town: Town) -> [Message] {
        let amount = Amount(obol: 1)
        let version = AssetVersion(content: digest(2), metadataLink: "")
        let forged = town.call(0, 2) { $0.receipt.signer = Person.carol.receiptKey }
        let promised = town.call(0, 2) { $0.voucher.signer = Person.carol.voucherKey }
        let honest = town.call(0, 2)
        let blunt = town.call(1, 1) { $0.receipt.signer = Person.carol.receiptKey }
        var second = blunt
        second.receipt.total += 1
        let channels = [town.open, town.closing, town.closed]
        let dave = Person.dave.id
        var registration = RegistrationDraft(.carol, town.harness.chain)
        registration.signer = Person.dave.consensusKey
        let staking: [StakingMessage] = [
            .delegate(validator: dave, amount: amount), .withdrawStake(validator: dave),
            .undelegate(validator: dave, amount: amount), .withdrawRewards(validator: dave),
            .setCommission(basisPoints: 5000), .unjail,
        ]
        return [registration.message] + staking.map { .staking($0) } + [
            .transfer(to: Person.carol.id, denomination: .native, amount: Amount(obol: .max)),
            .transfer(to: Person.bob.id, denomination: .native, amount: amount),
            .publishAsset(
                AssetPublication(name: "small", kind: .model, licence: "MIT", version: version)
            ),
            .publishAssetVersion(asset: town.asset, version: version),
            .publishOffer(town.successor { _ in }),
            .publishOffer(town.successor { $0.seller = Person.carol.id }),
            .withdrawOffer(town.offer.id),
            .openChannel(Town.opening()),
            .openChannel(Town.opening { $0.payee = Person.carol.id }),
            .depositBond(amount), .unbond(amount), .withdrawBond,
            .reportFraud(
                .equivocation(blunt.claim.receipt, second.claim.receipt)
            ),
            .reportFraud(.wrongCharge(second.claim.receipt)),
            .reportFraud(
                .overclaim(claimed: honest.claim.receipt, held: honest.claim.receipt)
            ),
        ]
            + channels.flatMap { id in
                [
                    .topUpChannel(channel: id, amount: amount), .closeChannel(id),
                    .withdrawChannel(id), .claimChannel(town.release(id)),
                    town.claim([forged], of: id), town.claim([promised], of: id),
                    town.claim([honest], of: id),
                ]
            }
    }

    @Test("whatever message a stranger sends")
    func stranger() {
        let start = Town.start
        let all = attempts(start)
        #expect(Set(all.map { $0.canonicalBytes[1] }) == Set(1...21), "a message is missing")
        for blocks in [1, 3, 9] as [UInt64] {
            for message in all {
                var town = start
                town.harness.endBlock(blocks: blocks, report: .block(by: .dave))
                let before = [Person.alice, .bob, .dave].map { wealth($0, town) }
                town.harness.send(.carol, message)
                let after = [Person.alice, .bob, .dave].map { wealth($0, town) }
                for (old, new) in zip(before, after) {
                    #expect(new[0] >= old[0], "\(message)")
                    #expect(new[2] == old[2], "\(message)")
                    #expect(new[3] >= old[3], "\(message)")
                    #expect(new[4] == old[4], "\(message)")
                }
                // Only what Alice herself asked for, once its time has come, unlocks anything.
                let isDue = blocks == 9 && message == .withdrawChannel(town.closing)
                #expect(isDue || after[0][1] == before[0][1], "\(message)")
            }
        }
    }

    @Test("not even the payee without a voucher, or the payer without the payee's release")
    func parties() {
        var town = Town.start
        let own = town.call(0, 2) { $0.voucher.signer = Person.bob.voucherKey }
        let result = town.harness.send(.bob, town.claim([own]))
        #expect(result.refusal == .settlement(.wrongSigner))
        for message in [.withdrawChannel(town.open), .claimChannel(town.release(town.open))]
            as [Message]
        {
            #expect(!town.harness.send(.alice, message).isAccepted)
        }
    }
}
