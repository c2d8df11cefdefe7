import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// A voucher and all that decides whether it is admitted.
struct VoucherOffering: Hashable, Sendable {
    let voucher: Verified<Voucher>
    let offer: Offer
    /// The digest of what arrived.
    let request: Digest
    /// The most that the call may come to.
    let chargeMax: Amount
    let now: Timestamp
    /// The pass that pays for the call; nil if money does.
    var pass: PassCall?

    /// What is written down once it is admitted.
    var change: BookChange {
        guard let pass else { return .voucher(voucher) }
        return .passVoucher(voucher, pass.use, unitsMax: pass.unitsMax)
    }
}

/// Why the book does not take a voucher or a change.
enum BookRefusal: Error, Hashable, Sendable {
    /// A rule of settlement says no.
    case settlement(SettlementRefusal)
    /// The channel is not in the book.
    case unknownChannel
    /// The book has as many channels as it may.
    case full
    /// The offer is not in the book.
    case unknownOffer
    /// What is left of the pass's period is less than the call could use.
    case unitsUsed
}

/// How one lane stands, for whoever asks (CALL-9).
struct LaneStanding: Hashable, Sendable {
    /// The last sequence number that has a receipt.
    let sequence: UInt64
    /// The sequence number being served.
    let open: UInt64?
    /// The last call that has a receipt.
    let last: SettledCall?

    /// A lane that saw no call.
    static let unused = LaneStanding(sequence: 0, open: nil, last: nil)
}

/// All channels that pay this provider: a value that changes one step at a time, under a lock.
///
/// It adds no rules of its own to those of `PayeeChannel`; it finds the channel, and bounds how
/// many there are.
struct ChannelBook: Hashable, Sendable {
    private(set) var accounts: [ChannelID: ChannelAccount] = [:]
    private(set) var offers: [OfferID: Offer] = [:]
    /// What passes have used.
    private(set) var passes = PassMeter()
    /// Channels that were taken out, until that is written down: what was written of them before
    /// does not bring them back.
    private var leaving: Set<ChannelID> = []
    /// The most channels that are taken in; those in the journal are kept, however many.
    var channelsMax = Int.max

    /// Whether no more channels are taken in.
    var isFull: Bool { accounts.count >= channelsMax }

    /// Takes out the unused channel with the least in it, if there is one.
    ///
    /// Anybody can open channels with next to nothing in them; they must not keep out whoever wants
    /// to buy. One that was taken out comes back with its first voucher.
    mutating func removeUnused() -> ChannelID? {
        var found: (deposit: Amount, id: ChannelID)?
        for id in channels {
            guard let account = accounts[id], account.isUnused else { continue }
            let deposit = account.channel.terms.deposit
            if found.map({ deposit < $0.deposit }) ?? true { found = (deposit, id) }
        }
        guard let id = found?.id else { return nil }
        accounts[id] = nil
        leaving.insert(id)
        return id
    }

    /// The channels in order of their names.
    var channels: [ChannelID] { accounts.keys.sorted() }

    /// The vouchers without a receipt, by channel and lane.
    var openVouchers: [Verified<Voucher>] {
        channels.flatMap { id in
            accounts[id]?.channel.lanes.compactMap(\.open) ?? []
        }
    }

    /// How a lane stands; one that nobody has heard of is unused.
    func standing(_ channel: ChannelID, _ lane: LaneID) -> LaneStanding {
        guard let lanes = accounts[channel]?.channel.lanes, Int(lane.rawValue) < lanes.count else {
            return .unused
        }
        let found = lanes[Int(lane.rawValue)]
        return LaneStanding(
            sequence: found.sequence,
            open: found.open?.document.sequence,
            last: found.last
        )
    }

