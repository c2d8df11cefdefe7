import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

@testable import Consensus
@testable import Gateway
@testable import LedgerStore
@testable import Provider

extension FuzzTarget {
    /// Every kind of canonical document: what is accepted has no second encoding.
    static let documents = FuzzTarget(
        "documents",
        mutantsInTests: 2000,
        seeds: { GoldenInputs.bytes.filter { $0.first == CanonicalEncoder.version } }
    ) { bytes in
        var isAccepted = false
        for kind in DocumentKind.all {
            guard let again = try? kind.reencode(bytes) else { continue }
            isAccepted = true
            try require(again == bytes, "\(kind.name) has two encodings")
        }
        return isAccepted
    }

    /// Transactions from strangers, before any state is looked at.
    static let transactions = FuzzTarget(
        "transactions",
        bytesMax: Transaction.bytesMax + 1,
        seeds: { try RecordedChain.plain.transactions }
    ) { bytes in
        let chain = try RecordedChain.plain.chain
        guard let checked = try? CheckedTransaction(canonicalBytes: bytes, chain: chain) else {
            return false
        }
        try require(checked.bytes == bytes.count, "a transaction of another size")
        let signed = try? Signed<Transaction>(canonicalBytes: bytes)
        try require(signed?.canonicalBytes == bytes, "an accepted transaction is malleable")
        try require(signed?.document.signingDigest == checked.digest, "another digest")
        return true
    }

    /// Proofs about the state: nothing but the golden entries is ever proven.
    static let stateProofs = FuzzTarget(
        "state-proofs",
        seeds: {
            GoldenInputs.bytes.filter { (try? StateProof(canonicalBytes: $0)) != nil }
        }
    ) { bytes in
        guard let proof = try? StateProof(canonicalBytes: bytes) else { return false }
        try require(proof.canonicalBytes == bytes, "a proof has two encodings")
        // A root that follows from the input itself: no proof leads to it.
        let root = Digest(sha256: bytes)
        for value in [nil, [], bytes] {
            let isProven = (try? proof.verify(key: .parameters, value: value, root: root)) != nil
            try require(!isProven, "a proof leads to a root that has nothing to do with it")
        }
        return true
    }
}

/// A kind of canonical document, its type forgotten.
struct DocumentKind: Sendable {
    let name: String
    let reencode: @Sendable ([UInt8]) throws(CanonicalError) -> [UInt8]

    init<Document: CanonicalCodable>(_ type: Document.Type) {
        name = "\(type)"
        reencode = { bytes throws(CanonicalError) in
            try Document(canonicalBytes: bytes).canonicalBytes
        }
    }

    static let all: [DocumentKind] = signed + entries + answers + kept

    private static let signed: [DocumentKind] = [
        DocumentKind(Signed<Transaction>.self), DocumentKind(Transaction.self),
        DocumentKind(Block.self), DocumentKind(Signed<BlockHeader>.self),
        DocumentKind(BlockHeader.self), DocumentKind(Genesis.self),
        DocumentKind(Voucher.self), DocumentKind(Signed<Voucher>.self),
        DocumentKind(Receipt.self), DocumentKind(Signed<Receipt>.self),
        DocumentKind(LaneClaim.self), DocumentKind(FraudProof.self), DocumentKind(Offer.self),
        DocumentKind(ConsensusKeyProof.self), DocumentKind(PublicKey.self),
        DocumentKind(Signature.self),
    ]

    private static let entries: [DocumentKind] = [
        DocumentKind(Account.self), DocumentKind(LedgerParameters.self), DocumentKind(Asset.self),
        DocumentKind(AssetVersion.self), DocumentKind(OfferRecord.self),
        DocumentKind(Channel.self), DocumentKind(LaneSettlement.self),
        DocumentKind(ClaimRecord.self), DocumentKind(Bond.self), DocumentKind(Validator.self),
        DocumentKind(Delegation.self), DocumentKind(StakingParameters.self),
        DocumentKind(ValidatorTable.self), DocumentKind(StoredAmount.self),
        DocumentKind(StoredHeight.self), DocumentKind(StoredHead.self),
    ]

    private static let answers: [DocumentKind] = [
        DocumentKind(StateProof.self), DocumentKind(BlockResults.self),
        DocumentKind(TransactionResult.self), DocumentKind(StateListQuestion.self),
        DocumentKind(StateListAnswer.self), DocumentKind(LedgerStanding.self),
        DocumentKind(Event.self),
    ]

    /// What lies in our own journals and snapshots.
    private static let kept: [DocumentKind] = [
        DocumentKind(StateChunk.self), DocumentKind(SnapshotChunk.self),
        DocumentKind(SnapshotManifest.self), DocumentKind(JournalRecord.self),
        DocumentKind(BookChange.self),
    ]
}
