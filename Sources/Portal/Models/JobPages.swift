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
    static func page(
        _ id: EscrowID,
        _ history: [EventEntry],
        _ source: PageSource
    ) async throws -> Fill {
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
        let height = try await source.ledger.status().height
        fill.put("steps", steps(escrow, history, at: height, source.now))
        return fill
    }

    /// What was done and when, and until when the rest has time.
    ///
    /// The ledger keeps deadlines alone: when something happened is in the index.
    static func steps(
        _ escrow: Escrow,
        _ history: [EventEntry],
        at height: BlockHeight,
        _ now: Timestamp
    ) -> [Fill] {
        let terms = escrow.terms
        let reached: Int =
            switch escrow.status {
            case .offered: 0
            case .accepted: 1
            case .delivered, .disputed: 2
            case .ended: 3
            }
        let isOver = reached == 3
        var review = "\(BlockTime.span(terms.reviewBlocks)) after delivery"
        if case .delivered(_, let end) = escrow.status { review = until(end, from: height) }
        if case .disputed = escrow.status { review = "by the jury" }
        let steps = [
            ("Locked", "escrows.locked", ""),
            ("Accepted", "escrows.accepted", until(terms.acceptBy, from: height)),
            ("Delivered", "escrows.delivered", until(terms.deliverBy, from: height)),
            (isOver ? standing(escrow).text : "Approved or judged", "escrows.ended", review),
        ]
        return steps.enumerated().map { place, step in
            let event = history.last { $0.name == step.1 }
            let happened = event.map { event in
                "block \(NumberText.grouped(event.height.rawValue)), "
                    + TimeText.ago(event.time, now: now)
            }
            let isDone = place == reached || place < reached && (event != nil || !isOver)
            // Of a job that is over nobody waits for what never happened.
            let note = happened ?? (isDone || isOver ? nil : step.2)
            var fill = Fill(["stepName": step.0])
            fill.put("stepHeight", note.flatMap { $0.isEmpty ? nil : $0 })
            fill.put("isDone", isDone)
            fill.put("isNow", place == reached)
            return fill
        }
    }

    private static func until(_ end: BlockHeight, from height: BlockHeight) -> String {
        let ahead = BlockTime.ahead(end, from: height).map { ", \($0)" } ?? ", which is past"
        return "until block \(NumberText.grouped(end.rawValue))" + ahead
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
