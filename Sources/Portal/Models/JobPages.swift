import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

/// Jobs: money that is locked until something is delivered.
enum JobPages {
    static let jobsMax = 25
    static let disputesMax = 25
    static let historyMax = 40

    /// Where a job stands, in a word, and how the word looks.
    static func standing(_ escrow: Escrow) -> (text: String, tone: String) {
        switch escrow.status {
        case .offered: ("Offered", "quiet")
        case .accepted: ("In work", "active")
        case .delivered: ("Delivered", "active")
        case .disputed: ("Disputed", "bad")
        case .ended(.paid): ("Paid", "good")
        case .ended(.refunded): ("Refunded", "quiet")
        case .ended(.split): ("Split", "quiet")
        }
    }

    static func standing(_ dispute: Dispute) -> (text: String, tone: String) {
        switch dispute.phase {
        case .answering: ("Waiting for an answer", "active")
        case .revealing: ("Waiting for the opener's number", "active")
        case .voting: ("The jury votes", "active")
        case .opening: ("Votes are opened", "active")
        case .decided: ("Decided, may be appealed", "active")
        case .ended: ("Ended", "quiet")
        }
    }

    /// Who got what by a verdict.
    static func text(_ verdict: Verdict) -> String {
        switch verdict {
        case .buyer: "for the buyer"
        case .seller: "for the seller"
        case .split: "half to each"
        }
    }

    static func job(_ id: EscrowID, _ escrow: Escrow, _ unit: UnitName) -> Fill {
        var fill = Fill()
        fill.put("jobHref", PortalPaths.job(id.digest))
        fill.put("id", NameText.fill(id.digest, link: PortalPaths.job(id.digest)))
        fill.put("standing", standing(escrow).text)
        fill.put("tone", standing(escrow).tone)
        fill.put("buyer", NameText.fill(escrow.buyer))
        fill.put("seller", NameText.fill(escrow.terms.seller))
        fill.put("amount", unit.fill(escrow.terms.amount))
        fill.put("acceptBy", escrow.terms.acceptBy.rawValue)
        fill.put("deliverBy", escrow.terms.deliverBy.rawValue)
        fill.put("reviewBlocks", escrow.terms.reviewBlocks)
        return fill
    }

    /// A page of jobs, in the order of their names; `after` is the last name of the page before.
    static func list(_ after: Digest?, _ source: PageSource) async throws -> (
        jobs: [Fill], next: String?
    ) {
        let start = after.map { StateKey.escrow(EscrowID($0)) }
        let listed = try await source.listed(.escrows, after: start, limit: jobsMax + 1)
        let jobs = listed.compactMap { listing -> (id: EscrowID, escrow: Escrow)? in
            guard let name = Digest(bytes: listing.key.bytes.suffix(Digest.byteCount)),
                let escrow = try? Escrow(canonicalBytes: listing.value)
            else { return nil }
            return (EscrowID(name), escrow)
        }
        let units = try await source.units(jobs.map(\.escrow.terms.denomination))
        let shown = jobs.prefix(jobsMax)
        return (
            shown.map { job($0.id, $0.escrow, units[$0.escrow.terms.denomination] ?? .native) },
            jobs.count > jobsMax ? shown.last.map { "\($0.id.digest)" } : nil
        )
    }

    static func disputes(_ source: PageSource) async throws -> [Fill] {
        try await source.listed(.disputes, limit: disputesMax).compactMap { listing in
            guard let name = Digest(bytes: listing.key.bytes.suffix(Digest.byteCount)),
                let dispute = try? Dispute(canonicalBytes: listing.value)
            else { return nil }
            return self.dispute(DisputeID(name), dispute)
        }
    }

