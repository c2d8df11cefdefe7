import CanonicalCoding
import MarketTypes

extension Ledger {
    /// Asks for a jury about a job (DIS-20).
    ///
    /// Its buyer alone does: a seller who could would let the time to answer run instead of the
    /// time to accept or review, which the buyer relies on.
    mutating func openDispute(
        _ name: EscrowID,
        _ statement: OpeningStatement,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        var escrow = try escrow(name)
        guard escrow.buyer == origin.sender else { throw .disputes(.notParty) }
        switch escrow.status {
        case .accepted:
            guard origin.height <= escrow.terms.deliverBy else { throw .disputes(.tooLate) }
        case .delivered(_, let reviewBy):
            guard origin.height <= reviewBy else { throw .disputes(.tooLate) }
        case .offered, .disputed, .ended: throw .disputes(.wrongStatus)
        }
        let id = DisputeID(from: origin)
        let parties = (buyer: escrow.buyer, seller: escrow.terms.seller)
        let opened = try open(id, about: .job(name), parties, statement, from: origin)
        escrow.status = .disputed(id.digest)
        state.write(escrow, .escrow(name))
        return [.escrows(.disputed(name, dispute: id.digest))] + opened
    }

    /// Opens a dispute's first round: the sender stakes, and the other party must answer.
    mutating func open(
        _ id: DisputeID,
        about subject: DisputeSubject,
        _ parties: (buyer: AccountID, seller: AccountID),
        _ statement: OpeningStatement,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        var dispute = Dispute(
            subject: subject,
            buyer: parties.buyer,
            seller: parties.seller,
            rules: rules(about: subject),
            round: 0,
            phase: .answering,
            until: origin.height,
            opener: origin.sender,
            commitment: statement.commitment,
            answer: .zero,
            evidence: [statement.evidence],
            seats: [],
            verdict: nil
        )
        return try openRound(of: &dispute, id, from: origin)
    }

    /// Takes the opener's bond, keeps the jurors as they are, and waits for the other's answer.
    private mutating func openRound(
        of dispute: inout Dispute,
        _ id: DisputeID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        try state.move(dispute.bond, from: origin.sender, to: .dispute(id))
        state.keepJurors(for: id, at: origin.height)
        let moved = try move(&dispute, id, to: .answering, at: origin.height)
        state.write(dispute, .dispute(id))
        return [.disputes(dispute.opened(id)), .disputes(moved)]
    }

    private func rules(about subject: DisputeSubject) -> DisputeRules {
        let speaking: GovernedNumber =
            if case .job = subject { .disputeSpeakBlocks } else { .bondClaimSpeakBlocks }
        return DisputeRules(
            speakBlocks: state.value(of: speaking),
            voteBlocks: state.value(of: .disputeVoteBlocks),
            appealBlocks: state.value(of: .disputeAppealBlocks),
            bond: Amount(obol: UInt128(state.value(of: .disputeBond))),
            penalty: Amount(obol: UInt128(state.value(of: .jurorPenalty)))
        )
    }

    /// Answers (DIS-21): the number is in the clear, because the opener's is bound already.
    mutating func answerDispute(
        _ id: DisputeID,
        _ evidence: Digest,
        _ number: Digest,
        from origin: MessageOrigin
    ) throws(Refusal) -> [DisputeEvent] {
        var dispute = try dispute(id, in: .answering, at: origin.height)
        guard dispute.other == origin.sender else { throw .disputes(.notParty) }
        try state.move(dispute.bond, from: origin.sender, to: .dispute(id))
        dispute.answer = number
        dispute.evidence.append(evidence)
        let moved = try move(&dispute, id, to: .revealing, at: origin.height)
        state.write(dispute, .dispute(id))
        return [.answered(id, by: origin.sender), moved]
    }

    /// Shows the opener's number, and draws the jury (DIS-22, DIS-30).
    mutating func revealNumber(
        _ number: Digest,
        of id: DisputeID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        var dispute = try dispute(id, in: .revealing, at: origin.height)
        guard dispute.opener == origin.sender else { throw .disputes(.notParty) }
        guard Dispute.commitment(to: number) == dispute.commitment else {
            throw .disputes(.wrongNumber)
        }
        var encoder = CanonicalEncoder()
        encoder.encode(id.digest)
        encoder.encode(dispute.round)
        encoder.encode(number)
        encoder.encode(dispute.answer)
        // Who joined or staked more since the round opened may have known both numbers.
        let drawn = state.takeKeptJurors(for: id).draw(
            Dispute.seats(round: dispute.round),
            seed: Digest(.disputeSeed, encoder.bytes),
            excluding: [dispute.buyer, dispute.seller],
            present: state.jurors
        )
        dispute.seats = drawn.map { JurorSeat($0) }
        guard !drawn.isEmpty else {
            // Nobody can judge: the last verdict stands, or what there was before the dispute.
            try returnBonds(of: dispute, id)
            return try finish(&dispute, id, dispute.unjudged, at: origin.height)
        }
        let round = dispute.round
        let moved = try move(&dispute, id, to: .voting, at: origin.height)
        state.write(dispute, .dispute(id))
        let seated = drawn.map { DisputeEvent.seated(id, juror: $0, round: round) }
        return (seated + [moved]).map { .disputes($0) }
    }

