public import CometBFTTypes
public import Identity
public import LedgerCore
public import MarketTypes
public import SettlementCore

/// A file that proves something of a ledger to a stranger who has the chain's genesis.
///
/// It is one JSON document; everything that is hashed or signed is in it as canonical bytes in
/// hex, so a verifier in any language hashes exactly what was hashed (docs/spec/proofs.md).
///
/// ```swift
/// let verdict = try ProofVerifier(trusting: genesis).verify(ProofFile(text: bytes))
/// ```
public enum ProofFile: Hashable, Sendable {
    /// The largest file in bytes.
    public static let bytesMax = 16 << 20
    /// What `format` says.
    public static let format = "stoa-proof"
    /// What `version` says.
    public static let version: UInt32 = 1

    /// An entry of the state, or that there is none.
    case state(StateEntryProof)
    /// A receipt, and that its seller was paid for it.
    case receipt(ReceiptProof)
}

/// An entry and its path in the state tree; nothing is checked yet.
public struct EntryProof: Hashable, Sendable {
    /// The entry's key.
    public let key: StateKey
    /// The entry's canonical bytes; nil for the claim that there is none.
    public let value: [UInt8]?
    /// The way to the state root.
    public let path: StateProof

    /// Joins the parts.
    public init(key: StateKey, value: [UInt8]?, path: StateProof) {
        self.key = key
        self.value = value
        self.path = path
    }
}

/// An entry under a seal.
public struct StateEntryProof: Hashable, Sendable {
    /// The entry.
    public let entry: EntryProof
    /// Who vouches for the state root.
    public let seal: ProofSeal

    /// Joins the parts.
    public init(entry: EntryProof, seal: ProofSeal) {
        self.entry = entry
        self.seal = seal
    }
}

/// Where a receipt stands among those of its claim: an audit path as RFC 6962 has it.
public struct ReceiptInclusion: Hashable, Sendable {
    /// The most siblings: one for each bit of a count.
    public static let siblingsMax = 64

    /// The receipt's place, from 0.
    public let index: UInt64
    /// How many receipts the claim covers.
    public let count: UInt64
    /// The hashes beside the way, from the leaf's sibling up.
    public let siblings: [Digest]

    /// Joins the parts.
    public init(index: UInt64, count: UInt64, siblings: [Digest]) {
        self.index = index
        self.count = count
        self.siblings = siblings
    }
}

/// Who vouches for a state root.
public enum ProofSeal: Hashable, Sendable {
    /// The most blocks in a seal: those that lead from the trusted validators, and the last.
    public static let blocksMax = 64

    /// The sequencer of a chain that one process orders.
    case sequencer(Signed<BlockHeader>)
    /// The validators of a network: the last block's `app_hash` is the state root, and each block
    /// before it leads from validators that are trusted to those of the next.
    case validators([LightBlock])
}

/// A receipt with all that shows who paid whom for what.
public struct ReceiptProof: Hashable, Sendable {
    /// What the buyer promised.
    public let voucher: Signed<Voucher>
    /// What the seller says it delivered and charged.
    public let receipt: Signed<Receipt>
    /// Where the receipt is among those of the claim.
    public let inclusion: ReceiptInclusion
    /// The claim as the ledger keeps it: a `ClaimRecord`.
    public let claim: EntryProof
    /// The channel that paid: a `Channel`.
    public let channel: EntryProof
    /// The offer whose prices applied: an `OfferRecord`.
    public let offer: EntryProof
    /// Who vouches for the state root of the three entries.
    public let seal: ProofSeal

    /// Joins the parts.
    public init(
        voucher: Signed<Voucher>,
        receipt: Signed<Receipt>,
        inclusion: ReceiptInclusion,
        claim: EntryProof,
        channel: EntryProof,
        offer: EntryProof,
        seal: ProofSeal
    ) {
        self.voucher = voucher
        self.receipt = receipt
        self.inclusion = inclusion
        self.claim = claim
        self.channel = channel
        self.offer = offer
        self.seal = seal
    }
}
