import CanonicalCoding
import CometBFTTypes
import LedgerCore
import MarketTypes

extension ProofFile {
    /// The file's text, ended by a line feed; reading it gives this value again.
    public var text: String { document.text() + "\n" }

    private var document: ProofJSON {
        switch self {
        case .state(let proof):
            Self.document(
                "state",
                [("entry", ProofJSON(proof.entry.members)), ("seal", proof.seal.json)]
            )
        case .receipt(let proof):
            Self.document(
                "receipt",
                [
                    ("voucher", .hex(proof.voucher.canonicalBytes)),
                    ("receipt", .hex(proof.receipt.canonicalBytes)),
                    ("inclusion", proof.inclusion.json),
                    ("claim", ProofJSON(proof.claim.members)),
                    ("channel", ProofJSON(proof.channel.members)),
                    ("offer", ProofJSON(proof.offer.members)),
                    ("seal", proof.seal.json),
                ]
            )
        }
    }

    private static func document(
        _ subject: String,
        _ members: [(String, ProofJSON)]
    ) -> ProofJSON {
        ProofJSON(
            [
                ("format", .text(format)), ("version", .number(version)),
                ("subject", .text(subject)),
            ] + members
        )
    }
}

extension ProofJSON {
    fileprivate init(_ members: [(String, ProofJSON)]) {
        self = .object(members.map { Member(name: $0.0, value: $0.1) })
    }

    fileprivate static func hex(_ bytes: [UInt8]) -> ProofJSON { .text(Hex.encode(bytes)) }
}

extension EntryProof {
    fileprivate var members: [(String, ProofJSON)] {
        [
            ("key", .hex(key.bytes)),
            ("leaf", .text(StateTreeHash.path(of: key).description)),
            ("value", value.map { .hex($0) } ?? .null),
            ("path", .hex(path.canonicalBytes)),
        ]
    }
}

extension ReceiptInclusion {
    fileprivate var json: ProofJSON {
        ProofJSON([
            ("index", .text(String(index))), ("count", .text(String(count))),
            ("siblings", .list(siblings.map { .text($0.description) })),
        ])
    }
}

extension ProofSeal {
    fileprivate var json: ProofJSON {
        switch self {
        case .sequencer(let header):
            ProofJSON([
                ("kind", .text("sequencer")), ("header", .hex(header.canonicalBytes)),
            ])
        case .validators(let blocks):
            ProofJSON([
                ("kind", .text("validators")), ("blocks", .list(blocks.map { .hex($0.bytes) })),
            ])
        }
    }
}
