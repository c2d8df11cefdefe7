import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

/// Whose account a command acts for, and whose key signs: the same options everywhere.
struct ActingOptions: ParsableArguments {
    @Option(help: "the wallet whose key signs; its account acts unless --account names another")
    var wallet = "default"
    @Option(
        help: ArgumentHelp(
            "the account that acts, if it let the wallet's key act (`stoa session`, `stoa key`): "
                + "a wallet's name or an address",
            valueName: "account"
        )
    )
    var account: String?
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions

    /// Who acts, as a wallet's name or an address: bare names of assets are this account's.
    var actor: String { account ?? wallet }

    /// The account that --account names.
    func named() throws -> AccountID? {
        try account.map { try Wallets(home: home).resolve($0) }
    }

    /// The wallet's key.
    func key() throws -> SigningKey {
        try Wallets(home: home).open(wallet, passphrase: try home.passphrase())
    }
}

/// What a command sent, and what became of it.
struct SentTransaction {
    let account: AccountID
    let outcome: TransactionOutcome
    let sequence: UInt64
}

/// The options of every command that sends one transaction: who acts, who signs, or a draft for
/// keys that are elsewhere.
struct SigningOptions: ParsableArguments {
    @OptionGroup var acting: ActingOptions
    @Option(
        help: ArgumentHelp(
            "send nothing: write the transaction to a file for `stoa multisig sign`",
            valueName: "file"
        )
    )
    var draft: String?
    @Option(
        help: ArgumentHelp(
            "the key that will sign the draft, as text: of several keys it begins with 4:",
            valueName: "key"
        ),
        transform: PublicKey.init(argument:)
    )
    var draftKey: PublicKey?
    @OptionGroup var output: OutputOptions

    var home: HomeOptions { acting.home }
    var node: NodeOptions { acting.node }
    var actor: String { acting.actor }

    func validate() throws {
        guard (draft == nil) == (draftKey == nil) else {
            throw ValidationError("--draft and --draft-key go together")
        }
    }

    /// Executes the messages that `make` makes for the account that acts, and lets `read` look at
    /// what they brought about; with --draft, ends the command once the draft is written.
    func send<Output>(
        _ make: (any LedgerConnection, AccountID) async throws -> [Message],
        read: (any LedgerConnection, SentTransaction) async throws -> Output
    ) async throws -> Output {
        let named = try acting.named()
        if let draft, let draftKey {
            try await write(draft, draftKey, of: named ?? draftKey.accountID, make)
        }
        let key = try acting.key()
        return try await node.ask { ledger in
            let messages = try await make(ledger, named ?? key.accountID)
            let session = AccountSession(key: key, for: named, ledger: ledger)
            let (outcome, sequence) = try await session.execute(messages)
            let sent = SentTransaction(
                account: session.account,
                outcome: outcome,
                sequence: sequence
            )
            return try await read(ledger, sent)
        }
    }

    /// Executes the messages that `make` makes for the account that acts.
    func send(
        _ make: (any LedgerConnection, AccountID) async throws -> [Message]
    ) async throws -> SentTransaction {
        try await send(make) { $1 }
    }

    private func write(
        _ file: String,
        _ key: PublicKey,
        of account: AccountID,
        _ make: (any LedgerConnection, AccountID) async throws -> [Message]
    ) async throws {
        let transaction = try await node.ask { ledger in
            let messages = try await make(ledger, account)
            return try await TransactionDraft(messages: messages, sender: account, key: key)
                .transaction(ledger)
        }
        note(transaction.summary)
        var target = MultisigOutput()
        target.out = file
        target.output = output
        try target.write(
            .draft(transaction),
            isComplete: false,
            note: EthereumSignature.text(of: transaction.signingDigest, for: .transaction)
        )
        throw ExitCode.success
    }
}
