import ArgumentParser
import CanonicalCoding
import FoundationEssentials
import LedgerClient
import LedgerCore
import MarketTypes

struct AssetCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "check a file against the ledger: content, its description, or an export",
        discussion: """
            Right is a file whose digest is that of a version's content or of the document that \
            describes it, and an export whose digests are the ledger's. One of several files is \
            checked with the export that lists them.

            EXAMPLES
              stoa asset check corpus.csv --against alice/corpus
              stoa asset check part-1.csv --against alice/corpus --listed-in corpus.json
            """
    )

    @Argument(help: "the file")
    var file: String
    @Option(help: "the asset")
    var against: String
    @Option(help: ArgumentHelp("an export that lists the content's files", valueName: "file"))
    var listedIn: String?
    @OptionGroup var reader: AssetReader

    struct Document: Encodable {
        let asset, file, digest, found: String
        let version: UInt32
        /// Whether the ledger names this very document as the version's description.
        let isDescription: Bool
    }

    func run() async throws {
        let id = try reader.resolve(against)
        let file = try AssetFile(path: file)
        let document = try await reader.node.ask { ledger in
            try await find(file, id, ledger)
        }
        try reader.output.print(
            document,
            "\(document.file) is right: \(document.found) of version \(document.version)"
        )
    }

    private func find(
        _ file: AssetFile,
        _ id: AssetID,
        _ ledger: any LedgerConnection
    ) async throws -> Document {
        func right(_ found: String, _ version: UInt32, isDescription: Bool = false) -> Document {
            Document(
                asset: id.digest.description,
                file: file.path,
                digest: file.digest.description,
                found: found,
                version: version,
                isDescription: isDescription
            )
        }
        let latest = try await ledger.knownAsset(id).latestVersion
        if let listedIn {
            let list = try AssetClaims(path: listedIn)
            try await list.check(against: id, ledger)
            guard list.files.contains(where: { $0.name == file.name && $0.digest == file.digest })
            else {
                throw CommandFailure(
                    "\(file.path) is not what \(listedIn) lists: its digest is \(file.digest)"
                )
            }
            return right("one of the files", list.version)
        }
        // The newest versions first; older ones than that are not looked for.
        for number in stride(from: latest, to: latest > 256 ? latest - 256 : 0, by: -1) {
            let facts = try await ledger.facts(id, version: number)
            if facts.version.content == file.digest { return right("the content", number) }
            guard facts.metadata == file.digest else { continue }
            if let claims = try? AssetClaims(path: file.path) {
                try await claims.check(against: id, ledger)
            }
            return right("the description", number, isDescription: true)
        }
        guard let claims = try? AssetClaims(path: file.path) else {
            throw CommandFailure(
                "\(file.path) is neither content nor description of \(against)",
                hint: "its digest is \(file.digest); `stoa asset show` tells the ledger's"
            )
        }
        try await claims.check(against: id, ledger)
        return right("an export", claims.version)
    }
}

/// What a document in one of the export formats says in digests.
struct AssetClaims {
    let path: String
    private let text: String
    let asset: String
    let files: [(name: String, digest: Digest)]
    let parents: [(uri: String, digest: Digest?)]
    /// The digests of content and terms, where the format has a place for them.
    let stated: [String: String]
    let version: UInt32

