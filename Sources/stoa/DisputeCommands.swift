import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct DisputeGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dispute",
        abstract: "let a jury decide about a job, or about a seller's bond",
        discussion: """
            Both parties stake a bond; the loser's goes to the jury. The jury is drawn by two \
            numbers, one of each party, of which the opener's is bound before the other's is said: \
            so nobody can choose it. Who does not speak in time loses. The number that the opener \
            must reveal is kept in the home directory.

            EXAMPLE
              stoa dispute open --wallet alice 5c01ab --evidence why.md
              stoa dispute open-bond --wallet alice --channel 90ae12 --amount 25 --evidence why.md
              stoa dispute answer --wallet bob 77ab01 --evidence because.md
              stoa dispute reveal --wallet alice 77ab01
              stoa dispute show 77ab01
            """,
        subcommands: [
            DisputeOpen.self, DisputeOpenBond.self, DisputeAnswer.self, DisputeReveal.self,
            DisputeAppeal.self, DisputeShow.self, DisputeList.self,
        ]
    )
}

struct DisputeOpen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract: "ask for a jury about a job that you pay for",
        discussion: "EXAMPLE\n  stoa dispute open 5c01ab --evidence why.md --wallet alice"
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
        abstract: "answer, as the other party, with evidence and a bond",
        discussion: "EXAMPLE\n  stoa dispute answer 77ab01 --evidence because.md --wallet bob"
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
            let name = JobSecrets.opener(id, dispute, account, round: dispute.round)
            let number = try JobSecrets(home: sender.home).make("answer-\(name)")
            return .disputes(.answer(id, evidence: evidence, number: number))
        }
    }
}

struct DisputeReveal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reveal",
        abstract: "show the number that was bound at the opening, which draws the jury",
        discussion: "EXAMPLE\n  stoa dispute reveal 77ab01 --wallet alice"
    )

    @Argument(help: "the dispute")
    var dispute: ObjectName
    @OptionGroup var sender: JobSender

    func run() async throws {
        try await sender.execute { ledger, account in
            let (id, dispute) = try await dispute.dispute(ledger)
            let name = JobSecrets.opener(id, dispute, account, round: dispute.round)
            return .disputes(.reveal(id, number: try JobSecrets(home: sender.home).read(name)))
        }
    }
}

struct DisputeAppeal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "appeal",
        abstract: "ask for a larger jury, with twice the bond; two appeals at most",
        discussion: "EXAMPLE\n  stoa dispute appeal 77ab01 --evidence again.md --wallet bob"
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
            let name = JobSecrets.opener(id, dispute, account, round: dispute.round + 1)
            let number = try JobSecrets(home: sender.home).make(name)
            return .disputes(
                .appeal(id, evidence: evidence, commitment: Dispute.commitment(to: number))
            )
        }
    }
}
