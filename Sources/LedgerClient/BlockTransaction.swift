public import CanonicalCoding
import Identity
public import LedgerCore
public import MarketTypes

/// A transaction of a block for followers: who sent it, and what became of it.
public struct BlockTransaction: Hashable, Sendable {
    /// The transaction's signing digest.
    public let digest: Digest
    /// Who paid the fee.
    public let sender: AccountID
    /// The sender's sequence number.
    public let sequence: UInt64
    /// What the sender offered for execution.
    public let fee: Amount
    /// How many messages it has.
    public let messages: UInt8
    /// 0 if everything took effect, otherwise the refusal's number.
    public let code: UInt32
    /// The message that was refused; 0 if none was.
    public let messageIndex: UInt8
    /// How many events it caused: the next so many of the block's.
    public let events: UInt32

    /// Reads what followers need of a transaction in a block, or returns nil if the bytes are no
    /// transaction: an engine may put such bytes in a block, where they change nothing.
    public init?(canonicalBytes: [UInt8], result: TransactionResult) {
        guard let signed = try? Signed<Transaction>(canonicalBytes: canonicalBytes) else {
            return nil
        }
        digest = signed.document.signingDigest
        sender = signed.document.sender
        sequence = signed.document.sequence
        fee = signed.document.fee
        messages = UInt8(clamping: signed.document.messages.count)
        code = result.code
        messageIndex = result.messageIndex
        events = UInt32(clamping: result.events.count)
    }

    /// Reads what followers need of all transactions of a block, in order.
    public static func all(
        of transactions: [[UInt8]],
        results: [TransactionResult]
    ) -> [BlockTransaction] {
        zip(transactions, results).compactMap { BlockTransaction(canonicalBytes: $0, result: $1) }
    }

    /// Puts a transaction together from its parts.
    public init(
        digest: Digest,
        sender: AccountID,
        sequence: UInt64,
        fee: Amount,
        messages: UInt8,
        code: UInt32,
        messageIndex: UInt8,
        events: UInt32
    ) {
        self.digest = digest
        self.sender = sender
        self.sequence = sequence
        self.fee = fee
        self.messages = messages
        self.code = code
        self.messageIndex = messageIndex
        self.events = events
    }
}

extension BlockTransaction: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(digest)
        encoder.encode(sender.digest)
        encoder.encode(sequence)
        encoder.encode(fee)
        encoder.encode(messages)
        encoder.encode(code)
        encoder.encode(messageIndex)
        encoder.encode(events)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        digest = try decoder.decodeDigest()
        sender = AccountID(try decoder.decodeDigest())
        sequence = try decoder.decodeUInt64()
        fee = try decoder.decodeAmount()
        messages = try decoder.decodeUInt8()
        code = try decoder.decodeUInt32()
        messageIndex = try decoder.decodeUInt8()
        events = try decoder.decodeUInt32()
    }
}
