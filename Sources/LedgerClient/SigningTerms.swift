public import Identity
public import LedgerCore
public import MarketTypes

/// What holds of every transaction before it is signed, whatever the ledger's node says.
///
/// A node names the chain and the fee; whoever believes it unseen signs whatever it wants.
public struct SigningTerms: Sendable {
    /// The only chain that is signed for; nil for the one that the ledger says.
    public var chain: ChainID?
    /// The most that one transaction may cost; nil for what the ledger asks.
    public var feeMax: Amount?
    /// Who keeps what was signed until its outcome is known; nil for nobody.
    public var keeper: (any SubmissionKeeping)?

    /// Creates terms.
    public init(
        chain: ChainID? = nil,
        feeMax: Amount? = nil,
        keeper: (any SubmissionKeeping)? = nil
    ) {
        self.chain = chain
        self.feeMax = feeMax
        self.keeper = keeper
    }

    func check(chain named: ChainID) throws(LedgerClientError) {
        guard let chain, chain != named else { return }
        throw LedgerClientError(
            declining: .otherChain,
            "the ledger says that it is chain \(named.digest) and not \(chain.digest)"
        )
    }

    func check(fee: Amount) throws(LedgerClientError) {
        guard let feeMax, fee > feeMax else { return }
        throw LedgerClientError(
            declining: .feeTooHigh,
            "the ledger asks for a fee of \(fee) STOA, more than the \(feeMax) STOA allowed"
        )
    }
}

/// Keeps signed transactions from before they are submitted until their outcome is known, so that
/// a lost answer can be asked for with the same bytes even by another process.
public protocol SubmissionKeeping: Sendable {
    /// Keeps a transaction that is about to be submitted.
    ///
    /// - Throws: if it could not be kept; then nothing is submitted.
    func keep(_ transaction: Signed<Transaction>) throws(LedgerClientError)

    /// The outcome of the transaction with this signing digest is known.
    func settle(_ digest: Digest)
}

/// A transaction, and what became of it.
public struct ExecutedTransaction: Sendable {
    /// What was signed.
    public let transaction: Transaction
    /// Accepted, with its events.
    public let outcome: TransactionOutcome
}

/// A submitted transaction by what people and programs can look for.
public struct TransactionReference: Hashable, Sendable {
    /// Its signing digest.
    public let digest: Digest
    /// The chain that may execute it.
    public let chain: ChainID
    /// Whose transaction it is.
    public let sender: AccountID
    /// The sender's number of it.
    public let sequence: UInt64
    /// The last block that may hold it.
    public let validUntil: BlockHeight
    /// What its sender pays for it.
    public let fee: Amount
    /// Whether somebody keeps its bytes until the outcome is known.
    public let isKept: Bool

    /// Refers to a transaction.
    public init(_ transaction: Transaction, isKept: Bool) {
        digest = transaction.signingDigest
        chain = transaction.chain
        sender = transaction.sender
        sequence = transaction.sequence
        validUntil = transaction.validUntil
        fee = transaction.fee
        self.isKept = isKept
    }
}
