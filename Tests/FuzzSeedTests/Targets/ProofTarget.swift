import CanonicalCoding
import LedgerCore
import MarketTypes
import Proofs

extension FuzzTarget {
    /// Files for strangers: what is proven was in the golden files, byte for byte.
    static let proofFiles = FuzzTarget(
        "proof-files",
        seeds: { try GoldenInputs.files("proofs", ending: ".json") }
    ) { bytes in
        guard let file = try? ProofFile(bytes: bytes) else { return false }
        let again = try? ProofFile(bytes: Array(file.text.utf8))
        try require(again == file, "a proof file changes when it is written")
        for trust in try GoldenProofs.trusts {
            guard let verdict = try? ProofVerifier(trusting: trust).verify(file) else { continue }
            let statement = GoldenProofs.statement(of: verdict)
            let isKnown = try GoldenProofs.statements.contains(statement)
            try require(isKnown, "a forged proof: \(statement)")
        }
        return true
    }
}

/// What the golden proof files prove.
private enum GoldenProofs {
    static var trusts: [ProofTrust] { get throws { try loaded.get().trusts } }
    static var statements: Set<String> { get throws { try loaded.get().statements } }

    private static let loaded = Result {
        let genesis = try GoldenInputs.files("proofs", ending: ".genesis").map { file in
            let text = String(decoding: file, as: UTF8.self).split(separator: "\n").first ?? ""
            return try Genesis(canonicalBytes: Hex.decode(text) ?? file)
        }
        let trusts = genesis.map { ProofTrust(genesis: $0) }
        var statements: Set<String> = []
        for bytes in try GoldenInputs.files("proofs", ending: ".json") {
            // Among them are files that must be refused.
            guard let file = try? ProofFile(bytes: bytes) else { continue }
            for trust in trusts {
                guard let verdict = try? ProofVerifier(trusting: trust).verify(file) else {
                    continue
                }
                statements.insert(statement(of: verdict))
            }
        }
        return (trusts: trusts, statements: statements)
    }

    /// What is proven, without how.
    static func statement(of verdict: ProofVerdict) -> String {
        switch verdict {
        case .state(let state):
            let value = state.value.map { Hex.encode($0) } ?? "nothing"
            return "\(Hex.encode(state.key.bytes)) has \(value) at \(state.seal.height.rawValue)"
        case .receipt(let receipt):
            return "receipt \(receipt.digest) of claim \(receipt.claimIndex)"
        }
    }
}
