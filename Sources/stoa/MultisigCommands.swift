import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct MultisigGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "multisig",
        abstract: "accounts of several keys, and signing with keys that are elsewhere",
        discussion: """
            Drafts and signatures are files, so that keys can stay on machines without a network. \
            A key's text is `stoa key show --public WALLET`; a passkey's or an Ethereum wallet's \
            begins with 2: or 3:.

            EXAMPLE
              stoa multisig create --threshold 2 1:3b6a… 1:9c1f… 3:02d0…
              stoa multisig draft --key 4:0203… --to bob --amount 5 -o draft
              stoa multisig sign draft --wallet alice -o alice.sig
              stoa multisig attach draft --key 3:02d0… --signature 02… -o carol.sig
              stoa multisig combine --key 4:0203… alice.sig carol.sig -o signed
              stoa multisig submit signed
            """,
        subcommands: [
            MultisigCreate.self, MultisigDraft.self, MultisigSign.self, MultisigAttach.self,
            MultisigCombine.self, MultisigSubmit.self,
        ]
    )
}

extension PublicKey {
    /// Parses a key's text for a command's argument.
    init(argument text: String) throws {
        guard let key = PublicKey(text: text) else {
            throw ValidationError("“\(text.prefix(24))” is no key's text, such as 1:3b6a…")
        }
        self = key
    }
}

struct MultisigCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "the key and address of so many of so many keys",
        discussion: """
            Nothing is written anywhere: whoever knows the members and the threshold can compute \
            it again. Send money to the address to begin.

            EXAMPLE
              stoa multisig create --threshold 2 1:3b6a… 1:9c1f… 3:02d0…
            """
    )

    @Option(help: "how many members must sign")
    var threshold: Int
    @Argument(help: "the members' keys as text", transform: PublicKey.init(argument:))
    var members: [PublicKey]
    @OptionGroup var output: OutputOptions

    struct Document: Encodable {
        let address, key: String
        let threshold: Int
        let members: [String]
    }

    func run() async throws {
        guard let policy = KeyPolicy(threshold: threshold, members: members) else {
            throw CommandFailure(
                "\(threshold) of these \(members.count) keys make no policy",
                hint: "1 to 16 members, no two the same, none of several keys itself"
            )
        }
        let key = policy.publicKey
        try output.print(
            Document(
                address: key.accountID.description,
                key: key.description,
                threshold: policy.threshold,
                members: policy.members.map(\.description)
            ),
            "address \(key.accountID)\nkey     \(key)"
        )
    }
}

struct MultisigDraft: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "draft",
        abstract: "a transaction to be signed elsewhere: a payment, or any message",
        discussion: """
            With a key of an Ethereum wallet, `text` in the JSON output is what personal_sign \
            signs; attach it as 02 and r and s in hex. Every command that sends a transaction \
            writes a draft too, with --draft and --draft-key.

            EXAMPLE
              stoa multisig draft --key 4:0203… --to bob --amount 5 -o draft
            """
    )

    @Option(help: "the key that will sign, as text", transform: PublicKey.init(argument:))
    var key: PublicKey
    @Option(help: "the account, if it is not the key's own: a wallet's name or an address")
    var account: String?
    @Option(help: "whom to pay: a wallet's name or an address")
    var to: String?
    @Option(help: "how much, in STOA", transform: Amount.init(argument:))
    var amount: Amount?
    @Option(help: ArgumentHelp("a message's canonical bytes; repeat", valueName: "hex"))
    var message: [String] = []
    @Option(
        help: "the fee in STOA; else enough for the signatures",
        transform: Amount.init(argument:)
    )
    var fee: Amount?
    @Option(help: "how many blocks from now it can execute")
    var blocks: UInt64 = 100_000
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var target: MultisigOutput

    func run() async throws {
        let wallets = Wallets(home: home)
        let sender = try account.map { try wallets.resolve($0) } ?? key.accountID
        let messages = try messages(wallets)
        var draft = TransactionDraft(messages: messages, sender: sender, key: key)
        draft.fee = fee
        draft.blocks = blocks
        let transaction = try await node.ask { [draft] in try await draft.transaction($0) }
        note(transaction.summary)
        try target.write(
            .draft(transaction),
            isComplete: false,
            note: EthereumSignature.text(of: transaction.signingDigest, for: .transaction)
        )
    }

    private func messages(_ wallets: Wallets) throws -> [Message] {
        var messages = try message.map { text in
            guard let bytes = Hex.decode(text), let message = try? Message(canonicalBytes: bytes)
            else { throw ValidationError("“\(text.prefix(24))” is no message's canonical bytes") }
            return message
        }
        if let to, let amount {
            let recipient = try wallets.resolve(to)
            messages.append(.transfer(to: recipient, denomination: .native, amount: amount))
        }
        guard (1...Transaction.messagesMax).contains(messages.count), (to == nil) == (amount == nil)
        else { throw ValidationError("give --to and --amount, or --message") }
        return messages
    }
}

