import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes

/// What the stalls of one hall share: a line of assets eight deep, a unit with a pool and a sale,
/// and the vote.
struct House: Sendable {
    /// How many houses there are; a block may place orders in 64 markets at most.
    static let count = 16

    let number: Int
    private(set) var desk: Desk
    let unit: Digest
    let market: Market
    let pool: PoolID

    init(_ number: Int) {
        self.number = number
        desk = .plain(number)
        unit = UnitRecord.unit(issuer: desk.account, ticker: "HOUSE")
        guard let market = Market(.issued(unit), .native) else { fatalError("one unit") }
        self.market = market
        pool = PoolID(market, feeBasisPoints: 30)
    }

    /// The last of the line: royalties of what is made from it go eight deep.
    var top: AssetID { Asset.id(owner: desk.account, name: "line-7") }
    /// One from the middle of it.
    var middle: AssetID { Asset.id(owner: desk.account, name: "line-3") }
    var sale: SaleID { SaleID(seller: desk.account, sequence: 2, messageIndex: 3) }
    /// The first house's proposal, in its third transaction.
    static func proposal(of first: AccountID) -> ProposalID {
        ProposalID(proposer: first, sequence: 3, messageIndex: 0)
    }

    mutating func settle(on chain: ChainID) { desk.chain = chain }

    /// Everything that the stalls stand on, in this order.
    mutating func opening() -> [[UInt8]] {
        var line: [Message] = []
        for depth in 0..<8 {
            let owner = desk.account
            let parent = depth == 0 ? nil : Asset.id(owner: owner, name: "line-\(depth - 1)")
            line.append(publication("line-\(depth)", from: parent.map { [$0] } ?? []))
        }
        let denomination = Denomination.issued(unit)
        let terms = unitTerms("HOUSE")
        let opening = PoolOpening(
            market,
            feeBasisPoints: 30,
            base: Amount(obol: 1_000_000_000_000),
            quote: Amount(obol: 5_000_000_000_000)
        )
        let sale = SaleOpening(
            given: denomination,
            amount: Amount(obol: 1_000_000_000_000),
            wanted: .native,
            rate: SaleRate(Amount(obol: 5), per: Amount(obol: 1)),
            until: BlockHeight(7_000_000 - UInt64(number))
        )
        var transactions = [
            desk.sign(line),
            desk.sign(
                [
                    .units(.issueUnit(terms)),
                    .units(.mintUnit(unit, Amount(obol: 1 << 62), to: desk.account)),
                    .exchange(.createPool(opening)), .exchange(.openSale(sale)),
                    .disputes(.joinJury(Amount(obol: 100_000 * Amount.obolPerStoa))),
                ]
            ),
        ]
        if number == 0 {
            let content = ProposalContent(title: "a question", action: .text)
            let deposit = Amount(obol: 1_000 * Amount.obolPerStoa)
            transactions.append(desk.sign([.governance(.propose(content, deposit: deposit))]))
        }
        return transactions
    }

    /// Gives units of the house to many accounts.
    mutating func give(to accounts: [AccountID]) -> [[UInt8]] {
        stride(from: 0, to: accounts.count, by: Transaction.messagesMax).map { start in
            let end = min(start + Transaction.messagesMax, accounts.count)
            return desk.sign(
                accounts[start..<end].map {
                    .transfer(
                        to: $0,
                        denomination: .issued(unit),
                        amount: Amount(obol: 1_000_000_000)
                    )
                }
            )
        }
    }
}

/// A model, made from others; each gets a tenth.
func publication(_ name: String, from parents: [AssetID]) -> Message {
    let publication = AssetPublication(
        name: name,
        kind: .model,
        licence: "MIT",
        version: AssetVersion(content: Digest(sha256: Array(name.utf8)), metadataLink: "")
    )
    let terms = AssetTerms(
        licenceText: nil,
        use: .open,
        royaltyMinBasisPoints: 0,
        parents: parents.sorted().map {
            AssetParent(asset: $0, version: 1, shareBasisPoints: 1_000, role: .baseModel)
        }
    )
    return .lineage(.publishAssetWithTerms(publication, terms, metadata: nil))
}

func unitTerms(_ ticker: String) -> UnitTerms {
    UnitTerms(
        ticker: ticker,
        name: "a credit",
        decimals: 2,
        document: .zero,
        link: "",
        supplyMax: Amount(obol: 1 << 90)
    )
}
