import ArgumentParser
import FoundationEssentials
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import SettlementCore

/// Which part of a list is wanted.
struct PageOptions: ParsableArguments {
    @Option(help: "the most to show, up to 200")
    var limit = 50
    @Option(help: ArgumentHelp("where the page before ended", valueName: "cursor"))
    var after: String?

    func validate() throws {
        guard (1...PageRequest.limitMax).contains(limit) else {
            throw ValidationError("--limit is from 1 to \(PageRequest.limitMax)")
        }
    }

    /// The request.
    func request() throws -> PageRequest { try PageRequest(limit: limit, after: after) }
}

/// The order of a search.
enum SearchSort: String, ExpressibleByArgument, CaseIterable {
    case relevance, newest, price
}

struct IndexSearch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "find offers by words, price and seller",
        discussion: """
            All words must be found, by their beginnings, in the offer's model, the asset's name, \
            kind, interface, licence or the seller's address. Prices are in obol for a million of \
            a unit; a limit or an order by price is about prices in STOA, unless --denomination \
            names another.

            EXAMPLE
              stoa index search llama 8b --max-price 60000000 --unit output_token --sort price
            """
    )

    @Argument(help: "words to find")
    var words: [String] = []
    @Option(help: "only this kind of asset: model, dataset, service, compute, agent, prompt")
    var kind: AssetKind?
    @Option(help: "only this interface: chat, embeddings, json, images, speech, transcription")
    var interface: CallInterface?
    @Option(help: "only prices in this unit: native, or 64 hex digits")
    var denomination: String?
    @Option(help: "only this seller: a wallet's name or an address")
    var seller: String?
    @Option(help: "only this asset, by its 64 hex digits")
    var asset: String?
    @Option(help: "the most that a million of the unit may cost, in obol")
    var maxPrice: String?
    @Option(help: "what is counted: input_token, output_token, call, second, byte")
    var unit = "output_token"
    @Option(help: "relevance, newest or price")
    var sort = SearchSort.relevance
    @Flag(help: "also offers that were superseded, withdrawn or have expired")
    var all = false
    @OptionGroup var page: PageOptions
    @OptionGroup var index: IndexOptions

    func run() async throws {
        let search = try search()
        let found = try await index.ask { try await $0.search(search, page.request()) }
        let heading = ["MODEL", "KIND", "PRICES IN OBOL", "LICENCE", "STANDING", "OFFER", "SELLER"]
        index.print(found, heading) { entry in
            let offer = entry.record.offer
            let prices = offer.prices.prices.entries.map { unit, price in
                "\(price.amount.obol)/\(price.perUnits) \(unit.name)"
            }
            return [
                offer.model, entry.label.kind.name, prices.joined(separator: ", "),
                entry.label.licence, entry.record.standing.name,
                String("\(entry.id.digest)".prefix(16)), "\(offer.seller)",
            ]
        }
    }

    private func search() throws -> OfferSearch {
        var search = OfferSearch()
        search.text = words.isEmpty ? nil : words.joined(separator: " ")
        search.kind = kind
        search.interface = interface
        search.isCurrent = !all
        search.denomination = try denomination.map { text in
            guard let unit = Denomination(indexText: text) else {
                throw ValidationError("--denomination is native or 64 hex digits")
            }
            return unit
        }
        search.seller = try seller.map { try Wallets(home: index.home).resolve($0) }
        search.asset = try asset.map { AssetID(try digest($0, "--asset")) }
        guard let unit = Unit(name: unit) else {
            throw ValidationError("--unit is input_token, output_token, call, second or byte")
        }
        if let maxPrice {
            guard let most = try? Amount(obolText: maxPrice) else {
                throw ValidationError("--max-price is a whole number of obol")
            }
            search.priceLimit = .init(unit, perMillion: most)
        }
        search.order =
            switch sort {
            case .relevance: .relevance
            case .newest: .newest
            case .price: .price(unit)
            }
        return search
    }
}

/// Reads a name of 64 hex digits.
private func digest(_ text: String, _ option: String) throws -> Digest {
    guard let digest = Digest(hex: text) else {
        throw ValidationError("\(option) is 64 hex digits")
    }
    return digest
}

