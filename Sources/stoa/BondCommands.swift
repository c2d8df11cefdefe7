import ArgumentParser
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct BondGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bond",
        abstract: "what a seller risks by cheating: put it down, and get it back",
        discussion: """
            `stoa sell --bond` puts it down. It stays at risk until it has come back: ask with \
            `unbond`, wait for the block that `show` names, and take it with `withdraw`. Buyers \
            may want a bond as long as an offer stands: withdraw the offers first (`stoa offers \
            withdraw`).

            EXAMPLES
              stoa bond show seller
              stoa bond unbond --wallet seller 100
              stoa bond withdraw --wallet seller
            """,
        subcommands: [BondShow.self, BondAdd.self, BondUnbond.self, BondWithdraw.self]
    )
}

struct BondShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "what an account has at risk, and when what was asked back arrives",
        discussion: "EXAMPLE\n  stoa bond show seller"
    )

    @Argument(help: "a wallet's name or an address")
    var account = "default"
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    private struct Document: Encodable {
        struct Part: Encodable {
            let amountObol: String
            /// The first block in which it can be withdrawn.
            let releasedAtHeight: UInt64
        }
        let account, activeObol: String
        let unbonding: [Part]
        /// How much of that can be withdrawn now.
        let withdrawableObol: String
        let height: UInt64
    }

    func run() async throws {
        let id = try Wallets(home: home).resolve(account)
        let (bond, height) = try await node.ask { ledger in
            (try await ledger.bond(id), try await ledger.status().height)
        }
        let document = Document(
            account: id.description,
            activeObol: "\(bond.active.obol)",
            unbonding: bond.unbonding.map {
                .init(amountObol: "\($0.amount.obol)", releasedAtHeight: $0.releasedAt.rawValue)
            },
            withdrawableObol: "\(bond.due(after: height).obol)",
            height: height.rawValue
        )
        let parts = bond.unbonding.map { part in
            part.releasedAt.rawValue <= height.rawValue + 1
                ? "\(part.amount) STOA can be withdrawn"
                : "\(part.amount) STOA comes back at block \(part.releasedAt.rawValue), "
                    + "now is \(height.rawValue)"
        }
        try output.print(
            document,
            (["\(bond.active) STOA is at risk behind offers"] + parts).joined(separator: "\n")
        )
    }
}

extension Bond {
    /// What a transaction in the block after `height` could withdraw.
    fileprivate func due(after height: BlockHeight) -> Amount {
        let due = unbonding.filter { $0.releasedAt.rawValue <= height.rawValue + 1 }
        return Amount(obol: due.reduce(0) { $0 + $1.amount.obol })
    }
}

/// Prints what a message about a bond brought about.
private func show(
    _ sent: SentTransaction,
    _ amount: Amount?,
    _ text: String,
    _ output: OutputOptions
) throws {
    var document = [
        "transaction": sent.outcome.digest.description,
        "height": "\(sent.outcome.height.rawValue)",
    ]
    if let amount { document["amountObol"] = "\(amount.obol)" }
    for case .bondChanged(_, let active) in sent.outcome.result.events {
        document["activeObol"] = "\(active.obol)"
    }
    try output.print(document, text)
}

struct BondAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "put more at risk, so that more buyers trust your offers",
        discussion: "EXAMPLE\n  stoa bond add --wallet seller 50"
    )

    @Argument(help: "how much, in STOA", transform: Amount.init(argument:))
    var amount: Amount
    @OptionGroup var signing: SigningOptions

    func validate() throws {
        guard !amount.isZero else { throw ValidationError("a bond is more than nothing") }
    }

    func run() async throws {
        let sent = try await signing.send { _, _ in [.depositBond(amount)] }
        try show(sent, amount, "\(amount) STOA more is at risk", signing.output)
    }
}

struct BondUnbond: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unbond",
        abstract: "ask for a part of the bond back; it stays at risk until it arrives",
        discussion: "EXAMPLE\n  stoa bond unbond --wallet seller 50"
    )

    @Argument(help: "how much, in STOA", transform: Amount.init(argument:))
    var amount: Amount
    @OptionGroup var signing: SigningOptions

    func validate() throws {
        guard !amount.isZero else { throw ValidationError("ask for more than nothing") }
    }

    func run() async throws {
        let sent = try await signing.send { ledger, account in
            let bond = try await ledger.bond(account)
            guard amount <= bond.active else {
                throw CommandFailure(
                    "\(bond.active) STOA is at risk, which is less than \(amount); no money moved",
                    hint: "see `stoa bond show`"
                )
            }
            return [.unbond(amount)]
        }
        try show(
            sent,
            amount,
            """
            \(amount) STOA is on its way back and at risk until then: `stoa bond show` says from \
            which block on `stoa bond withdraw` takes it
            """,
            signing.output
        )
    }
}

struct BondWithdraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw",
        abstract: "take what was asked back, once its delay has passed",
        discussion: "EXAMPLE\n  stoa bond withdraw --wallet seller"
    )

    @OptionGroup var signing: SigningOptions

    func run() async throws {
        var due = Amount.zero
        let sent = try await signing.send { ledger, account in
            let bond = try await ledger.bond(account)
            due = bond.due(after: try await ledger.status().height)
            guard due.isZero else { return [.withdrawBond] }
            let next = bond.unbonding.map(\.releasedAt.rawValue).min()
            throw CommandFailure(
                "nothing of the bond can be withdrawn yet; no money moved",
                hint: next.map { "something can be from block \($0) on" }
                    ?? "ask for it first: `stoa bond unbond`"
            )
        }
        // How much an earlier run brought back, its outcome does not tell, nor what is due now.
        let amount = sent.isEarlier ? nil : due
        try show(
            sent,
            amount,
            amount.map { "\($0) STOA is back in the account" }
                ?? "what had been asked back and was due then is back in the account",
            signing.output
        )
    }
}
