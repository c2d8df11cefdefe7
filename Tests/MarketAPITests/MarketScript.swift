import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import SettlementCore

/// How the fixture's things come to be: real transactions, each of which must be accepted.
struct MarketScript {
    let names: MarketNames

    init(_ names: MarketNames) {
        self.names = names
    }

    func run(on ledger: MemoryLedger, _ offer: Offer) throws -> ([Event], Digest) {
        var events: [Event] = []
        var last = Digest.zero
        let steps: [(Person, [Message])] =
            [(.alice, [publishCorpus]), (.bob, [publishTune])] + sharing + selling(offer)
            + trading + [
                (.carol, [.transfer(to: Person.bob.id, denomination: .native, amount: one)])
            ]
            + governing
        for (person, messages) in steps {
            let outcome = try ledger.execute(person, messages)
            let result = outcome.result
            last = outcome.digest
            guard result.isAccepted else {
                preconditionFailure("\(messages): \(result.refusal?.name ?? "")")
            }
            events += result.events
        }
        return (events, last)
    }

    private var one: Amount { Amount(obol: 1_000_000_000) }

    private var publishCorpus: Message {
        .lineage(
            .publishAssetWithTerms(
                AssetPublication(
                    name: "corpus",
                    kind: .dataset,
                    licence: "CC-BY-4.0",
                    version: AssetVersion(content: digest(1), metadataLink: "https://a.example/c")
                ),
                AssetTerms(
                    licenceText: nil,
                    use: .open,
                    royaltyMinBasisPoints: 500,
                    parents: []
                ),
                metadata: nil
            )
        )
    }

    private var publishTune: Message {
        let parent = AssetParent(
            asset: names.corpus,
            version: 1,
            shareBasisPoints: 1000,
            role: .dataset
        )
        return .lineage(
            .publishAssetWithTerms(
                AssetPublication(
                    name: "tune",
                    kind: .model,
                    licence: "Apache-2.0",
                    version: AssetVersion(content: digest(2), metadataLink: "")
                ),
                AssetTerms(
                    licenceText: nil,
                    use: .open,
                    royaltyMinBasisPoints: nil,
                    parents: [parent]
                ),
                metadata: nil
            )
        )
    }

    private var sharing: [(Person, [Message])] {
        [
            (.bob, [.shares(.issueShares(names.tune, count: 1000, income: []))]),
            (
                .bob,
                [
                    .transfer(
                        to: Person.carol.id,
                        denomination: ShareUnit.denomination(of: names.tune),
                        amount: Amount(obol: 10)
                    )
                ]
            ),
        ]
    }

    private func selling(_ offer: Offer) -> [(Person, [Message])] {
        let plan = PlanTerms(
            name: "monthly",
            asset: names.tune,
            kind: .timePass,
            denomination: .native,
            price: one,
            periodBlocks: 1000,
            includedUnits: UnitCounts(),
            includedOffer: offer.id,
            overageOffer: nil,
            isTransferable: true,
            salesMax: nil,
            trialBond: .zero
        )
        let planID = Plan.id(seller: Person.bob.id, sequence: 5, messageIndex: 0)
        let opening = ChannelOpening(
            payee: Person.bob.id,
            denomination: .native,
            deposit: one,
            voucherKey: Person.carol.key.publicKey,
            lanes: 4
        )
        return [
            (.bob, [.depositBond(one), .publishOffer(offer)]),
            (.bob, [.passes(.publishPlan(plan))]),
            (.alice, [.passes(.buyPass(planID, priceMax: one)), .openChannel(opening)]),
        ]
    }

    private var trading: [(Person, [Message])] {
        let terms = UnitTerms(
            ticker: "EURC",
            name: "euro credit",
            decimals: 2,
            document: digest(3),
            link: "",
            supplyMax: Amount(obol: 1 << 90)
        )
        let million = Amount(obol: 1_000_000_000)
        let pool = PoolOpening(
            names.market,
            feeBasisPoints: 30,
            base: Amount(obol: 1_000_000),
            quote: Amount(obol: 5_000_000)
        )
        let swap = PoolSwap(
            names.pool,
            given: .native,
            amount: Amount(obol: 10_000),
            wantedMin: .zero,
            until: BlockHeight(1 << 30)
        )
        let sale = SaleOpening(
            given: .issued(names.unit),
            amount: Amount(obol: 500),
            wanted: .native,
            rate: SaleRate(Amount(obol: 5), per: Amount(obol: 1)),
            until: BlockHeight(1000)
        )
        let order = OrderPlacement(
            names.market,
            .sell,
            amount: Amount(obol: 1000),
            price: 9 * OrderPrice.scale,
            expiresAt: BlockHeight(1000)
        )
        return [
            (
                .alice,
                [
                    .units(.issueUnit(terms)),
                    .units(.mintUnit(names.unit, million, to: Person.alice.id)),
                    .exchange(.createPool(pool)), .exchange(.openSale(sale)),
                    .exchange(.placeOrder(order)),
                ]
            ), (.carol, [.exchange(.swap(swap))]),
            (
                .carol,
                [.units(.redeemUnit(names.unit, Amount(obol: 7), reference: digest(4)))]
            ),
        ]
    }

    private var governing: [(Person, [Message])] {
        let content = ProposalContent(
            title: "Shorter delays",
            document: digest(5),
            link: "https://a.example/p",
            action: .numbers([NumberChange(number: 501, value: 200)])
        )
        let job = JobTerms(
            seller: Person.bob.id,
            asset: nil,
            denomination: .native,
            amount: one,
            document: digest(6),
            acceptBy: BlockHeight(500),
            deliverBy: BlockHeight(600),
            reviewBlocks: 30
        )
        let grant = SessionGrant(
            session: Person.carol.id,
            scope: SessionScope(messages: [1], payees: [Person.bob.id]),
            limits: [SessionLimit(.native, one)],
            periodBlocks: 100,
            validUntil: BlockHeight(5000)
        )
        return [
            (.alice, [.governance(.lockVotes(Amount(obol: 200_000_000_000)))]),
            (
                .alice,
                [.governance(.propose(content, deposit: Amount(obol: 100_000_000_000)))]
            ), (.alice, [.escrows(.lock(job))]), (.alice, [.authorization(.grantSession(grant))]),
            (.carol, [.disputes(.joinJury(Amount(obol: 100_000_000_000)))]),
        ]
    }

    static func offer(of asset: AssetID) -> Offer {
        var prices = SortedMap<Unit, Price>()
        prices[.outputToken] = Price(amount: Amount(obol: 60), perUnits: 1)
        return Offer(
            seller: Person.bob.id,
            receiptKey: Person.carol.key.publicKey,
            asset: asset,
            assetVersion: 1,
            weights: digest(2),
            model: "tune-1b",
            interface: .chat,
            endpoint: "http://127.0.0.1:9/",
            denomination: .native,
            prices: PriceTable(prices),
            limits: OfferLimits(
                requestBytesMax: 1000,
                inputTokensMax: 1000,
                outputTokensMax: 1000,
                templateTokensMax: 10,
                callMillisecondsMax: 1000
            ),
            verification: .receipt,
            bond: .zero,
            version: 1,
            supersedes: nil,
            expiresAt: Timestamp(milliseconds: 1_900_000_000_000)
        )
    }
}
