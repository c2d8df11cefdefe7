import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// What a wallet may do; amounts in obol.
struct WalletLimits: Hashable, Sendable {
    /// The most that may be locked in channels at once.
    let budget: Amount
    /// What a channel or a top-up locks, unless one call needs more.
    let deposit: Amount
    /// Below this, a channel is topped up in the background.
    let topUpBelow: Amount
    let channelsPerSellerMax: Int
}

/// What one call needs of a wallet.
struct LaneAsk: Sendable {
    let offer: Offer
    let unitsMax: UnitCounts
    let chargeMax: Amount
    let request: Digest
    let now: Timestamp
    let expiresAt: Timestamp
}

/// Money to be locked towards a seller, already counted against the budget.
struct Funding: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case open
        case topUp(ChannelID)
    }

    let seller: AccountID
    let kind: Kind
    /// What to lock if the account has it.
    let amount: Amount
    /// The least that serves the call.
    let least: Amount
}

/// Why a wallet has no lane for a call.
enum Shortage: Error, Hashable, Sendable {
    /// The seller broke the rules.
    case struckOff
    /// Every lane has a call in progress.
    case lanes
    /// The budget does not allow to lock `needed` obol more; `available` are left of it.
    case budget(needed: Amount, available: Amount)
    /// The account has too little; fees included.
    case account(needed: Amount, available: Amount)
    /// The ledger gave no answer, or refused.
    case ledger(String)
    /// The channel or offer cannot be used.
    case refused(SettlementRefusal)
    /// Too many calls wait.
    case overloaded
}

/// Every channel and promise of one payer, and the rules for locking more money.
///
/// A pure value: the money rules themselves are ``PayerChannel``'s.
struct WalletState: Sendable {
    /// What to do about a call.
    enum Decision: Sendable {
        case reserved(Voucher)
        /// The caller must lock this, and report back.
        case fund(Funding)
        /// Something under way may help.
        case wait(Shortage)
        case refused(Shortage)
    }

    let limits: WalletLimits
    private(set) var channels: [ChannelID: PayerChannel] = [:]
    private(set) var channelsOfSeller: [AccountID: [ChannelID]] = [:]
    /// Every channel of this payer that still locks money, usable or not.
    private(set) var onLedger: [ChannelID: Channel] = [:]
    private(set) var strikes: [AccountID: StrikeOff] = [:]
    /// Everything that receipts charged, in channels that are gone too.
    private(set) var spent = Amount.zero
    private(set) var calls: UInt64 = 0
    private var fundings: [AccountID: Amount] = [:]
    private var uncertainFunding = Amount.zero

    init(limits: WalletLimits) {
        self.limits = limits
    }

    /// What is locked, or may be about to be.
    var locked: Amount {
        let inChannels = onLedger.values.reduce(UInt128(0)) { $0 + $1.locked.obol }
        let onTheWay = fundings.values.reduce(uncertainFunding.obol) { $0 + $1.obol }
        return Amount(obol: inChannels + onTheWay)
    }

    /// What the budget still allows to lock.
    var budgetLeft: Amount {
        let locked = locked
        return locked < limits.budget
            ? Amount(obol: limits.budget.obol - locked.obol) : .zero
    }

    /// Whether a transaction that locks money towards `seller` is under way.
    func isFunding(_ seller: AccountID) -> Bool { fundings[seller] != nil }

    /// Takes a lane for a call, or says what would have to happen first.
    mutating func decide(_ ask: LaneAsk) -> Decision {
        let seller = ask.offer.seller
        guard strikes[seller] == nil else { return .refused(.struckOff) }
        let own = (channelsOfSeller[seller] ?? []).filter { channels[$0]?.terms.isOpen == true }
        var shortChannel: ChannelID?
        for id in own {
            do throws(SettlementRefusal) {
                let voucher = try channels[id]?.reserve(
                    offer: ask.offer,
                    request: ask.request,
                    unitsMax: ask.unitsMax,
                    now: ask.now,
                    expiresAt: ask.expiresAt
                )
                if let voucher { return .reserved(voucher) }
            } catch .noFreeLane {
                continue
            } catch .insufficientDeposit {
                shortChannel = id
            } catch {
                return .refused(.refused(error))
            }
        }
        guard fundings[seller] == nil else { return .wait(.lanes) }
        return decideFunding(ask, shortChannel: shortChannel, channelCount: own.count)
    }

    private mutating func decideFunding(
        _ ask: LaneAsk,
        shortChannel: ChannelID?,
        channelCount: Int
    ) -> Decision {
        let seller = ask.offer.seller
        var shortage = Shortage.lanes
        if let id = shortChannel, let channel = channels[id] {
            let least = Amount(obol: ask.chargeMax.obol - channel.available.obol)
            if let funding = plan(.topUp(id), seller, least: least) { return .fund(funding) }
            shortage = .budget(needed: least, available: budgetLeft)
        } else if channelCount < limits.channelsPerSellerMax {
            let least = Amount(obol: max(1, ask.chargeMax.obol))
            if let funding = plan(.open, seller, least: least) { return .fund(funding) }
            if channelCount == 0 { shortage = .budget(needed: least, available: budgetLeft) }
        }
        return isBusy(seller) ? .wait(shortage) : .refused(shortage)
    }

