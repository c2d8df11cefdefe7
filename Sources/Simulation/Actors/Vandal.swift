import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// Somebody who sends nodes what they should not take: noise, torn and spoiled transactions, old
/// ones, gaps, low fees, other chains, floods, and two transactions with one number.
struct Vandal {
    /// How many transactions one flood has.
    private static let floodCount: UInt64 = 5

    let part: Cast.Part

    func strike(in market: Market) {
        let chance = market.chance
        market.note("strikes", "vandal")
        switch chance.index(16) {
        case 0: market.submit(chance.bytes(1 + chance.index(300)))
        case 1:
            let bytes = old(in: market)
            market.submit(Array(bytes.prefix(chance.index(max(1, bytes.count)))))
        case 2, 3:
            var bytes = old(in: market)
            bytes[chance.index(bytes.count)] ^= UInt8(1 << chance.index(8))
            market.submit(bytes)
        case 4:
            let other = ChainID(Digest(sha256: [1]))
            market.submit(transfer(in: market, chain: other))
        case 5:
            let next = next(in: market)
            for step in 0..<Self.floodCount {
                market.submit(transfer(in: market, sequence: next + step, amount: 1))
            }
        case 6:
            for amount in [UInt128(1), 2] { market.submit(transfer(in: market, amount: amount)) }
        default: market.submit(plausible(in: market))
        }
    }

    /// A transaction whose form is right, and which should not run.
    func plausible(in market: Market) -> [UInt8] {
        let chance = market.chance
        return switch chance.index(10) {
        case 0: old(in: market)
        case 1: transfer(in: market, sequence: next(in: market) + 1 + chance.source.below(3))
        case 2: transfer(in: market, fee: 1)
        case 3: transfer(in: market, fee: 1 << 70)
        case 4: transfer(in: market, amount: 1 << 80)
        case 5: transfer(in: market, then: 1 << 80)
        case 6...8: sign([meddling(in: market)], in: market)
        default: transfer(in: market, validBlocks: 0)
        }
    }

    /// Any transaction of the chain, or one of its own if there is none.
    private func old(in market: Market) -> [UInt8] {
        let block = market.chance.pick(market.chain.filter { !$0.transactions.isEmpty })
        return market.chance.pick(block?.transactions ?? []) ?? transfer(in: market)
    }

    private func next(in market: Market) -> UInt64 {
        (market.auditor.holders[part.id]?.sequence ?? 0) + 1
    }

    /// Something about what is somebody else's.
    private func meddling(in market: Market) -> Message {
        let chance = market.chance
        let channel = chance.pick(market.auditor.potOrder) ?? ChannelID(.zero)
        let offer = market.cast.offers[chance.index(market.cast.offers.count)]
        return switch chance.index(9) {
        case 0...2: .withdrawChannel(channel)
        case 3: .closeChannel(channel)
        case 4: .topUpChannel(channel: channel, amount: Amount(obol: 5))
        case 5: .withdrawOffer(offer.id)
        case 6: .publishOffer(offer)
        case 7: .unbond(Amount(obol: 1))
        default:
            .claimChannel(
                ChannelClaim(
                    channel: channel,
                    lanes: [],
                    receiptsRoot: .zero,
                    receiptsCount: 0,
                    release: true
                )
            )
        }
    }

    private func transfer(
        in market: Market,
        chain: ChainID? = nil,
        sequence: UInt64? = nil,
        fee: UInt128 = 3_000,
        amount: UInt128 = 3,
        then second: UInt128? = nil,
        validBlocks: UInt64 = 4
    ) -> [UInt8] {
        let receiver = market.cast.buyers[0].id
        let amounts = [amount] + (second.map { [$0] } ?? [])
        return sign(
            amounts.map {
                .transfer(to: receiver, denomination: .native, amount: Amount(obol: $0))
            },
            in: market,
            chain: chain,
            sequence: sequence,
            fee: fee,
            validBlocks: validBlocks
        )
    }

    private func sign(
        _ messages: [Message],
        in market: Market,
        chain: ChainID? = nil,
        sequence: UInt64? = nil,
        fee: UInt128 = 3_000,
        validBlocks: UInt64 = 4
    ) -> [UInt8] {
        part.account.sign(
            Transaction(
                chain: chain ?? market.cast.chain,
                sender: part.id,
                sequence: sequence ?? next(in: market),
                fee: Amount(obol: fee),
                validUntil: BlockHeight(market.nextHeight - 1 + validBlocks),
                messages: messages
            )
        ).signed.canonicalBytes
    }
}
