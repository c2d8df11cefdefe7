import ArgumentParser
import CanonicalCoding
import LedgerClient
import LedgerCore
import MarketTypes

/// A dispute as the command line prints it.
struct DisputeDocument: Encodable {
    struct Seat: Encodable {
        let juror: String
        let hasVoted: Bool
        let vote: String?
    }

    /// What a claim to a bond is about.
    struct Claim: Encodable {
        let channel, amountObol, depositObol: String
        let releasedAt: UInt64
    }

    let dispute, buyer, seller, opener, phase, bondObol: String
    /// The job, if it is about one.
    let escrow: String?
    /// The claim, if it is about a bond.
    let claim: Claim?
    let round: UInt8
    let until: UInt64
    let verdict: String?
    let evidence: [String]
    let jury: [Seat]

    init(_ id: DisputeID, _ dispute: Dispute) {
        self.dispute = "\(id.digest)"
        switch dispute.subject {
        case .job(let job):
            escrow = "\(job.digest)"
            claim = nil
        case .bond(let bond):
            escrow = nil
            claim = Claim(
                channel: "\(bond.channel.digest)",
                amountObol: "\(bond.amount.obol)",
                depositObol: "\(bond.deposit.obol)",
                releasedAt: bond.releasedAt.rawValue
            )
        }
        buyer = "\(dispute.buyer)"
        seller = "\(dispute.seller)"
        opener = "\(dispute.opener)"
        phase = "\(dispute.phase)"
        bondObol = "\(dispute.bond.obol)"
        round = dispute.round
        until = dispute.until.rawValue
        verdict = dispute.verdict.map { "\($0)" }
        evidence = dispute.evidence.map { "\($0)" }
        jury = dispute.seats.map { seat in
            Seat(
                juror: "\(seat.juror)",
                hasVoted: seat.commitment != nil,
                vote: seat.vote.map { "\($0)" }
            )
        }
    }

    /// What it is about, in a few words.
    var subject: String {
        if let claim { return "\(stoa(claim.amountObol)) STOA of a bond" }
        return "job \(escrow?.prefix(16) ?? "")"
    }

    var text: String {
        let about =
            if let claim {
                "about \(stoa(claim.amountObol)) STOA of the bond of \(seller), "
                    + "deposit \(stoa(claim.depositObol)) STOA, paid from height "
                    + "\(claim.releasedAt)"
            } else {
                "about job \(escrow ?? "")"
            }
        let rows = jury.map { [$0.juror, $0.vote ?? ($0.hasVoted ? "sealed" : "-")] }
        return [
            "dispute \(dispute), round \(round): \(phase) up to height \(until)",
            "\(about), opened by \(opener), bond \(stoa(bondObol)) STOA",
            "verdict: \(verdict ?? "none yet")", table(["JUROR", "VOTE"], rows),
        ].joined(separator: "\n")
    }
}

struct DisputeShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "a dispute, its jury, and where it stands",
        discussion: "EXAMPLE\n  stoa dispute show 77ab01"
    )

    @Argument(help: "the dispute")
    var dispute: ObjectName
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let document = try await node.ask { ledger in
            let (id, found) = try await dispute.dispute(ledger)
            return DisputeDocument(id, found)
        }
        try output.print(document, document.text)
    }
}

struct DisputeList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "all disputes",
        discussion: "EXAMPLE\n  stoa dispute list"
    )

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let documents = try await node.ask { ledger in
            try await ledger.listed(.disputes, limit: 4096).compactMap { key, value in
                try Digest(bytes: key.suffix(Digest.byteCount)).map {
                    DisputeDocument(DisputeID($0), try Dispute(canonicalBytes: value))
                }
            }
        }
        let rows = documents.map {
            [
                String($0.dispute.prefix(16)), $0.phase, "\($0.round)", $0.verdict ?? "-",
                $0.subject,
            ]
        }
        try output.print(documents, table(["DISPUTE", "PHASE", "ROUND", "VERDICT", "ABOUT"], rows))
    }
}