    /// Counts a funding against the budget; nil if it does not fit, or one is under way.
    private mutating func plan(
        _ kind: Funding.Kind,
        _ seller: AccountID,
        least: Amount
    ) -> Funding? {
        let left = budgetLeft
        guard least <= left, fundings[seller] == nil else { return nil }
        let amount = min(max(limits.deposit, least), left)
        fundings[seller] = amount
        return Funding(seller: seller, kind: kind, amount: amount, least: least)
    }

    /// Whether a channel should be topped up in the background, and the budget allows it.
    func runsLow(_ id: ChannelID) -> Bool {
        guard let channel = channels[id], channel.available < limits.topUpBelow else {
            return false
        }
        return channel.terms.isOpen && fundings[channel.terms.payee] == nil
            && strikes[channel.terms.payee] == nil && limits.deposit <= budgetLeft
    }

    /// A top-up for a channel that runs low.
    mutating func planTopUp(of id: ChannelID) -> Funding? {
        guard runsLow(id), let seller = channels[id]?.terms.payee else { return nil }
        return plan(.topUp(id), seller, least: limits.deposit)
    }

    /// Notes the end of a funding; one whose fate is unknown stays counted until the ledger's
    /// channels are read again.
    mutating func endFunding(_ funding: Funding, isUncertain: Bool) {
        fundings[funding.seller] = nil
        if isUncertain {
            uncertainFunding = Amount(obol: uncertainFunding.obol + funding.amount.obol)
        }
    }

    private func isBusy(_ seller: AccountID) -> Bool {
        (channelsOfSeller[seller] ?? []).contains { id in
            channels[id]?.lanes.contains { $0.call != nil } ?? false
        }
    }

    /// Whether the seller is paid nothing more.
    func isStruckOff(_ seller: AccountID) -> Bool { strikes[seller] != nil }

    mutating func strikeOff(_ strike: StrikeOff) {
        if strikes[strike.seller] == nil { strikes[strike.seller] = strike }
    }
}

extension WalletState {
    /// Takes over a channel as the ledger shows it; one that is new here starts with idle lanes.
    ///
    /// A deposit only ever grows, so terms with a smaller one are old news and change nothing.
    ///
    /// - Throws: what ``PayerChannel/update(_:)`` throws.
    mutating func putChannel(_ terms: ChannelTerms) throws(SettlementRefusal) {
        if let known = channels[terms.id]?.terms {
            guard terms.deposit >= known.deposit else { return }
            try channels[terms.id]?.update(terms)
        } else {
            channels[terms.id] = PayerChannel(terms: terms)
            channelsOfSeller[terms.payee, default: []].append(terms.id)
        }
    }

    /// Notes how a channel stands on the ledger; a closed one is retired.
    mutating func noteLedger(_ id: ChannelID, _ channel: Channel) {
        guard channel.status != .closed else { return retire(id) }
        guard channel.deposit >= onLedger[id]?.deposit ?? .zero else { return }
        onLedger[id] = channel
    }

    /// Keeps only channels that the ledger still has.
    mutating func keepOnly(_ ids: [ChannelID]) {
        let kept = Set(ids)
        let gone = Set(channels.keys).union(onLedger.keys).subtracting(kept)
        for id in gone { retire(id) }
        uncertainFunding = .zero
    }

    /// Uses a channel no more; it is kept while a receipt for a call in it may still come.
    private mutating func retire(_ id: ChannelID) {
        onLedger[id] = nil
        guard let channel = channels[id] else { return }
        channelsOfSeller[channel.terms.payee]?.removeAll { $0 == id }
        guard channel.lanes.contains(where: { $0.call != nil }) else {
            channels[id] = nil
            return
        }
        var terms = channel.terms
        terms.isOpen = false
        // The deposit is the same, so what was promised still fits.
        try? channels[id]?.update(terms)
    }

    /// Puts a logged voucher back.
    mutating func replay(
        _ voucher: Voucher,
        unitsMax: UnitCounts
    ) throws(SettlementRefusal) {
        guard channels[voucher.channel] != nil else { throw .wrongChannel }
        try channels[voucher.channel]?.replay(voucher, unitsMax: unitsMax)
    }

    func check(_ call: SettledCall, under offer: Offer, response: ResponseChain?)
        throws(SettlementRefusal)
    {
        guard let channel = channels[call.voucher.document.channel] else { throw .wrongChannel }
        try channel.check(call.receipt, for: call.voucher, under: offer, response: response)
    }

    mutating func accept(
        _ call: SettledCall,
        under offer: Offer,
        response: ResponseChain?
    ) throws(SettlementRefusal) {
        let id = call.voucher.document.channel
        guard channels[id] != nil else { throw .wrongChannel }
        try channels[id]?.accept(
            call.receipt,
            for: call.voucher,
            under: offer,
            response: response
        )
        spent = Amount(obol: spent.obol &+ call.receipt.document.charge.obol)
        calls += 1
    }

    mutating func withdraw(_ voucher: Voucher) throws(SettlementRefusal) {
        guard channels[voucher.channel] != nil else { throw .wrongChannel }
        try channels[voucher.channel]?.withdraw(voucher)
    }

    /// The open voucher of a lane, by name.
    func openCall(_ name: VoucherName) -> PayerLane.Call? {
        guard let lanes = channels[name.channel]?.lanes, name.lane.rawValue < lanes.count,
            let call = lanes[Int(name.lane.rawValue)].call, call.voucher.sequence == name.sequence
        else { return nil }
        return call
    }
}
