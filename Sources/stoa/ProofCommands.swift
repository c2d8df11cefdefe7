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

            EXAMPLE
              stoa prove account alice > alice.proof
              stoa prove receipt 1 > receipt.proof
              stoa verify receipt.proof
            """
    )

    enum Subject: String, ExpressibleByArgument, CaseIterable {
        case account, channel, offer, bond, claim, entry, receipt
    }

    @Argument(help: "what to prove: account, channel, offer, bond, claim, entry or receipt")
    var subject: Subject
    @Argument(
        help: "its id in hex, an address, a wallet's name, CHANNEL/NUMBER, or a state key in hex"
    )
    var name: String
    @Option(
        help: ArgumentHelp(
            "the provider that is asked where a receipt is anchored (else the offer's endpoint)",
            valueName: "url"
        )
    )
    var provider: String?
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let file =
            subject == .receipt
            ? try await ReceiptProving(home: home, node: node, provider: provider).file(of: name)
            : try await stateFile(try key())
        try check(file)
        print(file.text, terminator: "")
    }

    private func stateFile(_ key: StateKey) async throws -> ProofFile {
        try await node.ask { ledger in
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

    private func key() throws -> StateKey {
        switch subject {
        case .account: return .account(try Wallets(home: home).resolve(name))
        case .bond: return .bond(try Wallets(home: home).resolve(name))
        case .channel: return .channel(ChannelID(try digest(name)))
        case .offer: return .offer(OfferID(try digest(name)))
        case .claim:
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, let number = UInt32(parts[1]) else {
                throw ValidationError("“\(name)” is not CHANNEL/NUMBER")
            }
            return .claim(ChannelID(try digest(String(parts[0]))), number)
        case .entry:
            guard let bytes = Hex.decode(name), (1...StateKey.bytesMax).contains(bytes.count)
            else { throw ValidationError("“\(name)” is not a state key in hex") }
            return StateKey(bytes: bytes)
        case .receipt: throw ValidationError("a receipt is no entry of the state")
        }
    }

    private func digest(_ text: String) throws -> Digest {
        guard let digest = Digest(hex: text) else {
            throw ValidationError("“\(text)” is not an id of 64 hex digits")
        }
        return digest
    }
}
