import ArgumentParser
import FoundationEssentials
import LedgerCore
import MarketTypes
import Proofs

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "check a proof without a network",
        discussion: """
            Says what a file of `stoa prove` proves, who vouches for it and what is trusted, or \
            refuses it and names the field that is wrong. The genesis is all that is trusted: get \
            it from somebody you trust. docs/spec/proofs.md has the format, and \
            python/stoa_verify is a verifier that shares no code with this one.

            EXAMPLE
              stoa verify receipt receipt.proof --genesis genesis.stoa
              stoa verify state alice.proof
              stoa verify alice.proof
            """,
        subcommands: [VerifyReceipt.self, VerifyState.self, VerifyAny.self],
        defaultSubcommand: VerifyAny.self
    )
}

/// What is checked, and against what.
struct VerifyOptions: ParsableArguments {
    @Argument(help: "the file that `stoa prove` wrote")
    var file: String
    @Option(
        help: ArgumentHelp(
            "the chain's genesis file (STOA_GENESIS, else the one in the home directory)",
            valueName: "file"
        )
    )
    var genesis: String?
    @Option(
        help: ArgumentHelp(
            "trust the validators whose set has this hash, instead of the genesis' own",
            valueName: "hex"
        )
    )
    var validatorsHash: String?
    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    func verdict() throws -> ProofVerdict {
        let trust = ProofTrust(genesis: try readGenesis(), validatorsHash: try trustedHash())
        do {
            return try ProofVerifier(trusting: trust).verify(try ProofFile(bytes: try bytes()))
        } catch let refusal as ProofRefusal {
            throw Self.failure(refusal)
        }
    }

    static func failure(_ refusal: ProofRefusal) -> CommandFailure {
        CommandFailure(
            "refused: \(refusal.field): it \(refusal.fault.text)",
            hint: hint(refusal.fault)
        )
    }

    private static func hint(_ fault: ProofFault) -> String? {
        switch fault {
        case .otherChain: "give the right genesis with --genesis"
        case .untrustedValidators:
            "trust these validators with --validators-hash, if somebody you trust vouches for them"
        default: nil
        }
    }

    private func trustedHash() throws -> Digest? {
        guard let validatorsHash else { return nil }
        guard let digest = Digest(hex: validatorsHash) else {
            throw ValidationError("--validators-hash takes 64 hex digits")
        }
        return digest
    }

    private func readGenesis() throws -> Genesis {
        var options = NodeOptions()
        options.node = nil
        options.genesis = genesis ?? homeGenesis
        return try options.readGenesis()
    }

    /// The genesis in the home directory that was named, if one was.
    private var homeGenesis: String? {
        home.home == nil ? nil : home.path("node", "genesis.stoa")
    }

    private func bytes() throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw CommandFailure(
                "cannot read \(file)",
                hint: "does it exist, and may you read it?"
            )
        }
        return Array(data)
    }
}

struct VerifyAny: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "file",
        abstract: "check any proof, whatever it is of",
        discussion: "EXAMPLE\n  stoa verify file alice.proof"
    )

    @OptionGroup var options: VerifyOptions

    func run() async throws {
        switch try options.verdict() {
        case .receipt(let verdict): try options.output.print(verdict)
        case .state(let verdict): try options.output.print(verdict)
        }
    }
}

struct VerifyReceipt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt",
        abstract: "check that a call was sold, and that its seller was paid for it",
        discussion: "EXAMPLE\n  stoa verify receipt receipt.proof --genesis genesis.stoa"
    )

    @OptionGroup var options: VerifyOptions

    func run() async throws {
        guard case .receipt(let verdict) = try options.verdict() else {
            throw CommandFailure(
                "refused: subject: it is another than the one asked for",
                hint: "`stoa verify FILE` takes any"
            )
        }
        try options.output.print(verdict)
    }
}

struct VerifyState: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state",
        abstract: "check that an entry is in the ledger's state, or that it is not",
        discussion: "EXAMPLE\n  stoa verify state alice.proof --genesis genesis.stoa"
    )

    @OptionGroup var options: VerifyOptions

    func run() async throws {
        guard case .state(let verdict) = try options.verdict() else {
            throw CommandFailure(
                "refused: subject: it is another than the one asked for",
                hint: "`stoa verify FILE` takes any"
            )
        }
        try options.output.print(verdict)
    }
}
