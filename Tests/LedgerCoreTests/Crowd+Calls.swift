import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// Claims and fraud reports: what the crowd's members sign to each other, right and wrong.
extension Crowd {
    /// What can go wrong with one call, a bit of everything in SET-8.
    private static let wrongs: [@Sendable (inout CallDraft, inout SplitMix64) -> Void] = [
        { draft, _ in draft.receipt.chain = ChainID(digest(1)) },
        { draft, _ in draft.voucher.chain = ChainID(digest(1)) },
        { draft, _ in draft.receipt.channel = ChannelID(digest(1)) },
        { draft, _ in draft.voucher.channel = ChannelID(digest(1)) },
        { draft, _ in draft.receipt.signer = Person.dave.receiptKey },
        { draft, _ in draft.voucher.signer = Person.erin.voucherKey },
        { draft, _ in draft.receipt.offer = OfferID(digest(1)) },
        { draft, _ in draft.voucher.offer = OfferID(digest(1)) },
        { draft, _ in draft.receipt.startedAt = Timestamp(milliseconds: 900_000_000) },
        { draft, _ in draft.voucher.expiresAt = Timestamp(milliseconds: 4999) },
        { draft, random in draft.receipt.lane = UInt16(random.below(3)) },
        { draft, _ in (draft.receipt.lane, draft.voucher.lane) = (1025, 1025) },
        { draft, _ in draft.receipt.request = digest(1) },
        { draft, _ in draft.receipt.voucher = digest(1) },
        { draft, _ in draft.receipt.sequence += 1 },
        { draft, _ in draft.receipt.weights = digest(0x44) },
        { draft, _ in draft.receipt.units[.second] = 1 },
        { draft, _ in draft.receipt.charge += 1 },
        { draft, _ in draft.receipt.charge = draft.receipt.charge &- 1 },
        { draft, _ in draft.receipt.status = .failed },
        { draft, _ in draft.receipt.total = draft.receipt.charge / 2 },
        { draft, _ in draft.voucher.cap = draft.receipt.total &- 1 },
        { draft, _ in draft.receipt.finishedAt = Timestamp(milliseconds: 4999) },
        { draft, _ in (draft.voucher.sequence, draft.receipt.sequence) = (0, 0) },
        { draft, _ in
            (draft.voucher.sequence, draft.receipt.sequence) = (
                draft.voucher.sequence &- 1, draft.receipt.sequence &- 1
            )
        },
        { draft, _ in
            (draft.voucher.cap, draft.receipt.total) = (
                draft.voucher.cap &+ 90_000, draft.receipt.total &+ 90_000
            )
        },
    ]

    private mutating func units(_ offer: Offer) -> UnitCounts {
        var units = UnitCounts()
        for (unit, _) in offer.prices.prices.entries where !random.once(in: 3) {
            units[unit] = UInt64(1 + random.below(30))
        }
        return units
    }

    private mutating func call(
        _ pot: AuditorLedger.Pot,
        _ id: ChannelID,
        lane: UInt16,
        _ auditor: AuditorLedger
    ) -> CallDraft? {
        guard let payer = Person.of(pot.payer), let payee = Person.of(pot.payee) else { return nil }
        let denomination = slips(5) ? nil : pot.denomination
        guard let offer = pickOffer(auditor, of: payee, in: denomination) else { return nil }
        let settled = pot.settled[lane] ?? (0, 0)
        var draft = CallDraft(
            chain: auditor.chain,
            channel: id,
            lane: lane,
            after: LaneSettlement(
                sequence: settled.sequence,
                total: Amount(obol: settled.total)
            ),
            under: offer,
            units: units(offer),
            payer: payer,
            payee: payee
        )
        // Calls in between that nobody claimed.
        let skipped = UInt64(random.below(3))
        draft.voucher.sequence &+= skipped
        draft.receipt.sequence &+= skipped
        let more = skipped == 0 ? 0 : UInt128(random.below(100))
        draft.voucher.cap &+= more + UInt128(random.below(50))
        draft.receipt.total &+= more
        if random.once(in: 8) {
            let charge = draft.receipt.charge
            (draft.receipt.status, draft.receipt.units) = (.failed, UnitCounts())
            (draft.receipt.charge, draft.receipt.total) = (0, draft.receipt.total &- charge)
        }
        return draft
    }

    mutating func claim(_ actor: Person, _ auditor: AuditorLedger) -> Message {
        let stranger = slips(4)
        let known = auditor.pots.filter {
            stranger || ($0.value.payee == actor.id && !$0.value.isClosed)
        }
        guard let id = random.pick(known.map(\.key).sorted()), let pot = auditor.pots[id] else {
            return .depositBond(Amount(obol: 5))
        }
        var lanes: [LaneClaim] = []
        for lane in 0..<min(pot.lanes, 3) where lane == 0 || random.once(in: 2) {
            guard var draft = call(pot, id, lane: lane, auditor) else { continue }
            if slips(3), let wrong = random.pick(Self.wrongs) { wrong(&draft, &random) }
            lanes.append(draft.claim)
        }
        if slips(8) { lanes.reverse() }
        if slips(12) { lanes.removeAll() }
        return .claimChannel(
            ChannelClaim(
                channel: id,
                lanes: lanes,
                receiptsRoot: digest(UInt8(random.below(256))),
                receiptsCount: random.next(),
                release: random.once(in: 12)
            )
        )
    }

    mutating func fraud(_ auditor: AuditorLedger) -> Message {
        let staked = auditor.pots.filter { auditor.stakes[$0.value.payee] != nil }
        let known = (staked.isEmpty || random.once(in: 6) ? auditor.pots : staked)
        guard let id = random.pick(known.map(\.key).sorted()), let pot = auditor.pots[id],
            let draft = call(pot, id, lane: UInt16(random.below(3)), auditor)
        else { return .depositBond(Amount(obol: 7)) }
        var (first, second) = (draft, draft)
        if !random.once(in: 5) { first.receipt.total &+= 1 }
        if random.once(in: 4) { first.receipt.charge += 1 }
        if random.once(in: 4) { second.receipt.sequence &+= UInt64(random.below(3)) }
        if random.once(in: 8), let wrong = random.pick(Self.wrongs) { wrong(&second, &random) }
        if random.once(in: 8), let wrong = random.pick(Self.wrongs) { wrong(&first, &random) }
        let promise = draft.voucher.signed.digest
        let one = first.receipt.signed(answering: promise).signed
        let two = second.receipt.signed(answering: promise).signed
        return switch random.below(3) {
        case 0: .reportFraud(.equivocation(one, two))
        case 1: .reportFraud(.wrongCharge(one))
        default: .reportFraud(.overclaim(claimed: one, held: two))
        }
    }
}
