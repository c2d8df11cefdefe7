import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// A seller, a buyer, a holder of a passkey and one of an Ethereum key, who deal with each other:
/// their transactions go one after the other, those of different stalls at once.
struct Stall: Sendable {
    static let lanes: UInt16 = 8
    /// A pass has four periods at most, so there is a plan for every four rounds.
    static let roundsOfPlan = 4

    let number: Int
    let house: House
    let proposal: ProposalID
    private(set) var owner: Desk
    private(set) var buyer: Desk
    private(set) var passkey: Desk
    private(set) var wallet: Desk

    init(_ number: Int, in house: House, on proposal: ProposalID) {
        self.number = number
        self.house = house
        self.proposal = proposal
        owner = .plain(10_000 + 3 * number)
        buyer = .plain(10_000 + 3 * number + 1)
        passkey = .passkey()
        wallet = .wallet(number)
    }

    mutating func settle(on chain: ChainID) {
        owner.chain = chain
        buyer.chain = chain
        passkey.chain = chain
        wallet.chain = chain
    }

    /// Who must have money in the genesis.
    var accounts: [AccountID] { [owner, buyer, passkey, wallet].map(\.account) }
    var session: SigningKey { key(10_000 + 3 * number + 2) }

    private var asset: AssetID { Asset.id(owner: owner.account, name: "own") }
    private var shares: Denomination { ShareUnit.denomination(of: asset) }
    private var coin: Digest { UnitRecord.unit(issuer: owner.account, ticker: "COIN") }
    private var channel: ChannelID {
        Channel.id(payer: buyer.account, sequence: 1, messageIndex: 0)
    }
    private var offer: Offer { offer(of: "own", version: Digest(sha256: Array("own".utf8))) }

    /// What the stall needs before its first round.
    mutating func opening(rounds: Int) -> [[UInt8]] {
        let plans = (0..<(rounds + Self.roundsOfPlan - 1) / Self.roundsOfPlan).flatMap { index in
            [.publishOffer(included(in: index)), plan(index)]
        }
        let grant = SessionGrant(
            session: session.accountID,
            scope: SessionScope(messages: [1]),
            limits: [SessionLimit(.native, Amount(obol: 100_000 * Amount.obolPerStoa))],
            periodBlocks: 1_000_000,
            validUntil: BlockHeight(2_000_000)
        )
        let opening = ChannelOpening(
            payee: owner.account,
            denomination: .native,
            deposit: Amount(obol: 1_000 * Amount.obolPerStoa),
            voucherKey: key(101).publicKey,
            lanes: Self.lanes
        )
        let bench = owner.sign(
            [
                publication("own", from: [house.top]),
                .shares(.issueShares(asset, count: 1_000_000, income: [])),
                .publishOffer(offer), .units(.issueUnit(unitTerms("COIN"))),
                .governance(.lockVotes(Amount(obol: 1_000 * Amount.obolPerStoa))),
                .authorization(.grantSession(grant)),
            ] + plans
        )
        return [bench, buyer.sign([.openChannel(opening)])]
    }

    /// Everything once, in an order of this stall's own, so that a block has of everything.
    mutating func round(_ round: Int) -> [Step] {
        let parts = 12
        return (0..<parts).flatMap { part((number + $0) % parts, round) }
    }

    private mutating func part(_ part: Int, _ round: Int) -> [Step] {
        switch part {
        case 0: publish(round)
        case 1: earn(round)
        case 2: mint()
        case 3: subscribe(round)
        case 4: trade(round)
        case 5: work(round)
        case 6: number % 16 == 0 ? quarrel(round) : []
        case 7: [owner.step("governance", .governance(.vote(proposal, choice(round))))]
        case 8: [owner.step("authorization", payment, by: session)]
        case 9: [passkey.step("passkey", payment)]
        case 10: [wallet.step("ethereum", payment)]
        default: [buyer.step("transfer", payment), topUp()]
        }
    }

    // MARK: parts of a round

    private mutating func publish(_ round: Int) -> [Step] {
        let name = "made-\(round)"
        let made = publication(name, from: [house.middle, house.top])
        let offer = offer(of: name, version: Digest(sha256: Array(name.utf8)))
        return [owner.step("lineage", made), owner.step("offers", .publishOffer(offer))]
    }

    private mutating func earn(_ round: Int) -> [Step] {
        let gift = Message.transfer(
            to: buyer.account,
            denomination: shares,
            amount: Amount(obol: 10)
        )
        let claim = ChannelClaim(
            channel: channel,
            lanes: (0..<Self.lanes).map { call(LaneID($0), UInt64(round + 1)) },
            receiptsRoot: .zero,
            receiptsCount: UInt64(Self.lanes),
            release: false
        )
        return [
            owner.step("shares", gift), owner.step("channels: claim", .claimChannel(claim)),
            buyer.step("shares", .shares(.withdrawDividends(asset, .native))),
        ]
    }

    private mutating func mint() -> [Step] {
        let minted = Message.units(.mintUnit(coin, Amount(obol: 1_000), to: buyer.account))
        let back = Message.transfer(
            to: owner.account,
            denomination: .issued(coin),
            amount: Amount(obol: 500)
        )
        return [owner.step("units", minted), buyer.step("units", back)]
    }

    private mutating func subscribe(_ round: Int) -> [Step] {
        let plan = Plan.id(
            seller: owner.account,
            sequence: 1,
            messageIndex: UInt8(7 + 2 * (round / Self.roundsOfPlan))
        )
        let most = Amount(obol: 1 << 40)
        let isNew = round % Self.roundsOfPlan == 0
        let message: PassMessage =
            isNew ? .buyPass(plan, priceMax: most) : .renewPass(plan, priceMax: most)
        return [buyer.step("passes", .passes(message))]
    }

