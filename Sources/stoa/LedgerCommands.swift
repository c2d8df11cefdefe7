import ArgumentParser
import FoundationEssentials
import LedgerClient
import LedgerCore
import MarketTypes
import NIOCore
import SettlementCore

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "where the ledger stands",
        discussion: "EXAMPLE\n  stoa status"
    )

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    struct Document: Encodable {
        let chain, name, stateRoot: String
        let height, timeMilliseconds: UInt64
    }

    func run() async throws {
        let status = try await node.ask { ledger in try await ledger.status() }
        let document = Document(
            chain: status.chain.digest.description,
            name: status.name,
            stateRoot: status.stateRoot.description,
            height: status.height.rawValue,
            timeMilliseconds: status.time.milliseconds
        )
        try output.print(
            document,
            """
            chain       \(document.chain) (\(document.name))
            height      \(document.height)
            state root  \(document.stateRoot)
            """
        )
    }
}

struct Blocks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "what happened on the ledger, block by block",
        discussion: "EXAMPLE\n  stoa blocks --from 1"
    )

    @Option(help: "the first block to show")
    var from: UInt64 = 1
    @Option(help: "the most blocks to show")
    var limit = 1000
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    struct Document: Encodable {
        let height, timeMilliseconds: UInt64
        let transactions: Int
        let events: [String]
    }

    func run() async throws {
        let documents = try await node.ask { ledger in
            let last = try await ledger.status().height
            var found: [Document] = []
            guard from >= 1, from <= last.rawValue, limit > 0 else { return found }
            for try await block in ledger.blocks(from: BlockHeight(from)) {
                found.append(
                    Document(
                        height: block.height.rawValue,
                        timeMilliseconds: block.time.milliseconds,
                        transactions: block.transactions,
                        events: block.events.map(\.text)
                    )
                )
                if block.height >= last || found.count >= limit { break }
            }
            return found
        }
        let rows = documents.flatMap { block in
            block.events.map { ["\(block.height)", $0] }
        }
        try output.print(documents, table(["BLOCK", "EVENT"], rows))
    }
}

struct Supply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "count all money in the ledger against the supply",
        discussion: "EXAMPLE\n  stoa supply"
    )

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let counted = try await node.ask { ledger in
            guard let ledger = ledger as? any SupplyCounting else {
                throw CommandFailure("this ledger does not count its supply")
            }
            return try await ledger.supply()
        }
        let places = [
            ("accounts", "accountsObol"), ("channels", "channelsObol"), ("bonds", "bondsObol"),
            ("stakes", "stakesObol"), ("pots", "potsObol"), ("fees", "feesObol"),
            ("supply", "supplyObol"),
        ].filter { counted[$0.1] != nil }
        let rows = places.map { [$0.0, stoa(counted[$0.1] ?? "?")] }
        let verdict =
            counted["conserved"] == "true"
            ? "every obol is accounted for" : "NOT CONSERVED: do not trust this ledger"
        try output.print(counted, table(["PLACE", "STOA"], rows) + "\n" + verdict)
        if counted["conserved"] != "true" { throw ExitCode(1) }
    }
}

extension Event {
    /// The event in a few words.
    var text: String {
        switch self {
        case .transferred(let transfer):
            "\(transfer.from) paid \(transfer.to) \(transfer.amount) STOA"
        case .assetPublished(let asset, let version):
            "asset \(asset.digest) version \(version) published"
        case .offerPublished(let offer): "offer \(offer.digest) published"
        case .offerWithdrawn(let offer): "offer \(offer.digest) withdrawn"
        case .channelOpened(let channel, let payer, let payee):
            "channel \(channel.digest) opened by \(payer) towards \(payee)"
        case .channelToppedUp(let channel, let deposit):
            "channel \(channel.digest) topped up to \(deposit) STOA"
        case .channelClaimed(let channel, let paid):
            "channel \(channel.digest) paid \(paid) STOA"
        case .channelClosing(let channel, let height):
            "channel \(channel.digest) closes at block \(height.rawValue)"
        case .channelClosed(let channel, let refunded):
            "channel \(channel.digest) closed, \(refunded) STOA returned"
        case .bondChanged(let account, let active):
            "bond of \(account) is now \(active) STOA"
        case .bondSlashed(let account, let amount, let subject):
            "bond of \(account) slashed by \(amount) STOA for fraud in \(subject.channel.digest)"
        case .staking(let event): event.text
        case .lineage, .shares, .units, .passes, .exchange, .escrows, .disputes, .governance,
            .authorization:
            record.text
        }
    }
}
