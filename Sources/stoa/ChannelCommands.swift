import ArgumentParser
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct ChannelGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "channel",
        abstract: "lock money towards a seller, and get the rest back",
        discussion: """
            A gateway opens and tops up channels by itself; these commands are for doing it by hand.

            EXAMPLES
              stoa channel list --wallet alice
              stoa channel close --wallet alice --wait 4f1d9e
            """,
        subcommands: [
            ChannelOpen.self, ChannelTopUp.self, ChannelList.self, ChannelClose.self,
            ChannelWithdraw.self,
        ]
    )
}

struct ChannelOpen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract: "lock a deposit that one seller can earn",
        discussion: """
            EXAMPLE
              stoa channel open --wallet alice --to stoa1… --deposit 5
              stoa channel open --wallet alice --to stoa1… --deposit 20 --unit carol/EURC
            """
    )

    @Option(help: "the seller: a wallet's name or an address")
    var to: String
    @Option(help: "how much to lock, in the unit")
    var deposit: String
    @Option(help: UnitName.help)
    var unit = UnitName("STOA")
    @Option(help: "how many calls can run at once")
    var lanes: UInt16 = 32
    @OptionGroup var signing: SigningOptions

    func run() async throws {
        let wallets = Wallets(home: signing.home)
        let payee = try wallets.resolve(to)
        let wallet = signing.acting.wallet
        let vouchers = try wallets.companion(
            "vouchers",
            of: wallet,
            passphrase: try signing.home.passphrase(
                of: wallet,
                isNew: !wallets.exists(wallet) && !wallets.exists(wallet + ".vouchers")
            )
        )
        var locked: (known: KnownUnit, amount: Amount) = (.native, .zero)
        let sent = try await signing.send { ledger, _ in
            let known = try await unit.find(ledger, home: signing.home, wallet: signing.actor)
            locked = (known, try known.amount(deposit))
            return [
                .openChannel(
                    ChannelOpening(
                        payee: payee,
                        denomination: known.denomination,
                        deposit: locked.amount,
                        voucherKey: vouchers.publicKey,
                        lanes: lanes
                    )
                )
            ]
        }
        let id = Channel.id(payer: sent.account, sequence: sent.sequence, messageIndex: 0)
        try signing.output.print(
            [
                "channel": id.digest.description,
                "transaction": sent.outcome.digest.description,
                "depositObol": "\(locked.amount.obol)", "lanes": "\(lanes)",
                "denomination": EventRecord.Value.denomination(locked.known.denomination).plain,
                "feeObol": "\(sent.transaction.fee.obol)",
                "chain": "\(sent.transaction.chain.digest)",
            ],
            "channel \(id.digest) holds \(locked.known.text(locked.amount)) for \(payee)"
        )
    }
}

struct ChannelList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "an account's open and closing channels",
        discussion: "EXAMPLE\n  stoa channel list --wallet alice"
    )

    @Option(help: "a wallet's name or an address")
    var wallet = "default"
    @Flag(help: "channels that pay this account, not those it pays from")
    var earning = false
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    struct Document: Encodable {
        /// Amounts are in the smallest part of the unit.
        let channel, payer, payee, denomination, depositObol, paidObol, status: String
        let lanes: UInt16
        let claims: UInt32
    }

    func run() async throws {
        let account = try Wallets(home: home).resolve(wallet)
        let (found, units) = try await node.ask { ledger in
            let found =
                earning
                ? try await ledger.channels(ofPayee: account, limit: 1000)
                : try await ledger.channels(ofPayer: account, limit: 1000)
            return (found, try await ledger.names(of: found.map(\.channel.denomination)))
        }
        let documents = found.map { id, channel in
            Document(
                channel: id.digest.description,
                payer: channel.payer.description,
                payee: channel.payee.description,
                denomination: EventRecord.Value.denomination(channel.denomination).plain,
                depositObol: "\(channel.deposit.obol)",
                paidObol: "\(channel.paid.obol)",
                status: channel.status.text,
                lanes: channel.lanes,
                claims: channel.claims
            )
        }
        let rows = found.map { id, channel in
            let unit = units[channel.denomination] ?? .native
            return [
                String(id.digest.description.prefix(16)), unit.text(channel.deposit),
                unit.text(channel.paid), "\(channel.lanes)", channel.status.text,
                "\(earning ? channel.payer : channel.payee)",
            ]
        }
        let heading = [
            "CHANNEL", "DEPOSIT", "PAID", "LANES", "STATUS", earning ? "PAYER" : "PAYEE",
        ]
        try output.print(documents, table(heading, rows))
    }
}

