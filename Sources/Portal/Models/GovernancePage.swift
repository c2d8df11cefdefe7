import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

/// What is voted on, and the numbers that a vote can change.
struct GovernancePage: Sendable {
    static let proposalsMax = 50

    let proposals: [(id: ProposalID, proposal: Proposal)]
    let height: BlockHeight
    let locked: Amount
    let treasury: Amount

    static func load(_ source: PageSource) async throws -> GovernancePage {
        let ledger = source.ledger
        return GovernancePage(
            proposals: try await ledger.proposals(limit: proposalsMax),
            height: try await ledger.status().height,
            locked: try await ledger.totalLocked(),
            treasury: try await ledger.treasury(of: .native)
        )
    }

    func fill() -> Fill {
        var fill = Fill()
        fill.put("locked", UnitName.native.fill(locked))
        fill.put("treasury", UnitName.native.fill(treasury))
        fill.put("height", height.rawValue)
        fill.put("proposalsCut", proposals.count >= Self.proposalsMax)
        fill.put(
            "proposals",
            proposals.map { entry in
                let page = ProposalPage(
                    id: entry.id,
                    proposal: entry.proposal,
                    height: height,
                    ballots: [],
                    ballotsLookedAt: nil,
                    units: [:]
                )
                return page.summary
            }
        )
        return fill
    }

    /// Every number that a vote can change, with what it is now.
    static func numbers(_ source: PageSource) async throws -> [Fill] {
        let values = try await source.each(GovernedNumber.all) { number in
            try await source.ledger.value(of: number)
        }
        return zip(GovernedNumber.all, values).map { number, value in
            var fill = Fill(["numberName": number.name])
            fill.put("numberValue", value.map { NumberText.grouped($0) } ?? "damaged")
            fill.put("numberStandard", number.standard)
            fill.put("numberLeast", number.bounds.lowerBound)
            fill.put("numberMost", number.bounds.upperBound)
            fill.put("isChanged", value != number.standard)
            return fill
        }
    }
}

/// Everything that a proposal's page shows.
struct ProposalPage: Sendable {
    static let ballotsMax = 100

    let id: ProposalID
    let proposal: Proposal
    let height: BlockHeight
    /// Those that count for most.
    let ballots: [(account: AccountID, ballot: Ballot)]
    /// Among how many they were found; nil if those are all there are.
    let ballotsLookedAt: Int?
    let units: [Denomination: UnitName]

    static func load(_ id: ProposalID, _ source: PageSource) async throws -> ProposalPage {
        guard let proposal = try await source.ledger.proposal(id) else {
            throw Problem.missing(
                "There is no proposal of this name.",
                hint: "All of them are under Governance."
            )
        }
        let (ballots, isCut) = try await source.found(.ballots(id), limit: PageSource.scannedMax) {
            listing -> (account: AccountID, ballot: Ballot)? in
            guard let account = Digest(bytes: listing.key.bytes.suffix(Digest.byteCount)),
                let ballot = try? Ballot(canonicalBytes: listing.value), ballot.choice != nil
            else { return nil }
            return (AccountID(account), ballot)
        }
        var paid: [Denomination] = []
        if case .payment(let payment) = proposal.content.action { paid = [payment.denomination] }
        return ProposalPage(
            id: id,
            proposal: proposal,
            height: try await source.ledger.status().height,
            ballots: Array(
                ballots.sorted { $0.ballot.weight > $1.ballot.weight }.prefix(ballotsMax)
            ),
            ballotsLookedAt: isCut || ballots.count > ballotsMax ? ballots.count : nil,
            units: try await source.units(paid)
        )
    }

    /// The height of the next transaction: it is in a block after the last one.
    private var next: BlockHeight { height.advanced(byBlocks: 1) ?? height }

    /// Where it stands, in a word, and how the word looks.
    var standing: (text: String, tone: String) {
        switch proposal.status {
        case .open:
            next >= proposal.opensAt
                ? ("Voting", "active") : ("Announced", "quiet")
        case .waiting: ("Passed, waiting", "good")
        case .executed: ("Executed", "good")
        case .failed: ("Passed, failed", "bad")
        case .ended(.noQuorum): ("No quorum", "quiet")
        case .ended(.vetoed): ("Vetoed", "bad")
        case .ended(.rejected): ("Rejected", "bad")
        case .ended(.passed): ("Passed", "good")
        }
    }

    /// What happens if it passes.
    var action: [String] {
        switch proposal.content.action {
        case .text: ["Nothing by itself: the text is what is voted on."]
        case .numbers(let changes):
            changes.map { change in
                let name = GovernedNumber(id: change.number)?.name ?? "number \(change.number)"
                return "\(name) becomes \(NumberText.grouped(change.value))"
            }
        case .payment(let paid):
            [
                "The treasury pays \((units[paid.denomination] ?? .native).text(paid.amount)) to "
                    + "\(paid.recipient)"
            ]
        }
    }

