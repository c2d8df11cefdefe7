import ArgumentParser
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct GovernNumbers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "numbers",
        abstract: "all numbers that a vote can change, and the bounds that no vote can leave",
        discussion: "EXAMPLE\n  stoa govern numbers"
    )

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    struct Document: Encodable {
        let id: UInt16
        let name: String
        let value, standard, least, most: UInt64
    }

    func run() async throws {
        let documents = try await node.ask { ledger in
            var documents: [Document] = []
            for number in GovernedNumber.all {
                guard let value = try await ledger.value(of: number) else {
                    throw CommandFailure("the node's “\(number.name)” is damaged")
                }
                documents.append(
                    Document(
                        id: number.id,
                        name: number.name,
                        value: value,
                        standard: number.standard,
                        least: number.bounds.lowerBound,
                        most: number.bounds.upperBound
                    )
                )
            }
            return documents
        }
        let rows = documents.map {
            ["\($0.value)", "\($0.standard)", "\($0.least)", "\($0.most)", $0.name]
        }
        try output.print(documents, table(["VALUE", "STANDARD", "LEAST", "MOST", "NAME"], rows))
    }
}

/// A proposal as programs read it.
struct ProposalDocument: Encodable {
    struct Number: Encodable {
        let name: String
        let value: UInt64
    }
    struct Payment: Encodable {
        let to, unit, amount: String
    }
    let proposal, proposer, title, status, depositObol: String
    let document, link: String?
    let outcome: String?
    let failureCode: UInt32?
    let numbers: [Number]?
    let payment: Payment?
    let opensAt, endsAt, executesAt: UInt64
    let votesObol: [String: String]
    let totalObol: String?
    let votesMinObol: String
    let quorumBasisPoints, thresholdBasisPoints, vetoBasisPoints: UInt64

    init(_ id: ProposalID, _ proposal: Proposal, at height: BlockHeight) {
        self.proposal = id.digest.description
        proposer = proposal.proposer.description
        title = proposal.content.title
        document =
            proposal.content.document == .zero ? nil : proposal.content.document.description
        link = proposal.content.link.isEmpty ? nil : proposal.content.link
        depositObol = "\(proposal.deposit.obol)"
        (opensAt, endsAt) = (proposal.opensAt.rawValue, proposal.endsAt.rawValue)
        executesAt = proposal.executesAt.rawValue
        votesObol = Dictionary(
            uniqueKeysWithValues: VoteChoice.allCases.map {
                ("\($0)", "\(proposal.tally[$0].obol)")
            }
        )
        totalObol = proposal.total.map { "\($0.obol)" }
        votesMinObol = "\(proposal.rules.votesMin.obol)"
        quorumBasisPoints = proposal.rules.quorum
        thresholdBasisPoints = proposal.rules.threshold
        vetoBasisPoints = proposal.rules.veto
        // The next transaction is in a block after the last one.
        let isOpen = height.rawValue + 1 >= opensAt
        (status, outcome, failureCode) =
            switch proposal.status {
            case .open:
                (
                    isOpen ? "voting" : "announced",
                    proposal.total.map { "\(proposal.tally.outcome(of: $0, proposal.rules))" },
                    nil
                )
            case .waiting: ("waiting", "passed", nil)
            case .ended(let outcome): ("ended", "\(outcome)", nil)
            case .executed: ("executed", "passed", nil)
            case .failed(let code): ("failed", "passed", code)
            }
        switch proposal.content.action {
        case .text: (numbers, payment) = (nil, nil)
        case .numbers(let changes):
            numbers = changes.map {
                let name = GovernedNumber(id: $0.number)?.name ?? "\($0.number)"
                return Number(name: name, value: $0.value)
            }
            payment = nil
        case .payment(let paid):
            numbers = nil
            payment = Payment(
                to: paid.recipient.description,
                unit: EventRecord.Value.denomination(paid.denomination).plain,
                amount: "\(paid.amount.obol)"
            )
        }
    }

    /// What happens if it passes, in a line.
    var action: String {
        if let numbers { return numbers.map { "\($0.name) = \($0.value)" }.joined(separator: ", ") }
        guard let payment else { return "nothing; the text is what is voted on" }
        let amount =
            payment.unit == "native"
            ? "\(stoa(payment.amount)) STOA" : "\(payment.amount) of \(payment.unit)"
        return "pays \(amount) to \(payment.to)"
    }

