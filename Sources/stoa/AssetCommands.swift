import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct AssetGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "asset",
        abstract: "own models, datasets and more: publish, derive, give away, see who earned what",
        discussion: """
            An asset is named by its 64 hex digits, by owner/name, or for your own by its name.

            EXAMPLE
              stoa asset publish corpus --kind dataset --file corpus.csv --royalty-min 5%
              stoa asset publish tune --file tune.bin --parent alice/corpus:dataset:10%
              stoa asset income alice/corpus
            """,
        subcommands: [
            AssetPublish.self, AssetAddVersion.self, AssetDescribe.self, AssetList.self,
            AssetShow.self, AssetLineage.self, AssetIncome.self, AssetTransfer.self,
            AssetAccept.self, AssetCancel.self, AssetRetire.self, AssetExport.self,
            AssetCheck.self,
        ]
    )
}

/// The options of the commands that send messages about assets.
struct AssetSender: ParsableArguments {
    @OptionGroup var signing: SigningOptions

    var home: HomeOptions { signing.home }
    var node: NodeOptions { signing.node }
    var output: OutputOptions { signing.output }
    /// Whose assets bare names are.
    var wallet: String { signing.actor }

    /// Executes the message that `make` makes, and prints what it brought about.
    func execute(
        _ make: (any LedgerConnection, AccountID) async throws -> (AssetID, Message)
    ) async throws {
        var named: AssetID?
        let outcome = try await signing.send { ledger, account in
            let (asset, message) = try await make(ledger, account)
            named = asset
            return [message]
        }.outcome
        let events = outcome.result.events.map(\.text)
        let asset = named.map { "\($0.digest)" } ?? ""
        try output.print(
            Document(
                asset: asset,
                transaction: outcome.digest.description,
                height: outcome.height.rawValue,
                events: events
            ),
            "asset \(asset)\n" + events.joined(separator: "\n")
        )
    }

    /// Which asset is meant.
    func resolve(_ name: String) throws -> AssetID {
        try AssetName(text: name).resolve(home: home, wallet: wallet)
    }

    private struct Document: Encodable {
        let asset, transaction: String
        let height: UInt64
        let events: [String]
    }
}

/// An asset's content, by files that are here or by its digest.
struct ContentOptions: ParsableArguments {
    @Option(
        name: .customLong("file"),
        help: ArgumentHelp(
            "the content; of several files, the content is the list that sha256sum prints of them",
            valueName: "file"
        )
    )
    var files: [String] = []
    @Option(
        help: ArgumentHelp("the content's digest, if the files are elsewhere", valueName: "hex")
    )
    var digest: String?
    @Option(help: "a link for people")
    var link = ""

    func validate() throws {
        guard files.isEmpty == (digest != nil) else {
            throw ValidationError("give --file, once or more, or --digest")
        }
    }

    /// The version as the ledger keeps it.
    func version() throws -> AssetVersion {
        guard let digest else {
            let content = try AssetContent(paths: files)
            return AssetVersion(content: content.digest, metadataLink: link)
        }
        guard let known = Digest(hex: digest) else {
            throw CommandFailure("--digest is 64 hex digits")
        }
        return AssetVersion(content: known, metadataLink: link)
    }
}

struct AssetPublish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "publish an asset with its terms, which nobody can change afterwards",
        discussion: """
            What it was made from gets its part of everything it will earn, and so on upwards.

            EXAMPLES
              stoa asset publish corpus --kind dataset --file corpus.csv --royalty-min 5% \\
                --training allowed --licence CC-BY-4.0
              stoa asset publish base --file base.gguf --parent alice/corpus:dataset:10% \\
                --royalty-min 10%
              stoa asset publish tune --file tune.gguf --parent bob/base:base-model:20%
            """
    )

    @Argument(help: "its name: 2 to 64 lower-case letters, digits and . _ -")
    var name: String
    @Option(name: .customLong("kind"), help: "what it is (else model)")
    var kindName: AssetKind?
    @OptionGroup var content: ContentOptions
    @OptionGroup var terms: TermsOptions
    @Option(help: ArgumentHelp("the document that describes it; see `export`", valueName: "file"))
    var metadata: String?
    @OptionGroup var sender: AssetSender

    func run() async throws {
        let publication = AssetPublication(
            name: name,
            kind: kindName ?? .model,
            licence: terms.licence,
            version: try content.version()
        )
        let document = try metadata.map { try AssetFile(path: $0).digest }
        try await sender.execute { ledger, account in
            let made = try await terms.terms(
                ledger: ledger,
                home: sender.home,
                wallet: sender.wallet
            )
            let message = LineageMessage.publishAssetWithTerms(
                publication,
                made,
                metadata: document
            )
            return (Asset.id(owner: account, name: name), .lineage(message))
        }
    }
}

