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
            takes effect once. The next command of an account does the same for that account before \
            it signs anything new, and the same command again is not paid twice.

            States: tookEffect, refused (only the fee was charged), dropped (it can take effect no \
            more), open (it can until its last block), waiting (no answer yet, or another chain's).

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
        let records = pending.records().filter {
            sender == nil || $0.transaction.sender == sender
        }
        guard !records.isEmpty else {
            try show([])
            return
        }
        do {
            let (settled, chain) = try await node.ask { ledger in
                let chain = try await ledger.status().chain
                return (try await pending.settle(of: sender, on: chain, ledger), chain)
            }
            let others = records.map(\.transaction).filter { $0.chain != chain }
            try show(settled.map { Document($0) } + others.map { waiting($0, "another chain") })
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
