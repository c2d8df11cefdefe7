import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

@Suite("Every component in an issued unit")
struct DenominationTests {
    /// Bob sells calls for Carol's unit; Alice has a channel in it.
    private static func market() -> (UnitTown, Offer, ChannelID) {
        var town = UnitTown.start
        let publication = AssetPublication(
            name: "small",
            kind: .model,
            licence: "MIT",
            version: AssetVersion(content: digest(1), metadataLink: "")
        )
        let offer = Town.offer(of: Asset.id(owner: Person.bob.id, name: "small")) {
            $0.bond = 0
            $0.denomination = UnitTown.denomination
        }
        town.harness.send(.bob, .publishAsset(publication), .publishOffer(offer))
        let id = Channel.id(
            payer: Person.alice.id,
            sequence: town.harness.account(.alice).sequence + 1,
            messageIndex: 0
        )
        let opening = Town.opening {
            $0.denomination = UnitTown.denomination
            $0.deposit = 1000
        }
        town.harness.send(.alice, .openChannel(opening))
        return (town, offer, id)
    }

    private static func claim(
        _ town: UnitTown,
        _ offer: Offer,
        _ channel: ChannelID,
        calls: UInt64
    ) -> Message {
        var units = UnitCounts()
        units[.call] = calls
        let call = CallDraft(
            chain: town.harness.chain,
            channel: channel,
            lane: 0,
            after: .none,
            under: offer,
            units: units,
            payer: .alice,
            payee: .bob
        )
        return .claimChannel(
            ChannelClaim(
                channel: channel,
                lanes: [call.claim],
                receiptsRoot: digest(5),
                receiptsCount: 1,
                release: true
            )
        )
    }

    @Test("UNI-2: an offer, a channel and a claim move the unit, and fees stay native")
    func claim() {
        var (town, offer, channel) = Self.market()
        #expect(town.has(.alice) == 4000)
        let native = town.harness.account(.bob).balance.obol
        let claim = Self.claim(town, offer, channel, calls: 7)
        let fee = town.harness.transaction(.bob, [claim]).fee.obol
        #expect(town.harness.send(.bob, claim).isAccepted)
        #expect(town.has(.bob) == 1700)
        #expect(town.has(.alice) == 4300)
        #expect(town.harness.account(.bob).balance.obol == native - fee)
        DenominationCount(town.harness).check()
    }

    @Test("UNI-2: and what an asset earns in it reaches its shareholders")
    func shares() {
        var (town, offer, channel) = Self.market()
        let asset = offer.asset
        let issue = SharesMessage.issueShares(
            asset,
            count: 10,
            income: [UnitTown.denomination]
        )
        let gift = Message.transfer(
            to: Person.erin.id,
            denomination: ShareUnit.denomination(of: asset),
            amount: Amount(obol: 3)
        )
        town.harness.send(.bob, .shares(issue), gift)
        #expect(town.harness.send(.bob, Self.claim(town, offer, channel, calls: 7)).isAccepted)
        let withdraw = SharesMessage.withdrawDividends(asset, UnitTown.denomination)
        #expect(town.harness.send(.erin, .shares(withdraw)).isAccepted)
        #expect(town.harness.send(.bob, .shares(withdraw)).isAccepted)
        #expect(town.has(.erin) == 210)
        #expect(town.has(.bob) == 1490)
        DenominationCount(town.harness).check()
    }

    @Test("UNI-2: what nobody issued buys nothing")
    func unknown() {
        var (town, offer, _) = Self.market()
        let nothing = Denomination.issued(digest(1))
        let other = Town.offer(of: offer.asset) {
            $0.bond = 0
            $0.denomination = nothing
        }
        #expect(
            town.harness.send(.bob, .publishOffer(other)).refusal == .offers(.unknownDenomination)
        )
        let opening = Town.opening { $0.denomination = nothing }
        #expect(
            town.harness.send(.alice, .openChannel(opening)).refusal
                == .channels(.unknownDenomination)
        )
    }

    @Test("UNI-2: an issued unit named zero is none, though its keys are the native unit's")
    func zero() throws {
        var (town, offer, _) = Self.market()
        let none = Denomination.issued(.zero)
        let other = Town.offer(of: offer.asset) {
            $0.bond = 0
            $0.denomination = none
        }
        let payment = TreasuryPayment(
            to: Person.bob.id,
            denomination: none,
            amount: Amount(obol: 1)
        )
        let proposal = GovernanceMessage.propose(
            ProposalContent(title: "pays", action: .payment(payment)),
            deposit: Amount(obol: 100 * Amount.obolPerStoa)
        )
        let pool = PoolOpening(
            try #require(Market(none, .native)),
            feeBasisPoints: 30,
            base: Amount(obol: 5000),
            quote: Amount(obol: 5000)
        )
        let sale = SaleOpening(
            given: .native,
            amount: Amount(obol: 1),
            wanted: none,
            rate: SaleRate(Amount(obol: 1), per: Amount(obol: 1)),
            until: town.harness.context.height
        )
        let refused: [(Message, Refusal)] = [
            (.publishOffer(other), .offers(.unknownDenomination)),
            (
                .openChannel(Town.opening { $0.denomination = none }),
                .channels(.unknownDenomination)
            ),
            (.governance(proposal), .governance(.unknownDenomination)),
            (
                .governance(.fundTreasury(none, Amount(obol: 1))),
                .governance(.unknownDenomination)
            ),
            (.exchange(.createPool(pool)), .exchange(.unknownDenomination)),
            (.exchange(.openSale(sale)), .exchange(.unknownDenomination)),
            (
                .shares(.issueShares(offer.asset, count: 1, income: [none])),
                .shares(.unknownDenomination)
            ),
            (
                .transfer(
                    to: Person.alice.id,
                    denomination: none,
                    amount: Amount(obol: 1)
                ),
                .accounts(.insufficientBalance)
            ),
        ]
        for (message, refusal) in refused {
            let person = message == refused[1].0 ? Person.alice : .bob
            #expect(town.harness.send(person, message).refusal == refusal)
        }
        DenominationCount(town.harness).check()
    }

    @Test("UNI-1: making native money is a defect in the rules, which stops the node")
    func native() async {
        await #expect(processExitsWith: .failure) {
            var state = StagedState(base: EmptyState())
            state.issue(Amount(obol: 1), .native)
        }
        await #expect(processExitsWith: .failure) {
            var state = StagedState(base: EmptyState())
            state.destroy(Amount(obol: 1), .native)
        }
    }
}