    static func dispute(_ id: DisputeID, _ dispute: Dispute) -> Fill {
        var fill = Fill()
        fill.put("id", NameText.fill(id.digest, link: PortalPaths.dispute(id.digest)))
        fill.put("disputeHref", PortalPaths.dispute(id.digest))
        switch dispute.subject {
        case .job(let job):
            fill.put("job", NameText.fill(job.digest, link: PortalPaths.job(job.digest)))
        case .bond(let claim):
            fill.put("claim", UnitName.native.fill(claim.amount))
        }
        fill.put("standing", standing(dispute).text)
        fill.put("tone", standing(dispute).tone)
        fill.put("buyer", NameText.fill(dispute.buyer))
        fill.put("seller", NameText.fill(dispute.seller))
        fill.put("opener", NameText.fill(dispute.opener))
        fill.put("round", "\(dispute.round + 1)")
        fill.put("until", dispute.until.rawValue)
        fill.put("bond", UnitName.native.fill(dispute.bond))
        fill.put("verdict", dispute.verdict.map { text($0) })
        fill.put("evidence", dispute.evidence.map { NameText.fill($0) })
        fill.put(
            "seats",
            dispute.seats.map { seat in
                var fill = Fill()
                fill.put("juror", NameText.fill(seat.juror))
                fill.put(
                    "vote",
                    seat.vote.map { text($0).capitalizedFirst }
                        ?? (seat.commitment == nil ? "Not voted" : "Sealed")
                )
                return fill
            }
        )
        fill.put("proofHref", PortalPaths.proof(.dispute(id)))
        return fill
    }

    /// Everything that a job's page shows.
    static func page(_ id: EscrowID, _ source: PageSource) async throws -> Fill {
        guard let escrow = try await source.ledger.read(Escrow.self, .escrow(id)) else {
            throw Problem.missing(
                "There is no job of this name.",
                hint: "All of them are under Jobs."
            )
        }
        let terms = escrow.terms
        var fill = job(id, escrow, try await source.unit(terms.denomination))
        fill.put("document", NameText.fill(terms.document))
        fill.put("proofHref", PortalPaths.proof(.escrow(id)))
        let asset = try await terms.asset.asyncMap { try await source.index.asset($0) }
        fill.put("assetName", asset??.asset.name)
        fill.put("assetHref", terms.asset.map { PortalPaths.asset($0) })
        fill.values(of: escrow)
        fill.put("steps", steps(escrow))
        return fill
    }

    private static func steps(_ escrow: Escrow) -> [Fill] {
        let terms = escrow.terms
        let reached: Int =
            switch escrow.status {
            case .offered: 0
            case .accepted: 1
            case .delivered, .disputed: 2
            case .ended: 3
            }
        let end = standing(escrow).text
        let steps = [
            ("Locked", ""), ("Accepted", "by block \(NumberText.grouped(terms.acceptBy.rawValue))"),
            ("Delivered", "by block \(NumberText.grouped(terms.deliverBy.rawValue))"),
            (
                reached == 3 ? end : "Approved or judged",
                "\(NumberText.count(terms.reviewBlocks, "block", "blocks")) to look at it"
            ),
        ]
        return steps.enumerated().map { place, step in
            var fill = Fill(["stepName": step.0])
            fill.put("stepHeight", step.1.isEmpty ? nil : step.1)
            fill.put("isDone", place <= reached)
            fill.put("isNow", place == reached)
            return fill
        }
    }
}

extension Fill {
    /// What only some standings of a job have.
    fileprivate mutating func values(of escrow: Escrow) {
        put("content", nil as String?)
        put("dispute", nil as String?)
        switch escrow.status {
        case .delivered(let content, let height):
            put("content", NameText.fill(content))
            put("reviewBy", height.rawValue)
        case .disputed(let dispute):
            put("dispute", NameText.fill(dispute, link: PortalPaths.dispute(dispute)))
        case .offered, .accepted, .ended: break
        }
    }
}

extension Optional where Wrapped: Sendable {
    /// As `map`, for what takes time.
    fileprivate func asyncMap<Value>(
        _ transform: (Wrapped) async throws -> Value
    ) async rethrows -> Value? {
        guard let self else { return nil }
        return try await transform(self)
    }
}
