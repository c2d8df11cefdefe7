import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes

/// What somebody who is signed in can do on pages that everybody reads: votes, passes and jobs.
enum SignedActions {
    /// The scripts of pages on which something can be signed.
    static let scripts = ["passkey.js", "signer.js", "transact.js"]

    /// Voting on a proposal: what the visitor has to vote with, and what they said.
    static func vote(
        on page: ProposalPage,
        _ read: PageRead
    ) async throws -> Fill {
        var fill = Fill()
        let isOpen = page.standing.tone == "active"
        fill.put("voteOpen", isOpen)
        fill.put("proposalID", "\(page.id.digest)")
        guard isOpen, let account = read.visitor?.account else {
            fill.put("voter", Optional<Fill>.none)
            return fill
        }
        let ledger = read.source.ledger
        let voter = try await ledger.voter(account) ?? .none
        let ballot = try await ledger.ballot(of: account, on: page.id)
        let stake = (try? voter.own.adding(voter.received)) ?? voter.own
        var inner = Fill()
        inner.put("hasStake", !stake.isZero)
        inner.put("stake", UnitName.native.fill(stake))
        inner.put("ownChoice", ballot?.choice.map { "\($0)" })
        inner.put(
            "choices",
            VoteChoice.allCases.map { choice in
                var fill = Fill(["value": "\(choice)", "choiceNote": note(choice)])
                fill.put("choiceTitle", "\(choice)".capitalizedFirst)
                fill.put("ticked", choice == ballot?.choice)
                return fill
            }
        )
        fill.put("voter", inner)
        return fill
    }

    private static func note(_ choice: VoteChoice) -> String {
        switch choice {
        case .yes: "It shall be done."
        case .no: "It shall not be done."
        case .abstain: "Counts for the quorum only."
        case .veto: "No, and the deposit shall be lost."
        }
    }

    /// What the visitor locked to vote, and what they can do with it.
    static func stake(_ read: PageRead) async throws -> Fill? {
        guard let account = read.visitor?.account else { return nil }
        let ledger = read.source.ledger
        let voter = try await ledger.voter(account) ?? .none
        let height = try await ledger.status().height
        let next = height.advanced(byBlocks: 1) ?? height
        let free = voter.unlockings.filter { $0.releasedAt <= next }.map(\.amount)
        var fill = Fill()
        fill.put("own", UnitName.native.fill(voter.own))
        fill.put("received", voter.received.isZero ? nil : UnitName.native.fill(voter.received))
        fill.put("hasOwn", !voter.own.isZero)
        fill.put("delegateName", voter.delegate.map { NameText.fill($0) })
        fill.put("free", free.isEmpty ? nil : UnitName.native.fill(UsagePage.sum(free)))
        fill.put(
            "unlocking",
            voter.unlockings.filter { $0.releasedAt > next }.map { part in
                var fill = Fill()
                fill.put("part", UnitName.native.fill(part.amount))
                fill.put("releasedAt", part.releasedAt.rawValue)
                return fill
            }
        )
        return fill
    }

    /// The visitor's pass of a plan, and what they can do about it.
    static func pass(
        of plan: PlanID,
        _ terms: Plan,
        _ read: PageRead
    ) async throws -> Fill {
        var fill = Fill(["planID": "\(plan.digest)", "priceMax": "\(terms.terms.price.obol)"])
        for name in ["passEnds", "passLeft"] { fill.put(name, String?.none) }
        guard let account = read.visitor?.account else {
            fill.put("canBuyPass", false)
            fill.put("canRenewPass", false)
            return fill
        }
        let held = try await read.source.ledger.pass(of: account, plan)
        if let held {
            let height = try await read.source.ledger.status().height
            fill.merge(WalletPasses.end(of: held.pass, at: height))
        }
        fill.put("canBuyPass", held == nil && terms.retiredAt == nil)
        let isFull = (held?.pass.periods.count ?? 0) >= Pass.periodsMax
        fill.put("canRenewPass", held != nil && !isFull && terms.retiredAt == nil)
        return fill
    }

    /// What the visitor can do about a job that they are a party of; nil if there is nothing.
    static func job(_ id: EscrowID, _ read: PageRead) async throws -> Fill? {
        guard let account = read.visitor?.account,
            let escrow = try await read.source.ledger.read(Escrow.self, .escrow(id))
        else { return nil }
        let (isBuyer, isSeller) = (account == escrow.buyer, account == escrow.terms.seller)
        var fill = Fill(["escrowID": "\(id.digest)"])
        var acts: Set<String> = []
        switch escrow.status {
        case .offered:
            if isSeller { acts.insert("canAccept") }
            if isBuyer || isSeller { acts.insert("canCancel") }
        case .accepted: if isSeller { acts.formUnion(["canDeliver", "canCancel"]) }
        case .delivered(_, let reviewBy):
            // The seller, once the review is over: where the ledger had no place for its end.
            let height = try await read.source.ledger.status().height
            let isOver = (height.advanced(byBlocks: 1) ?? height) > reviewBy
            if isBuyer || isSeller && isOver { acts.insert("canApprove") }
        case .disputed, .ended: break
        }
        for name in ["canAccept", "canCancel", "canDeliver", "canApprove"] {
            fill.put(name, acts.contains(name))
        }
        return acts.isEmpty ? nil : fill
    }
}
