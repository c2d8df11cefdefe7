import CanonicalCoding
public import MarketTypes

extension Ledger {
    /// Applies a message about juries and their verdicts.
    mutating func apply(
        _ message: DisputeMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        switch message {
        case .joinJury(let amount): try joinJury(amount, from: origin).map { .disputes($0) }
        case .leaveJury: try leaveJury(from: origin).map { .disputes($0) }
        case .withdrawJury: try withdrawJury(from: origin).map { .disputes($0) }
        case .open(let escrow, let evidence, let commitment):
            try openDispute(
                escrow,
                OpeningStatement(evidence: evidence, commitment: commitment),
                from: origin
            )
        case .answer(let id, let evidence, let number):
            try answerDispute(id, evidence, number, from: origin).map { .disputes($0) }
        case .reveal(let id, let number): try revealNumber(number, of: id, from: origin)
        case .castVote(let id, let sealed):
            try castVote(sealed, in: id, from: origin).map { .disputes($0) }
        case .openVote(let id, let vote, let salt):
            try openVote(vote, salt, in: id, from: origin)
        case .appeal(let id, let evidence, let commitment):
            try appeal(id, evidence, commitment, from: origin)
        case .claimBond(let channel, let amount, let evidence, let commitment):
            try claimBond(
                channel,
                amount,
                OpeningStatement(evidence: evidence, commitment: commitment),
                from: origin
            )
        }
    }

    /// Stakes to be drawn (DIS-10); where no place is left, instead of who staked least.
    private mutating func joinJury(
        _ amount: Amount,
        from origin: MessageOrigin
    ) throws(Refusal) -> [DisputeEvent] {
        var table = state.jurors
        let before = table.stake(of: origin.sender)
        let (stake, overflow) = (before ?? .zero).obol.addingReportingOverflow(amount.obol)
        guard !overflow else { throw .accounts(.insufficientBalance) }
        guard !amount.isZero, stake >= UInt128(state.value(of: .jurorStakeMin)) else {
            throw .disputes(.stakeTooSmall)
        }
        var displaced: Juror?
        if before == nil, table.jurors.count >= JurorTable.jurorsMax {
            displaced = table.least
            guard stake > displaced?.stake.obol ?? 0 else { throw .disputes(.tooManyJurors) }
        }
        guard !state.contains(.jurorExit(origin.sender)) else { throw .disputes(.exitPending) }
        try state.move(amount, from: origin.sender, to: .juror(origin.sender))
        let left = displaced.map { [release($0, from: &table, at: origin.height)] } ?? []
        table.set(Amount(obol: stake), of: origin.sender)
        state.write(table, .jurors)
        return left + [.jurorChanged(origin.sender, stake: Amount(obol: stake))]
    }

    /// Leaves the jurors (DIS-11); who sits in a jury stays seated, and at risk until the end of
    /// the delay.
    private mutating func leaveJury(from origin: MessageOrigin) throws(Refusal) -> [DisputeEvent] {
        var table = state.jurors
        guard let stake = table.stake(of: origin.sender) else { throw .disputes(.notJuror) }
        let juror = Juror(account: origin.sender, stake: stake)
        let left = release(juror, from: &table, at: origin.height)
        state.write(table, .jurors)
        return [left]
    }

    /// Takes a juror out, and starts its stake's way back.
    private mutating func release(
        _ juror: Juror,
        from table: inout JurorTable,
        at height: BlockHeight
    ) -> DisputeEvent {
        let blocks = state.value(of: .jurorExitBlocks)
        let releasedAt = height.advanced(byBlocks: blocks) ?? BlockHeight(.max)
        table.set(.zero, of: juror.account)
        let exit = JurorExit(amount: juror.stake, releasedAt: releasedAt)
        state.write(exit, .jurorExit(juror.account))
        state.awaitHeight(releasedAt)
        return .jurorChanged(juror.account, stake: .zero)
    }

    /// Returns a stake that has served its delay (DIS-12).
    private mutating func withdrawJury(
        from origin: MessageOrigin
    ) throws(Refusal) -> [DisputeEvent] {
        guard let exit = state.read(JurorExit.self, .jurorExit(origin.sender)),
            exit.releasedAt <= origin.height
        else { throw .disputes(.nothingToWithdraw) }
        try state.move(exit.amount, from: .juror(origin.sender), to: origin.sender)
        state.write(JurorExit?.none, .jurorExit(origin.sender))
        return []
    }
}

extension StagedState {
    /// All who may be drawn.
    var jurors: JurorTable { read(JurorTable.self, .jurors) ?? .empty }

    /// Keeps the jurors as they are for a round's draw, once for all rounds that open at a height.
    ///
    /// Nobody knows both numbers of the round yet: whoever changes the jurors later changes nothing
    /// for it.
    mutating func keepJurors(for dispute: DisputeID, at height: BlockHeight) {
        let known = read(KeptJurors.self, .keptJurors(height))
        var kept = known ?? KeptJurors(rounds: 0, table: jurors)
        kept.rounds += 1
        write(kept, .keptJurors(height))
        write(StoredHeight(height), .juryHeight(dispute))
    }

    /// Removes and returns the jurors that were kept for a round; none if there was no need.
    mutating func takeKeptJurors(for dispute: DisputeID) -> JurorTable {
        guard let height = read(StoredHeight.self, .juryHeight(dispute))?.height,
            var kept = read(KeptJurors.self, .keptJurors(height))
        else { return .empty }
        kept.rounds -= 1
        write(kept.rounds == 0 ? nil : kept, .keptJurors(height))
        write(StoredHeight?.none, .juryHeight(dispute))
        return kept.table
    }

    /// Takes a part of a juror's stake, wherever it is; returns how much there was to take.
    mutating func fine(_ juror: AccountID, _ penalty: Amount) -> Amount {
        var table = jurors
        if let stake = table.stake(of: juror) {
            let taken = min(stake, penalty)
            table.set(Amount(obol: stake.obol - taken.obol), of: juror)
            write(table, .jurors)
            draw(.juror(juror), taken)
            return taken
        }
        guard var exit = read(JurorExit.self, .jurorExit(juror)) else { return .zero }
        let taken = min(exit.amount, penalty)
        exit.amount = Amount(obol: exit.amount.obol - taken.obol)
        write(exit.amount.isZero ? nil : exit, .jurorExit(juror))
        draw(.juror(juror), taken)
        return taken
    }
}

extension Pot {
    /// Where a juror's stake is.
    public static func juror(_ juror: AccountID) -> Pot { Pot(.juror, juror.digest) }

    /// Where the parties' bonds are.
    public static func dispute(_ dispute: DisputeID) -> Pot { Pot(.dispute, dispute.digest) }
}
