import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

/// An asset's publication whose every field can be set.
struct AssetDraft {
    var name: String
    var kind = AssetKind.model
    var licence = "MIT"
    var licenceText: Digest?
    var use = DataUse.open
    var minimum: UInt16? = 0
    var parents: [AssetParent] = []
    var metadata: Digest?

    init(_ name: String, _ kind: AssetKind = .model, _ change: (inout Self) -> Void = { _ in }) {
        self.name = name
        self.kind = kind
        change(&self)
        parents.sort { $0.asset < $1.asset }
    }

    /// Names a parent: of a share in basis points.
    mutating func descend(
        from asset: AssetID,
        _ role: ParentRole,
        _ share: UInt16,
        version: UInt32 = 1
    ) {
        let parent = AssetParent(
            asset: asset,
            version: version,
            shareBasisPoints: share,
            role: role
        )
        parents.append(parent)
    }

    var publication: AssetPublication {
        AssetPublication(
            name: name,
            kind: kind,
            licence: licence,
            version: AssetVersion(content: digest(1), metadataLink: "")
        )
    }

    var terms: AssetTerms {
        AssetTerms(
            licenceText: licenceText,
            use: use,
            royaltyMinBasisPoints: minimum,
            parents: parents
        )
    }

    var message: LineageMessage {
        .publishAssetWithTerms(publication, terms, metadata: metadata)
    }
}

/// Assets that descend from each other, and Erin, who buys whatever is for sale.
struct Family {
    /// One way to be paid: what Erin locked towards somebody, in one denomination.
    private struct Till {
        let channel: ChannelID
        var lanes: [OfferID: LaneSettlement] = [:]
        var order: [OfferID] = []
    }

    private struct TillName: Hashable {
        let seller: AccountID
        let denomination: Denomination
    }

    /// A sale: which asset, and for how much.
    struct Sale {
        let asset: AssetID
        let amount: UInt64
    }

    var harness = LedgerHarness()
    private var tills: [TillName: Till] = [:]

    static let corpus = Asset.id(owner: Person.carol.id, name: "corpus")
    static let base = Asset.id(owner: Person.dave.id, name: "base")
    static let tune = Asset.id(owner: Person.bob.id, name: "tune")
    static let closed = Asset.id(owner: Person.carol.id, name: "closed")
    static let sealed = Asset.id(owner: Person.carol.id, name: "sealed")
    static let plain = Asset.id(owner: Person.bob.id, name: "plain")
    static let gone = Asset.id(owner: Person.alice.id, name: "gone")
    static let hint = Asset.id(owner: Person.carol.id, name: "hint")

    /// A corpus, a base model trained on it, a fine-tune of that, and some that nobody derives
    /// from; made once.
    static let start = Family(populated: true)

    /// A market without assets, with Erin's money locked towards everybody else.
    init(populated: Bool = false) {
        for seller in Person.all where seller.id != Person.erin.id {
            for denomination in [Denomination.native, LedgerHarness.token] {
                open(towards: seller, denomination)
            }
        }
        guard populated else { return }
        publish(.carol, AssetDraft("corpus", .dataset) { $0.minimum = 500 })
        publish(
            .dave,
            AssetDraft("base") {
                $0.minimum = 1000
                $0.descend(from: Self.corpus, .dataset, 1000)
            }
        )
        publish(
            .bob,
            AssetDraft("tune") {
                $0.descend(from: Self.base, .baseModel, 2000)
                $0.descend(from: Self.corpus, .dataset, 500)
            }
        )
        publish(.carol, AssetDraft("closed", .dataset) { $0.use = DataUse(all: .notAllowed) })
        publish(.carol, AssetDraft("sealed", .dataset) { $0.minimum = nil })
        publish(.carol, AssetDraft("hint", .prompt) { $0.use = DataUse(all: .notAllowed) })
        harness.send(.bob, .publishAsset(AssetDraft("plain").publication))
        publish(.alice, AssetDraft("gone", .dataset))
        harness.send(.alice, .lineage(.retireAsset(Self.gone)))
        harness.endBlock()
    }

