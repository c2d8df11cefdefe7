import CanonicalCoding
import Foundation
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// A state in memory: what the rules themselves cost, without a store.
struct MemoryState: StateReading {
    var entries: [StateKey: [UInt8]] = [:]

    func value(for key: StateKey) -> [UInt8]? { entries[key] }
}

/// A chain in memory that a benchmark fills message by message.
struct MemoryChain {
    let genesis: Genesis
    let chain: ChainID
    var state = MemoryState()
    private var sequences: [AccountID: UInt64] = [:]
    private var height: UInt64 = 0

    init(owners: [SigningKey]) {
        let amount = Amount(obol: 1_000_000 * Amount.obolPerStoa)
        guard
            let genesis = Genesis(
                name: "bench",
                time: Timestamp(milliseconds: 1),
                sequencer: key(-1).publicKey,
                parameters: .standard,
                allocations: owners.map { .init(account: $0.accountID, amount: amount) }
            )
        else { fatalError("genesis is not valid") }  // a benchmark has nobody to tell
        self.genesis = genesis
        chain = genesis.chain
        for change in genesis.changes { state.entries[change.key] = change.value }
    }

    /// The sequence number of a sender's next transaction.
    func next(_ sender: SigningKey) -> UInt64 { (sequences[sender.accountID] ?? 0) + 1 }

    func sign(_ messages: [Message], by sender: SigningKey, sequence: UInt64) -> [UInt8] {
        sender.sign(
            Transaction(
                chain: chain,
                sender: sender.accountID,
                sequence: sequence,
                fee: Amount(obol: 10_000_000),
                validUntil: BlockHeight(1 << 40),
                messages: messages
            )
        ).signed.canonicalBytes
    }

    /// Applies messages in a block of their own; returns how long the rules took.
    @discardableResult
    mutating func apply(_ messages: [Message], by sender: SigningKey) -> Double {
        let sequence = next(sender)
        let bytes = sign(messages, by: sender, sequence: sequence)
        guard let checked = try? CheckedTransaction(canonicalBytes: bytes, chain: chain) else {
            fatalError("a transaction of the benchmark is malformed")
        }
        height += 1
        sequences[sender.accountID] = sequence
        var ledger = Ledger(chain: chain, base: state)
        let context = BlockContext(
            height: BlockHeight(height),
            time: Timestamp(milliseconds: 1000 * height)
        )
        _ = ledger.beginBlock(.none, at: context)
        let (result, seconds) = timed { ledger.apply(checked, at: context) }
        guard result.isAccepted else {
            fatalError("refused: \(result.refusal?.name ?? "?")")
        }
        _ = ledger.endBlock(at: context)
        for change in ledger.changes { state.entries[change.key] = change.value }
        return seconds
    }
}

/// A claim over 32 lanes for an asset without parents, and for one with royalties eight deep.
struct Royalties {
    private static let lanes: UInt16 = 32
    private static let rounds: UInt64 = 20

    func run() {
        var chain = MemoryChain(owners: (0..<11).map(key))
        let plain = publish("plain", parents: [], owner: key(0), in: &chain)
        var parent: AssetID?
        for depth in 0...8 {
            let parents = parent.map {
                [
                    AssetParent(
                        asset: $0, version: 1, shareBasisPoints: 1_000, role: .baseModel)
                ]
            }
            let name = "depth-\(depth)"
            parent = publish(name, parents: parents ?? [], owner: key(1 + depth), in: &chain)
        }
        guard let deep = parent else { return }
        for (name, asset, seller) in [("no parents", plain, key(0)), ("eight deep", deep, key(9))] {
            let offer = offer(of: asset, by: seller, in: &chain)
            let medians = claims(under: offer, by: seller, in: &chain)
            let text = medians.map { String(format: "%.0f", $0 * 1e6) }
            print(
                "claim over \(Self.lanes) lanes, \(name): rules \(text[0]) µs, "
                    + "signatures \(text[1]) µs"
            )
        }
    }

    func publish(
        _ name: String,
        parents: [AssetParent],
        owner: SigningKey,
        in chain: inout MemoryChain
    ) -> AssetID {
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
            parents: parents
        )
        chain.apply(
            [.lineage(.publishAssetWithTerms(publication, terms, metadata: nil))],
            by: owner
        )
        return Asset.id(owner: owner.accountID, name: name)
    }

    func offer(
        of asset: AssetID,
        by seller: SigningKey,
        in chain: inout MemoryChain
    ) -> Offer {
        var prices = SortedMap<MarketTypes.Unit, Price>()
        prices[.call] = Price(amount: Amount(obol: 1_000_003), perUnits: 1)
        let version = chain.state.value(for: .assetVersion(asset, 1))
            .flatMap { try? AssetVersion(canonicalBytes: $0) }
        let offer = Offer(
            seller: seller.accountID,
            receiptKey: key(100).publicKey,
            asset: asset,
            assetVersion: 1,
            weights: version?.content ?? .zero,
            model: "bench",
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
        chain.apply([.publishOffer(offer)], by: seller)
        return offer
    }

    /// Medians of the rules' time and of the signatures' for one claim.
    func claims(
        under offer: Offer,
        by seller: SigningKey,
        in chain: inout MemoryChain
    ) -> [Double] {
        let payer = key(10)
        let channel = Channel.id(
            payer: payer.accountID,
            sequence: chain.next(payer),
            messageIndex: 0
        )
        let opening = ChannelOpening(
            payee: seller.accountID,
            denomination: .native,
            deposit: Amount(obol: 1_000 * Amount.obolPerStoa),
            voucherKey: key(101).publicKey,
            lanes: Self.lanes
        )
        chain.apply([.openChannel(opening)], by: payer)
        var rules: [Double] = []
        var signatures: [Double] = []
        for round in 1...Self.rounds {
            let lanes = (0..<Self.lanes).map { lane in
                Self.call(LaneID(lane), round, channel, offer, chain.chain)
            }
            let claim = ChannelClaim(
                channel: channel,
                lanes: lanes,
                receiptsRoot: .zero,
                receiptsCount: UInt64(Self.lanes),
                release: false
            )
            signatures.append(timed { for lane in lanes { _ = try? lane.verified() } }.1)
            rules.append(chain.apply([.claimChannel(claim)], by: seller))
        }
        return [rules, signatures].map { $0.sorted()[$0.count / 2] }
    }

    static func call(
        _ lane: LaneID,
        _ sequence: UInt64,
        _ channel: ChannelID,
        _ offer: Offer,
        _ chain: ChainID
    ) -> LaneClaim {
        let total = Amount(obol: UInt128(sequence) * 1_000_003)
        let voucher = key(101).sign(
            Voucher(
                chain: chain,
                channel: channel,
                lane: lane,
                sequence: sequence,
                cap: total,
                offer: offer.id,
                request: .zero,
                expiresAt: Timestamp(milliseconds: 1 << 50)
            )
        )
        var units = UnitCounts()
        units[.call] = 1
        let receipt = key(100).sign(
            Receipt(
                voucher: voucher,
                status: .delivered,
                units: units,
                charge: Amount(obol: 1_000_003),
                total: total,
                response: ResponseChain(voucher: voucher.digest),
                weights: offer.weights,
                parameters: [],
                startedAt: Timestamp(milliseconds: 1),
                finishedAt: Timestamp(milliseconds: 2)
            )
        )
        return LaneClaim(voucher: voucher.signed, receipt: receipt.signed)
    }
}
