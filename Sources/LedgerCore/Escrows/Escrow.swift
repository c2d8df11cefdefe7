public import CanonicalCoding
public import MarketTypes
import SettlementCore

/// Names one escrow: the hash of its buyer and the locking message's place.
public struct EscrowID: Hashable, Comparable, Sendable {
    /// The hash of buyer, sequence and message index.
    public let digest: Digest
    /// Names the escrow with `digest`.
    public init(_ digest: Digest) { self.digest = digest }
    /// The name of the escrow that a transaction's message locks.
    public init(buyer: AccountID, sequence: UInt64, messageIndex: UInt8) {
        digest = Digest(.escrow, messagePlace(of: buyer, sequence, messageIndex))
    }
    public static func < (lhs: EscrowID, rhs: EscrowID) -> Bool { lhs.digest < rhs.digest }
}

/// What a buyer locks money for: one job, by one seller, in time.
public struct JobTerms: Hashable, Sendable {
    /// Who is to do it.
    public let seller: AccountID
    /// Whose income the pay is, an asset of the seller's; nil if nobody's but the seller's.
    public let asset: AssetID?
    /// What the pay counts.
    public let denomination: Denomination
    /// The pay.
    public let amount: Amount
    /// The digest of the document that says what is to be done.
    public let document: Digest
    /// The last height at which the seller may accept.
    public let acceptBy: BlockHeight
    /// The last height at which the seller may deliver.
    public let deliverBy: BlockHeight
    /// How many blocks the buyer has to look at what was delivered.
    public let reviewBlocks: UInt64

    /// Creates terms; the ledger checks them when the money is locked.
    public init(
        seller: AccountID,
        asset: AssetID?,
        denomination: Denomination,
        amount: Amount,
        document: Digest,
        acceptBy: BlockHeight,
        deliverBy: BlockHeight,
        reviewBlocks: UInt64
    ) {
        self.seller = seller
        self.asset = asset
        self.denomination = denomination
        self.amount = amount
        self.document = document
        self.acceptBy = acceptBy
        self.deliverBy = deliverBy
        self.reviewBlocks = reviewBlocks
    }
}

/// How an escrow ended; the numbers are append-only.
public enum EscrowOutcome: UInt8, Hashable, CaseIterable, Sendable {
    /// The seller has the pay.
    case paid = 1
    /// The buyer has it back.
    case refunded = 2
    /// Each has half of it.
    case split = 3
}

/// One job's money as the ledger keeps it.
///
/// ```
/// offered ──accept──▶ accepted ──deliver──▶ delivered ──approve, or no word in time──▶ paid
///    │ no word in time     │ not in time        │ dispute
///    ▼                     ▼                    ▼
/// refunded              refunded             disputed ──verdict──▶ paid, refunded or split
/// ```
public struct Escrow: Hashable, Sendable {
    /// Where a job stands.
    public enum Status: Hashable, Sendable {
        /// The seller may accept.
        case offered
        /// The seller works.
        case accepted
        /// The buyer looks at it, up to this height.
        case delivered(content: Digest, reviewBy: BlockHeight)
        /// A jury decides.
        case disputed(Digest)
        /// It is over.
        case ended(EscrowOutcome)
    }

    /// Who pays.
    public let buyer: AccountID
    /// What was agreed.
    public let terms: JobTerms
    /// Where the job stands.
    public internal(set) var status: Status

    /// Whether the buyer can no longer say anything about what was delivered.
    func isReviewOver(at height: BlockHeight) -> Bool {
        if case .delivered(_, let reviewBy) = status { height > reviewBy } else { false }
    }
}

/// Why a message about money locked for one job was refused.
public enum EscrowRefusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    /// Nothing would be locked.
    case zeroAmount = 1
    /// Buyer and seller are the same.
    case sameParty = 2
    /// The denomination does not exist.
    case unknownDenomination = 3
    /// The seller does not own the asset.
    case notSellersAsset = 4
    /// The heights are not in order, or beyond what the rules allow.
    case invalidTimes = 5
    /// There is no such escrow.
    case unknownEscrow = 6
    /// The sender may not do this.
    case notParty = 7
    /// The job does not stand where this could be done.
    case wrongStatus = 8
    /// It is too late for that.
    case tooLate = 9
}

extension JobTerms: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(seller.digest)
        encoder.encode(optionalDigest: asset?.digest)
        encoder.encode(denomination)
        encoder.encode(amount)
        encoder.encode(document)
        encoder.encode(acceptBy.rawValue)
        encoder.encode(deliverBy.rawValue)
        encoder.encode(reviewBlocks)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        seller = AccountID(try decoder.decodeDigest())
        asset = try decoder.decodeOptionalDigest().map { AssetID($0) }
        denomination = try Denomination(from: &decoder)
        amount = try decoder.decodeAmount()
        document = try decoder.decodeDigest()
        acceptBy = BlockHeight(try decoder.decodeUInt64())
        deliverBy = BlockHeight(try decoder.decodeUInt64())
        reviewBlocks = try decoder.decodeUInt64()
    }
}

extension Escrow: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(buyer.digest)
        encoder.encode(terms)
        switch status {
        case .offered: encoder.encode(UInt8(1))
        case .accepted: encoder.encode(UInt8(2))
        case .delivered(let content, let height):
            encoder.encode(UInt8(3))
            encoder.encode(content)
            encoder.encode(height.rawValue)
        case .disputed(let dispute):
            encoder.encode(UInt8(4))
            encoder.encode(dispute)
        case .ended(let outcome):
            encoder.encode(UInt8(5))
            encoder.encode(outcome.rawValue)
        }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        buyer = AccountID(try decoder.decodeDigest())
        terms = try JobTerms(from: &decoder)
        switch try decoder.decodeUInt8() {
        case 1: status = .offered
        case 2: status = .accepted
        case 3:
            status = .delivered(
                content: try decoder.decodeDigest(),
                reviewBy: BlockHeight(try decoder.decodeUInt64())
            )
        case 4: status = .disputed(try decoder.decodeDigest())
        case 5:
            guard let outcome = EscrowOutcome(rawValue: try decoder.decodeUInt8()) else {
                throw .unknownTag
            }
            status = .ended(outcome)
        default: throw .unknownTag
        }
    }
}
