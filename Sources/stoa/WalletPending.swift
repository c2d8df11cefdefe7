import ArgumentParser
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct WalletPending: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pending",
        abstract: "what became of transactions whose answer was lost",
        discussion: """
            A command that sends keeps the signed transaction in the home until the ledger has \
            said what became of it. This submits those that are left again, byte by byte: each \
            takes effect once. The next command of an account does the same for that account \
            before it signs anything new. The same command again takes such a transaction for its \
            own and is not paid twice, also if another command or this one said first what became \
            of it: that is remembered until the command asks, or for a day after its last block.

            States: tookEffect, refused (only the fee was charged), dropped (it can take effect no \
            more), open (it can until its last block), used (its number was used, and no node of a \
            network shows by what: it is kept), waiting (no answer yet, or another chain's).

            EXAMPLE
              stoa wallet pending
              stoa wallet pending alice --json
            """
    )

    @Argument(help: "whose: a wallet's name or an address; everybody's unless given")
    var account: String?
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    struct Document: Encodable {
        let transaction, account, chain, state: String
        let sequence, validUntil: UInt64
        let height: UInt64?
        let reason: String?

        init(_ transaction: Transaction, state: String, height: UInt64?, reason: String?) {
            self.transaction = transaction.signingDigest.description
            account = transaction.sender.description
            chain = transaction.chain.digest.description
            sequence = transaction.sequence
            validUntil = transaction.validUntil.rawValue
            self.state = state
            self.height = height
            self.reason = reason
        }

        init(_ one: SettledTransaction) {
            self.init(
                one.record.transaction,
                state: one.state,
                height: one.height,
                reason: one.reason
            )
        }

        var row: [String] {
            [
                String(transaction.prefix(16)), account, "\(sequence)", "\(validUntil)", state,
                height.map { "block \($0)" } ?? reason ?? "",
            ]
        }
    }

    func run() async throws {
        let pending = PendingTransactions(home: home)
        let sender = try account.map { try Wallets(home: home).resolve($0) }
        let claim = try await pending.claim()
        defer { claim.release() }
        let records = pending.records().filter {
            sender == nil || $0.transaction.sender == sender
        }
        guard !records.isEmpty else {
            try show([])
            return
        }
        let asked = try await ask(pending, records)
        let known = Set(asked.settled.map(\.record.file))
        let others = records.filter { !known.contains($0.file) }.map(\.transaction).map {
            waiting($0, $0.chain == asked.chain ? "no answer" : "another chain")
        }
        try show(asked.settled.map { Document($0) } + others)
        // Only now: what nobody was told is asked for again.
        for one in asked.settled { pending.conclude(one) }
        if let failure = asked.failure { throw failure }
    }

    /// What became of the records of the ledger's chain, and why not of all of them.
    private func ask(
        _ pending: PendingTransactions,
        _ records: [PendingTransactions.Record]
    ) async throws -> (settled: [SettledTransaction], failure: CommandFailure?, chain: ChainID) {
        do {
            return try await node.ask { ledger in
                let chain = try await ledger.status().chain
                let ours = records.filter { $0.transaction.chain == chain }
                let (settled, failure) = try await pending.settle(ours, ledger)
                return (settled, failure, chain)
            }
        } catch let error as CommandFailure {
            // What waits is told even if nobody answers for it.
            try show(records.map { waiting($0.transaction, "no answer") })
            throw CommandFailure(
                error.message,
                hint: "ask again once \(node.url) answers; the transactions stay kept",
                kind: error.kind == .failed ? .failed : .unknown,
                code: error.code,
                moneyMoved: .unknown,
                transaction: error.transaction
            )
        }
    }

    private func waiting(_ transaction: Transaction, _ reason: String) -> Document {
        Document(transaction, state: "waiting", height: nil, reason: reason)
    }

    private func show(_ documents: [Document]) throws {
        let heading = ["TRANSACTION", "ACCOUNT", "NUMBER", "UNTIL", "STATE", "WHERE OR WHY"]
        try output.print(documents, table(heading, documents.map(\.row)))
    }
}
