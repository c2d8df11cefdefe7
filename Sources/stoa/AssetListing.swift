import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

/// The options of the commands that only look at assets.
struct AssetReader: ParsableArguments {
    @Option(help: "whose assets bare names are")
    var wallet = "default"
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    /// Which asset is meant.
    func resolve(_ name: String) throws -> AssetID {
        try AssetName(text: name).resolve(home: home, wallet: wallet)
    }
}

/// Everything that the ledger keeps about one asset.
struct AssetFacts {
    let id: AssetID
    let asset: Asset
    let version: AssetVersion
    let versionNumber: UInt32
    let metadata: Digest?
    let terms: AssetTerms?
    let lineage: Lineage?
    let standing: AssetStanding?
}

extension LedgerConnection {
    /// An asset that must be there.
    func knownAsset(_ id: AssetID) async throws -> Asset {
        guard let asset = try await read(Asset.self, .asset(id)) else {
            throw CommandFailure("there is no asset \(id.digest)", hint: assetHint)
        }
        return asset
    }

    /// What the ledger keeps about an asset, of one version: the latest unless another is asked.
    func facts(_ id: AssetID, version wanted: UInt32? = nil) async throws -> AssetFacts {
        let asset = try await knownAsset(id)
        let number = wanted ?? asset.latestVersion
        guard let version = try await read(AssetVersion.self, .assetVersion(id, number)) else {
            throw CommandFailure(
                "\(asset.name) has no version \(number)",
                hint: "its latest is \(asset.latestVersion)"
            )
        }
        return AssetFacts(
            id: id,
            asset: asset,
            version: version,
            versionNumber: number,
            metadata: try await read(StoredDigest.self, .assetMetadata(id, number))?.digest,
            terms: try await read(AssetTerms.self, .assetTerms(id)),
            lineage: try await read(Lineage.self, .lineage(id)),
            standing: try await read(AssetStanding.self, .assetStanding(id))
        )
    }

    /// Entries under a prefix, page by page; at most `limit`.
    func listed(
        _ prefix: StateKey,
        limit: Int
    ) async throws -> [(key: [UInt8], value: [UInt8])] {
        var found: [(key: [UInt8], value: [UInt8])] = []
        var after: StateKey?
        while found.count < limit {
            let page = try await entries(prefix: prefix, after: after, limit: 256)
            for listing in page {
                guard listing.key.bytes.starts(with: prefix.bytes),
                    after.map({ $0 < listing.key }) ?? true
                else { throw CommandFailure("the node's list is out of order") }
                found.append((listing.key.bytes, listing.value))
                after = listing.key
            }
            if page.isEmpty { break }
        }
        return Array(found.prefix(limit))
    }

    /// The assets that name one as their parent; at most `limit`.
    func children(of asset: AssetID, limit: Int) async throws -> [AssetID] {
        try await listed(.children(of: asset), limit: limit).compactMap {
            Digest(bytes: $0.key.suffix(Digest.byteCount)).map { AssetID($0) }
        }
    }
}

struct AssetList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "the assets on the ledger, or one owner's",
        discussion: "EXAMPLE\n  stoa asset list --owner alice --kind dataset"
    )

    @Option(help: "whose: a wallet's name or an address")
    var owner: String?
    @Option(help: "what they are")
    var kind: AssetKind?
    @Option(help: "the most that are looked at")
    var limit = 4096
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    struct Document: Encodable {
        let asset, name, kind, licence, owner: String
        let latestVersion: UInt32
    }

    func run() async throws {
        let account = try owner.map { try Wallets(home: home).resolve($0) }
        let documents = try await node.ask { ledger in
            var found: [Document] = []
            for (key, value) in try await ledger.listed(.assets, limit: limit) {
                let asset = try Asset(canonicalBytes: value)
                guard account == nil || asset.owner == account, kind == nil || asset.kind == kind,
                    let digest = Digest(bytes: key.suffix(Digest.byteCount))
                else { continue }
                found.append(
                    Document(
                        asset: digest.description,
                        name: asset.name,
                        kind: asset.kind.name,
                        licence: asset.licence,
                        owner: asset.owner.description,
                        latestVersion: asset.latestVersion
                    )
                )
            }
            return found.sorted { ($0.name, $0.asset) < ($1.name, $1.asset) }
        }
        let rows = documents.map {
            [$0.name, $0.kind, "\($0.latestVersion)", $0.licence, $0.owner, $0.asset]
        }
        let heading = ["NAME", "KIND", "VERSION", "LICENCE", "OWNER", "ASSET"]
        try output.print(documents, table(heading, rows))
    }
}

