import CanonicalCoding
import MarketTypes

extension Ledger {
    /// Asks for a jury (DIS-20).
    mutating func openDispute(
        _ name: EscrowID,
        _ evidence: Digest,
        _ commitment: Digest,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        var escrow = try escrow(name)
        let seller = escrow.terms.seller
        guard [escrow.buyer, seller].contains(origin.sender) else { throw .disputes(.notParty) }
        switch escrow.status {
        case .accepted, .delivered: break
        case .offered, .disputed, .ended: throw .disputes(.wrongStatus)
        }
        let id = DisputeID(
            opener: origin.sender,
            sequence: origin.sequence,
            messageIndex: origin.messageIndex
        )
        var dispute = Dispute(
            escrow: name,
            buyer: escrow.buyer,
            seller: seller,
            rules: currentRules,
            round: 0,
            phase: .answering,
            until: origin.height,
            opener: origin.sender,
            commitment: commitment,
            answer: .zero,
            evidence: [evidence],
            seats: [],
            verdict: nil
        )
        try state.move(dispute.bond, from: origin.sender, to: .dispute(id))
        let moved = try move(&dispute, id, to: .answering, at: origin.height)
        state.write(dispute, .dispute(id))
        escrow.status = .disputed(id.digest)
        state.write(escrow, .escrow(name))
        let opened = DisputeEvent.opened(id, name, by: origin.sender, round: 0)
        return [.escrows(.disputed(name, dispute: id.digest)), .disputes(opened), .disputes(moved)]
    }

    private var currentRules: DisputeRules {
        DisputeRules(
            speakBlocks: state.value(of: .disputeSpeakBlocks),
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
        let drawn = state.jurors.draw(
            Dispute.seats(round: dispute.round),
            seed: Digest(.disputeSeed, encoder.bytes),
            excluding: [dispute.buyer, dispute.seller]
        )
        dispute.seats = drawn.map { JurorSeat($0) }
        guard !drawn.isEmpty else {
            // Nobody can judge: the last verdict stands, or each gets half.
            let verdict = dispute.verdict ?? .split
            try returnBonds(of: dispute, id)
            return try finish(&dispute, id, verdict)
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
    ) throws(Refusal) -> [DisputeEvent] {
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
        try state.move(dispute.bond, from: origin.sender, to: .dispute(id))
        let moved = try move(&dispute, id, to: .answering, at: origin.height)
        state.write(dispute, .dispute(id))
        return [.opened(id, dispute.escrow, by: origin.sender, round: dispute.round), moved]
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
    mutating func move(
        _ dispute: inout Dispute,
        _ id: DisputeID,
        to phase: Dispute.Phase,
        at height: BlockHeight
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
        try state.schedule(Deadline(.dispute, id.digest), at: due, from: height)
        dispute.phase = phase
        dispute.until = until
        return .moved(id, phase, until: until)
    }
}
