import CanonicalCoding
import Identity
import Journal
import LedgerCore
import MarketTypes
import SettlementCore

/// What a journal says, record by record: the wallet as it was, and the calls that are open.
///
/// Receipts are verified again, because what lies on a disk is not a proof by itself.
struct GatewayReplay {
    private(set) var wallet: WalletState
    private(set) var offers: [OfferID: Offer] = [:]
    /// How those of the awaited vouchers ended that ended.
    var ended: [(voucher: Digest, charge: Amount)] { heard + writtenOff }
    private var open: [VoucherName: Verified<Voucher>] = [:]
    /// On whose behalf the open ones are, of those that say so.
    private var buyers: [VoucherName: CallBuyer] = [:]
    private var heard: [(voucher: Digest, charge: Amount)] = []
    private let recent: RecentReceipts
    private let awaited: Set<Digest>
    /// The chain of the journal's first channel, which is that of all of it.
    private var chain: ChainID?

    init(limits: WalletLimits, recent: RecentReceipts, awaited: Set<Digest> = []) {
        wallet = WalletState(limits: limits)
        self.recent = recent
        self.awaited = awaited
    }

    /// Opens a journal and replays all of it; one of another chain is left as it is.
    ///
    /// - Throws: ``GatewayError``.
    static func open(
        _ configuration: GatewayConfiguration,
        of chain: ChainID,
        limits: WalletLimits,
        recent: RecentReceipts,
        awaited: Set<Digest> = []
    ) throws(GatewayError) -> (replay: GatewayReplay, journal: Journal) {
        var replay = GatewayReplay(limits: limits, recent: recent, awaited: awaited)
        do {
            let journal = try Journal.open(
                JournalConfiguration(directory: configuration.journalDirectory)
            ) { position, bytes in
                do {
                    try replay.take(try JournalRecord(canonicalBytes: bytes))
                    if let found = replay.chain, found != chain {
                        throw GatewayError.otherChain(journal: found, ledger: chain)
                    }
                } catch let error as GatewayError {
                    throw error
                } catch {
                    throw GatewayError.inconsistentJournal(
                        "segment \(position.segment), offset \(position.offset): \(error)"
                    )
                }
            }
            return (replay, journal)
        } catch {
            throw GatewayError(journal: error)
        }
    }

    mutating func take(_ record: JournalRecord) throws {
        switch record {
        case .channel(let id, let channel, let chain):
            self.chain = self.chain ?? chain
            try wallet.putChannel(channel.terms(id: id, chain: chain))
        case .offer(let offer): offers[offer.id] = offer
        case .voucher(let signed, let unitsMax, let buyer):
            try wallet.replay(signed.document, unitsMax: unitsMax)
            let name = VoucherName(signed.document)
            open[name] = try signed.verified()
            buyers[name] = buyer
        case .receipt(let signed):
            try accept(signed)
        case .withdrawn(let name):
            guard let call = wallet.openCall(name) else { throw SettlementRefusal.wrongVoucher }
            try wallet.withdraw(call.voucher)
            buyers[name] = nil
            note(open.removeValue(forKey: name), charge: .zero)
        case .struckOff(let strike): wallet.strikeOff(strike)
        }
    }

    private mutating func accept(_ signed: Signed<Receipt>) throws {
        let paper = signed.document
        let name = VoucherName(
            channel: paper.channel,
            lane: paper.lane,
            sequence: paper.sequence
        )
        guard let voucher = open.removeValue(forKey: name) else {
            throw SettlementRefusal.wrongVoucher
        }
        guard let offer = offers[paper.offer] else { throw SettlementRefusal.wrongOffer }
        let call = SettledCall(voucher: voucher, receipt: try signed.verified())
        try wallet.accept(call, under: offer, response: nil)
        let buyer = buyers.removeValue(forKey: name)
        recent.add(RecentReceipt(call.receipt, under: offer, for: buyer))
        note(voucher, charge: paper.charge)
    }

    private mutating func note(_ voucher: Verified<Voucher>?, charge: Amount) {
        guard let voucher, awaited.contains(voucher.digest) else { return }
        heard.append((voucher.digest, charge))
    }

    /// Nobody looks for the end of these: they count as charged in full.
    private var writtenOff: [(voucher: Digest, charge: Amount)] {
        open.values.filter { awaited.contains($0.digest) }.compactMap { voucher in
            guard let call = wallet.openCall(VoucherName(voucher.document)),
                let offer = offers[voucher.document.offer], wallet.isStruckOff(offer.seller)
            else { return nil }
            let engagement = Engagement(voucher: voucher, unitsMax: call.unitsMax, offer: offer)
            return (voucher.digest, engagement.chargeMax)
        }
    }

    /// The calls without an end, to be looked up; none of sellers that are struck off.
    var engagements: [Engagement] {
        open.keys.sorted { ($0.channel, $0.lane) < ($1.channel, $1.lane) }.compactMap { name in
            guard let voucher = open[name], let call = wallet.openCall(name),
                let offer = offers[voucher.document.offer], !wallet.isStruckOff(offer.seller)
            else { return nil }
            return Engagement(
                voucher: voucher,
                unitsMax: call.unitsMax,
                offer: offer,
                buyer: buyers[name]
            )
        }
    }
}
