import CanonicalCoding
public import MarketTypes

extension Ledger {
    /// Applies a message about money locked for one job.
    mutating func apply(
        _ message: EscrowMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .lock(let terms): try lockEscrow(terms, from: origin)
        case .accept(let id): try acceptJob(id, from: origin)
        case .deliver(let id, let content): try deliverJob(id, content, from: origin)
        case .approve(let id): try approveJob(id, from: origin)
        case .cancel(let id): try cancelJob(id, from: origin)
        }
    }

    /// Locks the pay for a job (ESC-10).
    private mutating func lockEscrow(
        _ terms: JobTerms,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        guard !terms.amount.isZero else { throw .escrows(.zeroAmount) }
        guard terms.seller != origin.sender else { throw .escrows(.sameParty) }
        guard state.exists(terms.denomination) else {
            throw .escrows(.unknownDenomination)
        }
        if let asset = terms.asset {
            guard state.read(Asset.self, .asset(asset))?.owner == terms.seller else {
                throw .escrows(.notSellersAsset)
            }
            try checkIncomeShared(terms.denomination, of: asset)
        }
        let most = state.value(of: .escrowBlocksMax)
        let review = state.value(of: .escrowReviewBlocksMin)
        guard terms.acceptBy > origin.height, terms.deliverBy > terms.acceptBy,
            terms.deliverBy.rawValue - origin.height.rawValue <= most,
            terms.reviewBlocks >= review, terms.reviewBlocks <= most,
            let due = terms.acceptBy.advanced(byBlocks: 1)
        else { throw .escrows(.invalidTimes) }
        let id = EscrowID(
            buyer: origin.sender,
            sequence: origin.sequence,
            messageIndex: origin.messageIndex
        )
        try state.schedule(Deadline(.escrow, id.digest), at: due, from: origin.height)
        try state.move(terms.amount, from: origin.sender, to: .escrow(id, terms.denomination))
        state.write(Escrow(buyer: origin.sender, terms: terms, status: .offered), .escrow(id))
        for party in [origin.sender, terms.seller] {
            state.write(Presence(), .escrow(id, of: party))
        }
        return [.escrows(.locked(id, buyer: origin.sender, terms))]
    }

    /// Takes a job (ESC-11).
    private mutating func acceptJob(
        _ id: EscrowID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        var escrow = try escrow(id)
        guard escrow.terms.seller == origin.sender else { throw .escrows(.notParty) }
        guard escrow.status == .offered else { throw .escrows(.wrongStatus) }
        guard origin.height <= escrow.terms.acceptBy else { throw .escrows(.tooLate) }
        guard let due = escrow.terms.deliverBy.advanced(byBlocks: 1) else {
            throw .escrows(.invalidTimes)
        }
        try state.schedule(Deadline(.escrow, id.digest), at: due, from: origin.height)
        escrow.status = .accepted
        state.write(escrow, .escrow(id))
        return [.escrows(.accepted(id))]
    }

    /// Says what was done (ESC-12), whether or not there is room for the review's end: whoever
    /// fills the heights that it needs pays fees alone, and must not keep a seller from delivering.
    private mutating func deliverJob(
        _ id: EscrowID,
        _ content: Digest,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        var escrow = try escrow(id)
        guard escrow.terms.seller == origin.sender else { throw .escrows(.notParty) }
        guard escrow.status == .accepted else { throw .escrows(.wrongStatus) }
        guard origin.height <= escrow.terms.deliverBy else { throw .escrows(.tooLate) }
        guard let reviewBy = origin.height.advanced(byBlocks: escrow.terms.reviewBlocks),
            let due = reviewBy.advanced(byBlocks: 1)
        else { throw .escrows(.invalidTimes) }
        do throws(Refusal) {
            try state.schedule(Deadline(.escrow, id.digest), at: due, from: origin.height)
        } catch {
            guard error == .deadlines(.tooManyDue) else { throw error }
        }
        escrow.status = .delivered(content: content, reviewBy: reviewBy)
        state.write(escrow, .escrow(id))
        return [.escrows(.delivered(id, content: content, reviewBy: reviewBy))]
    }

    /// Pays the seller (ESC-13); a buyer may do so even before the delivery, the seller itself if
    /// the review is over and has not ended the job.
    private mutating func approveJob(
        _ id: EscrowID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        let escrow = try escrow(id)
        let isOverdue = escrow.isReviewOver(at: origin.height)
        let approvers = isOverdue ? [escrow.buyer, escrow.terms.seller] : [escrow.buyer]
        guard approvers.contains(origin.sender) else { throw .escrows(.notParty) }
        switch escrow.status {
        case .accepted, .delivered: return try end(escrow, id, .paid)
        case .offered, .disputed, .ended: throw .escrows(.wrongStatus)
        }
    }

    /// Gives the pay back (ESC-14).
    private mutating func cancelJob(
        _ id: EscrowID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        let escrow = try escrow(id)
        let isSeller = escrow.terms.seller == origin.sender
        guard isSeller || escrow.buyer == origin.sender else { throw .escrows(.notParty) }
        switch escrow.status {
        case .offered: break
        case .accepted, .delivered:
            guard isSeller else { throw .escrows(.wrongStatus) }
        case .disputed, .ended: throw .escrows(.wrongStatus)
        }
        return try end(escrow, id, .refunded)
    }

    /// Ends what nobody did anything about in time (ESC-20).
    mutating func escrowDue(
        _ name: Digest,
        at context: BlockContext
    ) throws(Refusal) -> [Event] {
        let id = EscrowID(name)
        guard let escrow = state.read(Escrow.self, .escrow(id)) else { return [] }
        switch escrow.status {
        case .offered where context.height > escrow.terms.acceptBy,
            .accepted where context.height > escrow.terms.deliverBy:
            return try end(escrow, id, .refunded)
        case .delivered where escrow.isReviewOver(at: context.height):
            return try end(escrow, id, .paid)
        default: return []
        }
    }

    /// Moves the pay where it belongs (ESC-21).
    mutating func end(
        _ ended: Escrow,
        _ id: EscrowID,
        _ outcome: EscrowOutcome
    ) throws(Refusal) -> [Event] {
        var escrow = ended
        let terms = escrow.terms
        let half = Amount(obol: terms.amount.obol / 2)
        let toSeller: Amount =
            switch outcome {
            case .paid: terms.amount
            case .refunded: .zero
            case .split: half
            }
        state.draw(.escrow(id, terms.denomination), terms.amount)
        let toBuyer = Amount(obol: terms.amount.obol - toSeller.obol)
        try state.credit(escrow.buyer, toBuyer, terms.denomination)
        var events = [Event.escrows(.ended(id, outcome))]
        if let asset = terms.asset, !toSeller.isZero {
            events += try payIncome(toSeller, terms.denomination, of: asset, to: terms.seller)
        } else {
            try state.credit(terms.seller, toSeller, terms.denomination)
        }
        escrow.status = .ended(outcome)
        state.write(escrow, .escrow(id))
        for party in [escrow.buyer, terms.seller] {
            state.write(Presence?.none, .escrow(id, of: party))
        }
        return events
    }

    /// An escrow that must exist.
    func escrow(_ id: EscrowID) throws(Refusal) -> Escrow {
        guard let escrow = state.read(Escrow.self, .escrow(id)) else {
            throw .escrows(.unknownEscrow)
        }
        return escrow
    }
}

extension Pot {
    /// Where the pay for a job waits.
    public static func escrow(_ id: EscrowID, _ denomination: Denomination) -> Pot {
        Pot(.escrow, id.digest, denomination)
    }
}
