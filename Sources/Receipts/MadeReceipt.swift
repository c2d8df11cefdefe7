public import MarketTypes
public import SettlementCore

/// A receipt of a call that this market paid for somebody, as feeds tell it.
public struct MadeReceipt: Hashable, Sendable {
    /// The receipt's digest.
    public let digest: Digest
    /// Who paid.
    public let account: AccountID
    /// Who was paid.
    public let seller: AccountID
    /// What was called.
    public let model: String
    /// How much of the answer was delivered.
    public let status: CallStatus
    /// What it cost.
    public let charge: Amount
    /// Counted in what.
    public let denomination: Denomination
    /// When the call ended, as both sides signed it.
    public let finished: Timestamp
    /// On whose behalf it was bought; nil if nobody wrote that down.
    public let buyer: CallBuyer?

    /// Describes a receipt.
    public init(
        digest: Digest,
        account: AccountID,
        seller: AccountID,
        model: String,
        status: CallStatus,
        charge: Amount,
        denomination: Denomination,
        finished: Timestamp,
        buyer: CallBuyer?
    ) {
        self.digest = digest
        self.account = account
        self.seller = seller
        self.model = model
        self.status = status
        self.charge = charge
        self.denomination = denomination
        self.finished = finished
        self.buyer = buyer
    }
}

/// A receipt with its number: each account's are counted from 1, as they came. Whoever sees a part
/// of them alone finds those of others missing.
public struct NumberedReceipt: Hashable, Sendable {
    /// Which of its account's.
    public let number: UInt64
    /// The receipt.
    public let receipt: MadeReceipt
}

/// How many receipts are kept; all of them are in the journals of those who paid.
public struct ReceiptLogLimits: Hashable, Sendable {
    /// The most of one account; the oldest go first.
    public var perAccountMax: UInt64 = 10_000
    /// How long one is kept after its call, in milliseconds: 30 days.
    public var keptMilliseconds: UInt64 = 30 * 86_400_000
    /// The most of a list.
    public var pageMax = 256

    /// The standard limits.
    public init() {}
}

/// Why a file of receipts cannot be used.
public enum ReceiptLogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file can neither be opened nor made.
    case unreadable(path: String)
    /// The file was written by a version whose tables are others.
    case otherFormat(found: Int)
    /// A row is not what was written.
    case damaged(column: String)

    /// One sentence for people.
    public var description: String {
        switch self {
        case .unreadable(let path): "\(path) can neither be opened nor made"
        case .otherFormat(let found): "the receipts have format \(found), this program has 1"
        case .damaged(let column): "column \(column) of the receipts is damaged"
        }
    }
}
