import LedgerCore
import MarketTypes

/// Shares, issued units, and votes.
extension DealerScript {
    /// The native unit mostly, else shares or a unit that somebody issued.
    var someDenomination: Denomination {
        switch chance.index(5) {
        case 0: ShareUnit.denomination(of: someAsset)
        case 1: .issued(known("unit"))
        default: .native
        }
    }

    func dealInShares() -> Message? {
        switch chance.index(6) {
        case 0, 1:
            .shares(
                .issueShares(
                    someAsset,
                    count: chance.number(0...1_000_000),
                    income: chance.chance(permille: 200) ? [.issued(known("unit"))] : []
                )
            )
        case 2: .shares(.admitIncome(someAsset, someDenomination))
        case 3: .shares(.withdrawDividends(someAsset, someDenomination))
        default:
            .transfer(
                to: somebody,
                denomination: ShareUnit.denomination(of: someAsset),
                amount: amount
            )
        }
    }

    func dealInUnits() -> Message? {
        let unit = known("unit")
        return switch chance.index(9) {
        case 0, 1:
            .units(
                .issueUnit(
                    UnitTerms(
                        ticker: ["EURC", "USDX", "GPU"][chance.index(3)],
                        name: "a credit",
                        decimals: UInt8(chance.index(20)),
                        document: someDigest,
                        link: "",
                        supplyMax: amount
                    )
                )
            )
        case 2, 3: .units(.mintUnit(unit, amount, to: somebody))
        case 4: .units(.burnUnit(unit, amount))
        case 5: .units(.redeemUnit(unit, amount, reference: someDigest))
        case 6: .units(.settleRedemption(known("redemption")))
        case 7: .units(.cancelRedemption(known("redemption")))
        default: .transfer(to: somebody, denomination: .issued(unit), amount: amount)
        }
    }

    func govern() -> Message? {
        let proposal = ProposalID(known("proposal"))
        return switch chance.index(10) {
        case 0...2: .governance(.lockVotes(amount))
        case 3: .governance(.unlockVotes(amount))
        case 4: .governance(.withdrawVotes)
        case 5: .governance(.delegateVotes(chance.chance(permille: 700) ? somebody : nil))
        case 6: .governance(.fundTreasury(someDenomination, amount))
        case 7:
            .governance(
                .propose(content, deposit: Amount(obol: UInt128(chance.number(0...400)) << 30))
            )
        default:
            .governance(
                .vote(proposal, VoteChoice.allCases[chance.index(VoteChoice.allCases.count)])
            )
        }
    }

    private var content: ProposalContent {
        let action: ProposalAction =
            switch chance.index(3) {
            case 0: .text
            case 1:
                .payment(TreasuryPayment(to: somebody, denomination: .native, amount: amount))
            default:
                .numbers([
                    NumberChange(
                        number: (GovernedNumber.all[chance.index(GovernedNumber.all.count)]).id,
                        value: chance.number(0...20_000)
                    )
                ])
            }
        return ProposalContent(title: "a change", document: someDigest, link: "", action: action)
    }
}