    /// Reads a document.
    init(path: String) throws {
        let text = try readFile(path)
        let tree = try JSONDecoder().decode(DocumentTree.self, from: Data(text.utf8))
        self.path = path
        self.text = text
        if tree["bomFormat"]?.text == "CycloneDX" {
            let model = tree["metadata"]?["component"] ?? .none
            asset = try Self.text(model["bom-ref"], "metadata.component.bom-ref")
            let inner = (model["components"] ?? .none).elements
            let properties = (model["properties"] ?? .none).elements
            stated = Dictionary(
                properties.compactMap { property in
                    property["name"]?.text.flatMap { name in
                        property["value"]?.text.map { (name, $0) }
                    }
                },
                uniquingKeysWith: { one, other in one == other ? one : "" }
            )
            files = try (inner.isEmpty ? [model] : inner).map { file in
                (try Self.text(file["name"], "name"), try Self.hash(file, "hashes"))
            }
            parents = try (model["pedigree"]?["ancestors"] ?? .none).elements.map {
                (try Self.text($0["bom-ref"], "bom-ref"), try Self.hash($0, "ancestors"))
            }
        } else if tree["_type"]?.text == "https://in-toto.io/Statement/v1" {
            let build = tree["predicate"]?["buildDefinition"] ?? .none
            asset = try Self.text(build["externalParameters"]?["asset"], "externalParameters.asset")
            stated = ["stoa:terms": build["externalParameters"]?["terms"]?.text ?? ""]
            files = try (tree["subject"] ?? .none).elements.map { subject in
                (
                    try Self.text(subject["name"], "subject.name"),
                    try Self.digest(subject["digest"]?["sha256"], "subject.digest")
                )
            }
            parents = try (build["resolvedDependencies"] ?? .none).elements.map {
                (
                    try Self.text($0["uri"], "resolvedDependencies.uri"),
                    try Self.digest($0["digest"]?["sha256"], "resolvedDependencies.digest")
                )
            }
        } else {
            asset = try Self.text(tree["identifier"], "identifier")
            stated = [:]
            files = try (tree["distribution"] ?? .none).elements.map { file in
                (
                    try Self.text(file["name"], "distribution.name"),
                    try Self.digest(file["sha256"], "distribution.sha256")
                )
            }
            parents = (tree["isBasedOn"] ?? .none).elements.compactMap(\.text).map { ($0, nil) }
        }
        guard let number = asset.split(separator: "@").last.flatMap({ UInt32($0) }) else {
            throw CommandFailure("\(path) names no version of an asset")
        }
        version = number
    }

    private static func text(_ tree: DocumentTree?, _ name: String) throws -> String {
        guard let text = tree?.text else { throw CommandFailure("\(name) is missing") }
        return text
    }

    private static func digest(_ tree: DocumentTree?, _ name: String) throws -> Digest {
        guard let digest = Digest(hex: try text(tree, name)) else {
            throw CommandFailure("\(name) is no digest")
        }
        return digest
    }

    private static func hash(_ component: DocumentTree, _ name: String) throws -> Digest {
        let hashes = (component["hashes"] ?? .none).elements
        return try digest(hashes.first { $0["alg"]?.text == "SHA-256" }?["content"], name)
    }

    /// Compares with what the ledger keeps.
    func check(against id: AssetID, _ ledger: any LedgerConnection) async throws {
        func refuse(_ what: String) -> CommandFailure {
            CommandFailure(
                "\(path) is wrong: \(what) is not what the ledger says",
                hint: "`stoa asset export` writes it anew"
            )
        }
        guard asset == AssetSource.uri(id, version) else { throw refuse("the asset's name") }
        let facts = try await ledger.facts(id, version: version)
        guard !files.isEmpty, AssetContent.digest(files) == facts.version.content else {
            throw refuse("the content's digest")
        }
        let terms = facts.terms.map { "\($0.digest)" } ?? ""
        guard
            stated["stoa:content", default: "\(facts.version.content)"]
                == "\(facts.version.content)"
        else { throw refuse("stoa:content") }
        guard stated["stoa:terms", default: terms] == terms else {
            throw refuse("the terms' digest")
        }
        let family = facts.terms?.parents ?? []
        guard family.count == parents.count else { throw refuse("the number of parents") }
        var right = [id.digest, facts.version.content] + files.map(\.digest)
        right += facts.terms.map { [$0.digest] + [$0.licenceText].compactMap(\.self) } ?? []
        for parent in family {
            let uri = AssetSource.uri(parent.asset, parent.version)
            guard let claim = parents.first(where: { $0.uri == uri }) else {
                throw refuse("the parent \(uri)")
            }
            let content = try await ledger.facts(parent.asset, version: parent.version).version
            guard claim.digest ?? content.content == content.content else {
                throw refuse("the digest of \(uri)")
            }
            right += [parent.asset.digest, content.content]
        }
        let known = Set(right.map { "\($0)" })
        for digits in text.split(whereSeparator: { !$0.isHexDigit }) where digits.count == 64 {
            guard known.contains(String(digits)) else { throw refuse("the digest \(digits)") }
        }
    }
}
