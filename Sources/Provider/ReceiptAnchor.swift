import CanonicalCoding
import Identity
import Journal
public import MarketTypes
import OpenAIWire
import SettlementCore

/// Where a receipt is anchored: its place under the root that its claim left on the ledger
/// (CALL-13, PRF-17).
public struct ReceiptAnchor: Hashable, Sendable {
    /// The channel that paid.
    public let channel: ChannelID
    /// The claim's number among the channel's, from 0, as far as the provider knows: the root
    /// tells whether it is.
    public let claim: UInt32
    /// The receipt's place among those of the claim, from 0.
    public let index: UInt64
    /// How many receipts the claim covers.
    public let count: UInt64
    /// The audit path (RFC 6962), from the leaf's sibling up.
    public let siblings: [Digest]
    /// The root that the claim published.
    public let root: Digest

    /// The anchor of the receipt at `place`, if `leaves` are the claim's receipts, in order.
    init?(_ receipt: Digest, at place: ReceiptAnchors.Place, leaves: [Digest]) {
        guard leaves.indices.contains(place.leaf), leaves[place.leaf] == receipt,
            MerkleTree.root(of: leaves) == place.claim.root,
            let siblings = MerkleTree.path(to: place.leaf, in: leaves)
        else { return nil }
        channel = place.claim.channel
        claim = place.claim.index
        index = UInt64(place.leaf)
        count = place.claim.count
        self.siblings = siblings
        root = place.claim.root
    }

    /// The answer of `GET /stoa/v1/receipts/<digest>/inclusion`.
    var body: [UInt8] {
        var writer = JSONWriter(capacityBytes: 512 + siblings.count * 70)
        writer.object { writer in
            writer.member("channel", channel.digest.description)
            writer.member("claim", claim)
            writer.member("index", String(index))
            writer.member("count", String(count))
            writer.key("siblings")
            writer.array { writer in
                for sibling in siblings { writer.string(sibling.description) }
            }
            writer.member("root", root.description)
        }
        return writer.bytes
    }
}

/// Collects the digests of a claim's receipts from records of the journal, in order.
struct LeafCollector {
    private(set) var leaves: [Digest] = []
    private let claim: ReceiptAnchors.Claim
    private let channelBytes: [UInt8]

    init(_ claim: ReceiptAnchors.Claim) {
        self.claim = claim
        channelBytes = claim.channel.digest.bytes
    }

    var isComplete: Bool { leaves.count >= claim.count }

    /// Takes in a record, if it is a receipt of the claim's channel.
    ///
    /// Signatures are left alone: the claim's root tells whether these are its receipts.
    mutating func take(_ record: [UInt8]) throws(CanonicalError) {
        // Version, tag of a receipt, chain, channel: most records are passed over unread.
        guard !isComplete, record.count > 66, record[1] == 4, record[34..<66] == channelBytes[...]
        else { return }
        var decoder = CanonicalDecoder(record)
        _ = try decoder.decode(fixed: 2)
        leaves.append(try Signed<Receipt>(from: &decoder).document.signingDigest)
    }
}
