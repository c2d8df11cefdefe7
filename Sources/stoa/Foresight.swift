import CanonicalCoding
import LedgerClient
import LedgerCore
import MarketTypes

extension SigningOptions {
    /// Refuses payments that the ledger would refuse and charge a fee for.
    func foresee(
        _ messages: [Message],
        of account: AccountID,
        _ status: LedgerStatus,
        _ ledger: any LedgerConnection
    ) async throws {
        var needed: [Denomination: UInt128] = [:]
        for message in messages {
            let (denomination, amount): (Denomination, Amount)
            switch message {
            case .transfer(_, let unit, let sum): (denomination, amount) = (unit, sum)
            case .openChannel(let opening):
                (denomination, amount) = (opening.denomination, opening.deposit)
            // What other messages bring in or take out is the ledger's to say.
            default: return
            }
            guard !amount.isZero else {
                throw CommandFailure(
                    "an amount must be more than zero; nothing was sent",
                    kind: .usage
                )
            }
            let sum = needed[denomination, default: 0].addingReportingOverflow(amount.obol)
            needed[denomination] = sum.overflow ? .max : sum.partialValue
        }
        // The fee is a little more than that, for the signature.
        let size = messages.reduce(0) { $0 + $1.canonicalBytes.count }
        let fee = status.parameters.fee(bytes: size)
        for (denomination, sum) in needed {
            let balance = try await balance(of: account, denomination, ledger)
            let isNative = denomination == .native
            let least = sum.addingReportingOverflow(isNative ? fee.obol : 0)
            guard least.overflow || least.partialValue > balance.obol else { continue }
            let known = try await ledger.known(denomination)
            throw CommandFailure(
                "\(account) has \(known.text(balance)), too little to pay "
                    + "\(known.text(Amount(obol: sum)))\(isNative ? " and the fee" : ""); "
                    + "nothing was sent, no money moved",
                hint: "see `stoa \(isNative ? "wallet" : "unit") balance`",
                code: Refusal.accounts(.insufficientBalance).name,
                moneyMoved: .no
            )
        }
    }

    private func balance(
        of account: AccountID,
        _ denomination: Denomination,
        _ ledger: any LedgerConnection
    ) async throws -> Amount {
        guard case .issued(let unit) = denomination else {
            return try await ledger.account(account).balance
        }
        return try await ledger.read(StoredAmount.self, .issuedBalance(account, unit))?.amount
            ?? .zero
    }
}
