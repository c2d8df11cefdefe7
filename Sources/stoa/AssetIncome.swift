import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct AssetLineage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lineage",
        abstract: "what an asset was made from, what was made from it, and who gets which part",
        discussion: "EXAMPLE\n  stoa asset lineage bob/tune"
    )

    @Argument(help: "the asset")
    var asset: String
    @Option(help: "the most children that are listed")
    var children = 256
    @OptionGroup var reader: AssetReader

    struct Edge: Encodable {
        let parent: String
        let shareBasisPoints: UInt16
    }
    struct Node: Encodable {
        let asset, name, kind, owner: String
        let depth: UInt8
        /// What the asset gets of each 1,000,000,000 obol that are paid for the first one.
        let obolOfStoa: String
        let parents: [Edge]
    }
    struct Child: Encodable {
        let asset, name, kind, owner: String
    }
    struct Document: Encodable {
        let lineage: [Node]
        let children: [Child]
    }

    func run() async throws {
        let id = try reader.resolve(asset)
        let document = try await reader.node.ask { ledger in
            let own = try await ledger.facts(id)
            guard let lineage = own.lineage else {
                throw CommandFailure(
                    "\(own.asset.name) was published without terms: it has no parents or children",
                    hint: "`stoa asset publish` publishes with terms"
                )
            }
            var nodes: [Node] = []
            let parts = lineage.split(Amount.obolPerStoa)
            for (node, part) in zip(lineage.nodes, parts) {
                let asset = try await ledger.knownAsset(node.asset)
                nodes.append(
                    Node(
                        asset: node.asset.digest.description,
                        name: asset.name,
                        kind: asset.kind.name,
                        owner: asset.owner.description,
                        depth: node.depth,
                        obolOfStoa: "\(part)",
                        parents: node.parents.map {
                            Edge(
                                parent: $0.parent.digest.description,
                                shareBasisPoints: $0.shareBasisPoints
                            )
                        }
                    )
                )
            }
            var found: [Child] = []
            for child in try await ledger.children(of: id, limit: children) {
                let asset = try await ledger.knownAsset(child)
                found.append(
                    Child(
                        asset: child.digest.description,
                        name: asset.name,
                        kind: asset.kind.name,
                        owner: asset.owner.description
                    )
                )
            }
            return Document(lineage: nodes, children: found)
        }
        try reader.output.print(document, document.text)
    }
}

extension AssetLineage.Document {
    fileprivate var text: String {
        let names = Dictionary(uniqueKeysWithValues: lineage.map { ($0.asset, $0.name) })
        let rows = lineage.map { node in
            let parents = node.parents.map {
                "\(percent($0.shareBasisPoints)) to \(names[$0.parent] ?? $0.parent)"
            }
            return [
                node.name, node.kind, stoa(node.obolOfStoa),
                parents.isEmpty ? "-" : parents.joined(separator: ", "), node.owner, node.asset,
            ]
        }
        let heading = ["NAME", "KIND", "OF 1 STOA", "GIVES", "OWNER", "ASSET"]
        let made = children.map { [$0.name, $0.kind, $0.owner, $0.asset] }
        return table(heading, rows)
            + (made.isEmpty
                ? "" : "\n\nmade from it:\n" + table(["NAME", "KIND", "OWNER", "ASSET"], made))
    }
}
