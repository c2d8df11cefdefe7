import CanonicalCoding
import Identity
public import LedgerCore
public import MarketTypes
public import SettlementCore

/// What a file proves about an entry of the state.
public struct StateVerdict: Hashable, Sendable {
    /// The entry's key.
    public let key: StateKey
    /// The entry's canonical bytes; nil if it is proven that there is none.
    public let value: [UInt8]?
    /// Who vouches for it.
    public let seal: SealVerdict
}

/// What a file proves about a receipt.
public struct ReceiptVerdict: Hashable, Sendable {
    /// The receipt's name: its signing digest.
    public let digest: Digest
    /// The seller's statement.
    public let receipt: Receipt
    /// The buyer's promise.
    public let voucher: Voucher
    /// The offer whose prices applied.
    public let offer: Offer
    /// The channel that paid, as that state has it.
    public let channel: Channel
    /// The number of the claim among the channel's, from 0.
    public let claimIndex: UInt32
    /// The claim that the ledger paid.
    public let claim: ClaimRecord
    /// The receipt's place among those of the claim.
    public let inclusion: ReceiptInclusion
    /// Who vouches for it.
    public let seal: SealVerdict
}

/// What a file proves.
public enum ProofVerdict: Hashable, Sendable {
    /// An entry, or that there is none.
    case state(StateVerdict)
    /// A receipt.
    case receipt(ReceiptVerdict)
}

/// Checks proof files; pure, so it needs no network, no clock and no state.
public struct ProofVerifier: Sendable {
    private let trust: ProofTrust

    /// Creates a verifier for one chain.
    public init(trusting trust: ProofTrust) {
        self.trust = trust
    }

    /// Checks everything that a file says.
    ///
    /// - Throws: ``ProofRefusal`` naming the first field that is wrong, in the order of PRF-15.
    public func verify(_ file: ProofFile) throws(ProofRefusal) -> ProofVerdict {
        switch file {
        case .state(let proof): .state(try verify(proof))
        case .receipt(let proof): .receipt(try verify(proof))
        }
    }

    private func verify(_ proof: StateEntryProof) throws(ProofRefusal) -> StateVerdict {
        let seal = try trust.verify(proof.seal)
        try check(proof.entry, "entry", under: seal)
        return StateVerdict(key: proof.entry.key, value: proof.entry.value, seal: seal)
    }

    private func verify(_ proof: ReceiptProof) throws(ProofRefusal) -> ReceiptVerdict {
        let seal = try trust.verify(proof.seal)
        let call = SettledCall(
            voucher: try verified(proof.voucher, "voucher"),
            receipt: try verified(proof.receipt, "receipt")
        )
        let paper = call.receipt.document
        let claimIndex = try claimIndex(proof.claim.key, of: paper.channel)
        guard proof.channel.key == .channel(paper.channel) else {
            throw ProofRefusal("channel.key", .wrongKey)
        }
        guard proof.offer.key == .offer(paper.offer) else {
            throw ProofRefusal("offer.key", .wrongKey)
        }
        let claim: ClaimRecord = try entry(proof.claim, "claim", under: seal)
        let channel: Channel = try entry(proof.channel, "channel", under: seal)
        let offer: OfferRecord = try entry(proof.offer, "offer", under: seal)
        try check(proof.inclusion, of: call.receipt.digest, in: claim)
        do {
            try ReceiptRules.check(
                call.receipt,
                for: call.voucher,
                under: offer.offer,
                in: channel.terms(id: paper.channel, chain: seal.chain)
            )
        } catch {
            throw ProofRefusal("receipt", .rule(error))
        }
        return ReceiptVerdict(
            digest: call.receipt.digest,
            receipt: paper,
            voucher: call.voucher.document,
            offer: offer.offer,
            channel: channel,
            claimIndex: claimIndex,
            claim: claim,
            inclusion: proof.inclusion,
            seal: seal
        )
    }

    private func verified<Document>(
        _ signed: Signed<Document>,
        _ field: String
    ) throws(ProofRefusal) -> Verified<Document> {
        guard signed.document.chain == trust.genesis.chain else {
            throw ProofRefusal(field, .otherChain)
        }
        do {
            return try signed.verified()
        } catch {
            throw ProofRefusal(field, .wrongSignature)
        }
    }

    /// The number in the key of a claim of `channel`.
    private func claimIndex(
        _ key: StateKey,
        of channel: ChannelID
    ) throws(ProofRefusal) -> UInt32 {
        let index = key.bytes.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard key == .claim(channel, index) else { throw ProofRefusal("claim.key", .wrongKey) }
        return index
    }

    private func entry<Value: CanonicalCodable>(
        _ entry: EntryProof,
        _ field: String,
        under seal: SealVerdict
    ) throws(ProofRefusal) -> Value {
        try check(entry, field, under: seal)
        do {
            return try Value(canonicalBytes: entry.value ?? [])
        } catch {
            throw ProofRefusal("\(field).value", .malformedValue)
        }
    }

    private func check(
        _ entry: EntryProof,
        _ field: String,
        under seal: SealVerdict
    ) throws(ProofRefusal) {
        do {
            try entry.path.verify(key: entry.key, value: entry.value, root: seal.stateRoot)
        } catch {
            throw ProofRefusal(field, .state(error))
        }
    }

    private func check(
        _ inclusion: ReceiptInclusion,
        of receipt: Digest,
        in claim: ClaimRecord
    ) throws(ProofRefusal) {
        guard inclusion.count == claim.receiptsCount else {
            throw ProofRefusal("inclusion.count", .notIncluded)
        }
        let root = MerkleTree.root(
            leaf: receipt,
            at: inclusion.index,
            of: inclusion.count,
            path: inclusion.siblings
        )
        guard root == claim.receiptsRoot else { throw ProofRefusal("inclusion", .notIncluded) }
    }
}
