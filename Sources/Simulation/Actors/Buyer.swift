import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// A channel as its buyer keeps it.
struct BoughtChannel {
    var payer: PayerChannel
    let offer: Offer
    let seller: Int
    /// What was asked in each lane's open call.
    var bodies: [LaneID: [UInt8]] = [:]
    var isClosing = false
    var isClosed = false

    var hasCalls: Bool { payer.lanes.contains { $0.call != nil } }
}

/// A buyer that keeps the rules: it logs, then signs and sends, and asks again until it knows.
final class Buyer: JournaledActor, Customer {
    private(set) var channels: [ChannelID: BoughtChannel] = [:]
    private(set) var order: [ChannelID] = []
    /// The receipts it accepted, and the last one of each lane.
    private var held: [CallName: Signed<Receipt>] = [:]
    private(set) var lastHeld: [LaneName: Signed<Receipt>] = [:]
    private(set) var evidence: [FraudProof] = []
    private var accused: Set<FraudSubject> = []
    let index: Int

    init(part: Cast.Part, index: Int, place: Int, offers: [Offer], disk: SimulatedDisk) {
        self.index = index
        super.init(part: part, name: "buyer\(index)", place: place, offers: offers, disk: disk)
    }

    override func forget() {
        super.forget()
        channels = [:]
        order = []
        held = [:]
        lastHeld = [:]
        evidence = []
        accused = []
    }

    override func apply(_ record: ActorRecord) throws {
        switch record {
        case .resolved(let code, _): try applyMessages(code)
        case .voucher(let voucher, let body, _):
            let promise = voucher.document
            try channels[promise.channel]?.payer.replay(promise, unitsMax: Cast.unitsMax)
            channels[promise.channel]?.bodies[promise.lane] = body
        case .receipt(let receipt): try accept(receipt)
        case .withdrawn(let id, let lane):
            if let call = call(id, lane) { try channels[id]?.payer.withdraw(call) }
        case .terms(let id, let channel):
            channels[id]?.isClosed = channel.status == .closed
        case .evidence(let proof):
            if accused.insert(proof.subject).inserted { evidence.append(proof) }
        case .prepared: break
        }
        try super.apply(record)
    }

    /// What the transaction under way did, now that it is known.
    private func applyMessages(_ code: UInt32) throws {
        guard let transaction = desk.pending?.transaction else { return }
        for (place, message) in transaction.messages.enumerated() {
            switch message {
            case .openChannel(let opening) where code == 0:
                open(opening, transaction, place)
            case .topUpChannel(let id, let amount) where code == 0:
                guard var terms = channels[id]?.payer.terms else { break }
                terms.deposit = Amount(obol: terms.deposit.obol + amount.obol)
                try channels[id]?.payer.update(terms)
            case .closeChannel(let id) where code == 0:
                guard var terms = channels[id]?.payer.terms else { break }
                terms.isOpen = false
                try channels[id]?.payer.update(terms)
                channels[id]?.isClosing = true
            case .withdrawChannel(let id) where code == 0: channels[id]?.isClosed = true
            case .reportFraud(let proof) where code != 106:
                evidence.removeAll { $0.subject == proof.subject }
            default: break
            }
        }
    }

    private func open(_ opening: ChannelOpening, _ transaction: Transaction, _ place: Int) {
        let id = Channel.id(
            payer: transaction.sender,
            sequence: transaction.sequence,
            messageIndex: UInt8(place)
        )
        guard let seller = offers.firstIndex(where: { $0.seller == opening.payee }) else { return }
        let terms = ChannelTerms(
            chain: transaction.chain,
            id: id,
            payer: transaction.sender,
            payee: opening.payee,
            denomination: .native,
            deposit: opening.deposit,
            voucherKey: opening.voucherKey,
            lanes: opening.lanes,
            isOpen: true
        )
        let payer = PayerChannel(terms: terms)
        channels[id] = BoughtChannel(payer: payer, offer: offers[seller], seller: seller)
        order.append(id)
    }

    private func accept(_ receipt: Signed<Receipt>) throws {
        let paper = receipt.document
        guard let channel = channels[paper.channel], let call = call(paper.channel, paper.lane)
        else { return }
        try channels[paper.channel]?.payer.accept(
            receipt.verified(),
            for: part.signer.sign(call),
            under: channel.offer,
            response: nil
        )
        held[CallName(paper)] = receipt
        lastHeld[LaneName(channel: paper.channel, lane: paper.lane)] = receipt
    }

    /// The open voucher of a lane.
    func call(_ id: ChannelID, _ lane: LaneID) -> Voucher? {
        guard let lanes = channels[id]?.payer.lanes, Int(lane.rawValue) < lanes.count else {
            return nil
        }
        return lanes[Int(lane.rawValue)].call?.voucher
    }

    func held(_ name: CallName) -> Signed<Receipt>? { held[name] }

    /// Keeps a proof that a seller cheats, if it is one.
    func accuse(_ proof: FraudProof, in market: Market) throws {
        guard !accused.contains(proof.subject), let channel = channels[proof.subject.channel],
            let papers = try? proof.receipts.map({ try $0.verified() })
        else { return }
        let offers = papers.map { _ in channel.offer }
        guard (try? proof.check(papers, in: channel.payer.terms, under: offers)) != nil else {
            return
        }
        market.note("accuses", name, proof.subject.sequence)
        market.tally.frauds += 1
        try log(.evidence(proof), in: market)
    }

    override func wake(in market: Market) { work(in: market) }
    override func resume(in market: Market) throws {
        for id in order { tellLanes(of: id, in: market) }
    }

    override func unfinished(in market: Market) -> String? {
        if !isUp { return "\(name) is down" }
        if desk.pending != nil { return "\(name) waits for an answer" }
        if !evidence.isEmpty { return "\(name) has a fraud to report" }
        let open = order.filter { channels[$0]?.isClosed == false }
        return open.isEmpty ? nil : "\(name) has \(open.count) channels that are not closed"
    }
}
