import ArgumentParser
import FoundationEssentials
import Identity
import LedgerCore
import MarketTypes
import Proofs

struct Prove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "write a proof of what the ledger says, for `stoa verify`",
        discussion: """
            The proof is one file: the entry or the receipt, its path to a state root, and the \
            header that the sequencer or the validators sealed. Whoever has the chain's genesis \
            can check it without a network.

            A receipt is one of `stoa receipts list`, by its digest or the first digits of it, or \
            by its number in that list (1 is the latest). It can be proven once its seller has \
            claimed it. Without a gateway in the home directory, the provider's own journal there \
            is read.

            What two names make is named by both, the second as the last argument: a balance by \
            unit and account, shares and dividends by asset and holder, a pass by plan and \
            holder, a pool's reserve by pool and unit, liquidity by pool and account, royalties \
            by asset and the asset that was sold, a delegation by validator and account, a \
            session by account and key, a ballot by proposal and voter.

            EXAMPLES
              stoa prove account alice > alice.proof
              stoa prove shares bob/small alice > shares.proof
              stoa prove pass monthly alice > pass.proof
              stoa prove reserve 5c01ab STOA > pool.proof
              stoa prove receipt 1 -o receipt.proof
              stoa verify receipt.proof
            """
    )

    @Argument(
        help: ArgumentHelp(
            "what to prove: " + ProofSubject.allCases.map(\.rawValue).joined(separator: ", ")
        )
    )
    var subject: ProofSubject
    @Argument(
        help: """
            its id in hex or the first digits of it, its name as other commands take it, an \
            address, a wallet's name, CHANNEL/NUMBER, or a state key in hex
            """
    )
    var name: String
    @Argument(help: "the second name, where two are needed")
    var second: String?
    @Option(help: "whose assets bare names are")
    var wallet = "default"
    @Option(
        help: ArgumentHelp(
            "the provider that is asked where a receipt is anchored (else the offer's endpoint)",
            valueName: "url"
        )
    )
    var provider: String?
    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("write a new file, not to standard output", valueName: "file")
    )
    var out: String?
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let file =
            subject == .receipt
            ? try await ReceiptProving(home: home, node: node, provider: provider).file(of: name)
            : try await stateFile()
        try check(file)
        // The file is JSON in any case; its texts have no line ends.
        let lines = file.text.split(separator: "\n").map { $0.drop { $0 == " " } }
        let text = output.json ? lines.joined() + "\n" : file.text
        guard let out else { return try writeOutput(text) }
        try writePrivateFile(text, to: out)
        try output.print(["proof": out], "the proof is in \(out)")
    }

    private func stateFile() async throws -> ProofFile {
        let naming = ProofNaming(home: home, wallet: wallet)
        return try await node.ask { ledger in
            let key = try await naming.key(subject, name, second, ledger)
            let sealed = try await SealedEntries.read([key], from: ledger)
            return .state(StateEntryProof(entry: sealed.entries[0], seal: sealed.seal))
        }
    }

    /// What does not check here need not be sent to anybody; without a genesis nobody can tell.
    private func check(_ file: ProofFile) throws {
        guard let genesis = try? node.readGenesis() else {
            return note("there is no genesis here, so the proof was not checked")
        }
        do {
            _ = try ProofVerifier(trusting: ProofTrust(genesis: genesis)).verify(file)
        } catch {
            throw CommandFailure(
                "the ledger's answers prove nothing: \(error.field) \(error.fault.text)",
                hint: "is the genesis that of the ledger that was asked?"
            )
        }
    }
}
