import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import OpenAIWire
import SettlementCore

/// What the gateway says about itself: money, channels, sellers, and what was bought.
struct StatusPage: Sendable {
    let parts: GatewayParts

    /// The body of `GET /stoa/v1/status`; amounts are integers in the smallest part of their
    /// denomination, those of `budget` and `spent_obol` in obol.
    var body: [UInt8] {
        let wallet = parts.wallet.withLock { $0 }
        let load = parts.gate.load
        var writer = JSONWriter(capacityBytes: 2048)
        writer.object { writer in
            writer.member("chain", parts.chain.digest.description)
            writer.member("account", parts.account.account.description)
            writer.member("calls", wallet.calls)
            writer.member("calls_in_progress", load.inProgress)
            writer.member("calls_waiting", load.waiting)
            writer.member("calls_looked_up", parts.chores.count)
            writer.member("spent_obol", wallet.spent[.native]?.obol ?? 0)
            writer.key("budget")
            writer.object { writer in
                writer.member("total_obol", wallet.limits[.native].budget.obol)
                writer.member("locked_obol", wallet.locked(.native).obol)
                writer.member("left_obol", wallet.budgetLeft(.native).obol)
            }
            writer.key("units")
            writer.array { writer in
                for unit in parts.units.all { budget(unit, wallet, &writer) }
            }
            writer.key("channels")
            writer.array { writer in
                for id in wallet.onLedger.keys.sorted() { channel(id, wallet, &writer) }
            }
            writer.key("sellers")
            writer.array { writer in sellers(wallet, &writer) }
        }
        return writer.bytes
    }

    private func budget(_ unit: GatewayUnit, _ wallet: WalletState, _ writer: inout JSONWriter) {
        let denomination = unit.denomination
        writer.object { writer in
            writer.member("denomination", unit.identifier)
            writer.member("name", unit.name)
            writer.member("decimals", UInt64(unit.decimals))
            writer.member("total", unit.limits.budget.obol)
            writer.member("locked", wallet.locked(denomination).obol)
            writer.member("left", wallet.budgetLeft(denomination).obol)
            writer.member("spent", wallet.spent[denomination]?.obol ?? 0)
        }
    }

    private func channel(_ id: ChannelID, _ wallet: WalletState, _ writer: inout JSONWriter) {
        guard let onLedger = wallet.onLedger[id] else { return }
        writer.object { writer in
            writer.member("id", id.digest.description)
            writer.member("seller", onLedger.payee.description)
            writer.member("denomination", parts.units.unit(onLedger.denomination).identifier)
            writer.member("deposit_obol", onLedger.deposit.obol)
            writer.member("paid_obol", onLedger.paid.obol)
            writer.member("open", onLedger.status == .open)
            writer.member("lanes", onLedger.lanes)
            writer.member("usable", wallet.channels[id] != nil)
            let channel = wallet.channels[id]
            writer.member("promised_obol", channel?.committed.obol ?? 0)
            writer.member("available_obol", channel?.available.obol ?? 0)
            writer.member("lanes_busy", channel?.lanes.count { $0.call != nil } ?? 0)
        }
    }

    private func sellers(_ wallet: WalletState, _ writer: inout JSONWriter) {
        let offering = parts.board.all.map(\.offer.seller)
        let known = Set(offering).union(wallet.strikes.keys).union(wallet.channelsOfSeller.keys)
        for seller in known.sorted() {
            let health = parts.health.health(of: seller)
            writer.object { writer in
                writer.member("address", seller.description)
                writer.member("health", health.name)
                writer.member("failures", health.failures)
                if let latency = health.latencyMicroseconds {
                    writer.member("latency_us", latency)
                }
                writer.member("struck_off", wallet.strikes[seller] != nil)
                if let strike = wallet.strikes[seller] {
                    writer.member("reason", strike.reason.name)
                    writer.member("stoa_code", strike.reason.code)
                    writer.member("struck_off_at_ms", strike.at.milliseconds)
                }
            }
        }
    }

    /// The body of `GET /stoa/v1/receipts`: the newest first, at most `limit`.
    ///
    /// - Parameter view: whose are listed; nil lists all.
    func receipts(limit: Int, in view: PurchaseView?) -> [UInt8] {
        let newest = parts.book.recent.newest(limit, in: view)
        var writer = JSONWriter(capacityBytes: 64 + newest.count * 256)
        writer.object { writer in
            writer.member("object", "list")
            writer.key("data")
            writer.array { writer in
                for receipt in newest {
                    writer.object { writer in
                        writer.member("id", receipt.digest.description)
                        writer.member("model", receipt.model)
                        writer.member("seller", receipt.seller.description)
                        writer.member("status", receipt.status.name)
                        writer.member("cost", receipt.charge.obol)
                        writer.member(
                            "denomination",
                            parts.units.unit(receipt.denomination).identifier
                        )
                        writer.member("finished_at_ms", receipt.finishedAt.milliseconds)
                    }
                }
            }
        }
        return writer.bytes
    }
}
