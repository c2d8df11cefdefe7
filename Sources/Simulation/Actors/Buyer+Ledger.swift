import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// What a buyer does on the ledger.
extension Buyer {
    /// Looks at the claims on its channels, and at what became of them.
    func watch(in market: Market) throws {
        guard let node = market.reader(), let store = node.store else { return }
        let height = node.engine.state
        for claim in market.auditor.paidClaims where claim.height <= height {
            guard channels[claim.channel] != nil else { continue }
            for receipt in claim.receipts { try compare(receipt, in: market) }
        }
        guard market.isWindingDown || market.chance.chance(permille: 200) else { return }
        for id in order where channels[id]?.isClosed == false {
            guard let bytes = store.value(for: .channel(id)),
                let channel = try? Channel(canonicalBytes: bytes), channel.status == .closed
            else { continue }
            market.note("sees closed", name, height, 0, id.digest)
            try log(.terms(id, channel), in: market)
        }
    }

    /// Compares a claimed receipt with those at home.
    private func compare(_ claimed: Signed<Receipt>, in market: Market) throws {
        let paper = claimed.document
        if let known = held(CallName(paper)) {
            if known != claimed { try accuse(.equivocation(claimed, known), in: market) }
            return
        }
        let lane = LaneName(channel: paper.channel, lane: paper.lane)
        guard let last = lastHeld[lane], paper.sequence <= last.document.sequence,
            paper.total > last.document.total
        else { return }
        try accuse(.overclaim(claimed: claimed, held: last), in: market)
    }

    /// Decides on the next transaction.
    func decide(in market: Market) throws {
        if let proof = evidence.first { return try transact([.reportFraud(proof)], in: market) }
        if market.isWindingDown { return try windDown(in: market) }
        let chance = market.chance
        let open = order.filter {
            channels[$0]?.isClosing == false && channels[$0]?.isClosed == false
        }
        switch chance.index(12) {
        case 0...5 where open.count < 2: try openChannel(in: market)
        case 6:
            guard let id = chance.pick(open) else { return }
            try transact([.topUpChannel(channel: id, amount: amount(5_000))], in: market)
        case 7:
            guard let to = chance.pick(market.cast.genesis.allocations)?.account else { return }
            let transfer = Message.transfer(to: to, denomination: .native, amount: amount(10))
            try transact([transfer], in: market)
        case 8:
            guard let id = chance.pick(open), chance.chance(permille: 300) else { return }
            try transact([.closeChannel(id)], in: market)
        case 9:
            guard let id = order.first(where: { channels[$0]?.isClosing == true }) else { return }
            try finish(id, in: market)
        default: break
        }
    }

    /// An amount that no other decision of this account has; a base is in whole thousands or ten.
    private func amount(_ base: UInt128) -> Amount {
        Amount(obol: base + UInt128(desk.nextSequence))
    }

    private func openChannel(in market: Market) throws {
        let seller = market.chance.index(offers.count)
        guard let store = market.reader()?.store,
            store.value(for: .offer(offers[seller].id)) != nil
        else { return }
        let opening = ChannelOpening(
            payee: offers[seller].seller,
            denomination: .native,
            deposit: amount(UInt128(market.chance.number(3...8)) * 1_000),
            voucherKey: part.signer.publicKey,
            lanes: UInt16(market.chance.number(1...3))
        )
        try transact([.openChannel(opening)], in: market)
    }

    /// Closes what is open, and takes back what is left.
    private func windDown(in market: Market) throws {
        for id in order {
            guard let channel = channels[id], !channel.isClosed else { continue }
            if channel.isClosing { return try finish(id, in: market) }
            // An honest seller will release it; waiting a while lets it.
            guard market.chance.chance(permille: 150) else { continue }
            return try transact([.closeChannel(id)], in: market)
        }
    }

    private func finish(_ id: ChannelID, in market: Market) throws {
        guard let node = market.reader(), let bytes = node.store?.value(for: .channel(id)),
            let channel = try? Channel(canonicalBytes: bytes),
            case .closing(let height) = channel.status,
            BlockHeight(node.engine.state + 1) >= height
        else { return }
        try transact([.withdrawChannel(id)], in: market)
    }
}
