import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes

/// What a dealer may ask the ledger for next: something of every component, with numbers and
/// names that are right often enough to lead somewhere.
struct DealerScript {
    let me: Cast.Part
    let market: Market

    var chance: Chance { market.chance }
    var height: UInt64 { UInt64(market.chain.count) }

    /// A message, or nil if nothing comes to mind.
    func message() -> Message? {
        let scripts: [() -> Message?] = [
            transfer, publishAsset, changeAsset, authorize, publishOffer, publishPlan, usePlan,
            dealInShares, dealInUnits, govern, dealInJobs, dealInBonds, judge, judge, tradeInPools,
            tradeByOrders,
        ]
        return scripts[chance.index(scripts.count)]()
    }

    // MARK: what messages are made of

    /// One of the dealers, oneself included.
    var somebody: AccountID { market.cast.dealers[chance.index(market.cast.dealers.count)].id }

    /// A small amount, now and then none or too much.
    var amount: Amount {
        switch chance.index(12) {
        case 0: .zero
        case 1: Amount(obol: 1)
        case 2: Amount(obol: 1 << 90)
        default: Amount(obol: UInt128(chance.number(1...200_000)))
        }
    }

    /// Something that an event named, or a name that means nothing.
    func known(_ kind: String) -> Digest {
        chance.pick(market.replica.names[kind] ?? []) ?? Digest(sha256: [9])
    }

    var someDigest: Digest { Digest(sha256: chance.bytes(2)) }

    private func transfer() -> Message? {
        .transfer(to: somebody, denomination: .native, amount: amount)
    }
}