struct MultisigSign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "sign a draft with a wallet's key; needs no network",
        discussion: """
            What the draft does is shown in words first, from nothing but its own bytes; amounts \
            of units other than STOA are counted in the unit's smallest part, since how many \
            decimals it has stands on the ledger (`stoa unit show`). On a terminal, a question \
            must be answered with y.

            EXAMPLE
              stoa multisig sign draft --wallet alice -o alice.sig
            """
    )

    @Argument(help: "the draft's file")
    var draft: String
    @Option(help: "the wallet that signs")
    var wallet = "default"
    @OptionGroup var question: SigningQuestion
    @OptionGroup var home: HomeOptions
    @OptionGroup var target: MultisigOutput

    func run() async throws {
        let transaction = try MultisigFile(file: draft).transaction
        note(transaction.summary)
        try question.ask("Sign this with wallet \(wallet)?")
        let key = try Wallets(home: home).open(wallet, passphrase: try home.passphrase(of: wallet))
        let signed = key.sign(transaction).signed
        let isComplete = key.accountID == transaction.sender
        try target.write(.signed(signed), isComplete: isComplete)
    }
}

struct MultisigAttach: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "join a draft with a signature that was made elsewhere",
        discussion: """
            An Ethereum wallet's is 02 (personal_sign), 03 (typed data) or 01 (the digest) and \
            then r and s; a passkey's is laid down in docs/spec/identity.md, IDN-15.

            EXAMPLE
              stoa multisig attach draft --key 3:02d0… --signature 02… -o carol.sig
            """
    )

    @Argument(help: "the draft's file")
    var draft: String
    @Option(help: "the key that signed, as text", transform: PublicKey.init(argument:))
    var key: PublicKey
    @Option(help: ArgumentHelp("the signature's bytes", valueName: "hex"))
    var signature: String
    @OptionGroup var target: MultisigOutput

    func run() async throws {
        let transaction = try MultisigFile(file: draft).transaction
        guard let bytes = Hex.decode(signature),
            let signature = Signature(scheme: key.scheme, bytes: bytes)
        else { throw ValidationError("the signature is no hex, or too long for the key's scheme") }
        let signed = Signed(document: transaction, key: key, signature: signature)
        guard (try? signed.verified()) != nil else {
            throw CommandFailure(
                "the signature does not verify for this transaction and key",
                hint: "is s in the lower half, and was the draft's own digest signed?"
            )
        }
        try target.write(.signed(signed), isComplete: key.accountID == transaction.sender)
    }
}

struct MultisigCombine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "combine",
        abstract: "join the members' signatures into one of the policy's key; needs no network",
        discussion: "EXAMPLE\n  stoa multisig combine --key 4:0203… alice.sig bob.sig -o signed"
    )

    @Option(help: "the policy's key, as text", transform: PublicKey.init(argument:))
    var key: PublicKey
    @Argument(help: "the members' files")
    var files: [String]
    @OptionGroup var target: MultisigOutput

    func run() async throws {
        guard let policy = KeyPolicy(key) else {
            throw ValidationError("--key is not of several keys: it begins with 4:")
        }
        let parts = try files.map { file in
            guard case .signed(let signed) = try MultisigFile(file: file) else {
                throw CommandFailure("\(file) is not signed", hint: "see `stoa multisig sign`")
            }
            return signed
        }
        guard let first = parts.first, parts.allSatisfy({ $0.document == first.document }) else {
            throw CommandFailure("the files are not of the same transaction")
        }
        guard let joined = Signed.join(first.document, policy: policy, parts: parts) else {
            throw CommandFailure(
                "fewer than \(policy.threshold) members have signed",
                hint: "signatures of others, and those that do not verify, do not count"
            )
        }
        try target.write(.signed(joined), isComplete: true)
    }
}

struct MultisigSubmit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "send a signed transaction to the ledger",
        discussion: "EXAMPLE\n  stoa multisig submit signed"
    )

    @Argument(help: "the signed transaction's file")
    var file: String
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    struct Document: Encodable {
        let transaction: String
        let height: UInt64
        let events: [[String: String]]
    }

    func run() async throws {
        guard case .signed(let signed) = try MultisigFile(file: file) else {
            throw CommandFailure("\(file) is not signed", hint: "see `stoa multisig sign`")
        }
        let outcome = try await node.ask { ledger in
            try await ledger.submitRepeatedly(signed.canonicalBytes)
        }
        if let refusal = outcome.result.refusal {
            let error = LedgerClientError(
                .refused,
                "the ledger refused: \(refusal.name)",
                refusal: refusal
            )
            throw CommandFailure(error, node: node.url)
        }
        let records = outcome.result.events.map(\.record)
        try output.print(
            Document(
                transaction: outcome.digest.description,
                height: outcome.height.rawValue,
                events: records.map(\.document)
            ),
            records.map(\.text).joined(separator: "\n")
        )
    }
}
