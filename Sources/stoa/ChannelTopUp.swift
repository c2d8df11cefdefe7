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
        var found: (id: ChannelID, known: KnownUnit, amount: Amount)?
        let sent = try await signing.send { ledger, account in
            let (id, one) = try await open(ledger, of: account)
            let known = try await ledger.known(one.denomination)
            let more = try known.amount(amount)
            guard !more.isZero else {
                throw CommandFailure("a deposit is more than nothing; no money moved")
            }
            found = (id, known, more)
            return [.topUpChannel(channel: id, amount: more)]
        }
        guard let found else { throw CommandFailure("no channel was named") }
        var deposit = found.amount
        for case .channelToppedUp(_, let total) in sent.outcome.result.events { deposit = total }
        try signing.output.print(
            [
                "channel": found.id.digest.description,
                "transaction": sent.outcome.digest.description,
                "addedObol": "\(found.amount.obol)", "depositObol": "\(deposit.obol)",
            ],
            "channel \(found.id.digest) holds \(found.known.text(deposit)) in all"
        )
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