struct IndexAssets: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assets",
        abstract: "find assets by words and owner",
        discussion: "EXAMPLE\n  stoa index assets --kind dataset cc-by"
    )

    @Argument(help: "words to find")
    var words: [String] = []
    @Option(help: "only this kind: model, dataset, service, compute, agent, prompt")
    var kind: AssetKind?
    @Option(help: "only this owner's: a wallet's name or an address")
    var owner: String?
    @Flag(help: "also retired ones")
    var all = false
    @OptionGroup var page: PageOptions
    @OptionGroup var index: IndexOptions

    func run() async throws {
        var search = AssetSearch()
        search.text = words.isEmpty ? nil : words.joined(separator: " ")
        search.kind = kind
        search.owner = try owner.map { try Wallets(home: index.home).resolve($0) }
        search.isCurrent = !all
        let asked = search
        let found = try await index.ask { try await $0.search(asked, page.request()) }
        index.print(found, ["NAME", "KIND", "VERSION", "LICENCE", "ASSET", "OWNER"]) { entry in
            [
                entry.asset.name, entry.asset.kind.name, "\(entry.asset.latestVersion)",
                entry.asset.licence, "\(entry.id.digest)", "\(entry.asset.owner)",
            ]
        }
    }
}

struct IndexHistory: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "what happened to an account, an asset, or anything else; the latest first",
        discussion: """
            Without an option, what happened at all. An object is anything that has a name of \
            64 hex digits on the ledger, with its kind: escrow, proposal, pass, pool, dispute.

            EXAMPLES
              stoa index history --account alice
              stoa index history --object proposal:1f0c…
            """
    )

    @Option(help: "a wallet's name or an address")
    var account: String?
    @Option(help: "an asset's 64 hex digits")
    var asset: String?
    @Option(help: "an offer's 64 hex digits")
    var offer: String?
    @Option(help: "a channel's 64 hex digits")
    var channel: String?
    @Option(help: "an issued unit's 64 hex digits")
    var unit: String?
    @Option(help: ArgumentHelp("anything else", valueName: "kind:name"))
    var object: String?
    @OptionGroup var page: PageOptions
    @OptionGroup var index: IndexOptions

    func validate() throws {
        guard [account, asset, offer, channel, unit, object].compactMap(\.self).count <= 1 else {
            throw ValidationError("a history is of one thing")
        }
    }

    func run() async throws {
        let subject = try subject()
        let found = try await index.ask { try await $0.history(of: subject, page.request()) }
        index.print(found, ["BLOCK", "EVENT", "FIELDS"]) { entry in
            ["\(entry.height.rawValue)", entry.name, entry.json]
        }
    }

    private func subject() throws -> Subject? {
        if let account { return .account(try Wallets(home: index.home).resolve(account)) }
        if let asset { return .asset(AssetID(try digest(asset, "--asset"))) }
        if let offer { return .offer(OfferID(try digest(offer, "--offer"))) }
        if let channel { return .channel(ChannelID(try digest(channel, "--channel"))) }
        if let unit { return .unit(try digest(unit, "--unit")) }
        guard let object else { return nil }
        let parts = object.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { throw ValidationError("--object is like escrow:1f0c…") }
        return Subject(kind: String(parts[0]), name: try digest(String(parts[1]), "--object"))
    }
}

struct IndexTransactions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transactions",
        abstract: "the transactions of an account, refused ones too; the latest first",
        discussion: "EXAMPLE\n  stoa index transactions --account alice"
    )

    @Option(help: "a wallet's name or an address; without, everybody's")
    var account: String?
    @OptionGroup var page: PageOptions
    @OptionGroup var index: IndexOptions

    func run() async throws {
        let sender = try account.map { try Wallets(home: index.home).resolve($0) }
        let found = try await index.ask { try await $0.transactions(of: sender, page.request()) }
        let heading = ["BLOCK", "SEQUENCE", "MESSAGES", "FEE", "RESULT", "TRANSACTION", "SENDER"]
        index.print(found, heading) { entry in
            let sent = entry.transaction
            let refusal = Refusal(code: sent.code)
            return [
                "\(entry.height.rawValue)", "\(sent.sequence)", "\(sent.messages)", "\(sent.fee)",
                sent.code == 0 ? "done" : refusal?.name ?? "\(sent.code)",
                "\(sent.digest)", "\(sent.sender)",
            ]
        }
    }
}

struct IndexBlocks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "blocks",
        abstract: "the blocks, the latest first",
        discussion: "EXAMPLE\n  stoa index blocks --limit 10"
    )

    @OptionGroup var page: PageOptions
    @OptionGroup var index: IndexOptions

    func run() async throws {
        let found = try await index.ask { try await $0.blocks(page.request()) }
        index.print(found, ["BLOCK", "TIME", "TRANSACTIONS", "EVENTS"]) { entry in
            [
                "\(entry.height.rawValue)", "\(entry.time.milliseconds)", "\(entry.transactions)",
                "\(entry.events)",
            ]
        }
    }
}
