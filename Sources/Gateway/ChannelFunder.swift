import Identity
import Journal
import LedgerClient
import LedgerCore
import Logging
import MarketTypes
import SettlementCore

/// A channel as the ledger shows it, and the ledger it is on.
struct LedgerChannel: Sendable {
    let channel: Channel
    let chain: ChainID
}

/// Opens channels and tops them up: one transaction per seller at a time, within the budget.
struct ChannelFunder: Sendable {
    /// More than any transaction with one message of this kind takes, in bytes.
    private static let transactionBytesMax = 1024

    let account: AccountSession
    let ledger: any LedgerConnection
    let book: CallBook
    let voucherKey: PublicKey
    let chain: ChainID
    let lanes: UInt16
    let logger: Logger

    /// Takes back a funding that the wallet planned, before anything was sent: whoever waits for it
    /// asks again, and may be allowed what this call was not.
    func decline(_ funding: Funding) {
        book.wallet.withLock { $0.endFunding(funding, isUncertain: false) }
        book.wallet.wake(funding.seller)
    }

    /// Carries out a funding that the wallet planned, and tells everybody who waits for it.
    func fund(_ funding: Funding) async throws(Shortage) {
        do {
            try await carryOut(funding)
        } catch {
            book.wallet.withLock { $0.endFunding(funding, isUncertain: error.isUncertain) }
            book.wallet.wake(funding.seller, failing: error.shortage)
            throw error.shortage
        }
        book.wallet.withLock { $0.endFunding(funding, isUncertain: false) }
        book.wallet.wake(funding.seller)
    }

    private struct Failure: Error {
        let shortage: Shortage
        /// Whether the money may yet be locked.
        var isUncertain = false
    }

    private func carryOut(_ funding: Funding) async throws(Failure) {
        let amount = try await affordable(funding)
        let id: ChannelID
        do {
            switch funding.kind {
            case .open:
                let opening = ChannelOpening(
                    payee: funding.seller,
                    denomination: funding.denomination,
                    deposit: amount,
                    voucherKey: voucherKey,
                    lanes: lanes
                )
                let (_, sequence) = try await account.execute([.openChannel(opening)])
                id = Channel.id(payer: account.account, sequence: sequence, messageIndex: 0)
            case .topUp(let channel):
                try await account.execute([.topUpChannel(channel: channel, amount: amount)])
                id = channel
            }
        } catch {
            throw Failure(
                shortage: .ledger(error.message),
                isUncertain: error.isOutcomeUnknown
            )
        }
        try await takeOver(id)
        logger.notice(
            "locked money in a channel",
            metadata: [
                "channel": "\(id.digest)", "seller": "\(funding.seller)",
                "amount": "\(amount.obol)", "denomination": "\(funding.denomination)",
            ]
        )
    }

    /// What the account can lock after the fee: the planned amount, or less that still serves.
    private func affordable(_ funding: Funding) async throws(Failure) -> Amount {
        do {
            let parameters = try await ledger.status().parameters
            let balance = try await ledger.account(account.account).balance
            let fee = parameters.fee(bytes: Self.transactionBytesMax)
            if case .issued(let unit) = funding.denomination {
                guard fee <= balance else {
                    throw Failure(shortage: .account(.native, needed: fee, available: balance))
                }
                return try await affordable(funding, of: unit)
            }
            let left = fee <= balance ? Amount(obol: balance.obol - fee.obol) : .zero
            guard funding.least <= left else {
                let (needed, overflow) = funding.least.obol.addingReportingOverflow(fee.obol)
                let sum = Amount(obol: overflow ? .max : needed)
                throw Failure(shortage: .account(.native, needed: sum, available: balance))
            }
            return min(funding.amount, left)
        } catch let error as LedgerClientError {
            throw Failure(shortage: .ledger(error.message))
        } catch let error as Failure {
            throw error
        } catch {
            throw Failure(shortage: .ledger("\(error)"))
        }
    }

    /// The fee is paid in another unit, so the account can lock all it has of this one.
    private func affordable(_ funding: Funding, of unit: Digest) async throws -> Amount {
        let key = StateKey.issuedBalance(account.account, unit)
        let left = try await ledger.read(StoredAmount.self, key)?.amount ?? .zero
        guard funding.least <= left else {
            throw Failure(
                shortage: .account(.issued(unit), needed: funding.least, available: left)
            )
        }
        return min(funding.amount, left)
    }

    /// Reads a channel from the ledger and makes it usable, or takes over how it stands.
    private func takeOver(_ id: ChannelID) async throws(Failure) {
        do {
            guard let channel = try await ledger.channel(id) else {
                throw LedgerClientError(.malformedAnswer, "the ledger does not know the channel")
            }
            try await book.write(id, LedgerChannel(channel: channel, chain: chain), isUsable: true)
        } catch let error as LedgerClientError {
            throw Failure(shortage: .ledger(error.message), isUncertain: true)
        } catch {
            throw Failure(shortage: .ledger("the journal failed: \(error)"), isUncertain: true)
        }
    }
}