struct AssetAddVersion: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "publish the next version of an asset, under the terms it has",
        discussion: "EXAMPLE\n  stoa asset version corpus --file corpus-2.csv"
    )

    @Argument(help: "the asset")
    var asset: String
    @OptionGroup var content: ContentOptions
    @OptionGroup var sender: AssetSender

    func run() async throws {
        let version = try content.version()
        try await sender.execute { _, _ in
            let id = try sender.resolve(asset)
            return (id, .publishAssetVersion(asset: id, version: version))
        }
    }
}

struct AssetDescribe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe",
        abstract: "put the digest of the document that describes a version on the ledger",
        discussion: """
            EXAMPLE
              stoa asset export corpus --format croissant --file corpus.csv --output corpus.json
              stoa asset describe corpus corpus.json
            """
    )

    @Argument(help: "the asset")
    var asset: String
    @Argument(help: "the document's file")
    var document: String
    @Option(help: "which version; else the latest")
    var assetVersion: UInt32?
    @OptionGroup var sender: AssetSender

    func run() async throws {
        let digest = try AssetFile(path: document).digest
        try await sender.execute { ledger, _ in
            let id = try sender.resolve(asset)
            let known = try await ledger.knownAsset(id)
            let message = LineageMessage.setMetadata(
                asset: id,
                version: assetVersion ?? known.latestVersion,
                metadata: digest
            )
            return (id, .lineage(message))
        }
    }
}

struct AssetTransfer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer",
        abstract: "let somebody become an asset's owner; it is yours until they accept",
        discussion: "EXAMPLE\n  stoa asset transfer tune bob"
    )

    @Argument(help: "the asset")
    var asset: String
    @Argument(help: "who may accept it: a wallet's name or an address")
    var recipient: String
    @OptionGroup var sender: AssetSender

    func run() async throws {
        try await sender.execute { _, _ in
            let id = try sender.resolve(asset)
            let account = try Wallets(home: sender.home).resolve(recipient)
            return (id, .lineage(.offerAsset(id, to: account)))
        }
    }
}

struct AssetAccept: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract: "become the owner of an asset that was offered to you",
        discussion: "EXAMPLE\n  stoa asset accept --wallet bob alice/tune"
    )

    @Argument(help: "the asset")
    var asset: String
    @OptionGroup var sender: AssetSender

    func run() async throws {
        try await sender.execute { _, _ in
            let id = try sender.resolve(asset)
            return (id, .lineage(.acceptAsset(id)))
        }
    }
}

struct AssetCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "take back an asset's transfer that nobody accepted, or decline one",
        discussion: "EXAMPLE\n  stoa asset cancel alice/corpus --wallet alice"
    )

    @Argument(help: "the asset")
    var asset: String
    @OptionGroup var sender: AssetSender

    func run() async throws {
        try await sender.execute { _, _ in
            let id = try sender.resolve(asset)
            return (id, .lineage(.cancelAssetOffer(id)))
        }
    }
}

struct AssetRetire: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "end versions, offers and children of an asset, for ever; it earns on",
        discussion: "EXAMPLE\n  stoa asset retire corpus --wallet alice"
    )

    @Argument(help: "the asset")
    var asset: String
    @OptionGroup var sender: AssetSender

    func run() async throws {
        try await sender.execute { _, _ in
            let id = try sender.resolve(asset)
            return (id, .lineage(.retireAsset(id)))
        }
    }
}
