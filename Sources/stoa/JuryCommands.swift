import ArgumentParser
import CanonicalCoding
import Glibc
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct JuryGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jury",
        abstract: "stake STOA to judge disputes, and earn what losers pay",
        discussion: """
            Who is drawn votes sealed, then opens its vote. The minority, and whoever stays \
            silent, loses a part of its stake to the majority.

            EXAMPLE
              stoa jury join --wallet judy 100
              stoa jury vote --wallet judy 77ab01 seller
              stoa jury open --wallet judy 77ab01
            """,
        subcommands: [
            JuryJoin.self, JuryLeave.self, JuryWithdraw.self, JuryVote.self, JuryOpen.self,
            JuryList.self,
        ]
    )
}

struct JuryJoin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "stake to be drawn, or stake more",
        discussion: "EXAMPLE\n  stoa jury join 500 --wallet judy"
    )

    @Argument(help: "how much, in STOA", transform: Amount.init(argument:))
    var amount: Amount
    @OptionGroup var sender: JobSender

    func run() async throws {
        try await sender.execute { _, _ in .disputes(.joinJury(amount)) }
    }
}

struct JuryLeave: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leave",
        abstract: "be drawn no more; the stake comes back after a delay",
        discussion: "EXAMPLE\n  stoa jury leave --wallet judy"
    )

    @OptionGroup var sender: JobSender

    func run() async throws {
        try await sender.execute { _, _ in .disputes(.leaveJury) }
    }
}

struct JuryWithdraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw",
        abstract: "take the stake back, once its delay has passed",
        discussion: "EXAMPLE\n  stoa jury withdraw --wallet judy"
    )

    @OptionGroup var sender: JobSender

    func run() async throws {
        try await sender.execute { _, _ in .disputes(.withdrawJury) }
    }
}

/// A verdict as people write it.
struct VerdictText: ExpressibleByArgument {
    let verdict: Verdict

    init?(argument: String) {
        guard let verdict = Verdict.allCases.first(where: { "\($0)" == argument }) else {
            return nil
        }
        self.verdict = verdict
    }

    static var allValueStrings: [String] { Verdict.allCases.map { "\($0)" } }
}

struct JuryVote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vote",
        abstract: "vote, sealed; what opens it is kept in the home directory",
        discussion: "EXAMPLE\n  stoa jury vote 77ab01 buyer --wallet judy"
    )

    @Argument(help: "the dispute")
    var dispute: ObjectName
    @Argument(help: "who is right: buyer, seller or split")
    var verdict: VerdictText
    @OptionGroup var sender: JobSender

    func run() async throws {
        try await sender.execute { ledger, account in
            let (id, found) = try await dispute.dispute(ledger)
            let name = JobSecrets.vote(id, account, round: found.round)
            let secrets = JobSecrets(home: sender.home)
            let salt = try secrets.make(name)
            // A second attempt replaces what was chosen, as long as nothing was cast.
            unlink(sender.home.path("disputes", "\(name)-choice"))
            try writePrivateFile(
                "\(verdict.verdict)\n",
                to: sender.home.path("disputes", "\(name)-choice")
            )
            let sealed = Dispute.sealedVote(
                verdict.verdict,
                salt: salt,
                by: account,
                in: id,
                round: found.round
            )
            return .disputes(.castVote(id, sealed: sealed))
        }
    }
}

struct JuryOpen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract: "open the vote, once all have voted or the time for it is over",
        discussion: "EXAMPLE\n  stoa jury open 77ab01 --wallet judy"
    )

    @Argument(help: "the dispute")
    var dispute: ObjectName
    @OptionGroup var sender: JobSender

    func run() async throws {
        try await sender.execute { ledger, account in
            let (id, found) = try await dispute.dispute(ledger)
            let name = JobSecrets.vote(id, account, round: found.round)
            let salt = try JobSecrets(home: sender.home).read(name)
            let choice = try readFile(sender.home.path("disputes", "\(name)-choice"))
            guard let vote = VerdictText(argument: choice.filter { !$0.isWhitespace })?.verdict
            else { throw CommandFailure("the file of the vote is damaged") }
            return .disputes(.openVote(id, vote, salt: salt))
        }
    }
}

struct JuryList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "who may be drawn, and by what stake",
        discussion: "EXAMPLE\n  stoa jury list"
    )

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let known = try await node.ask { try await $0.read(JurorTable.self, .jurors) }
        let documents = (known?.jurors ?? []).map {
            ["juror": "\($0.account)", "stakeObol": "\($0.stake.obol)"]
        }
        let rows = documents.map { [$0["juror"] ?? "", stoa($0["stakeObol"] ?? "0")] }
        try output.print(documents, table(["JUROR", "STOA"], rows))
    }
}
