import Identity
import LedgerIndex
import MarketTypes

/// Says in a sentence what a message does, for the person who is asked to sign it: every member
/// stands in it, so that nothing is signed unseen.
struct MessageSummary {
    let message: JSON

    /// The sentence.
    var text: String {
        let kind = message["type"]?.string ?? ""
        let isEnd = kind == "delegateVotes" && message["delegate"] == nil
        let verb = isEnd ? "Let nobody vote for this account any more" : Self.verbs[kind] ?? kind
        let parts = shown.map { "\(Self.words($0.name)) \(show($0.name, $0.value))" }
        return parts.isEmpty ? "\(verb)." : "\(verb): \(parts.joined(separator: ", "))."
    }

    /// The members that stand in the sentence, also one that means something by being left out; a
    /// denomination stands with its amounts, if there are any.
    private var shown: [(name: String, value: JSON)] {
        var members = (message.members ?? []).filter { $0.name != "type" }
        if members.contains(where: { Self.amounts.contains($0.name) }) {
            members.removeAll { $0.name == "denomination" }
        }
        let implied: (name: String, value: JSON)? =
            switch message["type"]?.string {
            case "withdrawDividends": ("denomination", .text("native"))
            case "grantSession": ("payees", .array([]))
            default: nil
            }
        if let implied, message[implied.name] == nil { members.append(implied) }
        return members
    }

    private func show(_ name: String, _ value: JSON) -> String {
        switch value {
        case .text(let text) where name == "denomination":
            return text == "native" ? "STOA" : "unit \(text)"
        case .text(let text) where Self.amounts.contains(name):
            return money(text, message["denomination"]?.string ?? unit(of: name))
        case .text(let text): return text
        case .number(let number): return "\(number)"
        case .array(let elements):
            let shown = elements.map { element in
                if name == "messages", let tag = element.integer, let kind = Self.kinds[tag] {
                    return "\(tag) \(kind)"
                }
                guard let amount = element["amount"]?.string else { return element.plain }
                return money(amount, element["denomination"]?.string)
            }
            // A session that names nobody may pay whom it likes.
            let nothing = name == "payees" ? "anybody" : "none"
            return shown.isEmpty ? nothing : shown.joined(separator: " and ")
        default: return value.line
        }
    }

    /// What an amount counts that has no `denomination` beside it.
    private func unit(of amount: String) -> String? {
        switch message["type"]?.string {
        case "swap": amount == "amount" ? message["given"]?.string : "other"
        case "openSale":
            amount == "rateWanted" ? message["wanted"]?.string : message["given"]?.string
        case "placeOrder": message["base"]?.string
        case "burnUnit", "redeemUnit": message["unit"]?.string
        case "topUpChannel", "buyPass", "renewPass", "authorizeRenewal", "buyFromSale": "other"
        default: nil
        }
    }

    private func money(_ amount: String, _ unit: String?) -> String {
        switch unit {
        case nil, "native": (try? Amount(obolText: amount)).map { "\($0) STOA" } ?? amount
        case "other": "\(amount) of its smallest units"
        case let unit?: "\(amount) of unit \(unit)"
        }
    }

    private static let amounts: Set<String> = [
        "amount", "deposit", "priceMax", "wantedMin", "payMax", "rateGiven", "rateWanted",
    ]

    /// What a session's messages are called, those of a buyer's gateway and of a seller.
    private static let kinds: [UInt64: String] = [
        1: "transfer", 4: "publishOffer", 5: "withdrawOffer", 6: "openChannel", 7: "topUpChannel",
        8: "claimChannel", 9: "closeChannel", 10: "withdrawChannel",
    ]

    /// `wantedMin` as `wanted min`.
    private static func words(_ name: String) -> String {
        String(name.flatMap { $0.isUppercase ? [" ", Character($0.lowercased())] : [$0] })
    }

    private static let verbs = [
        "transfer": "Send money", "openChannel": "Lock a deposit in a new channel",
        "topUpChannel": "Add to a channel", "closeChannel": "Ask to close a channel",
        "withdrawChannel": "Take the rest of a channel", "depositBond": "Put a bond at risk",
        "unbond": "Begin to take back a bond", "withdrawBond": "Take what is free of the bond",
        "delegateStake": "Stake with a validator", "undelegateStake": "Begin to take back stake",
        "withdrawStake": "Take stake that is free", "withdrawRewards": "Take staking rewards",
        "withdrawDividends": "Take dividends", "retireAsset": "Retire an asset",
        "offerAsset": "Offer an asset to a new owner", "acceptAsset": "Become an asset's owner",
        "withdrawOffer": "End an offer", "burnUnit": "Destroy units",
        "redeemUnit": "Redeem units", "buyPass": "Buy a pass", "renewPass": "Renew a pass",
        "startTrial": "Start a trial", "authorizeRenewal": "Let the ledger renew a pass",
        "cancelRenewal": "Stop renewing a pass", "transferPass": "Give a pass away",
        "swap": "Exchange with a pool", "openSale": "Open a sale", "buyFromSale": "Buy from a sale",
        "closeSale": "End a sale", "placeOrder": "Place an order",
        "cancelOrder": "Take an order back", "lockEscrow": "Lock money for a job",
        "acceptEscrow": "Accept a job", "deliverEscrow": "Deliver a job",
        "approveEscrow": "Pay for a job", "cancelEscrow": "Give a job up",
        "lockVotes": "Lock money to vote", "unlockVotes": "Begin to unlock votes",
        "withdrawVotes": "Take votes that are free", "delegateVotes": "Let another vote",
        "vote": "Vote", "grantSession": "Let another key act for this account",
        "revokeSession": "End another key's session",
        "rotateKey": "Hand this account to another key",
        "cancelRotation": "Keep this account's key",
    ]
}

extension JSON {
    fileprivate var plain: String { string ?? line }
}
