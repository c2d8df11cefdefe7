import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// A channel as its seller keeps it.
struct SoldChannel {
    var payee: PayeeChannel
    var settled: [LaneSettlement]
    var status = Channel.Status.open
    /// Whether the rest was given up: nothing more is served then.
    var isReleasing = false
    /// What was asked, and by whom, in each lane's open call.
    var bodies: [LaneID: [UInt8]] = [:]
    var receiptsSinceClaim = MerkleFrontier()

    init(terms: ChannelTerms) {
        payee = PayeeChannel(terms: terms)
        settled = Array(repeating: .none, count: Int(terms.lanes))
    }

    /// The lanes that are owed something, each with its last call.
    var owed: [SettledCall] {
        zip(payee.lanes, settled).compactMap { lane, settled in
            lane.total > settled.total ? lane.last : nil
        }
    }
}

/// A seller that keeps the rules: it logs a voucher, then serves; it logs a receipt, then sends.
final class Seller: JournaledActor, Merchant {
    private(set) var channels: [ChannelID: SoldChannel] = [:]
    private(set) var order: [ChannelID] = []
    private(set) var isListed = false
    private(set) var askedBack: UInt32 = 0
    /// Who waits for which voucher's answer; lost in a crash, like a connection.
    var customers: [Digest: Int] = [:]
    let index: Int
    private let chain: ChainID

    init(cast: Cast, index: Int, place: Int, disk: SimulatedDisk) {
        self.index = index
        chain = cast.chain
        let part = cast.sellers[index]
        let offers = cast.offers
        super.init(part: part, name: "seller\(index)", place: place, offers: offers, disk: disk)
    }

    var offer: Offer { offers[index] }

    override func forget() {
        super.forget()
        channels = [:]
        order = []
        isListed = false
        askedBack = 0
        customers = [:]
    }

    override func apply(_ record: ActorRecord) throws {
        if case .resolved(0, _) = record { settle(desk.pending?.transaction.messages ?? []) }
        try super.apply(record)
        switch record {
        case .prepared:
            for case .claimChannel(let claim) in desk.pending?.transaction.messages ?? [] {
                if claim.release { channels[claim.channel]?.isReleasing = true }
                channels[claim.channel]?.receiptsSinceClaim = MerkleFrontier()
            }
        case .terms(let id, let channel): try apply(id, channel)
        case .voucher(let voucher, let body, let time):
            let id = voucher.document.channel
            try channels[id]?.payee.admit(
                voucher.verified(),
                under: offer,
                request: RequestDigest.of(path: Buyer.path, body: body),
                chargeMax: Amount(obol: Cast.chargeMax),
                now: time
            )
            channels[id]?.bodies[voucher.document.lane] = body
        case .receipt(let receipt):
            let verified = try receipt.verified()
            try channels[receipt.document.channel]?.payee.finish(verified)
            channels[receipt.document.channel]?.receiptsSinceClaim.append(verified.digest)
        case .resolved, .withdrawn, .evidence: break
        }
    }

    private func apply(_ id: ChannelID, _ channel: Channel) throws {
        guard let known = channels[id] else {
            let terms = channel.terms(id: id, chain: chain)
            channels[id] = SoldChannel(terms: terms)
            channels[id]?.status = channel.status
            order.append(id)
            return
        }
        var terms = channel.terms(id: id, chain: chain)
        terms.deposit = max(terms.deposit, known.payee.terms.deposit)
        terms.isOpen = channel.status == .open && known.payee.terms.isOpen
        try channels[id]?.payee.update(terms)
        channels[id]?.status = channel.status
    }

    /// Notes what the transaction under way did.
    private func settle(_ messages: [Message]) {
        for message in messages {
            switch message {
            case .publishOffer: isListed = true
            case .unbond: askedBack += 1
            case .claimChannel(let claim):
                guard var channel = channels[claim.channel] else { break }
                for lane in claim.lanes {
                    let paper = lane.receipt.document
                    channel.settled[Int(paper.lane.rawValue)] = LaneSettlement(
                        sequence: paper.sequence,
                        total: paper.total
                    )
                }
                let sum = channel.settled.reduce(UInt128(0)) { $0 + $1.total.obol }
                channel.payee.claimed(
                    settled: Amount(obol: sum),
                    receipts: channel.receiptsSinceClaim
                )
                if claim.release { channel.status = .closed }
                channels[claim.channel] = channel
            default: break
            }
        }
    }

    override func wake(in market: Market) { work(in: market) }
    override func resume(in market: Market) throws { try failOpenCalls(in: market) }

    override func unfinished(in market: Market) -> String? {
        if !isUp { return "\(name) is down" }
        if desk.pending != nil { return "\(name) waits for an answer" }
        if !isListed { return "\(name) is not listed" }
        let open = market.auditor.potOrder.filter { id in
            guard let pot = market.auditor.pots[id] else { return false }
            return pot.payee == self.id && !pot.isClosed
        }
        return open.isEmpty ? nil : "\(name) has \(open.count) channels that are not closed"
    }
}
