public import CanonicalCoding
public import MarketTypes
import SettlementCore

/// What a session's key may do: which messages, and towards whom.
public struct SessionScope: Hashable, Sendable {
    /// The most kinds of messages.
    public static let messagesMax = 32
    /// The most accounts that can be named.
    public static let payeesMax = 16

    /// The tags of the messages it may send, ascending.
    public let messages: [UInt8]
    /// Whom it may pay, ascending; anybody, if it names nobody.
    public let payees: [AccountID]

    /// Creates a scope, bringing both lists in order; nothing else is checked.
    public init(messages: [UInt8], payees: [AccountID] = []) {
        self.messages = Self.ordered(messages)
        self.payees = Self.ordered(payees)
    }

    private static func ordered<Element: Comparable>(_ list: [Element]) -> [Element] {
        var ordered: [Element] = []
        for element in list.sorted() where ordered.last != element { ordered.append(element) }
        return ordered
    }

    /// Whether it is one that can be granted: something, nothing that is never delegated and, if
    /// it names payees, nothing whose payee the ledger cannot tell.
    var isGrantable: Bool {
        (1...Self.messagesMax).contains(messages.count) && payees.count <= Self.payeesMax
            && messages.allSatisfy(Self.isDelegable)
            && (payees.isEmpty || messages.allSatisfy(Message.namesPayee))
    }

    /// Who may act for an account and how the market is governed stay with the account's own key.
    ///
    /// A message that makes the ledger itself pay later must count that against the session at
    /// once, as renewals of passes do: later no session is asked.
    private static func isDelegable(_ tag: UInt8) -> Bool {
        tag != 0 && tag < AuthorizationMessage.tags.lowerBound
            && !GovernanceMessage.tags.contains(tag)
    }
}

extension SessionScope: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(bytes: messages)
        encoder.encode(UInt8(payees.count))
        for payee in payees { encoder.encode(payee.digest) }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        let messages = try decoder.decodeBytes(bytesMax: Self.messagesMax)
        let count = try decoder.decodeUInt8()
        guard count <= Self.payeesMax else { throw .tooLong }
        var payees: [AccountID] = []
        for _ in 0..<count { payees.append(AccountID(try decoder.decodeDigest())) }
        self.init(messages: messages, payees: payees)
        guard self.messages == messages, self.payees == payees else { throw .invalidValue }
    }
}

/// How much of one denomination may leave the account in one period.
public struct SessionLimit: CanonicalCodable, Hashable {
    /// What it counts.
    public let denomination: Denomination
    /// How much, in the denomination's smallest unit.
    public let amount: Amount

    /// Creates a limit.
    public init(_ denomination: Denomination, _ amount: Amount) {
        self.denomination = denomination
        self.amount = amount
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(denomination)
        encoder.encode(amount)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        denomination = try Denomination(from: &decoder)
        amount = try decoder.decodeAmount()
    }
}

extension Message {
    /// Whether a session that may only pay some may send messages with this tag: those that pay
    /// one account which the ledger can tell beforehand, and those that pay nobody.
    static func namesPayee(_ tag: UInt8) -> Bool {
        switch tag {
        case 1, 6, 7: true  // transfer, open a channel, top it up
        case 58, 59, 60: true  // buy a pass, renew it, try it
        case 8, 9, 10: true  // claim, close and withdraw pay the channel's own parties
        default: false
        }
    }
}
