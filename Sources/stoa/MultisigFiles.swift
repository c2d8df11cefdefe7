import ArgumentParser
import CanonicalCoding
import FoundationEssentials
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

/// What the files of offline signing hold: one line each, a word and hex.
///
/// `transaction` is a transaction that nobody has signed, `signed` one with a key and a signature.
enum MultisigFile {
    case draft(Transaction)
    case signed(Signed<Transaction>)

    var line: String {
        switch self {
        case .draft(let transaction): "transaction \(Hex.encode(transaction.canonicalBytes))"
        case .signed(let signed): "signed \(Hex.encode(signed.canonicalBytes))"
        }
    }

    /// What is signed, or is to be.
    var transaction: Transaction {
        switch self {
        case .draft(let transaction): transaction
        case .signed(let signed): signed.document
        }
    }

    /// Reads a file.
    init(file: String) throws {
        let words = try readFile(file).split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let bytes = Hex.decode(words[1]) else {
            throw CommandFailure("\(file) is no file of `stoa multisig`")
        }
        do {
            switch words[0] {
            case "transaction": self = .draft(try Transaction(canonicalBytes: bytes))
            case "signed": self = .signed(try Signed(canonicalBytes: bytes))
            default: throw CommandFailure("\(file) is no file of `stoa multisig`")
            }
        } catch let error as CanonicalError {
            throw CommandFailure("what \(file) holds does not decode: \(error)")
        }
    }
}

extension Transaction {
    /// What a person must know before signing; it comes from the transaction's bytes alone.
    var summary: String {
        let lines = [
            "chain    \(chain.digest)", "account  \(sender)", "sequence \(sequence)",
            "fee      \(fee) STOA", "until    block \(validUntil.rawValue)",
        ]
        return (lines + messages.map { "message  \($0.words)" }).joined(separator: "\n")
    }
}

/// Where a file of offline signing goes.
struct MultisigOutput: ParsableArguments {
    @Option(name: [.customShort("o"), .long], help: "the file to write; else it is printed")
    var out: String?
    @OptionGroup var output: OutputOptions

    struct Document: Encodable {
        let file, digest: String
        let text: String?
        let isComplete: Bool
    }

    /// Writes what the next step reads, and says what it is.
    func write(_ file: MultisigFile, isComplete: Bool, note text: String? = nil) throws {
        if let out { try writePrivateFile(file.line + "\n", to: out) }
        let digest = file.transaction.signingDigest
        try output.print(
            Document(
                file: out ?? file.line,
                digest: digest.description,
                text: text,
                isComplete: isComplete
            ),
            out.map { "\($0): \(isComplete ? "ready to submit" : "to be signed"), \(digest)" }
                ?? file.line
        )
    }
}

/// A transaction that keys elsewhere are to sign.
struct TransactionDraft {
    let messages: [Message]
    let sender: AccountID
    /// The key that will sign.
    let key: PublicKey
    /// The fee, if not just enough for the signatures.
    var fee: Amount?
    /// How many blocks from now it can execute.
    var blocks: UInt64 = 100_000

    init(messages: [Message], sender: AccountID, key: PublicKey) {
        self.messages = messages
        self.sender = sender
        self.key = key
    }

    /// The transaction as it has to be signed now.
    func transaction(_ ledger: any LedgerConnection) async throws -> Transaction {
        let status = try await ledger.status()
        let sequence = try await ledger.account(sender).sequence + 1
        func made(_ fee: Amount) -> Transaction {
            Transaction(
                chain: status.chain,
                sender: sender,
                sequence: sequence,
                fee: fee,
                validUntil: status.height.advanced(byBlocks: blocks) ?? status.height,
                messages: messages
            )
        }
        let size = made(.zero).canonicalBytes.count + key.signedBytesMax
        return made(fee ?? status.parameters.fee(bytes: size))
    }
}

extension PublicKey {
    /// How many bytes the key and a signature of it add to a transaction, at most in practice.
    fileprivate var signedBytesMax: Int {
        var encoder = CanonicalEncoder()
        encoder.encode(self)
        let members = KeyPolicy(self)?.members ?? [self]
        let largest = members.map(\.signatureBytes).sorted(by: >).prefix(signatureCount)
        return encoder.bytes.count + largest.reduce(16) { $0 + 4 + $1 }
    }

    /// A browser's client data is some hundred bytes long, and could be longer.
    private var signatureBytes: Int {
        scheme == .p256WebAuthn ? 640 : scheme.signatureBytesMax
    }
}
