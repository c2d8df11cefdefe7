public import CanonicalCoding
public import Identity
public import MarketTypes

/// What one account asks the ledger to do, all of it or none.
public struct Transaction: SignableDocument {
    public static var signingTag: DomainTag { .transaction }
    public static var signingSchemes: SigningSchemes { .all }

    /// The most messages in one transaction.
    public static let messagesMax = 32
    /// The largest signed transaction in canonical bytes.
    public static let bytesMax = 256 << 10

    /// The chain that may execute it.
    public let chain: ChainID
    /// Who pays the fee and in whose name the messages act.
    public let sender: AccountID
    /// The sender's sequence number; each is used once, in order, from 1.
    public let sequence: UInt64
    /// What the sender pays for execution, in obol.
    public let fee: Amount
    /// The last height at which it may execute.
    public let validUntil: BlockHeight
    /// What to do, in order; from 1 to ``messagesMax``.
    public let messages: [Message]

    /// Creates a transaction.
    public init(
        chain: ChainID,
        sender: AccountID,
        sequence: UInt64,
        fee: Amount,
        validUntil: BlockHeight,
        messages: [Message]
    ) {
        self.chain = chain
        self.sender = sender
        self.sequence = sequence
        self.fee = fee
        self.validUntil = validUntil
        self.messages = messages
    }
}

extension Transaction: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(chain.digest)
        encoder.encode(sender.digest)
        encoder.encode(sequence)
        encoder.encode(fee)
        encoder.encode(validUntil.rawValue)
        encoder.encode(list: messages)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        chain = ChainID(try decoder.decodeDigest())
        sender = AccountID(try decoder.decodeDigest())
        sequence = try decoder.decodeUInt64()
        fee = try decoder.decodeAmount()
        validUntil = BlockHeight(try decoder.decodeUInt64())
        messages = try decoder.decodeList(of: Message.self, countMax: Self.messagesMax)
        guard !messages.isEmpty else { throw .invalidValue }
    }
}

/// A transaction whose form and every signature were checked, once, without any state.
///
/// It can be made on any thread; applying it checks no signature again.
public struct CheckedTransaction: Hashable, Sendable {
    /// The transaction.
    public let transaction: Transaction
    /// Its signing digest: how the ledger names it.
    public let digest: Digest
    /// Its size in canonical bytes, which the fee depends on.
    public let bytes: Int
    /// The account that the signing key names: the sender itself, or whom it let act for it.
    public let signer: AccountID
    /// What it costs beyond its bytes.
    public let work: TransactionWork
    /// The messages with the signatures inside them checked.
    let messages: [CheckedMessage]

    /// Checks `canonicalBytes` for `chain`.
    ///
    /// - Throws: ``TransactionRefusal`` from `malformed` to `invalidSignature`.
    public init(canonicalBytes: [UInt8], chain: ChainID) throws(TransactionRefusal) {
        guard canonicalBytes.count <= Transaction.bytesMax else { throw .tooLarge }
        let signed: Signed<Transaction>
        do { signed = try Signed(canonicalBytes: canonicalBytes) } catch { throw .malformed }
        guard signed.document.chain == chain else { throw .wrongChain }
        do {
            let verified = try signed.verified()
            transaction = verified.document
            digest = verified.digest
            bytes = canonicalBytes.count
            signer = signed.key.accountID
            work = signed.work
            messages = try Self.check(transaction.messages)
        } catch {
            throw .invalidSignature
        }
    }

    /// How many signatures checking it took: the sender's, and those inside its messages.
    public var signatureCount: Int { work.signatures }

    private static func check(_ messages: [Message]) throws(SignatureError) -> [CheckedMessage] {
        var checked: [CheckedMessage] = []
        for message in messages { checked.append(try CheckedMessage(message)) }
        return checked
    }
}
