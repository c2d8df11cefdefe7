import Gateway
import MarketTypes
import OpenAIWire
import Portal
import Receipts
import SettlementCore

/// The hosted wallets, as those whom people let spend for them.
struct HostedSpending: SpendingDelegate {
    let wallets: HostedWallets
    let receipts: ReceiptLog

    func sessionKey(of account: AccountID) -> AccountID? { wallets.sessionKey(of: account) }

    func purchases(
        of account: AccountID,
        in view: PurchaseView,
        limit: Int
    ) async throws -> [Purchase] {
        // What was bought stays to be seen when nothing more may be.
        let kept = try await receipts.receipts(
            of: account,
            in: view,
            before: .max,
            limit: limit
        )
        guard kept.isEmpty else { return kept.map { Purchase($0.receipt) } }
        let lease: HostedLease
        do throws(APIFailure) {
            lease = try await wallets.wallet(of: account)
        } catch {
            // Whoever never let the market spend bought nothing: that is an empty list.
            if error.kind == .insufficientFunds,
                let allowance = try? await wallets.allowance(of: account)
            {
                guard allowance.granted != nil else { return [] }
                throw PurchasesClosed(
                    "The permission to spend from this account is over.",
                    hint: "What was bought within 30 days would stand here. Older receipts are "
                        + "shown again once you give it anew in your wallet."
                )
            }
            throw PurchasesClosed(error.message, hint: error.hint)
        }
        return lease.receipts(limit: limit, in: view).map { call in
            Purchase(
                receipt: call.receipt,
                seller: call.seller,
                model: call.model,
                charge: call.charge,
                denomination: call.denomination,
                isDelivered: call.isDelivered,
                finishedAt: call.finishedAt,
                buyer: call.buyer
            )
        }
    }

    func purchase(
        of account: AccountID,
        in view: PurchaseView,
        receipt: Digest
    ) async throws -> Purchase? {
        let kept = try await receipts.receipt(of: account, in: view, digest: receipt)
        if let kept { return Purchase(kept) }
        // What is in no log is in the list of the wallet, if that can be opened.
        do {
            return try await purchases(of: account, in: view, limit: receipts.limits.pageMax)
                .first { $0.receipt == receipt }
        } catch is PurchasesClosed {
            return nil
        }
    }

    func channelUse(of account: AccountID, isLive: Bool) async -> [ChannelID: ChannelUse]? {
        await wallets.channelUse(of: account, opens: isLive)?.mapValues {
            ChannelUse(used: $0.used, promised: $0.promised)
        }
    }
}

extension Purchase {
    fileprivate init(_ receipt: MadeReceipt) {
        self.init(
            receipt: receipt.digest,
            seller: receipt.seller,
            model: receipt.model,
            charge: receipt.charge,
            denomination: receipt.denomination,
            isDelivered: receipt.status == .delivered,
            finishedAt: receipt.finished,
            buyer: receipt.buyer
        )
    }
}