    private mutating func open(towards seller: Person, _ denomination: Denomination) {
        let opening = ChannelOpening(
            payee: seller.id,
            denomination: denomination,
            deposit: Amount(obol: denomination == .native ? 1_000_000_000 : 100_000),
            voucherKey: Person.erin.voucherKey.publicKey,
            lanes: ChannelTerms.lanesMax
        )
        let sequence = harness.account(.erin).sequence + 1
        let result = harness.send(.erin, .openChannel(opening))
        precondition(result.isAccepted)
        let id = Channel.id(payer: Person.erin.id, sequence: sequence, messageIndex: 0)
        tills[TillName(seller: seller.id, denomination: denomination)] = Till(channel: id)
    }

    @discardableResult
    mutating func publish(_ person: Person, _ draft: AssetDraft) -> TransactionResult {
        harness.send(person, .lineage(draft.message))
    }

    /// An offer of an asset at one obol a call.
    func offer(
        of asset: AssetID,
        by seller: Person,
        _ denomination: Denomination = .native
    ) -> Offer {
        var prices = SortedMap<Unit, Price>()
        prices[.call] = Price(amount: Amount(obol: 1), perUnits: 1)
        return Town.offer(of: asset) {
            $0.seller = seller.id
            $0.receiptKey = seller.receiptKey.publicKey
            $0.denomination = denomination
            $0.prices = PriceTable(prices)
            $0.bond = 0
        }
    }

    /// Erin buys from one seller under offers that stand or once stood; one claim, a lane for each
    /// asset.
    @discardableResult
    mutating func claim(
        _ sales: [Sale],
        by seller: Person,
        _ denomination: Denomination = .native
    ) -> TransactionResult {
        let message = claimMessage(sales, by: seller, denomination)
        let result = harness.send(seller, message)
        guard !result.isAccepted else { return result }
        tills[TillName(seller: seller.id, denomination: denomination)] = till
        return result
    }

    /// The till as it was before the claim that was made last.
    private var till: Till?

    /// A claim of some sales, which counts as made.
    mutating func claimMessage(
        _ sales: [Sale],
        by seller: Person,
        _ denomination: Denomination = .native
    ) -> Message {
        let name = TillName(seller: seller.id, denomination: denomination)
        guard var till = tills[name] else { preconditionFailure("nothing was locked") }
        self.till = till
        var calls: [CallDraft] = []
        for sale in sales {
            let offer = offer(of: sale.asset, by: seller, denomination)
            if !till.order.contains(offer.id) { till.order.append(offer.id) }
            var units = UnitCounts()
            units[.call] = sale.amount
            let call = CallDraft(
                chain: harness.chain,
                channel: till.channel,
                lane: UInt16(till.order.firstIndex(of: offer.id) ?? 0),
                after: till.lanes[offer.id] ?? .none,
                under: offer,
                units: units,
                payer: .erin,
                payee: seller
            )
            let total = Amount(obol: call.receipt.total)
            till.lanes[offer.id] = LaneSettlement(sequence: call.receipt.sequence, total: total)
            calls.append(call)
        }
        tills[name] = till
        calls.sort { $0.receipt.lane < $1.receipt.lane }
        return .claimChannel(
            ChannelClaim(
                channel: till.channel,
                lanes: calls.map(\.claim),
                receiptsRoot: digest(5),
                receiptsCount: 1,
                release: false
            )
        )
    }

    /// Publishes an offer and claims one sale under it.
    @discardableResult
    mutating func sell(
        _ asset: AssetID,
        by seller: Person,
        for amount: UInt64,
        _ denomination: Denomination = .native
    ) -> TransactionResult {
        harness.send(seller, .publishOffer(offer(of: asset, by: seller, denomination)))
        return claim([Sale(asset: asset, amount: amount)], by: seller, denomination)
    }
}

extension Family {
    /// What an asset has earned of another's sales, as the ledger keeps it.
    func earned(
        _ asset: AssetID,
        from source: AssetID,
        _ denomination: Denomination = .native
    ) -> UInt128 {
        let key = StateKey.earnings(of: asset, in: denomination, from: source)
        return harness.ledger.state.read(StoredAmount.self, key)?.amount.obol ?? 0
    }

    func asset(_ id: AssetID) -> Asset? { harness.ledger.state.read(Asset.self, .asset(id)) }

    func lineage(_ id: AssetID) -> Lineage? {
        harness.ledger.state.read(Lineage.self, .lineage(id))
    }
}

extension TransactionResult {
    /// The parts of income that were paid, in order.
    var parts: [IncomePart] {
        events.compactMap { event in
            switch event {
            case .lineage(.royaltyPaid(let part)), .lineage(.incomeKept(let part)): part
            default: nil
            }
        }
    }
}
