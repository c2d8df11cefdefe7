import CanonicalCoding
import Consensus
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// What a seller does on the ledger.
extension Seller {
    /// Takes a channel over as some node shows it, if that is news.
    func look(at id: ChannelID, in market: Market) throws {
        guard let bytes = market.reader()?.store?.value(for: .channel(id)),
            let channel = try? Channel(canonicalBytes: bytes), channel.payee == self.id
        else { return }
        if let known = channels[id] {
            let isNews =
                channel.deposit > known.payee.terms.deposit
                || Self.rank(channel.status) > Self.rank(known.status)
            guard isNews else { return }
        }
        market.note("looks at", name, 0, 0, id.digest)
        try log(.terms(id, channel), in: market)
    }

    /// A channel's standing only ever moves on; an older answer may come later.
    private static func rank(_ status: Channel.Status) -> Int {
        switch status {
        case .open: 0
        case .closing: 1
        case .closed: 2
        }
    }

    func work(in market: Market) {
        attempt(in: market) {
            if let (messages, code) = try followUp(in: market) {
                judge(messages, code, in: market)
            }
            for id in order {
                guard let channel = channels[id], channel.status != .closed else { continue }
                let isDue = market.isWindingDown || market.chance.chance(permille: 300)
                if isDue { try look(at: id, in: market) }
            }
            guard desk.pending == nil else { return }
            if !isListed { return try transact(market.cast.publications[index], in: market) }
            if market.isWindingDown, market.chance.chance(permille: 200) {
                try findChannels(in: market)
            }
            try claim(in: market)
            guard desk.pending == nil, askedBack == 0, market.chance.chance(permille: 30) else {
                return
            }
            let part = Amount(obol: 1_000 + UInt128(desk.nextSequence))
            try transact([.unbond(part)], in: market)
        }
    }

    /// An honest claim is paid, unless the channel's time was over.
    private func judge(_ messages: [Message], _ code: UInt32, in market: Market) {
        market.tally.answers += 1
        for case .claimChannel(let claim) in messages where code != 0 && code != 106 {
            let closesAt = market.auditor.pots[claim.channel]?.closesAt ?? .max
            guard code == 509 || code == 511, closesAt <= market.auditor.height else {
                market.fail("claimable", "\(name) claimed what it was promised, and got \(code)")
                return
            }
            market.tally.lateClaims += 1
        }
    }

    /// Lists the channels that the ledger has for this seller.
    private func findChannels(in market: Market) throws {
        guard let store = market.reader()?.store else { return }
        let prefix = StateKey.channels(ofPayee: id)
        let found = try store.withState { state in
            try state.entries(prefix: prefix, after: nil, limit: 64)
        }
        for entry in found {
            let bytes = entry.key.bytes.suffix(Digest.byteCount)
            guard let digest = Digest(bytes: bytes), channels[ChannelID(digest)] == nil else {
                continue
            }
            try look(at: ChannelID(digest), in: market)
        }
    }

    /// Whether the next block is too late for a claim, as far as some node knows.
    private func isOver(_ height: BlockHeight, in market: Market) -> Bool {
        guard let node = market.reader() else { return false }
        return BlockHeight(node.engine.state + 1) >= height
    }

    private func claim(in market: Market) throws {
        for id in order {
            guard let channel = channels[id], channel.status != .closed else { continue }
            if case .closing(let height) = channel.status, isOver(height, in: market) {
                // Too late to claim; what is left goes to the payer, whoever asks for it.
                guard market.isWindingDown else { continue }
                return try transact([.withdrawChannel(id)], in: market)
            }
            let owed = channel.owed
            let isPressing = channel.status != .open
            let mayRelease = market.isWindingDown && !channel.payee.isServing
            let isDue = isPressing || market.isWindingDown || market.chance.chance(permille: 150)
            guard isDue, !owed.isEmpty || mayRelease else { continue }
            let message = ChannelClaim(
                channel: id,
                lanes: owed.map {
                    LaneClaim(voucher: $0.voucher.signed, receipt: $0.receipt.signed)
                },
                receiptsRoot: channel.payee.unclaimed.root,
                receiptsCount: channel.payee.unclaimed.count,
                release: mayRelease && (owed.isEmpty || market.chance.chance(permille: 500))
            )
            market.note("claims", name, UInt64(owed.count), message.release ? 1 : 0, id.digest)
            return try transact([.claimChannel(message)], in: market)
        }
    }
}
