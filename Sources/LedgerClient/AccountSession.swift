import CanonicalCoding
public import Identity
public import LedgerCore
public import MarketTypes
import Synchronization

/// One account's way to the ledger: numbers, pays for, signs and submits its transactions.
///
/// Transactions of one session go one after the other, because each needs the next sequence
/// number; a caller that needs speed puts several messages into one transaction.
public final class AccountSession: Sendable {
    /// The account that acts.
    public let account: AccountID
    /// The ledger it acts on.
    public let ledger: any LedgerConnection
    private let key: SigningKey
    private let turn = Turnstile(waitersMax: 256)
    private let validForBlocks: UInt64
    private let terms: SigningTerms

    /// Creates a session for the account that `key` controls, or for another that lets it act.
    ///
    /// - Parameters:
    ///   - account: whose transactions are signed: one that granted the key a session, or whose
    ///     key was replaced by it; nil for the key's own.
    ///   - validForBlocks: how many blocks a transaction may wait; afterwards it can never
    ///     execute, so an unanswered submission ends.
    ///   - terms: what holds of every transaction before it is signed.
    public init(
        key: SigningKey,
        for account: AccountID? = nil,
        ledger: any LedgerConnection,
        validForBlocks: UInt64 = 1000,
        terms: SigningTerms = SigningTerms()
    ) {
        self.key = key
        self.terms = terms
        self.ledger = ledger
        self.validForBlocks = validForBlocks
        self.account = account ?? key.accountID
    }

    /// Executes `messages` in one transaction and returns its outcome.
    ///
    /// An answer that gets lost is asked for again with the same bytes, so the messages take
    /// effect once at most.
    ///
    /// - Throws: ``LedgerClientError``; `refused` carries the ledger's reason, and for a message
    ///   that was refused after the fee was taken too.
    @discardableResult
    public func execute(
        _ messages: [Message]
    ) async throws(LedgerClientError) -> (outcome: TransactionOutcome, sequence: UInt64) {
        let done = try await perform(messages)
        return (done.outcome, done.transaction.sequence)
    }

    /// Executes `messages` in one transaction, and returns it with its outcome.
    ///
    /// - Throws: as ``execute(_:)`` does; once something was submitted, the error says what.
    public func perform(
        _ messages: [Message]
    ) async throws(LedgerClientError) -> ExecutedTransaction {
        guard await turn.enter() else {
            throw LedgerClientError(.overloaded, "too many transactions wait for this account")
        }
        defer { turn.leave() }
        for _ in 1..<Self.attemptsMax {
            do throws(LedgerClientError) {
                return try await attempt(messages)
            } catch {
                // The sequence moved between asking and submitting: another process acts too.
                guard error.refusal == .transaction(.staleSequence), !error.isOutcomeUnknown else {
                    throw error
                }
            }
        }
        return try await attempt(messages)
    }

    private static let attemptsMax = 4

    /// Signs the transaction that ``perform(_:)`` would submit now, under the same terms; nothing
    /// is kept or sent.
    ///
    /// - Throws: ``LedgerClientError`` if the ledger gives no answer or breaks the terms.
    public func prepare(
        _ messages: [Message]
    ) async throws(LedgerClientError) -> Signed<Transaction> {
        let status = try await ledger.status()
        try terms.check(chain: status.chain)
        let sequence = try await ledger.account(account).sequence + 1
        let signed = sign(messages, sequence: sequence, status: status)
        try terms.check(fee: signed.document.fee)
        return signed
    }

    private func attempt(
        _ messages: [Message]
    ) async throws(LedgerClientError) -> ExecutedTransaction {
        let signed = try await prepare(messages)
        try terms.keeper?.keep(signed)
        do throws(LedgerClientError) {
            let outcome = try await ledger.submitRepeatedly(signed.canonicalBytes)
            terms.keeper?.settle(signed.document.signingDigest)
            if let refusal = outcome.result.refusal {
                throw LedgerClientError(
                    .refused,
                    "the ledger refused: \(refusal.name)",
                    refusal: refusal
                )
            }
            return ExecutedTransaction(transaction: signed.document, outcome: outcome)
        } catch {
            var failure = error
            failure.transaction = TransactionReference(
                signed.document,
                isKept: terms.keeper != nil
            )
            if !error.isOutcomeUnknown { terms.keeper?.settle(signed.document.signingDigest) }
            throw failure
        }
    }

    private func sign(
        _ messages: [Message],
        sequence: UInt64,
        status: LedgerStatus
    ) -> Signed<Transaction> {
        func signed(fee: Amount) -> Signed<Transaction> {
            let height = status.height.advanced(byBlocks: validForBlocks)
            return key.sign(
                Transaction(
                    chain: status.chain,
                    sender: account,
                    sequence: sequence,
                    fee: fee,
                    validUntil: height ?? status.height,
                    messages: messages
                )
            ).signed
        }
        // Amounts are fixed-width, so the fee does not change the size it depends on.
        let size = signed(fee: .zero).canonicalBytes.count
        return signed(fee: status.parameters.fee(bytes: size))
    }
}

/// Lets one caller through at a time, first come, first served.
final class Turnstile: Sendable {
    private struct State {
        var isTaken = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let waitersMax: Int

    init(waitersMax: Int) {
        self.waitersMax = waitersMax
    }

    /// Waits for the turn; false at once if too many wait already.
    func enter() async -> Bool {
        let isFull = state.withLock { $0.isTaken && $0.waiters.count >= waitersMax }
        if isFull { return false }
        await withCheckedContinuation { continuation in
            let passes = state.withLock { state in
                if state.isTaken {
                    state.waiters.append(continuation)
                    return false
                }
                state.isTaken = true
                return true
            }
            if passes { continuation.resume() }
        }
        return true
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiters.isEmpty {
                state.isTaken = false
                return nil
            }
            return state.waiters.removeFirst()
        }
        next?.resume()
    }
}
