import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct DisputeOpenBond: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open-bond",
        abstract: "claim a part of a seller's bond, as a payer of a channel with it",
        discussion: """
            What you claim is held out of the seller's bond until the jury has decided. You stake \
            the bond of a dispute, and deposit a part of your claim, which the seller gets if you \
            lose. An award is paid no earlier than the seller could have had its bond back, and a \
            proof of fraud by then takes it. The amount is in STOA.

            EXAMPLE
              stoa dispute open-bond --wallet alice --channel 90ae12 --amount 25 --evidence why.md
            """
    )

    @Option(help: ArgumentHelp("your channel with the seller", valueName: "id"))
    var channel: ObjectName
    @Option(help: "how much of its bond, in STOA", transform: Amount.init(argument:))
    var amount: Amount
    @Option(help: ArgumentHelp("what speaks for you: its digest is filed", valueName: "file"))
    var evidence: String
    @OptionGroup var sender: JobSender

    func run() async throws {
        let evidence = try contentDigest(evidence)
        try await sender.execute { ledger, account in
            let id = try await channel.channel(ledger, of: account)
            // A number of its own each time: what was revealed once draws no other jury.
            let commitment = try JobSecrets(home: sender.home).makeBound()
            return .disputes(.claimBond(id, amount, evidence: evidence, commitment: commitment))
        }
    }
}

extension ObjectName {
    /// The sender's channel that is meant, closed ones included.
    func channel(_ ledger: any LedgerConnection, of payer: AccountID) async throws -> ChannelID {
        let (name, bytes) = try await find(
            ledger,
            prefix: .channels,
            kind: "channel",
            list: "channel"
        )
        guard try Channel(canonicalBytes: bytes).payer == payer else {
            throw CommandFailure(
                "channel “\(text)” is not this wallet's to claim by",
                hint: "who pays in a channel may claim; see `stoa channel list`"
            )
        }
        return ChannelID(name)
    }
}

extension JobSecrets {
    /// A fresh number, written down under what it hashes to before anybody sees that; returns that.
    func makeBound() throws -> Digest {
        let number = try fresh()
        let commitment = Dispute.commitment(to: number)
        _ = try home.makeDirectory("disputes")
        try writePrivateFile("\(number)\n", to: home.path("disputes", "\(commitment)"))
        return commitment
    }
}
