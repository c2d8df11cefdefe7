import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// Who plays, under which keys, on which chain: the same in every run, since keys are expensive
/// and which ones they are makes no difference.
struct Cast: Sendable {
    static let nodeCount = 4
    static let buyerCount = 2
    static let sellerCount = 2
    static let dealerCount = 3

    /// The keys of an actor: its account's, and the one for vouchers or receipts.
    struct Part: Sendable {
        let account: SigningKey
        let signer: SigningKey

        var id: AccountID { account.accountID }
    }

    let buyers: [Part]
    /// The sellers; the last one may be a swindler.
    let sellers: [Part]
    let trickster: Part
    let vandal: Part
    /// Those who use the rest of the ledger.
    let dealers: [Part]
    let validators: [PublicKey]
    let genesis: Genesis
    let chain: ChainID
    /// One offer for each seller.
    let offers: [Offer]
    let publications: [[Message]]

    /// The one cast; nil only if the system has no secure memory left.
    static let shared = Cast()

    private init?() {
        var made: UInt8 = 0
        func key() -> SigningKey? {
            made += 1
            return SigningKey(seed: [UInt8](repeating: made, count: SigningKey.seedBytes))
        }
        func part() -> Part? {
            guard let account = key(), let signer = key() else { return nil }
            return Part(account: account, signer: signer)
        }
        let buyers = (0..<Self.buyerCount).compactMap { _ in part() }
        let sellers = (0..<Self.sellerCount).compactMap { _ in part() }
        let validators = (0..<Self.nodeCount).compactMap { _ in key()?.publicKey }
        guard let trickster = part(), let vandal = part(), let sequencer = key() else { return nil }
        let dealers = (0..<Self.dealerCount).compactMap { _ in part() }
        guard buyers.count == Self.buyerCount, sellers.count == Self.sellerCount,
            validators.count == Self.nodeCount, dealers.count == Self.dealerCount,
            let genesis = Self.genesis(
                buyers + sellers + [trickster, vandal],
                dealers,
                sequencer: sequencer.publicKey
            )
        else { return nil }
        self.buyers = buyers
        self.sellers = sellers
        self.trickster = trickster
        self.vandal = vandal
        self.dealers = dealers
        self.validators = validators
        self.genesis = genesis
        chain = genesis.chain
        offers = sellers.map { Self.offer($0) }
        publications = zip(sellers, offers).map { Self.publication($0, $1) }
    }

    private static func genesis(
        _ parts: [Part],
        _ dealers: [Part],
        sequencer: PublicKey
    ) -> Genesis? {
        Genesis(
            name: "simulation",
            time: Timestamp(milliseconds: 1_000_000),
            sequencer: sequencer,
            parameters: LedgerParameters(
                feeMinimum: Amount(obol: 100),
                feePerByte: Amount(obol: 1),
                closingDelayBlocks: 8,
                unbondingDelayBlocks: 3
            ),
            allocations: parts.map {
                Genesis.Allocation(account: $0.id, amount: Amount(obol: 10_000_000))
            }
                + dealers.map {
                    let amount = Amount(obol: 100_000 * Amount.obolPerStoa)
                    return Genesis.Allocation(account: $0.id, amount: amount)
                },
            // As short as they can be: a run has few blocks.
            numbers: [
                GovernedNumber.disputeSpeakBlocks, .disputeVoteBlocks, .disputeAppealBlocks,
                .bondClaimSpeakBlocks,
            ].map { NumberChange(number: $0.id, value: $0.bounds.lowerBound) }
        )
    }

    private static let weights = Digest(sha256: Array("weights".utf8))

    private static func offer(_ seller: Part) -> Offer {
        var prices = SortedMap<Unit, Price>()
        prices[.call] = Price(amount: Amount(obol: 1_000), perUnits: 1)
        prices[.byte] = Price(amount: Amount(obol: 7), perUnits: 3)
        return Offer(
            seller: seller.id,
            receiptKey: seller.signer.publicKey,
            asset: Asset.id(owner: seller.id, name: "model"),
            assetVersion: 1,
            weights: weights,
            model: "model",
            interface: .json,
            endpoint: "http://seller",
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
            bond: Amount(obol: 50_000),
            version: 1,
            supersedes: nil,
            expiresAt: Timestamp(milliseconds: 1_000_000_000)
        )
    }

    private static func publication(_ seller: Part, _ offer: Offer) -> [Message] {
        let asset = AssetPublication(
            name: "model",
            kind: .model,
            licence: "MIT",
            version: AssetVersion(content: weights, metadataLink: "")
        )
        return [
            .depositBond(Amount(obol: 60_000)), .publishAsset(asset), .publishOffer(offer),
        ]
    }

    /// The most units that one call here may count.
    static let unitsMax: UnitCounts = {
        var units = UnitCounts()
        units[.call] = 1
        units[.byte] = 60
        return units
    }()

    /// What a call that uses all of ``unitsMax`` costs.
    static let chargeMax: UInt128 = 1_000 + 140
}
