public import CanonicalCoding
public import MarketTypes

/// What became of a transaction in a block.
///
/// Only ``code`` and ``messageIndex`` are hashed into the block: events are for followers.
public struct TransactionResult: Hashable, Sendable {
    /// 0 if everything took effect, otherwise the refusal's number.
    public let code: UInt32
    /// The message that was refused; 0 if none was.
    public let messageIndex: UInt8
    /// What happened, in order; empty for a refusal.
    public let events: [Event]

    /// A transaction that took effect.
    init(events: [Event]) {
        code = 0
        messageIndex = 0
        self.events = events
    }

    /// A transaction that was refused at one message.
    init(refusal: Refusal, messageIndex: UInt8) {
        code = refusal.code
        self.messageIndex = messageIndex
        events = []
    }

    /// A transaction that is no transaction, or whose signatures do not verify.
    public init(refusal: TransactionRefusal) {
        self.init(refusal: .transaction(refusal), messageIndex: 0)
    }

    /// Whether the messages took effect.
    public var isAccepted: Bool { code == 0 }

    /// Why it was refused, or nil.
    public var refusal: Refusal? { Refusal(code: code) }

    /// The leaf of the block's results tree.
    public var digest: Digest {
        var encoder = CanonicalEncoder(capacityBytes: 8)
        encoder.encode(code)
        encoder.encode(messageIndex)
        return Digest(.transactionResult, encoder.bytes)
    }
}

extension TransactionResult: CanonicalCodable {
    /// The most events one transaction can have caused.
    public static let eventsMax = 4096

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(code)
        encoder.encode(messageIndex)
        encoder.encode(list: events)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        code = try decoder.decodeUInt32()
        messageIndex = try decoder.decodeUInt8()
        events = try decoder.decodeList(of: Event.self, countMax: Self.eventsMax)
    }
}
