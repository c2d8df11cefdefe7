import ArgumentParser
import CanonicalCoding
import FoundationEssentials
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct Prove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "write a proof of what the ledger says, for `stoa verify`",
        discussion: """
            The proof is one file: the entry, the path in the state tree, and the sealed header. \
            Whoever has the chain's genesis can check it without a network.

            EXAMPLE
              stoa prove account alice > alice.proof
              stoa verify alice.proof
            """
    )

    enum Subject: String, ExpressibleByArgument, CaseIterable {
        case account, channel, offer, bond
    }

    @Argument(help: "what to prove: account, channel, offer or bond")
    var subject: Subject
    @Argument(help: "its id in hex, an address, or a wallet's name")
    var name: String
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let key = try key()
        let file = try await node.ask { ledger in
            let status = try await ledger.status()
            let entry = try await ledger.entry(key, proven: true)
            guard let proof = entry.proof, let header = entry.header else {
                throw CommandFailure(
                    "the ledger has no block yet, so nothing can be proven",
                    hint: "make a transaction first"
                )
            }
            return ProofFile(
                subject: subject.rawValue,
                chain: status.chain.digest.description,
                key: Hex.encode(key.bytes),
                value: entry.value.map { Hex.encode($0) },
                proof: Hex.encode(proof.canonicalBytes),
                header: Hex.encode(header.canonicalBytes)
            )
        }
        print(try OutputOptions.line(file))
    }

    private func key() throws -> StateKey {
        switch subject {
        case .account: return .account(try Wallets(home: home).resolve(name))
        case .bond: return .bond(try Wallets(home: home).resolve(name))
        case .channel: return .channel(ChannelID(try digest()))
        case .offer: return .offer(OfferID(try digest()))
        }
    }

    private func digest() throws -> Digest {
        guard let digest = Digest(hex: name) else {
            throw ValidationError("“\(name)” is not an id of 64 hex digits")
        }
        return digest
    }
}

/// A proof as a file: everything that a stranger needs but the genesis.
struct ProofFile: Codable {
    let subject, chain, key: String
    let value: String?
    let proof, header: String
}

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "check a proof without a network",
        discussion: """
            Checks that the entry is (or is not) in the state whose root the header names, and \
            that the header was sealed by the sequencer of the genesis given.

            EXAMPLE
              stoa verify alice.proof --genesis genesis.stoa
            """
    )

    @Argument(help: "the file that `stoa prove` wrote")
    var file: String
    @Option(help: "the chain's genesis file (else the one in the home directory)")
    var genesis: String?
    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let text = try readFile(file)
        guard let proof = try? JSONDecoder().decode(ProofFile.self, from: Data(text.utf8)) else {
            throw CommandFailure("\(file) is not a proof file")
        }
        let header = try checkedHeader(proof, genesis: try readGenesis())
        let value = try decode("value", proof.value)
        guard let keyBytes = Hex.decode(proof.key), (1...StateKey.bytesMax).contains(keyBytes.count)
        else { throw refused("key") }
        guard let proofBytes = Hex.decode(proof.proof),
            let path = try? StateProof(canonicalBytes: proofBytes)
        else { throw refused("proof") }
        do {
            try path.verify(
                key: StateKey(bytes: keyBytes),
                value: value,
                root: header.stateRoot
            )
        } catch {
            throw CommandFailure("refused: the proof does not lead to the state root (\(error))")
        }
        let verb = value == nil ? "is absent from" : "is in"
        try output.print(
            [
                "verdict": "proven", "subject": proof.subject,
                "present": value == nil ? "false" : "true",
                "height": "\(header.height.rawValue)", "chain": proof.chain,
            ],
            """
            proven: \(proof.subject) \(verb) the state of block \(header.height.rawValue)
            \(describe(proof.subject, value))
            sealed by the sequencer of chain \(proof.chain)
            """
        )
    }

    private func readGenesis() throws -> Genesis {
        guard let genesis else { return try NodeHome(home: home).genesis() }
        let text = try readFile(genesis)
        guard let bytes = Hex.decode(text.filter { !$0.isWhitespace }),
            let document = try? Genesis(canonicalBytes: bytes)
        else { throw CommandFailure("\(genesis) is not a genesis file") }
        return document
    }

    private func checkedHeader(_ proof: ProofFile, genesis: Genesis) throws -> BlockHeader {
        guard let bytes = Hex.decode(proof.header),
            let sealed = try? Signed<BlockHeader>(canonicalBytes: bytes)
        else { throw refused("header") }
        guard sealed.document.chain == genesis.chain,
            proof.chain == genesis.chain.digest.description
        else {
            throw CommandFailure(
                "refused: the proof is of another chain than the genesis",
                hint: "give the right genesis with --genesis"
            )
        }
        guard sealed.key == genesis.sequencer, (try? sealed.verified()) != nil else {
            throw CommandFailure("refused: the header was not sealed by the chain's sequencer")
        }
        return sealed.document
    }

    private func decode(_ field: String, _ hex: String?) throws -> [UInt8]? {
        guard let hex else { return nil }
        guard let bytes = Hex.decode(hex) else { throw refused(field) }
        return bytes
    }

    private func refused(_ field: String) -> CommandFailure {
        CommandFailure("refused: the field “\(field)” does not decode")
    }

    private func describe(_ subject: String, _ value: [UInt8]?) -> String {
        guard let value else { return "(nothing stored)" }
        if subject == "account", let account = try? Account(canonicalBytes: value) {
            return "balance \(account.balance) STOA, sequence \(account.sequence)"
        }
        if subject == "channel", let channel = try? Channel(canonicalBytes: value) {
            return "deposit \(channel.deposit) STOA, paid \(channel.paid), \(channel.status.text)"
        }
        return "\(value.count) bytes"
    }
}