struct AssetShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "what the ledger keeps about an asset",
        discussion: "EXAMPLE\n  stoa asset show alice/corpus"
    )

    @Argument(help: "the asset")
    var asset: String
    @Option(help: "which version; else the latest")
    var assetVersion: UInt32?
    @OptionGroup var reader: AssetReader

    struct Document: Encodable {
        let asset, name, kind, licence, owner, content, metadataLink: String
        let version, latestVersion: UInt32
        let metadata, licenceText, offeredTo: String?
        let royaltyMinBasisPoints: UInt16?
        let use: [String: String]?
        let parents: [ParentDocument]
        let depth: UInt8
        let retiredAtHeight: UInt64?
    }
    struct ParentDocument: Encodable {
        let asset, role: String
        let version: UInt32
        let shareBasisPoints: UInt16
    }

    func run() async throws {
        let id = try reader.resolve(asset)
        let facts = try await reader.node.ask { try await $0.facts(id, version: assetVersion) }
        let uses = facts.terms.map { terms in
            Dictionary(
                uniqueKeysWithValues: terms.use.entries.map { ($0.name, $0.permission.name) }
            )
        }
        let document = Document(
            asset: id.digest.description,
            name: facts.asset.name,
            kind: facts.asset.kind.name,
            licence: facts.asset.licence,
            owner: facts.asset.owner.description,
            content: facts.version.content.description,
            metadataLink: facts.version.metadataLink,
            version: facts.versionNumber,
            latestVersion: facts.asset.latestVersion,
            metadata: facts.metadata?.description,
            licenceText: facts.terms?.licenceText?.description,
            offeredTo: facts.standing?.offeredTo?.description,
            royaltyMinBasisPoints: facts.terms?.royaltyMinBasisPoints,
            use: uses,
            parents: (facts.terms?.parents ?? []).map {
                ParentDocument(
                    asset: $0.asset.digest.description,
                    role: $0.role.name,
                    version: $0.version,
                    shareBasisPoints: $0.shareBasisPoints
                )
            },
            depth: facts.lineage?.depth ?? 0,
            retiredAtHeight: facts.standing?.retiredAt?.rawValue
        )
        try reader.output.print(document, facts.text)
    }
}

extension AssetFacts {
    /// The facts in lines.
    fileprivate var text: String {
        var lines = [
            "\(asset.kind.name) \(asset.name), version \(versionNumber) of \(asset.latestVersion)",
            "asset     \(id.digest)", "owner     \(asset.owner)", "licence   \(asset.licence)",
            "content   \(version.content)",
        ]
        if !version.metadataLink.isEmpty { lines.append("link      \(version.metadataLink)") }
        if let metadata { lines.append("described \(metadata)") }
        if let account = standing?.offeredTo { lines.append("offered   to \(account)") }
        if let height = standing?.retiredAt {
            lines.append("retired   at block \(height.rawValue)")
        }
        guard let terms else {
            lines.append("no terms: nothing may be derived from it")
            return lines.joined(separator: "\n")
        }
        if let text = terms.licenceText { lines.append("its text  \(text)") }
        let uses = terms.use.entries.map { "\($0.name) \($0.permission.name)" }
        lines.append("use       " + uses.joined(separator: ", "))
        lines.append(
            terms.royaltyMinBasisPoints.map { "derive    for at least \(percent($0)) of income" }
                ?? "derive    not allowed"
        )
        lines += terms.parents.map {
            "parent    \($0.asset.digest) version \($0.version), \($0.role.name), "
                + percent($0.shareBasisPoints)
        }
        return lines.joined(separator: "\n")
    }
}