extension Channel.Status {
    /// The status in a few words.
    var text: String {
        switch self {
        case .open: "open"
        case .closing(let height): "closing at block \(height.rawValue)"
        case .closed: "closed"
        }
    }
}

/// The options of the commands that act on one channel.
struct OneChannel: ParsableArguments {
    /// The fewest hex digits that name a channel.
    private static let digitsMin = 6

    @Argument(help: "the channel's id, or at least the first 6 digits of it")
    var channel: String
    @OptionGroup var signing: SigningOptions

    var node: NodeOptions { signing.node }
    var output: OutputOptions { signing.output }

    func validate() throws {
        guard channel.utf8.count >= Self.digitsMin else {
            throw ValidationError("“\(channel)” is no channel: give its first 6 digits or more")
        }
    }

    /// Executes the message that `make` makes for the channel.
    ///
    /// - Parameter opened: the key, if the command has opened it already.
    func execute(
        with opened: SigningKey? = nil,
        _ make: (ChannelID) -> Message
    ) async throws -> (ChannelID, TransactionOutcome) {
        var named: ChannelID?
        let sent = try await signing.send(with: opened) { ledger, account in
            let id = try await find(ledger, payer: account)
            named = id
            return [make(id)]
        }
        // An earlier command's transaction names its channel itself.
        let channels = sent.transaction.messages.compactMap { message -> ChannelID? in
            switch message {
            case .closeChannel(let id), .withdrawChannel(let id): id
            default: nil
            }
        }
        guard let id = named ?? channels.first else {
            throw CommandFailure("no channel was named")
        }
        return (id, sent.outcome)
    }

    /// Which channel is meant, and how it stands; nil if the ledger has none of that name.
    func standing(payer: AccountID) async throws -> (id: ChannelID, status: Channel.Status?) {
        try await node.ask { ledger in
            let id = try await find(ledger, payer: payer)
            return (id, try await ledger.channel(id)?.status)
        }
    }

    private func find(_ ledger: any LedgerConnection, payer: AccountID) async throws -> ChannelID {
        if let digest = Digest(hex: channel) { return ChannelID(digest) }
        let found = try await ledger.channels(ofPayer: payer, limit: 1000)
            .filter { $0.id.digest.description.hasPrefix(channel) }
        guard found.count == 1, let only = found.first else {
            throw CommandFailure(
                "“\(channel)” names \(found.isEmpty ? "no channel" : "several channels")",
                hint: "see `stoa channel list`"
            )
        }
        return only.id
    }
}

