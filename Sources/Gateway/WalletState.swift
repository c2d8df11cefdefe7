import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// What a wallet may do, apart for each denomination.
struct WalletLimits: Hashable, Sendable {
    let units: SortedMap<Denomination, UnitLimits>
    /// The most channels towards one seller in one denomination.
    let channelsPerSellerMax: Int

    init(units: SortedMap<Denomination, UnitLimits>, channelsPerSellerMax: Int) {
        self.units = units
        self.channelsPerSellerMax = channelsPerSellerMax
    }

    /// Limits of a wallet that pays in STOA alone.
    init(budget: Amount, deposit: Amount, topUpBelow: Amount, channelsPerSellerMax: Int) {
        var units = SortedMap<Denomination, UnitLimits>()
        units[.native] = UnitLimits(budget: budget, deposit: deposit, topUpBelow: topUpBelow)
        self.init(units: units, channelsPerSellerMax: channelsPerSellerMax)
    }

    subscript(denomination: Denomination) -> UnitLimits { units[denomination] ?? .none }
}

/// Where money goes: a seller, and in which denomination.
struct Purse: Hashable, Sendable {
    let seller: AccountID
    let denomination: Denomination
}

/// What one call needs of a wallet.
struct LaneAsk: Sendable {
    let offer: Offer
    let unitsMax: UnitCounts
    let chargeMax: Amount
    let request: Digest
    let now: Timestamp
    let expiresAt: Timestamp

    var purse: Purse { Purse(seller: offer.seller, denomination: offer.denomination) }
}

extension ChannelTerms {
    fileprivate var purse: Purse { Purse(seller: payee, denomination: denomination) }
}

/// Money to be locked towards a seller, already counted against the budget.
struct Funding: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case open
        case topUp(ChannelID)
    }

    let purse: Purse
    let kind: Kind
    /// What to lock if the account has it.
    let amount: Amount
    /// The least that serves the call.
    let least: Amount

    var seller: AccountID { purse.seller }
    var denomination: Denomination { purse.denomination }
}

/// Why a wallet has no lane for a call.
enum Shortage: Error, Hashable, Sendable {
    /// The seller broke the rules.
    case struckOff
    /// Every lane has a call in progress.
    case lanes
    /// The budget does not allow to lock `needed` more; `available` is left of it.
    case budget(Denomination, needed: Amount, available: Amount)
    /// The account has too little; of the native unit, fees included.
    case account(Denomination, needed: Amount, available: Amount)
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
    private(set) var spent = SortedMap<Denomination, Amount>()
    private(set) var calls: UInt64 = 0
    private var fundings: [Purse: Amount] = [:]
    private var uncertainFunding: [Denomination: Amount] = [:]

    init(limits: WalletLimits) {
        self.limits = limits
    }

    /// What is locked of a denomination, or may be about to be.
    func locked(_ denomination: Denomination) -> Amount {
        var sum = uncertainFunding[denomination]?.obol ?? 0
        for channel in onLedger.values where channel.denomination == denomination {
            sum += channel.locked.obol
        }
        for (purse, amount) in fundings where purse.denomination == denomination {
            sum += amount.obol
        }
        return Amount(obol: sum)
    }

    /// What the budget of a denomination still allows to lock.
    func budgetLeft(_ denomination: Denomination) -> Amount {
        let locked = locked(denomination)
        let budget = limits[denomination].budget
        return locked < budget ? Amount(obol: budget.obol - locked.obol) : .zero
    }

    /// Whether a transaction that locks such money towards a seller is under way.
    func isFunding(_ purse: Purse) -> Bool { fundings[purse] != nil }

    /// Takes a lane for a call, or says what would have to happen first.
    mutating func decide(_ ask: LaneAsk) -> Decision {
        let seller = ask.offer.seller
        guard strikes[seller] == nil else { return .refused(.struckOff) }
        let own = (channelsOfSeller[seller] ?? []).filter { id in
            channels[id]?.terms.isOpen == true
                && channels[id]?.terms.denomination == ask.offer.denomination
        }
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
        guard fundings[ask.purse] == nil else { return .wait(.lanes) }
        return decideFunding(ask, shortChannel: shortChannel, channelCount: own.count)
    }