    /// Decides whether to serve a voucher; on success its lane is serving (SET-9).
    mutating func admit(_ offering: VoucherOffering) throws(BookRefusal) {
        let promise = offering.voucher.document
        if let pass = offering.pass, !passes.hasRoom(for: pass) {
            // A voucher that came before is told so, whatever is left.
            let known = standing(promise.channel, promise.lane)
            guard known.sequence >= promise.sequence || known.open != nil else { throw .unitsUsed }
        }
        let found: Void?
        do throws(SettlementRefusal) {
            found = try accounts[offering.voucher.document.channel]?.admit(offering)
        } catch {
            throw .settlement(error)
        }
        guard found != nil else { throw .unknownChannel }
        guard let pass = offering.pass else { return }
        passes.begin(pass.use, promise, unitsMax: pass.unitsMax)
    }

    /// Forgets what passes used in periods that ended before a height.
    mutating func forgetPasses(before height: BlockHeight) { passes.forget(before: height) }

    /// Draws up the receipt of a lane's open call (SET-11): failed if it cannot be charged.
    func draft(
        _ voucher: Verified<Voucher>,
        under offer: Offer,
        outcome: CallOutcome
    ) throws(BookRefusal) -> Receipt {
        guard let channel = accounts[voucher.document.channel]?.channel else {
            throw .unknownChannel
        }
        do throws(SettlementRefusal) {
            return try channel.draft(voucher, under: offer, outcome: outcome)
        } catch {
            if [.wrongVoucher, .laneOutOfRange].contains(error) { throw .settlement(error) }
        }
        let failed = CallOutcome(
            status: .failed,
            units: UnitCounts(),
            response: outcome.response,
            parameters: outcome.parameters,
            startedAt: outcome.startedAt,
            finishedAt: outcome.finishedAt
        )
        do throws(SettlementRefusal) {
            return try channel.draft(voucher, under: offer, outcome: failed)
        } catch {
            throw .settlement(error)
        }
    }

    /// Takes over where a channel stands on the ledger; it is not written down, because the ledger
    /// is asked at every start.
    mutating func setStatus(_ status: Channel.Status, of channel: ChannelID) {
        accounts[channel]?.setStatus(status)
    }
}

extension ChannelBook {
    /// Makes a change that is written down, now or when the journal is replayed.
    mutating func apply(_ change: BookChange) throws(BookRefusal) {
        switch change {
        case .terms(let terms): try setTerms(terms)
        case .offer(let offer): offers[offer.id] = offer
        case .passVoucher(let voucher, let use, let unitsMax):
            try apply(.voucher(voucher))
            passes.begin(use, voucher.document, unitsMax: unitsMax)
        case .voucher(let voucher):
            guard let offer = offers[voucher.document.offer] else { throw .unknownOffer }
            // It was admitted once, so time and price were right then.
            try admit(
                VoucherOffering(
                    voucher: voucher,
                    offer: offer,
                    request: voucher.document.request,
                    chargeMax: .zero,
                    now: Timestamp(milliseconds: 0)
                )
            )
        case .receipt(let receipt):
            try update(receipt.document.channel) { account throws(SettlementRefusal) in
                try account.finish(receipt)
            }
            passes.end(receipt.document)
        case .claimBegun(let channel): try update(channel) { $0.beginClaim() }
        case .claimPaid(let channel): try update(channel) { $0.endClaim() }
        case .claimDropped(let channel): try update(channel) { $0.dropClaim() }
        case .settled(let channel, let lanes):
            try update(channel) { account throws(SettlementRefusal) in
                try account.setSettlements(lanes)
            }
        case .forgotten(let channel):
            accounts[channel] = nil
            leaving.remove(channel)
        }
    }

    private mutating func setTerms(_ terms: ChannelTerms) throws(BookRefusal) {
        guard !leaving.contains(terms.id) else { return }
        guard accounts[terms.id] == nil else {
            return try update(terms.id) { account throws(SettlementRefusal) in
                try account.setTerms(terms)
            }
        }
        guard !isFull else { throw .full }
        accounts[terms.id] = ChannelAccount(terms: terms)
    }

    private mutating func update(
        _ channel: ChannelID,
        _ body: (inout ChannelAccount) throws(SettlementRefusal) -> Void
    ) throws(BookRefusal) {
        let found: Void?
        do throws(SettlementRefusal) {
            found = try accounts[channel]?.change(body)
        } catch {
            throw .settlement(error)
        }
        guard found != nil else { throw .unknownChannel }
    }
}