struct ChannelClose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close",
        abstract: "ask for the rest of a deposit back",
        discussion: """
            The seller may claim what it is owed until the closing delay has passed; a seller that \
            is online usually does so at once, and releases the rest. One that earned nothing has \
            no reason to pay the fee for that: then the delay runs, and you withdraw. `--wait` \
            stays until the money is back, and withdraws if it must. The command can be given \
            again: a channel that is closing or closed already costs no second fee.

            EXAMPLE
              stoa channel close --wallet alice --wait 4f1d9e
            """
    )

    @Flag(help: "wait until the money is back")
    var wait = false
    @OptionGroup var target: OneChannel

    struct Document: Encodable {
        let channel: String
        /// nil if the channel was closing or closed before.
        let transaction: String?
        let closesAtHeight: String?
        let closed: String
    }

    func run() async throws {
        guard target.signing.draft == nil, !target.signing.dryRun else {
            _ = try await target.execute { .closeChannel($0) }
            return
        }
        let key = try target.signing.acting.key()
        let payer = try target.signing.acting.named() ?? key.accountID
        let (id, status) = try await target.standing(payer: payer)
        var closesAt = BlockHeight(.max)
        var outcome: TransactionOutcome?
        switch status {
        case .closed:
            try show(id, nil, nil, isClosed: true)
            return
        case .closing(let height): closesAt = height
        case nil:
            throw CommandFailure(
                "the ledger has no channel \(id.digest); nothing was sent",
                hint: "see `stoa channel list`",
                moneyMoved: .no
            )
        case .open:
            let done = try await target.execute(with: key) { _ in .closeChannel(id) }.1
            for case .channelClosing(_, let height) in done.result.events { closesAt = height }
            outcome = done
        }
        if wait {
            do {
                try await waitForMoney(id, closesAt, key)
            } catch let error as CommandFailure {
                // That it closes is known, whatever became of the waiting.
                try show(id, outcome, closesAt, isClosed: false)
                throw CommandFailure(
                    "the channel closes at block \(closesAt.rawValue), and waiting for it ended: "
                        + error.message,
                    hint: "give the same command again, or `stoa channel withdraw \(id.digest)` "
                        + "after that block",
                    kind: .unknown,
                    moneyMoved: .unknown,
                    transaction: error.transaction
                )
            }
        }
        try show(id, outcome, closesAt, isClosed: wait)
    }

    private func show(
        _ id: ChannelID,
        _ outcome: TransactionOutcome?,
        _ closesAt: BlockHeight?,
        isClosed: Bool
    ) throws {
        let height = closesAt.map { "\($0.rawValue)" }
        try target.output.print(
            Document(
                channel: id.digest.description,
                transaction: outcome?.digest.description,
                closesAtHeight: height,
                closed: "\(isClosed)"
            ),
            isClosed
                ? "channel \(id.digest) is closed, and the rest is back"
                : """
                channel \(id.digest) closes at block \(height ?? "?"), or as soon as the seller \
                releases it
                """
        )
    }

    private func waitForMoney(
        _ id: ChannelID,
        _ closesAt: BlockHeight,
        _ key: SigningKey
    ) async throws {
        let started = ContinuousClock.now
        var isTold = false
        while true {
            let (status, height) = try await target.node.ask { ledger in
                (try await ledger.channel(id)?.status, try await ledger.status().height)
            }
            if status == nil || status == .closed { return }
            if height >= closesAt {
                do {
                    _ = try await target.execute(with: key) { _ in .withdrawChannel(id) }
                } catch {
                    // The seller may have released it in the same moment.
                    let now = try await target.node.ask { try await $0.channel(id)?.status }
                    guard now == .closed else { throw error }
                }
                return
            }
            if !isTold, ContinuousClock.now - started > .seconds(1) {
                note(
                    "waiting for the seller, or for block \(closesAt.rawValue); whoever stops "
                        + "waiting takes the rest after it: `stoa channel withdraw \(id.digest)`"
                )
                isTold = true
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}

struct ChannelWithdraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw",
        abstract: "take the rest back once the closing delay has passed",
        discussion: "EXAMPLE\n  stoa channel withdraw --wallet alice 4f1d9e"
    )

    @OptionGroup var target: OneChannel

    func run() async throws {
        let (id, outcome) = try await target.execute { .withdrawChannel($0) }
        var refunded = Amount.zero
        for case .channelClosed(_, let amount) in outcome.result.events { refunded = amount }
        let known = try? await target.node.ask { ledger in
            try await ledger.known(try await ledger.channel(id)?.denomination ?? .native)
        }
        try target.output.print(
            [
                "channel": id.digest.description, "refundedObol": "\(refunded.obol)",
                "transaction": outcome.digest.description,
            ],
            known.map { "\($0.text(refunded)) returned to the payer" }
                ?? """
                \(refunded.obol) of the smallest part of the channel's unit, whose name could \
                not be read, returned to the payer
                """
        )
    }
}
