import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct DisputeGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dispute",
        abstract: "let a jury decide about a job",
        discussion: """
            Both parties stake a bond; the loser's goes to the jury. The jury is drawn by two \
            numbers, one of each party, of which the opener's is bound before the other's is said: \
            so nobody can choose it. Who does not speak in time loses. The number that the opener \
            must reveal is kept in the home directory.

            EXAMPLE
              stoa dispute open --wallet alice 5c01ab --evidence why.md
              stoa dispute answer --wallet bob 77ab01 --evidence because.md
              stoa dispute reveal --wallet alice 77ab01
              stoa dispute show 77ab01
            """,
        subcommands: [
            DisputeOpen.self, DisputeAnswer.self, DisputeReveal.self, DisputeAppeal.self,
            DisputeShow.self, DisputeList.self,
        ]
    )
}

struct DisputeOpen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract: "ask for a jury about a job"
    )

    @Argument(help: "the job")
    var job: ObjectName
    @Option(help: ArgumentHelp("what speaks for you: its digest is filed", valueName: "file"))
    var evidence: String
    @OptionGroup var sender: JobSender

    func run() async throws {
        let evidence = try contentDigest(evidence)
        try await sender.execute { ledger, account in
            let id = try await job.escrow(ledger).id
            let secrets = JobSecrets(home: sender.home)
            let number = try secrets.make(JobSecrets.opener(id, account, round: 0))
            return .disputes(
                .open(id, evidence: evidence, commitment: Dispute.commitment(to: number))
            )
        }
    }
}

struct DisputeAnswer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "answer",
        abstract: "answer, as the other party, with evidence and a bond"
    )

    @Argument(help: "the dispute")
    var dispute: ObjectName
    @Option(help: ArgumentHelp("what speaks for you: its digest is filed", valueName: "file"))
    var evidence: String
    @OptionGroup var sender: JobSender

    func run() async throws {
        let evidence = try contentDigest(evidence)
        try await sender.execute { ledger, account in
            let (id, dispute) = try await dispute.dispute(ledger)
            let name = JobSecrets.opener(dispute.escrow, account, round: dispute.round)
            let number = try JobSecrets(home: sender.home).make("answer-\(name)")
            return .disputes(.answer(id, evidence: evidence, number: number))
        }
    }
}

struct DisputeReveal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reveal",
        abstract: "show the number that was bound at the opening, which draws the jury"
    )

    @Argument(help: "the dispute")
    var dispute: ObjectName
    @OptionGroup var sender: JobSender

    func run() async throws {
        try await sender.execute { ledger, account in
            let (id, dispute) = try await dispute.dispute(ledger)
            let name = JobSecrets.opener(dispute.escrow, account, round: dispute.round)
            return .disputes(.reveal(id, number: try JobSecrets(home: sender.home).read(name)))
        }
    }
}

struct DisputeAppeal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "appeal",
        abstract: "ask for a larger jury, with twice the bond; two appeals at most"
    )

    @Argument(help: "the dispute")
    var dispute: ObjectName
    @Option(help: ArgumentHelp("what speaks for you: its digest is filed", valueName: "file"))
    var evidence: String
    @OptionGroup var sender: JobSender

    func run() async throws {
        let evidence = try contentDigest(evidence)
        try await sender.execute { ledger, account in
            let (id, dispute) = try await dispute.dispute(ledger)
            let name = JobSecrets.opener(dispute.escrow, account, round: dispute.round + 1)
            let number = try JobSecrets(home: sender.home).make(name)
            return .disputes(
                .appeal(id, evidence: evidence, commitment: Dispute.commitment(to: number))
            )
        }
    }
}

/// A dispute as the command line prints it.
struct DisputeDocument: Encodable {
    struct Seat: Encodable {
        let juror: String
        let hasVoted: Bool
        let vote: String?
    }

    let dispute, escrow, buyer, seller, opener, phase, bondObol: String
    let round: UInt8
    let until: UInt64
    let verdict: String?
    let evidence: [String]
    let jury: [Seat]

    init(_ id: DisputeID, _ dispute: Dispute) {
        self.dispute = "\(id.digest)"
        escrow = "\(dispute.escrow.digest)"
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

    var text: String {
        let rows = jury.map { [$0.juror, $0.vote ?? ($0.hasVoted ? "sealed" : "-")] }
        return [
            "dispute \(dispute), round \(round): \(phase) up to height \(until)",
            "about job \(escrow), opened by \(opener), bond \(stoa(bondObol)) STOA",
            "verdict: \(verdict ?? "none yet")", table(["JUROR", "VOTE"], rows),
        ].joined(separator: "\n")
    }
}

struct DisputeShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "a dispute, its jury, and where it stands"
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
        abstract: "all disputes"
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
                String($0.escrow.prefix(16)),
            ]
        }
        try output.print(documents, table(["DISPUTE", "PHASE", "ROUND", "VERDICT", "JOB"], rows))
    }
}
