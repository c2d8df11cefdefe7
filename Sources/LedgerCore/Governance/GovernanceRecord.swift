import MarketTypes

extension GovernanceEvent {
    /// The event's name and fields.
    public var record: EventRecord {
        switch self {
        case .votesChanged(let account, let own, let received):
            EventRecord(
                "governance.votesChanged",
                [
                    .init("account", .account(account)), .init("own", .amount(own, .native)),
                    .init("received", .amount(received, .native)),
                ]
            )
        case .unlockBegan(let account, let amount, let height):
            EventRecord(
                "governance.unlockBegan",
                [
                    .init("account", .account(account)),
                    .init("amount", .amount(amount, .native)),
                    .init("releasedAt", .height(height)),
                ]
            )
        case .votesWithdrawn(let account, let amount):
            EventRecord(
                "governance.votesWithdrawn",
                [.init("account", .account(account)), .init("amount", .amount(amount, .native))]
            )
        case .delegated(let account, let delegate):
            EventRecord(
                "governance.delegated",
                [.init("account", .account(account))]
                    + (delegate.map { [.init("to", .account($0))] } ?? [])
            )
        case .treasuryFunded(let account, let denomination, let amount):
            EventRecord(
                "governance.treasuryFunded",
                (account.map { [.init("account", .account($0))] } ?? [])
                    + [.init("amount", .amount(amount, denomination))]
            )
        case .proposed(let proposal, _, _, _), .voted(let proposal, _, _, _),
            .overridden(let proposal, _, _), .ended(let proposal, _, _), .executed(let proposal),
            .executionFailed(let proposal, _), .numberChanged(let proposal, _, _, _),
            .treasuryPaid(let proposal, _):
            proposalRecord([.init("proposal", .object("proposal", proposal.digest))])
        }
    }

    private func proposalRecord(_ proposal: [EventRecord.Field]) -> EventRecord {
        switch self {
        case .proposed(_, let account, let kind, let height):
            EventRecord(
                "governance.proposed",
                proposal + [
                    .init("account", .account(account)), .init("kind", .number(UInt64(kind))),
                    .init("opensAt", .height(height)),
                ]
            )
        case .voted(_, let account, let choice, let weight):
            EventRecord(
                "governance.voted",
                proposal + [
                    .init("account", .account(account)), .init("choice", .text("\(choice)")),
                    .init("weight", .amount(weight, .native)),
                ]
            )
        case .overridden(_, let account, let amount):
            EventRecord(
                "governance.overridden",
                proposal + [
                    .init("delegate", .account(account)),
                    .init("amount", .amount(amount, .native)),
                ]
            )
        case .ended(_, let outcome, let deposit):
            EventRecord(
                "governance.ended",
                proposal + [
                    .init("outcome", .text("\(outcome)")),
                    .init("deposit", .amount(deposit, .native)),
                ]
            )
        case .executionFailed(_, let code):
            EventRecord(
                "governance.executionFailed",
                proposal + [.init("code", .number(UInt64(code)))]
            )
        case .numberChanged(_, let number, let before, let after):
            EventRecord(
                "governance.numberChanged",
                proposal + [
                    .init("number", .text(GovernedNumber(id: number)?.name ?? "\(number)")),
                    .init("from", .number(before)), .init("to", .number(after)),
                ]
            )
        case .treasuryPaid(_, let payment):
            EventRecord(
                "governance.treasuryPaid",
                proposal + [
                    .init("account", .account(payment.recipient)),
                    .init("amount", .amount(payment.amount, payment.denomination)),
                ]
            )
        default: EventRecord("governance.executed", proposal)
        }
    }
}
