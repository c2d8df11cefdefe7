import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

extension MarketAPI {
    /// Proposals, votes and numbers.
    var governanceHandlers: [String: OperationTable.Handler] {
        [
            "listProposals": { request in
                let proposer = try request.accountFilter("proposer")
                let status = request.text("status")
                return try await list(request, under: .proposals) { listing in
                    let proposal = try Self.decode(Proposal.self, listing.value)
                    guard proposer.map({ $0 == proposal.proposer }) ?? true,
                        status.map({ $0 == proposal.status.name }) ?? true
                    else { return nil }
                    return proposal.apiDocument(ProposalID(try listing.name))
                }
            },
            "getProposal": { request in
                let id = ProposalID(try request.digest("proposal"))
                return try await one(Proposal.self, .proposal(id), "proposal") {
                    $0.apiDocument(id)
                }
            },
            "listBallots": { try await ballots($0) },
            "listNumbers": { try await numbers($0) },
        ]
    }

    private func ballots(_ request: APIRequest) async throws -> APIAnswer {
        let id = ProposalID(try request.digest("proposal"))
        guard try await ledger.proposal(id) != nil else { throw Problem.notFound("proposal") }
        return try await list(request, under: .ballots(id)) { listing in
            let ballot = try Self.decode(Ballot.self, listing.value)
            return .object(
                "ballot",
                [
                    ("id", .account(AccountID(try listing.name))),
                    ("choice", .optional(ballot.choice?.apiName)), ("weight", .obol(ballot.weight)),
                    ("overridden", .obol(ballot.overridden)),
                ]
            )
        }
    }

    private func numbers(_ request: APIRequest) async throws -> APIAnswer {
        let height = try await ledger.status().height
        var values: [(number: GovernedNumber, value: UInt64?)] = []
        for number in GovernedNumber.all {
            values.append((number, try await ledger.value(of: number)))
        }
        return try Self.slice(
            values,
            request,
            at: height,
            by: { [UInt8($0.number.id >> 8), UInt8(truncatingIfNeeded: $0.number.id)] }
        ) { number, value in
            .object(
                "number",
                [
                    ("id", .number(UInt64(number.id))), ("name", .text(number.name)),
                    ("value", .optional(value.map { "\($0)" })),
                    ("standard", .wide(number.standard)),
                    ("least", .wide(number.bounds.lowerBound)),
                    ("most", .wide(number.bounds.upperBound)),
                ]
            )
        }
    }
}

extension VoteChoice {
    fileprivate var apiName: String {
        switch self {
        case .yes: "yes"
        case .no: "no"
        case .abstain: "abstain"
        case .veto: "veto"
        }
    }
}

extension ProposalStatus {
    fileprivate var name: String {
        switch self {
        case .open: "open"
        case .waiting: "waiting"
        case .ended(.passed): "passed"
        case .ended(.noQuorum): "noQuorum"
        case .ended(.rejected): "rejected"
        case .ended(.vetoed): "vetoed"
        case .executed: "executed"
        case .failed: "failed"
        }
    }
}

extension ProposalAction {
    fileprivate var apiDocument: JSON {
        var (kind, changes): (String, [NumberChange]) = ("text", [])
        var payment: TreasuryPayment?
        switch self {
        case .text: break
        case .numbers(let list): (kind, changes) = ("numbers", list)
        case .payment(let made): (kind, payment) = ("payment", made)
        }
        return .object([
            ("type", .text(kind)),
            (
                "changes",
                .list(changes) { change in
                    .object([
                        ("number", .number(UInt64(change.number))),
                        ("name", .optional(GovernedNumber(id: change.number)?.name)),
                        ("value", .wide(change.value)),
                    ])
                }
            ),
            (
                "payment",
                payment.map { payment in
                    .object([
                        ("recipient", .account(payment.recipient)),
                        ("amount", .obol(payment.amount)),
                        ("denomination", .unit(payment.denomination)),
                    ])
                } ?? .null
            ),
        ])
    }
}

extension Proposal {
    fileprivate func apiDocument(_ id: ProposalID) -> JSON {
        var failure: UInt32?
        if case .failed(let code) = status { failure = code }
        let tally = JSON.object([
            ("yes", .obol(tally.yes)), ("no", .obol(tally.no)), ("abstain", .obol(tally.abstain)),
            ("veto", .obol(tally.veto)),
        ])
        let rules = JSON.object([
            ("quorum", .number(rules.quorum)), ("votesMin", .obol(rules.votesMin)),
            ("threshold", .number(rules.threshold)), ("veto", .number(rules.veto)),
        ])
        return .object(
            "proposal",
            [
                ("id", .digest(id.digest)), ("proposer", .account(proposer)),
                ("title", .text(content.title)), ("document", .digest(content.document)),
                ("link", .text(content.link)), ("action", content.action.apiDocument),
                ("deposit", .obol(deposit)), ("opensAt", .height(at: opensAt)),
                ("endsAt", .height(at: endsAt)), ("executesAt", .height(at: executesAt)),
                ("status", .text(status.name)),
                ("failureCode", failure.map { .number(UInt64($0)) } ?? .null),
                ("locked", .optional(total.map { "\($0.obol)" })), ("tally", tally),
                ("rules", rules),
            ]
        )
    }
}