    /// What stands in lists.
    var summary: Fill {
        let tally = proposal.tally
        let cast = tally.cast.obol
        var fill = Fill()
        fill.put("title", proposal.content.title)
        fill.put("proposalHref", PortalPaths.proposal(id.digest))
        fill.put("id", NameText.fill(id.digest))
        fill.put("standing", standing.text)
        fill.put("tone", standing.tone)
        fill.put("opensAt", proposal.opensAt.rawValue)
        fill.put("endsAt", proposal.endsAt.rawValue)
        fill.put("executesAt", proposal.executesAt.rawValue)
        fill.put("yesPart", NumberText.percent(tally.yes.obol, of: cast))
        let parts: [(String, Amount)] = [
            ("yes", tally.yes), ("no", tally.no), ("abstain", tally.abstain), ("veto", tally.veto),
        ]
        let words = parts.map { "\($0.0) \(NumberText.percent($0.1.obol, of: cast))" }
        fill.put(
            "tallySVG",
            Bars.split(
                parts.map { ($0.0, Bars.part($0.1.obol, of: cast)) },
                title: "Votes: " + words.joined(separator: ", ")
            )
        )
        return fill
    }

    func fill() -> Fill {
        var fill = summary
        fill.put("proposer", NameText.fill(proposal.proposer))
        fill.put("deposit", UnitName.native.fill(proposal.deposit))
        fill.put("actions", action.map { Fill(["action": $0]) })
        fill.put(
            "document",
            proposal.content.document == .zero
                ? nil : NameText.fill(proposal.content.document)
        )
        fill.put("link", AssetPage.safeLink(proposal.content.link))
        let tally = proposal.tally
        fill.put(
            "votes",
            VoteChoice.allCases.map { choice in
                var fill = Fill([
                    "choice": "\(choice)".capitalizedFirst, "choiceStyle": "\(choice)",
                ])
                fill.put("weight", UnitName.native.fill(tally[choice]))
                fill.put("part", NumberText.percent(tally[choice].obol, of: tally.cast.obol))
                return fill
            }
        )
        fill.merge(thresholds)
        fill.put("steps", steps)
        fill.put(
            "ballots",
            ballots.map { account, ballot in
                var fill = Fill()
                fill.put("voter", NameText.fill(account))
                fill.put("choice", ballot.choice.map { "\($0)".capitalizedFirst })
                fill.put("choiceStyle", ballot.choice.map { "\($0)" })
                fill.put("weight", UnitName.native.fill(ballot.weight))
                return fill
            }
        )
        fill.put("ballotsCut", ballotsLookedAt.map { NumberText.grouped($0) })
        fill.put("proofHref", PortalPaths.proof(.proposal(id)))
        return fill
    }

    /// How far the votes are from what the rules ask of them.
    private var thresholds: Fill {
        let (tally, rules) = (proposal.tally, proposal.rules)
        let total = proposal.total?.obol ?? 0
        let decided = tally.cast.obol - tally.abstain.obol
        func goal(_ part: UInt128, _ whole: UInt128, _ mark: UInt64, _ what: String) -> SVG {
            let percent = NumberText.percent(part, of: whole)
            let asked = NumberText.percent(basisPoints: mark)
            return Bars.goal(
                Bars.part(part, of: whole),
                mark: Double(mark) / 10_000,
                style: what,
                title: "\(percent) of \(asked)"
            )
        }
        var fill = Fill()
        fill.put(
            "goals",
            [
                (
                    "Quorum", "of all locked stake voted", tally.cast.obol, total, rules.quorum,
                    "turnout"
                ),
                (
                    "Threshold", "of yes, no and veto say yes", tally.yes.obol, decided,
                    rules.threshold, "yes"
                ),
                (
                    "Veto", "of all votes; less passes", tally.veto.obol, tally.cast.obol,
                    rules.veto,
                    "veto"
                ),
            ].map { name, note, part, whole, mark, style in
                var fill = Fill(["goalName": name, "goalNote": note])
                fill.put("goalPart", NumberText.percent(part, of: whole))
                fill.put("goalMark", NumberText.percent(basisPoints: mark))
                fill.put("goalSVG", goal(part, whole, mark, style))
                return fill
            }
        )
        fill.put("total", UnitName.native.fill(Amount(obol: total)))
        fill.put("votesMin", UnitName.native.fill(rules.votesMin))
        return fill
    }

    /// What happens at which height.
    private var steps: [Fill] {
        let reached: Int =
            switch proposal.status {
            case .open: next >= proposal.opensAt ? 1 : 0
            case .waiting: 2
            case .ended: 3
            case .executed, .failed: 3
            }
        let isOver = if case .ended = proposal.status { true } else { false }
        let steps: [(String, BlockHeight?)] = [
            ("Announced", nil), ("Voting begins", proposal.opensAt),
            ("Voting ends", proposal.endsAt),
            (isOver ? "Not executed" : "Execution", proposal.executesAt),
        ]
        return steps.enumerated().map { place, step in
            var fill = Fill(["stepName": step.0])
            fill.put("stepHeight", step.1.map { "block " + NumberText.grouped($0.rawValue) })
            fill.put("isDone", place <= reached)
            fill.put("isNow", place == reached)
            return fill
        }
    }
}