    /// The proposal for people, in lines.
    var text: String {
        let votes = VoteChoice.allCases.map { "\($0) \(stoa(votesObol["\($0)"] ?? "0"))" }
        let standing = [status, outcome.map { "outcome \($0)" }, failureCode.map { "code \($0)" }]
        return """
            \(proposal)
            title     \(title)
            by        \(proposer), deposit \(stoa(depositObol)) STOA
            action    \(action)
            document  \(document ?? "-") \(link ?? "")
            status    \(standing.compactMap { $0 }.joined(separator: ", "))
            blocks    votes from \(opensAt) to \(endsAt - 1), execution at \(executesAt)
            votes     \(votes.joined(separator: ", ")) of \(totalObol.map(stoa) ?? "-") STOA
            needs     \(part(quorumBasisPoints)) of all locked and \(stoa(votesMinObol)) STOA to \
            vote, more than \(part(thresholdBasisPoints)) yes, less than \(part(vetoBasisPoints)) \
            veto
            """
    }

    private func part(_ basisPoints: UInt64) -> String { percent(UInt16(clamping: basisPoints)) }
}

struct GovernList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "the proposals, the latest first",
        discussion: "EXAMPLE\n  stoa govern list"
    )

    @Flag(help: "only those that are voted on or wait for their execution")
    var open = false
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let all = try await node.ask { ledger in
            let height = try await ledger.status().height
            return try await ledger.proposals(limit: 1 << 16).map {
                ProposalDocument($0.id, $0.proposal, at: height)
            }
        }
        let documents = all.filter {
            !open || ["announced", "voting", "waiting"].contains($0.status)
        }
        let rows = documents.map {
            [
                String($0.proposal.prefix(12)), $0.status, $0.outcome ?? "-",
                "\($0.opensAt)–\($0.endsAt - 1)", "\($0.executesAt)", $0.title,
            ]
        }
        let heading = ["PROPOSAL", "STATUS", "OUTCOME", "VOTES", "EXECUTION", "TITLE"]
        try output.print(documents, table(heading, rows))
    }
}

struct GovernShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "a proposal, its votes, and what they would decide",
        discussion: "EXAMPLE\n  stoa govern show 9f27c1"
    )

    @Argument(help: "the proposal")
    var proposal: ProposalName
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let document = try await node.ask { ledger in
            let (id, found) = try await proposal.find(ledger)
            return ProposalDocument(id, found, at: try await ledger.status().height)
        }
        try output.print(document, document.text)
    }
}

struct GovernStake: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stake",
        abstract: "what an account can vote with, what all can, and what the treasury holds",
        discussion: "EXAMPLE\n  stoa govern stake alice"
    )

    @Argument(help: "a wallet's name or an address")
    var account = "default"
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    struct Part: Encodable {
        let amountObol: String
        let releasedAtHeight: UInt64
    }
    struct Document: Encodable {
        let ownObol, receivedObol, totalObol, treasuryObol: String
        let delegate: String?
        let unlocking: [Part]
    }

    func run() async throws {
        let id = try Wallets(home: home).resolve(account)
        let document = try await node.ask { ledger in
            let voter = try await ledger.voter(id)
            return Document(
                ownObol: "\(voter?.own.obol ?? 0)",
                receivedObol: "\(voter?.received.obol ?? 0)",
                totalObol: "\(try await ledger.totalLocked().obol)",
                treasuryObol: "\(try await ledger.treasury(of: .native).obol)",
                delegate: voter?.delegate?.description,
                unlocking: (voter?.unlockings ?? []).map {
                    Part(
                        amountObol: "\($0.amount.obol)",
                        releasedAtHeight: $0.releasedAt.rawValue
                    )
                }
            )
        }
        let parts = document.unlocking.map {
            "\nunlocking  \(stoa($0.amountObol)) STOA at block \($0.releasedAtHeight)"
        }
        try output.print(
            document,
            """
            own        \(stoa(document.ownObol)) STOA
            delegate   \(document.delegate ?? "nobody")
            received   \(stoa(document.receivedObol)) STOA\(parts.joined())
            all        \(stoa(document.totalObol)) STOA
            treasury   \(stoa(document.treasuryObol)) STOA
            """
        )
    }
}
