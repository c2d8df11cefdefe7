import LedgerCore
import MarketTypes

/// in-toto Statement v1 (https://in-toto.io/Statement/v1) with SLSA provenance v1: what a thing was
/// made from, by digests. Not signed: who published it signed its terms, and the ledger keeps them.
extension AssetSource {
    /// The statement.
    func attestation() -> DocumentTree {
        let subjects: [DocumentTree] =
            files.isEmpty
            ? [resource(facts.asset.name, nil, facts.version.content)]
            : files.map { resource($0.name, nil, $0.digest) }
        return [
            "_type": "https://in-toto.io/Statement/v1",
            "subject": .list(subjects),
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": [
                "buildDefinition": [
                    "buildType": "stoa:derivation/1",
                    "externalParameters": [
                        "asset": .text(uri),
                        "kind": .text(facts.asset.kind.name),
                        "licence": .text(facts.asset.licence),
                        "terms": .text(facts.terms.map { "\($0.digest)" } ?? ""),
                    ],
                    "resolvedDependencies": .list(
                        parents.map { parent in
                            resource(
                                parent.asset.name,
                                parent.uri,
                                parent.content,
                                [
                                    "role": .text(parent.parent.role.name),
                                    "shareBasisPoints": .text("\(parent.parent.shareBasisPoints)"),
                                ]
                            )
                        }
                    ),
                ],
                "runDetails": ["builder": ["id": .text("stoa:account/\(facts.asset.owner)")]],
            ],
        ]
    }

    private func resource(
        _ name: String,
        _ uri: String?,
        _ digest: Digest,
        _ annotations: DocumentTree? = nil
    ) -> DocumentTree {
        var fields: [String: DocumentTree] = [
            "name": .text(name), "digest": ["sha256": .text("\(digest)")],
        ]
        fields["uri"] = uri.map { .text($0) }
        fields["annotations"] = annotations
        return .object(fields)
    }
}
