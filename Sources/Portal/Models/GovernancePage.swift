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
                    units: [:],
                    locked: locked
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
        return RuleText.groups(values)
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
    /// What the numbers that it would change are now.
    var current: [UInt16: UInt64] = [:]
    /// All stake that is locked now.
    var locked: Amount?

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
        var current: [UInt16: UInt64] = [:]
        switch proposal.content.action {
        case .text: break
        case .numbers(let changes):
            for number in changes.compactMap({ GovernedNumber(id: $0.number) }) {
                current[number.id] = try await source.ledger.value(of: number)
            }
        case .payment(let payment): paid = [payment.denomination]
        }
        return ProposalPage(
            id: id,
            proposal: proposal,
            height: try await source.ledger.status().height,
            ballots: Array(
                ballots.sorted { $0.ballot.weight > $1.ballot.weight }.prefix(ballotsMax)
            ),
            ballotsLookedAt: isCut || ballots.count > ballotsMax ? ballots.count : nil,
            units: try await source.units(paid),
            current: current,
            locked: try await source.ledger.totalLocked()
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
    var action: [Fill] {
        switch proposal.content.action {
        case .text: [Fill(["action": "Nothing by itself: the text is what is voted on."])]
        case .numbers(let changes):
            // What was executed is what the number is now.
            changes.map { change in
                let before = proposal.status == .executed ? nil : current[change.number]
                return RuleText.change(change.number, to: change.value, from: before)
            }
        case .payment(let paid):
            [
                Fill([
                    "action": "The treasury pays "
                        + "\((units[paid.denomination] ?? .native).text(paid.amount)) to "
                        + "\(paid.recipient)",
                ])
            ]
        }
    }

    /// What comes next and about when, or what was last.
    private var timing: String {
        func block(_ height: BlockHeight) -> String {
            "block " + NumberText.grouped(height.rawValue)
        }
        switch proposal.status {
        case .open:
            if let wait = BlockTime.ahead(proposal.opensAt, from: next) {
                return "Voting begins \(wait), in \(block(proposal.opensAt))"
            }
            guard proposal.endsAt > next else { return "Voting is over: votes are counted" }
            let left = BlockTime.about(proposal.endsAt.rawValue - next.rawValue)
            return "Voting: \(left) left, until \(block(proposal.endsAt))"
        case .waiting:
            let wait = BlockTime.ahead(proposal.executesAt, from: next) ?? "now"
            return "Takes effect \(wait), in \(block(proposal.executesAt))"
        case .executed: return "Took effect in \(block(proposal.executesAt))"
        case .failed: return "Could not be executed in \(block(proposal.executesAt))"
        case .ended: return "Voting ended in \(block(proposal.endsAt))"
        }
    }

    /// All stake that counts for the quorum; nil if nobody counted it and it counts no more.
    private var total: Amount? {
        if let counted = proposal.total { return counted }
        return proposal.status == .open ? locked : nil
    }

    /// Whether too few voted for what they said to mean anything.
    private var isTooFew: Bool {
        if case .ended(.noQuorum) = proposal.status { true } else { false }
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
        fill.put("timing", timing)
        // What a few said is drawn as the part of all that it was: a full bar would say it passed.
        let whole = isTooFew ? max(total?.obol ?? cast, cast) : cast
        fill.put(
            "resultText",
            cast == 0
                ? (proposal.status == .open ? "Nobody voted yet" : "Nobody voted")
                : isTooFew
                    ? NumberText.percent(cast, of: whole) + " voted"
                    : NumberText.percent(tally.yes.obol, of: cast) + " yes"
        )
        let parts: [(String, Amount)] = [
            ("yes", tally.yes), ("no", tally.no), ("abstain", tally.abstain), ("veto", tally.veto),
        ]
        let words = parts.map { "\($0.0) \(NumberText.percent($0.1.obol, of: cast))" }
        fill.put(
            "tallySVG",
            Bars.split(
                parts.map { ($0.0, Bars.part($0.1.obol, of: whole)) },
                title: "Votes: " + words.joined(separator: ", ")
            )
        )
        return fill
    }

    func fill() -> Fill {
        var fill = summary
        fill.put("proposer", NameText.fill(proposal.proposer))
        fill.put("deposit", UnitName.native.fill(proposal.deposit))
        fill.put("actions", action)
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
        let total = total?.obol ?? 0
        let decided = tally.cast.obol - tally.abstain.obol
        func goal(_ part: UInt128, _ whole: UInt128, _ mark: UInt64, _ what: String) -> SVG {
            let percent = NumberText.percent(part, of: whole)
            let asked = NumberText.percent(basisPoints: mark)
            return Bars.goal(
                Bars.part(part, of: whole),
                mark: Double(mark) / 10_000,
                style: what,
                title: "\(percent), with a mark at \(asked)"
            )
        }
        var fill = Fill()
        fill.put(
            "goals",
            [
                (
                    "Quorum", "voted", "needed", "Of all stake that was locked.",
                    tally.cast.obol, total, rules.quorum, "turnout"
                ),
                (
                    "Threshold", "yes", "must be exceeded", "Of the yes, no and veto votes.",
                    tally.yes.obol, decided, rules.threshold, "yes"
                ),
                (
                    "Veto", "veto", "ends it", "Of all votes.",
                    tally.veto.obol, tally.cast.obol, rules.veto, "veto"
                ),
            ].map { name, verb, need, note, part, whole, mark, style in
                var fill = Fill(["goalName": name, "goalNote": note])
                fill.put("goalPart", "\(NumberText.percent(part, of: whole)) \(verb)")
                fill.put("goalMark", "\(NumberText.percent(basisPoints: mark)) \(need)")
                fill.put("goalSVG", goal(part, whole, mark, style))
                return fill
            }
        )
        fill.put("total", self.total.map { UnitName.native.fill($0) })
        fill.put("isCounted", proposal.total != nil)
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
            fill.put(
                "stepHeight",
                step.1.map { height in
                    let wait = isOver ? nil : BlockTime.ahead(height, from: next)
                    return "block " + NumberText.grouped(height.rawValue)
                        + (wait.map { ", \($0)" } ?? "")
                }
            )
            fill.put("isDone", place <= reached)
            fill.put("isNow", place == reached)
            return fill
        }
    }
}
