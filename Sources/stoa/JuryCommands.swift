import ArgumentParser
import CanonicalCoding
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
        discussion: """
            A vote that is cast stands: it can be opened, not changed.

            EXAMPLE
              stoa jury vote 77ab01 buyer --wallet judy
            """
    )

    @Argument(help: "the dispute")
    var dispute: ObjectName
    @Argument(help: "who is right: buyer, seller or split")
    var verdict: VerdictText
    @OptionGroup var sender: JobSender

    func run() async throws {
        try await sender.execute { ledger, account in
            let (id, found) = try await dispute.dispute(ledger)
            let secrets = JobSecrets(home: sender.home)
            let name = JobSecrets.vote(id, account, round: found.round)
            if let cast = found.sealedVote(of: account) {
                let vote = (try? secrets.read(name)).flatMap {
                    found.opening(cast, salt: $0, by: account, in: id)
                }
                throw CommandFailure(
                    "the vote is cast already\(vote.map { ", for \($0)" } ?? ""); "
                        + "nothing was sent",
                    hint: "`stoa jury open` opens it once all have voted"
                )
            }
            let sealed = Dispute.sealedVote(
                verdict.verdict,
                salt: try secrets.make(name),
                by: account,
                in: id,
                round: found.round
            )
            return .disputes(.castVote(id, sealed: sealed))
        }
        // The events say nothing of the choice: they are for everybody.
        note("voted, sealed: \(verdict.verdict)")
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
            guard let cast = found.sealedVote(of: account) else {
                throw CommandFailure(
                    "\(account) has cast no vote in this round; nothing was sent",
                    hint: "who sits in the jury is in `stoa dispute show \(dispute.text)`"
                )
            }
            let name = JobSecrets.vote(id, account, round: found.round)
            let salt = try JobSecrets(home: sender.home).read(name)
            guard let vote = found.opening(cast, salt: salt, by: account, in: id) else {
                throw CommandFailure(
                    "what is kept here does not open the vote on the ledger; nothing was sent",
                    hint: "open it with the --home in which `stoa jury vote` was run"
                )
            }
            return .disputes(.openVote(id, vote, salt: salt))
        }
    }
}

extension Dispute {
    /// What a juror has cast in this round; nil if nothing, or if it does not sit there.
    fileprivate func sealedVote(of juror: AccountID) -> Digest? {
        seats.first { $0.juror == juror }?.commitment
    }

    /// The vote that a salt opens. The salt alone is kept and the ledger says what was cast, so
    /// that no later choice can take the place of the one that counts.
    fileprivate func opening(
        _ cast: Digest,
        salt: Digest,
        by juror: AccountID,
        in id: DisputeID
    ) -> Verdict? {
        Verdict.allCases.first {
            cast == Self.sealedVote($0, salt: salt, by: juror, in: id, round: round)
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
