import CanonicalCoding
import CometBFTClient
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
        /// Its number was used, perhaps by itself: nobody shows by what.
        case used(reason: String)
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
        case .used(let reason): return "\(name) may have taken effect: \(reason)"
        case .open(let reason): return "\(name) has not taken effect: \(reason)"
        }
    }

    var state: String {
        switch end {
        case .inBlock(let outcome): outcome.result.isAccepted ? "tookEffect" : "refused"
        case .dropped: "dropped"
        case .used: "used"
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
        case .dropped(let reason), .used(let reason), .open(let reason): reason
        }
    }
}

extension PendingTransactions {
    /// Submits records again, byte by byte, until one is not answered for; what became of them is
    /// to be told and then given to ``conclude(_:)``.
    ///
    /// - Returns: what has an answer, and why nothing new may be signed, if so.
    func settle(
        _ records: [Record],
        _ ledger: any LedgerConnection
    ) async throws -> (settled: [SettledTransaction], failure: CommandFailure?) {
        var settled: [SettledTransaction] = []
        var failure: CommandFailure?
        for record in records {
            do {
                let one = SettledTransaction(record: record, end: try await end(of: record, ledger))
                settled.append(one)
                if case .used(let reason) = one.end {
                    failure = failure ?? Self.failure(record, because: reason)
                }
            } catch let error as LedgerClientError {
                return (settled, failure ?? Self.failure(record, because: error.message))
            }
        }
        return (settled, failure)
    }

    /// Settles what earlier commands of an account left, and says what became of it.
    ///
    /// - Returns: what a repeated command may take for its own.
    /// - Throws: ``CommandFailure`` if the ledger does not answer for all of it.
    func tell(
        of account: AccountID,
        _ status: LedgerStatus,
        _ ledger: any LedgerConnection
    ) async throws -> [SettledTransaction] {
        let mine = records().filter {
            $0.transaction.chain == status.chain && $0.transaction.sender == account
        }
        let (settled, failure) = try await settle(mine, ledger)
        for one in settled {
            note(one.text)
            conclude(one)
        }
        if let failure { throw failure }
        let said = Set(settled.map(\.record.transaction.signingDigest))
        let told = told(of: account, status).filter {
            !said.contains($0.record.transaction.signingDigest)
        }
        return told + settled
    }

    private static func failure(_ record: Record, because reason: String) -> CommandFailure {
        let failure = CommandFailure(
            unknown: TransactionReference(record.transaction, isKept: true),
            because: "\(reason); nothing new was sent, and an earlier transaction still waits for "
                + "its outcome"
        )
        return CommandFailure(
            failure.message,
            hint: "`stoa wallet pending` asks again; if you know what became of it, remove "
                + record.file,
            kind: failure.kind,
            code: failure.code,
            moneyMoved: failure.moneyMoved,
            transaction: failure.transaction
        )
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
            // The height first: a number that is unused after the last block stays so.
            let height = try await ledger.status().height
            guard try await ledger.account(transaction.sender).sequence < transaction.sequence
            else {
                // A node with all blocks knows by what. Those of a network may have forgotten old
                // ones, or hide them: that they know nothing of it proves nothing.
                guard !(ledger is NetworkLedger) else {
                    return .used(reason: "its number was used, and no node shows by what")
                }
                return .dropped(
                    reason: "the ledger knows no such transaction, and its number was used by "
                        + "another (\(reason))"
                )
            }
            guard height < transaction.validUntil else {
                return .dropped(reason: "block \(transaction.validUntil.rawValue) was its last")
            }
            return .open(reason: "the ledger refuses it now (\(reason))")
        }
    }
}
