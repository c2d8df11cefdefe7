import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

/// A transaction of an earlier command, and what became of it.
struct SettledTransaction {
    /// How a transaction ended.
    enum End {
        /// It is in a block, accepted or refused there.
        case inBlock(TransactionOutcome)
        /// It is in no block that the ledger knows of, and can enter none any more.
        case dropped(reason: String)
        /// It is in no block, and could still enter one.
        case open(reason: String)
    }

    let record: PendingTransactions.Record
    let end: End

    /// The outcome, if it took effect.
    var effect: TransactionOutcome? {
        guard case .inBlock(let outcome) = end, outcome.result.isAccepted else { return nil }
        return outcome
    }

    /// Whether the words of this process's command made it, and it took effect.
    var isOfThisCommand: Bool { record.command == .ofCommand && effect != nil }

    var text: String {
        let name = "the earlier transaction \(record.transaction.signingDigest)"
        switch end {
        case .inBlock(let outcome):
            let place = "block \(outcome.height.rawValue)"
            guard let refusal = outcome.result.refusal else {
                let events = outcome.result.events.map(\.record.text).joined(separator: "; ")
                return "\(name) took effect in \(place): \(events)"
            }
            return "\(name) was refused in \(place): \(refusal.name); only the fee was charged"
        case .dropped(let reason): return "\(name) did not take effect and never will: \(reason)"
        case .open(let reason): return "\(name) has not taken effect: \(reason)"
        }
    }

    var state: String {
        switch end {
        case .inBlock(let outcome): outcome.result.isAccepted ? "tookEffect" : "refused"
        case .dropped: "dropped"
        case .open: "open"
        }
    }

    /// The block that holds it.
    var height: UInt64? {
        guard case .inBlock(let outcome) = end else { return nil }
        return outcome.height.rawValue
    }

    var reason: String? {
        switch end {
        case .inBlock(let outcome): outcome.result.refusal?.name
        case .dropped(let reason), .open(let reason): reason
        }
    }
}

extension PendingTransactions {
    /// Submits what waits for its outcome again, byte by byte, and forgets what has one.
    ///
    /// - Parameters:
    ///   - account: whose transactions; nil for everybody's.
    ///   - chain: the chain that `ledger` is of; those of others are left alone.
    /// - Throws: ``CommandFailure`` for the first that the ledger does not answer for.
    func settle(
        of account: AccountID?,
        on chain: ChainID,
        _ ledger: any LedgerConnection
    ) async throws -> [SettledTransaction] {
        var settled: [SettledTransaction] = []
        for record in records() where record.transaction.chain == chain {
            guard account == nil || record.transaction.sender == account else { continue }
            let one: SettledTransaction
            do {
                one = SettledTransaction(record: record, end: try await end(of: record, ledger))
            } catch let error as LedgerClientError {
                throw CommandFailure(
                    unknown: TransactionReference(record.transaction, isKept: true),
                    because: "\(error.message); nothing new was sent, and an earlier transaction "
                        + "still waits for its outcome"
                )
            }
            // One that is open stays: a new one takes its number, and then it is settled.
            if case .open = one.end {} else { remove(record.file) }
            settled.append(one)
        }
        return settled
    }

    private func end(
        of record: Record,
        _ ledger: any LedgerConnection
    ) async throws -> SettledTransaction.End {
        let transaction = record.transaction
        do {
            return .inBlock(try await ledger.submitRepeatedly(record.signed.canonicalBytes))
        } catch {
            guard error.code == .refused else { throw error }
            let reason = error.refusal?.name ?? error.message
            guard try await ledger.account(transaction.sender).sequence < transaction.sequence
            else {
                return .dropped(
                    reason: "the ledger knows no such transaction, and its number was used by "
                        + "another (\(reason))"
                )
            }
            let height = try await ledger.status().height
            guard height < transaction.validUntil else {
                return .dropped(reason: "block \(transaction.validUntil.rawValue) was its last")
            }
            return .open(reason: "the ledger refuses it now (\(reason))")
        }
    }
}
