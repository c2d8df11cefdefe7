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
            try openDispute(escrow, evidence, commitment, from: origin)
        case .answer(let id, let evidence, let number):
            try answerDispute(id, evidence, number, from: origin).map { .disputes($0) }
        case .reveal(let id, let number): try revealNumber(number, of: id, from: origin)
        case .castVote(let id, let sealed):
            try castVote(sealed, in: id, from: origin).map { .disputes($0) }
        case .openVote(let id, let vote, let salt):
            try openVote(vote, salt, in: id, from: origin)
        case .appeal(let id, let evidence, let commitment):
            try appeal(id, evidence, commitment, from: origin).map { .disputes($0) }
        }
    }

    /// Stakes to be drawn (DIS-10).
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
        guard before != nil || table.jurors.count < JurorTable.jurorsMax else {
            throw .disputes(.tooManyJurors)
        }
        guard !state.contains(.jurorExit(origin.sender)) else { throw .disputes(.exitPending) }
        try state.move(amount, from: origin.sender, to: .juror(origin.sender))
        table.set(Amount(obol: stake), of: origin.sender)
        state.write(table, .jurors)
        return [.jurorChanged(origin.sender, stake: Amount(obol: stake))]
    }

    /// Leaves the jurors (DIS-11); who sits in a jury stays seated, and at risk until the end of
    /// the delay.
    private mutating func leaveJury(from origin: MessageOrigin) throws(Refusal) -> [DisputeEvent] {
        var table = state.jurors
        guard let stake = table.stake(of: origin.sender) else { throw .disputes(.notJuror) }
        let blocks = state.value(of: .jurorExitBlocks)
        let releasedAt = origin.height.advanced(byBlocks: blocks) ?? BlockHeight(.max)
        table.set(.zero, of: origin.sender)
        state.write(table, .jurors)
        state.write(JurorExit(amount: stake, releasedAt: releasedAt), .jurorExit(origin.sender))
        state.awaitHeight(releasedAt)
        return [.jurorChanged(origin.sender, stake: .zero)]
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

    /// Takes a part of a juror's stake, wherever it is; returns how much there was to take.
    mutating func fine(_ juror: AccountID, _ penalty: Amount, at height: BlockHeight) -> Amount {
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