    /// Votes, sealed (DIS-23); when all have, the votes can be opened.
    mutating func castVote(
        _ sealed: Digest,
        in id: DisputeID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [DisputeEvent] {
        var dispute = try dispute(id, in: .voting, at: origin.height)
        let place = try seat(of: origin.sender, in: dispute)
        guard dispute.seats[place].commitment == nil else { throw .disputes(.alreadyDone) }
        dispute.seats[place].commitment = sealed
        let isComplete = dispute.seats.allSatisfy { $0.commitment != nil }
        let moved = isComplete ? [try move(&dispute, id, to: .opening, at: origin.height)] : []
        state.write(dispute, .dispute(id))
        return moved
    }

    /// Opens a vote (DIS-24); when all have, there is a verdict.
    mutating func openVote(
        _ vote: Verdict,
        _ salt: Digest,
        in id: DisputeID,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        var dispute = try dispute(id, in: .opening, at: origin.height)
        let place = try seat(of: origin.sender, in: dispute)
        guard dispute.seats[place].vote == nil else { throw .disputes(.alreadyDone) }
        let sealed = Dispute.sealedVote(
            vote,
            salt: salt,
            by: origin.sender,
            in: id,
            round: dispute.round
        )
        guard dispute.seats[place].commitment == sealed else { throw .disputes(.wrongVote) }
        dispute.seats[place].vote = vote
        guard dispute.seats.allSatisfy({ $0.vote != nil || $0.commitment == nil }) else {
            state.write(dispute, .dispute(id))
            return []
        }
        return try decide(&dispute, id, at: origin.height)
    }

    /// Asks for a larger jury (DIS-25).
    mutating func appeal(
        _ id: DisputeID,
        _ evidence: Digest,
        _ commitment: Digest,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        var dispute = try dispute(id, in: .decided, at: origin.height)
        guard [dispute.buyer, dispute.seller].contains(origin.sender) else {
            throw .disputes(.notParty)
        }
        guard dispute.round < Dispute.appealsMax,
            dispute.verdict != dispute.verdict(for: origin.sender)
        else { throw .disputes(.nothingToAppeal) }
        dispute.round += 1
        dispute.opener = origin.sender
        dispute.commitment = commitment
        dispute.answer = .zero
        dispute.evidence.append(evidence)
        dispute.seats = []
        return try openRound(of: &dispute, id, from: origin)
    }

    /// A dispute that must stand in a phase, and in time.
    private func dispute(
        _ id: DisputeID,
        in phase: Dispute.Phase,
        at height: BlockHeight
    ) throws(Refusal) -> Dispute {
        guard let dispute = state.read(Dispute.self, .dispute(id)) else {
            throw .disputes(.unknownDispute)
        }
        guard dispute.phase == phase else { throw .disputes(.wrongPhase) }
        guard height <= dispute.until else { throw .disputes(.tooLate) }
        return dispute
    }

    private func seat(of juror: AccountID, in dispute: Dispute) throws(Refusal) -> Int {
        guard let place = dispute.seats.firstIndex(where: { $0.juror == juror }) else {
            throw .disputes(.notSeated)
        }
        return place
    }

    /// Brings a dispute to a phase, and makes the phase's end due.
    ///
    /// - Parameter isDue: whether a deadline does it, which must not fail for want of places: the
    ///   dispute would stand still for ever.
    mutating func move(
        _ dispute: inout Dispute,
        _ id: DisputeID,
        to phase: Dispute.Phase,
        at height: BlockHeight,
        isDue: Bool = false
    ) throws(Refusal) -> DisputeEvent {
        let blocks =
            switch phase {
            case .answering, .revealing: dispute.rules.speakBlocks
            case .voting, .opening: dispute.rules.voteBlocks
            case .decided, .ended: dispute.rules.appealBlocks
            }
        guard let until = height.advanced(byBlocks: blocks),
            let due = until.advanced(byBlocks: 1)
        else { throw .deadlines(.invalidHeight) }
        try state.schedule(
            Deadline(.dispute, id.digest),
            at: due,
            from: height,
            countMax: isDue ? Deadline.followingMax : nil
        )
        dispute.phase = phase
        dispute.until = until
        return .moved(id, phase, until: until)
    }
}

/// What opens a round: the digest of what speaks for the opener, and what its number hashes to.
struct OpeningStatement {
    let evidence: Digest
    let commitment: Digest
}

extension DisputeID {
    /// The name of the dispute that the message at `origin` opens.
    init(from origin: MessageOrigin) {
        self.init(
            opener: origin.sender,
            sequence: origin.sequence,
            messageIndex: origin.messageIndex
        )
    }
}

extension Dispute {
    /// What followers hear when a round opens.
    fileprivate func opened(_ id: DisputeID) -> DisputeEvent {
        switch subject {
        case .job(let escrow): .opened(id, escrow, by: opener, round: round)
        case .bond(let claim): .claimOpened(id, claim.channel, by: opener, round: round)
        }
    }
}