    private mutating func trade(_ round: Int) -> [Step] {
        let swap = PoolSwap(
            house.pool,
            given: .native,
            amount: Amount(obol: 5_000),
            wantedMin: .zero,
            until: BlockHeight(1 << 40)
        )
        func order(_ side: OrderSide) -> Message {
            let order = OrderPlacement(
                house.market,
                side,
                amount: Amount(obol: 1_000),
                price: 5 * OrderPrice.scale,
                expiresAt: height(300_000, round, side == .buy ? 1 : 2)
            )
            return .exchange(.placeOrder(order))
        }
        let sale = ExchangeMessage.buyFromSale(
            house.sale,
            amount: Amount(obol: 100),
            payMax: Amount(obol: 1_000)
        )
        return [
            buyer.step("exchange: swap", .exchange(.swap(swap))),
            owner.step("exchange: order", order(.sell)),
            buyer.step("exchange: order", order(.buy)),
            buyer.step("exchange: sale", .exchange(sale)),
        ]
    }

    private mutating func work(_ round: Int) -> [Step] {
        let (job, lock) = job(round, 3)
        return [
            lock, owner.step("escrows", .escrows(.accept(job))),
            owner.step("escrows", .escrows(.deliver(job, content: Digest(sha256: [2])))),
            buyer.step("escrows", .escrows(.approve(job))),
        ]
    }

    /// A job that is disputed, up to where its jury is drawn.
    private mutating func quarrel(_ round: Int) -> [Step] {
        let (job, lock) = job(round, 5)
        let accept = owner.step("escrows", .escrows(.accept(job)))
        let secret = Digest(sha256: [3])
        let dispute = DisputeID(
            opener: buyer.account,
            sequence: buyer.sequence,
            messageIndex: 0
        )
        let open = DisputeMessage.open(
            job,
            evidence: .zero,
            commitment: Dispute.commitment(to: secret)
        )
        return [
            lock, accept, buyer.step("disputes", .disputes(open)),
            owner.step("disputes", .disputes(.answer(dispute, evidence: .zero, number: secret))),
            buyer.step("disputes", .disputes(.reveal(dispute, number: secret))),
        ]
    }

    private mutating func job(_ round: Int, _ salt: Int) -> (EscrowID, Step) {
        let id = EscrowID(buyer: buyer.account, sequence: buyer.sequence, messageIndex: 0)
        let terms = JobTerms(
            seller: owner.account,
            asset: asset,
            denomination: .native,
            amount: Amount(obol: 1_000_000),
            document: Digest(sha256: [1]),
            acceptBy: height(200_000, round, salt),
            deliverBy: height(600_000, round, salt + 1),
            reviewBlocks: UInt64(1_000 + number * 7)
        )
        return (id, buyer.step("escrows", .escrows(.lock(terms))))
    }

    private mutating func topUp() -> Step {
        let amount = Amount(obol: 1_000_000)
        return buyer.step("channels: top up", .topUpChannel(channel: channel, amount: amount))
    }

    // MARK: what the parts are made of

    private func choice(_ round: Int) -> VoteChoice { round % 2 == 0 ? .yes : .no }

    private var payment: Message {
        .transfer(to: house.desk.account, denomination: .native, amount: Amount(obol: 5))
    }

    /// A height far away: at most 512 deadlines can be due at one.
    private func height(_ base: Int, _ round: Int, _ salt: Int) -> BlockHeight {
        BlockHeight(UInt64(base + (number * 7_919 + round * 104_729 + salt * 31) % 200_000))
    }

    /// Each plan has an offer of its own: an offer can be in one only.
    private func included(in plan: Int) -> Offer {
        offer(of: "own", version: offer.weights, model: "plan-\(plan)-\(number)")
    }

    private func plan(_ index: Int) -> Message {
        var units = UnitCounts()
        units[.call] = 10
        let terms = PlanTerms(
            name: "plan-\(index)",
            asset: asset,
            kind: .subscription,
            denomination: .native,
            price: Amount(obol: 1_000_003),
            periodBlocks: UInt64(200_000 + number * 13),
            includedUnits: units,
            includedOffer: included(in: index).id,
            overageOffer: nil,
            isTransferable: true,
            salesMax: nil,
            trialBond: .zero
        )
        return .passes(.publishPlan(terms))
    }

    private func offer(of name: String, version: Digest, model: String? = nil) -> Offer {
        var prices = SortedMap<MarketTypes.Unit, Price>()
        prices[.call] = Price(amount: Amount(obol: 1_000_003), perUnits: 1)
        return Offer(
            seller: owner.account,
            receiptKey: key(100).publicKey,
            asset: Asset.id(owner: owner.account, name: name),
            assetVersion: 1,
            weights: version,
            model: model ?? "\(name)-\(number)",
            interface: .json,
            endpoint: "http://bench",
            denomination: .native,
            prices: PriceTable(prices),
            limits: OfferLimits(
                requestBytesMax: 64,
                inputTokensMax: 0,
                outputTokensMax: 0,
                templateTokensMax: 0,
                callMillisecondsMax: 1_000
            ),
            verification: .receipt,
            bond: .zero,
            version: 1,
            supersedes: nil,
            expiresAt: Timestamp(milliseconds: 1 << 50)
        )
    }

    private func call(_ lane: LaneID, _ sequence: UInt64) -> LaneClaim {
        Royalties.call(lane, sequence, channel, offer, owner.chain)
    }
}
