import ArgumentParser
import Glibc
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

/// Looking at a transaction before it is sent.
extension SigningOptions {
    private struct DryRun: Encodable {
        let chain, account, feeObol, summary: String
        let sequence, validUntil: UInt64
    }

    /// Shows the transaction that would be sent, and ends the command.
    func show(
        _ make: (any LedgerConnection, AccountID) async throws -> [Message],
        of account: AccountID,
        key: SigningKey,
        _ status: LedgerStatus,
        _ ledger: any LedgerConnection
    ) async throws {
        let messages = try await make(ledger, account)
        try await foresee(messages, of: account, status, ledger)
        // By the very session that would send it, or its fee and last block were others.
        let terms = SigningTerms(chain: status.chain, feeMax: feeMax)
        let session = AccountSession(key: key, for: account, ledger: ledger, terms: terms)
        let transaction = try await session.prepare(messages).document
        try output.print(
            DryRun(
                chain: "\(transaction.chain.digest)",
                account: "\(account)",
                feeObol: "\(transaction.fee.obol)",
                summary: transaction.summary,
                sequence: transaction.sequence,
                validUntil: transaction.validUntil.rawValue
            ),
            transaction.summary
        )
        note("nothing was sent")
        throw ExitCode.success
    }

    /// Asks a person before what cannot be taken back; programs are not asked.
    func confirm(
        _ messages: [Message],
        of account: AccountID,
        _ status: LedgerStatus
    ) throws {
        guard let final = messages.first(where: \.isFinal), !yes, isatty(STDIN_FILENO) == 1,
            isatty(STDERR_FILENO) == 1
        else { return }
        note("\(account) on chain “\(status.name)”: \(final.words)")
        guard isAgreed("this cannot be taken back. Go on?") else {
            throw CommandFailure(
                "nothing was sent, no money moved",
                hint: "answer y, or give --yes",
                code: "notConfirmed",
                moneyMoved: .no
            )
        }
    }
}

extension Message {
    /// Whether nothing takes back what it does.
    fileprivate var isFinal: Bool {
        switch self {
        case .closeChannel, .lineage(.retireAsset), .units(.burnUnit),
            .authorization(.rotateKey):
            true
        default: false
        }
    }
}
