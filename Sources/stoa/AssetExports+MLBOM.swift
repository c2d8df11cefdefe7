import LedgerCore
import MarketTypes

/// CycloneDX 1.6 (ECMA-424): a model as a component, what it was made from as its pedigree.
extension AssetSource {
    /// The model's bill of materials.
    func billOfMaterials() -> DocumentTree {
        var model = component(
            name: facts.asset.name,
            version: facts.versionNumber,
            kind: .model,
            licence: facts.asset.licence,
            content: facts.version.content,
            uri: uri
        )
        model["description"] = .text(sentence)
        model["supplier"] = ["name": .text("\(facts.asset.owner)")]
        model["properties"] = .list(properties)
        let datasets = parents.filter { $0.asset.kind == .dataset }
        if datasets.isEmpty {
            model["modelCard"] = [:]
        } else {
            model["modelCard"] = [
                "modelParameters": ["datasets": .list(datasets.map { ["ref": .text($0.uri)] })]
            ]
        }
        if !parents.isEmpty {
            let ancestors = parents.map { parent -> DocumentTree in
                let fields = component(
                    name: parent.asset.name,
                    version: parent.parent.version,
                    kind: parent.asset.kind,
                    licence: parent.asset.licence,
                    content: parent.content,
                    uri: parent.uri
                )
                return .object(fields)
            }
            model["pedigree"] = ["ancestors": .list(ancestors)]
        }
        if files.count > 1 {
            // Of several files the content is a list's digest, which is no file's hash.
            model["hashes"] = nil
            model["components"] = .list(
                files.map { file in
                    [
                        "type": "file", "name": .text(file.name),
                        "hashes": [["alg": "SHA-256", "content": .text("\(file.digest)")]],
                    ]
                }
            )
        }
        return [
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "serialNumber": .text(serialNumber),
            "version": .number(Int64(facts.versionNumber)),
            "metadata": ["component": .object(model)],
        ]
    }

    private func component(
        name: String,
        version: UInt32,
        kind: AssetKind,
        licence: String,
        content: Digest,
        uri: String
    ) -> [String: DocumentTree] {
        let type =
            switch kind {
            case .model: "machine-learning-model"
            case .dataset, .prompt: "data"
            case .service, .compute, .agent: "application"
            }
        return [
            "type": .text(type),
            "bom-ref": .text(uri),
            "name": .text(name),
            "version": .text("\(version)"),
            // Every SPDX identifier is an SPDX expression, also one that SPDX does not list.
            "licenses": [["expression": .text(licence)]],
            "hashes": [["alg": "SHA-256", "content": .text("\(content)")]],
        ]
    }

    private var properties: [DocumentTree] {
        func property(_ name: String, _ value: String) -> DocumentTree {
            ["name": .text(name), "value": .text(value)]
        }
        var properties = [property("stoa:content", "\(facts.version.content)")]
        guard let terms = facts.terms else { return properties }
        properties.append(property("stoa:terms", "\(terms.digest)"))
        if let text = terms.licenceText {
            properties.append(property("stoa:licenceText", "\(text)"))
        }
        properties += terms.use.entries.map { property($0.name, $0.permission.name) }
        properties += parents.map {
            property("stoa:share \($0.uri)", "\($0.parent.shareBasisPoints)")
        }
        return properties
    }

    /// A UUID that the same asset always has: 122 bits of its name, marked as version 8 (RFC 9562).
    private var serialNumber: String {
        var bytes = Array(facts.id.digest.bytes.prefix(16))
        bytes[6] = bytes[6] & 0x0f | 0x80
        bytes[8] = bytes[8] & 0x3f | 0x80
        let hex = Hex.encode(bytes)
        var parts: [Substring] = []
        var rest = hex[...]
        for width in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(width))
            rest = rest.dropFirst(width)
        }
        return "urn:uuid:" + parts.joined(separator: "-")
    }
}
