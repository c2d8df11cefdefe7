import ArgumentParser
import LedgerClient
import LedgerCore
import MarketTypes
import SettlementCore

struct ChannelTopUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top-up",
        abstract: "lock more in an open channel",
        discussion: """
            A gateway that runs with this channel sees it at once. What is locked comes back when \
            the channel is closed.

            EXAMPLE
              stoa channel top-up --wallet alice 4f1d20 5
            """
    )

    @Argument(help: "the channel's id, or the first digits of it, six at least")
    var channel: ObjectName
    @Argument(help: "how much more, in the channel's unit")
    var amount: String
    @OptionGroup var signing: SigningOptions

    func run() async throws {
        var named: (id: ChannelID, unit: KnownUnit)?
        let sent = try await signing.send { ledger, account in
            let (id, one) = try await open(ledger, of: account)
            let known = try await ledger.known(one.denomination)
            let more = try known.amount(amount)
            guard !more.isZero else {
                throw CommandFailure("a deposit is more than nothing; no money moved")
            }
            named = (id, known)
            return [.topUpChannel(channel: id, amount: more)]
        }
        // What was sent says what it was: on a retry the channel may be open no more.
        let added = sent.transaction.messages.compactMap { message -> (id: ChannelID, Amount)? in
            if case .topUpChannel(let id, let amount) = message { (id, amount) } else { nil }
        }
        guard let (id, more) = added.first else { throw CommandFailure("no channel was named") }
        let unit = named?.id == id ? named?.unit : await unit(of: id)
        var document = [
            "channel": id.digest.description,
            "transaction": sent.outcome.digest.description,
            "addedObol": "\(more.obol)",
        ]
        var text = "channel \(id.digest) was topped up"
        for case .channelToppedUp(_, let total) in sent.outcome.result.events {
            document["depositObol"] = "\(total.obol)"
            let held = unit.map { $0.text(total) } ?? "\(total.obol) of its unit's smallest part"
            text = "channel \(id.digest) holds \(held) in all"
        }
        try signing.output.print(document, text)
    }

    /// What a channel counts in; nil if the ledger does not tell any more.
    private func unit(of id: ChannelID) async -> KnownUnit? {
        try? await signing.node.ask { ledger in
            guard let channel = try await ledger.channel(id) else { return nil }
            return try await ledger.known(channel.denomination)
        }
    }

    /// The account's open channel that is meant.
    private func open(
        _ ledger: any LedgerConnection,
        of payer: AccountID
    ) async throws -> (ChannelID, Channel) {
        let found = try await ledger.channels(ofPayer: payer, limit: 1000).filter {
            $0.channel.status == .open && $0.id.digest.description.hasPrefix(channel.text)
        }
        guard found.count == 1, let only = found.first else {
            throw CommandFailure(
                "“\(channel.text)” names \(found.isEmpty ? "no" : "more than one") open channel "
                    + "that this account pays from; no money moved",
                hint: "see `stoa channel list`"
            )
        }
        return (only.id, only.channel)
    }
}
