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
        try Wallets(home: home).open(wallet, passphrase: try home.passphrase(of: wallet))
    }
}

/// How much a ledger may ask for a transaction, whatever its node says.
struct FeeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("the most that one transaction may cost, in STOA", valueName: "amount"),
        transform: Amount.init(argument:)
    )
    var feeMax = Amount(obol: 100_000_000)
}

/// What a command sent, and what became of it.
struct SentTransaction {
    let transaction: Transaction
    let outcome: TransactionOutcome
    /// The chain's name for people.
    let chainName: String
    /// Whether an earlier run of the command sent it: what this one looked up is not in it.
    var isEarlier = false

    var account: AccountID { transaction.sender }
    var sequence: UInt64 { transaction.sequence }

    /// What whoever pays wants to know of any transaction.
    var text: String {
        "transaction \(outcome.digest), fee \(transaction.fee) STOA, chain “\(chainName)” "
            + "\(transaction.chain.digest)"
    }
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
    @OptionGroup var fees: FeeOptions
    @Flag(help: "send nothing: show what would be sent")
    var dryRun = false
    @Flag(help: "on a terminal, do not ask before what cannot be taken back")
    var yes = false
    @OptionGroup var output: OutputOptions

    var home: HomeOptions { acting.home }
    var node: NodeOptions { acting.node }
    var actor: String { acting.actor }
    var feeMax: Amount { fees.feeMax }

    func validate() throws {
        guard (draft == nil) == (draftKey == nil) else {
            throw ValidationError("--draft and --draft-key go together")
        }
        guard draft == nil || !dryRun else {
            throw ValidationError("--draft sends nothing already: leave --dry-run out")
        }
    }

    /// Executes the messages that `make` makes for the account that acts; with --draft, ends the
    /// command once the draft is written.
    ///
    /// What an earlier command left without an outcome is asked for first, and is this command's
    /// outcome if that was the same one.
    ///
    /// - Parameters:
    ///   - opened: the key, if the command has opened it already.
    ///   - rest: what the command is still to do, if it sends several transactions and this is one
    ///     of them, so that an earlier one of the same words says nothing of it.
    func send(
        with opened: SigningKey? = nil,
        partOf rest: [Message]? = nil,
        _ make: (any LedgerConnection, AccountID) async throws -> [Message]
    ) async throws -> SentTransaction {
        let named = try acting.named()
        if let draft, let draftKey {
            try await write(draft, draftKey, of: named ?? draftKey.accountID, make)
        }
        let key = try opened ?? acting.key()
        let account = named ?? key.accountID
        let pending = PendingTransactions(home: home)
        let sent = try await node.ask { ledger in
            let status = try await ledger.status()
            let chain = HomeChain(home: home, node: node)
            try chain.check(status)
            if dryRun { try await show(make, of: account, key: key, status, ledger) }
            let claim = try await pending.claim()
            defer { claim.release() }
            let earlier = try await pending.tell(of: account, status, ledger)
            if earlier.isEmpty { claim.release() }
            let messages: [Message]
            do {
                messages = try await make(ledger, account)
            } catch {
                // What it asks for may be impossible because it is done.
                guard let done = earlier.first(where: \.isOfThisCommand),
                    let sent = adopt(done, pending, status)
                else { throw error }
                return sent
            }
            if let done = try repeated(messages, earlier, pending, isPart: rest != nil),
                let sent = adopt(done, pending, status)
            {
                return sent
            }
            claim.release()
            try await foresee(rest ?? messages, of: account, status, ledger)
            try confirm(messages, of: account, status)
            let keeper = HomeKeeper(pending: pending, chain: chain, status: status)
            let terms = SigningTerms(chain: status.chain, feeMax: feeMax, keeper: keeper)
            let session = AccountSession(key: key, for: named, ledger: ledger, terms: terms)
            let interruption = Interruption(of: pending)
            defer { interruption.end() }
            let done = try await session.perform(messages)
            return SentTransaction(
                transaction: done.transaction,
                outcome: done.outcome,
                chainName: status.name
            )
        }
        if !output.json { note(sent.text) }
        return sent
    }

    /// The earlier transaction that this command repeats, if it took effect.
    private func repeated(
        _ messages: [Message],
        _ earlier: [SettledTransaction],
        _ pending: PendingTransactions,
        isPart: Bool
    ) throws -> SettledTransaction? {
        for one in earlier {
            let isSame = isPart ? one.isOfThisCommand : one.record.isRepeated(by: messages)
            guard isSame, let outcome = one.effect else { continue }
            guard !isPart else {
                note(one.text)
                pending.forget(one.record.transaction.signingDigest)
                throw CommandFailure(
                    "an earlier run of this command did a part of it, in block "
                        + "\(outcome.height.rawValue) at last; nothing new was sent",
                    hint: "see what is left to do, and name only that",
                    moneyMoved: .no,
                    transaction: outcome.digest.description
                )
            }
            return one
        }
        return nil
    }

    /// Takes an earlier transaction for this command's, which is told of it and so needs it no
    /// more.
    private func adopt(
        _ one: SettledTransaction,
        _ pending: PendingTransactions,
        _ status: LedgerStatus
    ) -> SentTransaction? {
        guard let outcome = one.effect else { return nil }
        note(
            "this command was the transaction \(one.record.transaction.signingDigest) in block "
                + "\(outcome.height.rawValue); nothing new was sent. Again, it pays again"
        )
        pending.forget(one.record.transaction.signingDigest)
        return SentTransaction(
            transaction: one.record.transaction,
            outcome: outcome,
            chainName: status.name,
            isEarlier: true
        )
    }

    private func write(
        _ file: String,
        _ key: PublicKey,
        of account: AccountID,
        _ make: (any LedgerConnection, AccountID) async throws -> [Message]
    ) async throws {
        let transaction = try await node.ask { ledger in
            try HomeChain(home: home, node: node).check(try await ledger.status())
            let messages = try await make(ledger, account)
            return try await TransactionDraft(messages: messages, sender: account, key: key)
                .transaction(ledger)
        }
        guard transaction.fee <= feeMax else {
            throw CommandFailure(
                "the ledger asks for a fee of \(transaction.fee) STOA, more than the "
                    + "\(feeMax) STOA allowed; nothing was written",
                hint: "--fee-max allows more",
                code: "feeTooHigh",
                moneyMoved: .no
            )
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