    private mutating func decideFunding(
        _ ask: LaneAsk,
        shortChannel: ChannelID?,
        channelCount: Int
    ) -> Decision {
        let purse = ask.purse
        let unit = purse.denomination
        var shortage = Shortage.lanes
        if let id = shortChannel, let channel = channels[id] {
            let least = Amount(obol: ask.chargeMax.obol - channel.available.obol)
            if let funding = plan(.topUp(id), purse, least: least) { return .fund(funding) }
            shortage = .budget(unit, needed: least, available: budgetLeft(unit))
        } else if channelCount < limits.channelsPerSellerMax {
            let least = Amount(obol: max(1, ask.chargeMax.obol))
            if let funding = plan(.open, purse, least: least) { return .fund(funding) }
            if channelCount == 0 {
                shortage = .budget(unit, needed: least, available: budgetLeft(unit))
            }
        }
        return isBusy(purse) ? .wait(shortage) : .refused(shortage)
    }

    /// Counts a funding against the budget; nil if it does not fit, or one is under way.
    private mutating func plan(
        _ kind: Funding.Kind,
        _ purse: Purse,
        least: Amount
    ) -> Funding? {
        let left = budgetLeft(purse.denomination)
        guard least <= left, fundings[purse] == nil else { return nil }
        let amount = min(max(limits[purse.denomination].deposit, least), left)
        fundings[purse] = amount
        return Funding(purse: purse, kind: kind, amount: amount, least: least)
    }

    /// Whether a channel should be topped up in the background, and the budget allows it.
    func runsLow(_ id: ChannelID) -> Bool {
        guard let channel = channels[id] else { return false }
        let purse = channel.terms.purse
        let limits = limits[purse.denomination]
        return channel.available < limits.topUpBelow && channel.terms.isOpen
            && fundings[purse] == nil && strikes[purse.seller] == nil
            && limits.deposit <= budgetLeft(purse.denomination)
    }

    /// A top-up for a channel that runs low.
    mutating func planTopUp(of id: ChannelID) -> Funding? {
        guard runsLow(id), let purse = channels[id]?.terms.purse else { return nil }
        return plan(.topUp(id), purse, least: limits[purse.denomination].deposit)
    }

    /// Notes the end of a funding; one whose fate is unknown stays counted until the ledger's
    /// channels are read again.
    mutating func endFunding(_ funding: Funding, isUncertain: Bool) {
        fundings[funding.purse] = nil
        if isUncertain {
            let before = uncertainFunding[funding.denomination]?.obol ?? 0
            uncertainFunding[funding.denomination] = Amount(obol: before + funding.amount.obol)
        }
    }

    private func isBusy(_ purse: Purse) -> Bool {
        (channelsOfSeller[purse.seller] ?? []).contains { id in
            guard let channel = channels[id] else { return false }
            return channel.terms.denomination == purse.denomination
                && channel.lanes.contains { $0.call != nil }
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

    /// What is known of the ledger, to be compared with what a reading finds that begins now.
    struct Knowledge: Sendable {
        fileprivate let channels: Set<ChannelID>
        fileprivate let uncertainFunding: [Denomination: Amount]
    }

    var knowledge: Knowledge {
        Knowledge(
            channels: Set(channels.keys).union(onLedger.keys),
            uncertainFunding: uncertainFunding
        )
    }

    /// Keeps, of the channels that were known before the ledger's were read, only those that it
    /// still has. What came meanwhile may not be among them.
    mutating func keepOnly(_ ids: [ChannelID], of before: Knowledge) {
        for id in before.channels.subtracting(ids) { retire(id) }
        for (unit, sum) in before.uncertainFunding {
            let now = uncertainFunding[unit]?.obol ?? 0
            uncertainFunding[unit] = now > sum.obol ? Amount(obol: now - sum.obol) : nil
        }
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
        let before = spent[offer.denomination]?.obol ?? 0
        spent[offer.denomination] = Amount(obol: before &+ call.receipt.document.charge.obol)
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
