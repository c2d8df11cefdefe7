import LedgerCore
public import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore

/// What became of what an account locked in one channel, by the vouchers and receipts of its
/// wallet: the ledger knows only what was claimed.
public struct HostedChannelUse: Hashable, Sendable {
    /// What answered calls cost in all, whether it was claimed or not.
    public let used: Amount
    /// What calls that are under way may cost at most.
    public let promised: Amount
}

extension HostedWallets {
    /// How long whoever looks waits for a wallet to open.
    private static let lookSeconds: Int64 = 2

    /// The use of the channels that an account's wallet pays from; nil if that is not known now.
    ///
    /// - Parameter opens: whether to open the wallet for it.
    public func channelUse(
        of account: AccountID,
        opens: Bool
    ) async -> [ChannelID: HostedChannelUse]? {
        if let wallet = opened(account) { return wallet.channelUse }
        guard opens, case .success(let lease) = await lease(account, Self.lookSeconds) else {
            return nil
        }
        return lease.channelUse
    }
}

extension HostedWallet {
    var channelUse: [ChannelID: HostedChannelUse] {
        desk.parts.wallet.withLock { wallet in
            wallet.channels.mapValues { channel in
                let used = channel.lanes.reduce(UInt128(0)) { $0 + $1.total.obol }
                let committed = channel.committed.obol
                return HostedChannelUse(
                    used: Amount(obol: used),
                    promised: Amount(obol: committed - min(used, committed))
                )
            }
        }
    }
}
