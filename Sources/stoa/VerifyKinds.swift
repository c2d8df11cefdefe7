import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import Proofs
import SettlementCore

extension StateVerdict {
    /// What the entry is, by the first byte of its key (LED-7, LAW's table).
    var kind: String { Self.kinds[key.bytes[0]] ?? "entry" }

    private static let kinds: [UInt8: String] = [
        0x01: "account", 0x02: "balance of a unit", 0x03: "fee pool", 0x04: "parameters",
        0x05: "supply", 0x06: "last deadline", 0x07: "pot", 0x08: "deadline", 0x0a: "number",
        0x10: "asset", 0x11: "asset version", 0x12: "terms of an asset", 0x13: "lineage",
        0x14: "child of an asset", 0x15: "income of an asset", 0x16: "description of an asset",
        0x17: "standing of an asset", 0x18: "offer", 0x20: "channel", 0x21: "lane", 0x22: "claim",
        0x23: "channel of a payer", 0x24: "channel of a payee", 0x30: "bond",
        0x31: "punished call", 0x40: "validator", 0x41: "delegation", 0x50: "shares of an asset",
        0x51: "dividends of a shareholder", 0x58: "unit", 0x59: "redemption", 0x60: "plan",
        0x63: "pass", 0x64: "pass of a holder", 0x65: "used trial", 0x68: "market", 0x69: "pool",
        0x6a: "part of a pool", 0x6b: "sale", 0x6c: "order", 0x6d: "order book", 0x70: "job",
        0x79: "exit of a juror", 0x7a: "dispute", 0x80: "voter", 0x84: "proposal", 0x85: "ballot",
        0x90: "session", 0x91: "key of an account",
    ]

    /// The entry's value in a few words; nil for kinds that are shown as bytes.
    func described(_ value: [UInt8]) -> String? {
        settled(value) ?? owned(value) ?? traded(value)
    }

    private func settled(_ value: [UInt8]) -> String? {
        switch key.bytes[0] {
        case 0x01:
            (try? Account(canonicalBytes: value)).map {
                "balance \($0.balance) STOA, sequence \($0.sequence)"
            }
        case 0x18:
            (try? OfferRecord(canonicalBytes: value)).map {
                "\($0.offer.model) by \($0.offer.seller), \($0.standing.name)"
            }
        case 0x20:
            (try? Channel(canonicalBytes: value)).map {
                "\($0.payer) to \($0.payee), deposit \(text($0.deposit, $0.denomination)), paid "
                    + "\(text($0.paid, $0.denomination)), \($0.status.text)"
            }
        case 0x22:
            (try? ClaimRecord(canonicalBytes: value)).map {
                "\($0.receiptsCount) receipts under \($0.receiptsRoot), paid \($0.paid.obol) of "
                    + "the channel's smallest unit in block \($0.height.rawValue)"
            }
        case 0x30: (try? Bond(canonicalBytes: value)).map { "active \($0.active) STOA" }
        default: nil
        }
    }

    private func owned(_ value: [UInt8]) -> String? {
        switch key.bytes[0] {
        case 0x02, 0x05, 0x07:
            (try? StoredAmount(canonicalBytes: value)).map {
                text($0.amount, key.denomination ?? .native)
            }
        case 0x15: (try? StoredAmount(canonicalBytes: value)).map { "\($0.amount.obol)" }
        case 0x10:
            (try? Asset(canonicalBytes: value)).map {
                "\($0.kind.name) \($0.name) of \($0.owner), version \($0.latestVersion)"
            }
        case 0x50:
            (try? ShareRecord(canonicalBytes: value)).map {
                "\($0.count) shares of asset \($0.asset.digest), \($0.circulating) earning"
            }
        case 0x51:
            (try? ShareHolding(canonicalBytes: value)).map { holding in
                let owed = holding.entitlements.map { "\($0.owed)" }.joined(separator: ", ")
                return "settled and not withdrawn, by denomination: \(owed)"
            }
        case 0x58:
            (try? UnitRecord(canonicalBytes: value)).map {
                "\($0.terms.ticker) of \($0.issuer), \($0.terms.decimals) decimals"
            }
        default: nil
        }
    }

    private func traded(_ value: [UInt8]) -> String? {
        switch key.bytes[0] {
        case 0x60:
            (try? Plan(canonicalBytes: value)).map {
                "\($0.terms.name) of \($0.seller): \(text($0.terms.price, $0.terms.denomination)) "
                    + "for \($0.terms.periodBlocks) blocks"
            }
        case 0x63:
            (try? Pass(canonicalBytes: value)).map { pass in
                let end = pass.periods.last?.endsAt.rawValue ?? 0
                return "of \(pass.holder), plan \(pass.plan.digest), until block \(end)"
            }
        case 0x69:
            (try? Pool(canonicalBytes: value)).map {
                "market \($0.market.id), fee \(percent($0.feeBasisPoints)), \($0.shares) parts"
            }
        case 0x70:
            (try? Escrow(canonicalBytes: value)).map {
                "\(text($0.terms.amount, $0.terms.denomination)) of \($0.buyer) for "
                    + "\($0.terms.seller)"
            }
        case 0x84:
            (try? Proposal(canonicalBytes: value)).map {
                "\($0.content.title) by \($0.proposer), ends at block \($0.endsAt.rawValue)"
            }
        default: nil
        }
    }

    private func text(_ amount: Amount, _ denomination: Denomination) -> String {
        EventRecord.Value.amount(amount, denomination).text
    }
}
