public import CanonicalCoding
public import MarketTypes
import SettlementCore

/// Names one proposal: the hash of its proposer and the message's place.
public struct ProposalID: Hashable, Comparable, Sendable {
    /// The hash of proposer, sequence and message index.
    public let digest: Digest
    /// Names the proposal with `digest`.
    public init(_ digest: Digest) { self.digest = digest }
    public static func < (lhs: ProposalID, rhs: ProposalID) -> Bool { lhs.digest < rhs.digest }

    /// The name of the proposal that a transaction's message makes.
    public init(proposer: AccountID, sequence: UInt64, messageIndex: UInt8) {
        digest = Digest(.proposal, messagePlace(of: proposer, sequence, messageIndex))
    }
}

/// A number of the rules and what it shall be.
public struct NumberChange: CanonicalCodable, Hashable {
    /// The ``GovernedNumber/id``.
    public let number: UInt16
    /// What it shall be, within the number's bounds.
    public let value: UInt64

    /// Creates a change; whether it is possible is for the ledger to say.
    public init(number: UInt16, value: UInt64) {
        self.number = number
        self.value = value
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(number)
        encoder.encode(value)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        number = try decoder.decodeUInt16()
        value = try decoder.decodeUInt64()
    }
}

/// A payment out of the treasury.
public struct TreasuryPayment: CanonicalCodable, Hashable {
    /// Who is paid.
    public let recipient: AccountID
    /// What the amount counts.
    public let denomination: Denomination
    /// How much is paid.
    public let amount: Amount

    /// Creates a payment.
    public init(to recipient: AccountID, denomination: Denomination, amount: Amount) {
        self.recipient = recipient
        self.denomination = denomination
        self.amount = amount
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(recipient.digest)
        encoder.encode(denomination)
        encoder.encode(amount)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        recipient = AccountID(try decoder.decodeDigest())
        denomination = try Denomination(from: &decoder)
        amount = try decoder.decodeAmount()
    }
}

/// What the ledger does if a proposal passes.
public enum ProposalAction: Hashable, Sendable {
    /// Nothing: the text itself is what was voted on.
    case text
    /// Changes numbers of the rules, ascending by number; from 1 to ``ProposalContent/numbersMax``.
    case numbers([NumberChange])
    /// Pays somebody out of the treasury.
    case payment(TreasuryPayment)
}

/// What is proposed, and where to read why.
public struct ProposalContent: Hashable, Sendable {
    /// The longest title in bytes.
    public static let titleBytesMax = 128
    /// The longest link in bytes.
    public static let linkBytesMax = 256
    /// The most numbers that one proposal changes.
    public static let numbersMax = 8

    /// What it is about, in a line.
    public let title: String
    /// The digest of the document that gives the reasons; zero if there is none.
    public let document: Digest
    /// Where the document is; may be empty.
    public let link: String
    /// What happens if it passes.
    public let action: ProposalAction

    /// Creates a content; the ledger checks it.
    public init(
        title: String,
        document: Digest = .zero,
        link: String = "",
        action: ProposalAction
    ) {
        self.title = title
        self.document = document
        self.link = link
        self.action = action
    }

    /// Whether it says something that could be done.
    var isValid: Bool {
        guard (1...Self.titleBytesMax).contains(title.utf8.count),
            link.utf8.count <= Self.linkBytesMax, isPrintable(title), isPrintable(link)
        else { return false }
        return switch action {
        case .text: true
        case .numbers(let changes):
            (1...Self.numbersMax).contains(changes.count)
                && zip(changes, changes.dropFirst()).allSatisfy { $0.number < $1.number }
        case .payment(let payment): !payment.amount.isZero
        }
    }
}

extension ProposalAction: CanonicalCodable {
    /// The tag of its encoding: 0 text, 1 numbers, 2 payment.
    public var kind: UInt8 {
        switch self {
        case .text: 0
        case .numbers: 1
        case .payment: 2
        }
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(kind)
        switch self {
        case .text: break
        case .numbers(let changes): encoder.encode(list: changes)
        case .payment(let payment): encoder.encode(payment)
        }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        switch try decoder.decodeUInt8() {
        case 0: self = .text
        case 1:
            let countMax = ProposalContent.numbersMax
            self = .numbers(try decoder.decodeList(of: NumberChange.self, countMax: countMax))
        case 2: self = .payment(try TreasuryPayment(from: &decoder))
        default: throw .unknownTag
        }
    }
}

extension ProposalContent: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(title)
        encoder.encode(document)
        encoder.encode(link)
        encoder.encode(action)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        title = try decoder.decodeString(bytesMax: Self.titleBytesMax)
        document = try decoder.decodeDigest()
        link = try decoder.decodeString(bytesMax: Self.linkBytesMax)
        action = try ProposalAction(from: &decoder)
    }
}
