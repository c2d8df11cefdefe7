import ArgumentParser
import CanonicalCoding
import FoundationEssentials
import LedgerClient
import LedgerCore
import MarketTypes

/// The formats in which others read what the ledger says about an asset.
enum AssetFormat: String, CaseIterable, ExpressibleByArgument {
    /// MLCommons Croissant 1.0: a dataset's JSON-LD.
    case croissant
    /// CycloneDX 1.6: a model's bill of materials.
    case mlbom
    /// in-toto Statement v1 with SLSA provenance v1: what something was made from.
    case inToto = "in-toto"
}

struct AssetExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "describe an asset in a format that other tools read",
        discussion: """
            A dataset exports as croissant, a model as mlbom, and whatever has parents as in-toto. \
            Digests are the ledger's; files that are given must be what was published.

            EXAMPLES
              stoa asset export corpus --format croissant --file corpus.csv --output corpus.json
              stoa asset export bob/tune --format mlbom
              stoa asset export bob/tune --format in-toto
            """
    )

    @Argument(help: "the asset")
    var asset: String
    @Option(help: "the format")
    var format: AssetFormat
    @Option(help: "which version; else the latest")
    var assetVersion: UInt32?
    @Option(
        name: .customLong("file"),
        help: ArgumentHelp("the content, to name its files; once or more", valueName: "file")
    )
    var files: [String] = []
    @Option(help: "what it is, in a sentence")
    var description: String?
    @Option(
        help: ArgumentHelp("where the files can be had; else beside the document", valueName: "url")
    )
    var urlPrefix: String?
    @Option(help: ArgumentHelp("when it was published, for croissant", valueName: "yyyy-mm-dd"))
    var published: String?
    @Option(help: ArgumentHelp("where to write it; else standard output", valueName: "file"))
    var output: String?
    @Option(help: "whose assets bare names are")
    var wallet = "default"
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @Flag(help: "say what was written in one JSON document on one line")
    var json = false

    struct Document: Encodable {
        let asset, file, digest: String
    }

    func run() async throws {
        let id = try AssetName(text: asset).resolve(home: home, wallet: wallet)
        let content = files.isEmpty ? nil : try AssetContent(paths: files)
        let source = try await node.ask { ledger in
            try await AssetSource(
                facts: ledger.facts(id, version: assetVersion),
                ledger: ledger,
                content: content,
                words: .init(
                    description: description,
                    urlPrefix: urlPrefix,
                    published: published
                )
            )
        }
        let document = try source.document(format)
        let text = try document.formatted()
        guard let output else {
            return try writeOutput(text)
        }
        do {
            try text.write(toFile: output, atomically: true, encoding: .utf8)
        } catch {
            throw CommandFailure("cannot write \(output)", hint: "check the directory")
        }
        let digest = Digest(sha256: Array(text.utf8))
        guard json else {
            note("wrote \(output)\nits digest is \(digest)")
            return
        }
        let written = Document(
            asset: id.digest.description,
            file: output,
            digest: digest.description
        )
        try writeOutput(try OutputOptions.line(written) + "\n")
    }
}

/// What a document about one version of an asset is made from.
struct AssetSource {
    /// A parent as documents name it.
    struct Parent {
        let parent: AssetParent
        let asset: Asset
        let content: Digest

        /// The parent's name for documents.
        var uri: String { AssetSource.uri(parent.asset, parent.version) }
    }

    let facts: AssetFacts
    let parents: [Parent]
    /// The files of the content; empty if only the digest is known.
    let files: [AssetFile]
    let words: Words

    /// What only people know about it.
    struct Words {
        let description: String?
        let urlPrefix: String?
        let published: String?
    }

    /// Gathers what documents say, and checks the files against the ledger.
    init(
        facts: AssetFacts,
        ledger: any LedgerConnection,
        content: AssetContent?,
        words: Words
    ) async throws {
        if let content, content.digest != facts.version.content {
            throw CommandFailure(
                "the files are not the content of \(facts.asset.name) version "
                    + "\(facts.versionNumber)",
                hint: "the ledger says \(facts.version.content), they are \(content.digest)"
            )
        }
        self.facts = facts
        self.words = words
        files = content?.files ?? []
        var parents: [Parent] = []
        for parent in facts.terms?.parents ?? [] {
            let known = try await ledger.facts(parent.asset, version: parent.version)
            parents.append(
                Parent(parent: parent, asset: known.asset, content: known.version.content)
            )
        }
        self.parents = parents
    }

    /// How documents name a version of an asset.
    static func uri(_ asset: AssetID, _ version: UInt32) -> String {
        "stoa:asset/\(asset.digest)@\(version)"
    }

    /// How documents name this version.
    var uri: String { Self.uri(facts.id, facts.versionNumber) }

    /// What it is, in a sentence.
    var sentence: String {
        words.description
            ?? "The \(facts.asset.kind.name) \(facts.asset.name), as published on Stoa."
    }

    /// The document, if the asset's kind has that format.
    func document(_ format: AssetFormat) throws -> DocumentTree {
        switch format {
        case .croissant:
            guard facts.asset.kind == .dataset else {
                throw CommandFailure(
                    "\(facts.asset.name) is a \(facts.asset.kind.name), and croissant is for "
                        + "datasets",
                    hint: "a model exports as mlbom, anything with parents as in-toto"
                )
            }
            return try croissant()
        case .mlbom:
            guard facts.asset.kind == .model else {
                throw CommandFailure(
                    "\(facts.asset.name) is a \(facts.asset.kind.name), and mlbom is for models",
                    hint: "a dataset exports as croissant, anything with parents as in-toto"
                )
            }
            return billOfMaterials()
        case .inToto:
            guard !parents.isEmpty else {
                throw CommandFailure(
                    "\(facts.asset.name) has no parents to attest",
                    hint: "a dataset exports as croissant, a model as mlbom"
                )
            }
            return attestation()
        }
    }
}
