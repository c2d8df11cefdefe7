import Identity
import MarketTypes

extension AuthorizationMessage {
    var words: String {
        switch self {
        case .grantSession(let grant): grant.words
        case .revokeSession(let account): "end what key \(account) may do for this account"
        case .rotateKey(let next):
            "replace this account's key by that of \(next), to whom it then belongs"
        case .cancelRotation: "keep this account's key"
        }
    }
}

extension SessionGrant {
    fileprivate var words: String {
        let limits = limits.map { $0.amount.words(of: $0.denomination) }
        let payees = scope.payees.map(\.description)
        return .joined(
            "let key \(session) act for this account until block \(validUntil.rawValue)",
            "with the messages " + scope.messages.map(Self.kind).joined(separator: " and "),
            payees.isEmpty ? "paying anybody" : "paying only " + payees.joined(separator: " and "),
            (limits.isEmpty ? "spending nothing" : "spending " + limits.joined(separator: " and "))
                + " at most in every \(periodBlocks) blocks"
        )
    }

    /// A message's name, with its tag; those that no key can be allowed have none.
    private static func kind(_ tag: UInt8) -> String {
        kinds[tag].map { "\(tag) \($0)" } ?? "\(tag), which this program does not know"
    }

    static let kinds: [UInt8: String] = [
        1: "transfer", 2: "publishAsset", 3: "publishAssetVersion", 4: "publishOffer",
        5: "withdrawOffer", 6: "openChannel", 7: "topUpChannel", 8: "claimChannel",
        9: "closeChannel", 10: "withdrawChannel", 11: "depositBond", 12: "unbond",
        13: "withdrawBond", 14: "reportFraud",
        15: "registerValidator", 16: "delegateStake", 17: "undelegateStake", 18: "withdrawStake",
        19: "withdrawRewards", 20: "setCommission", 21: "unjail",
        30: "publishAssetWithTerms", 31: "setMetadata", 32: "offerAsset", 33: "acceptAsset",
        34: "cancelAssetOffer", 35: "retireAsset",
        40: "issueShares", 41: "admitIncome", 42: "withdrawDividends",
        48: "issueUnit", 49: "mintUnit", 50: "burnUnit", 51: "redeemUnit",
        52: "settleRedemption", 53: "cancelRedemption",
        56: "publishPlan", 57: "retirePlan", 58: "buyPass", 59: "renewPass", 60: "startTrial",
        61: "authorizeRenewal", 62: "cancelRenewal", 63: "transferPass",
        68: "createPool", 69: "addLiquidity", 70: "removeLiquidity", 71: "swap", 72: "openSale",
        73: "buyFromSale", 74: "closeSale", 75: "placeOrder", 76: "cancelOrder",
        80: "lockEscrow", 81: "acceptEscrow", 82: "deliverEscrow", 83: "approveEscrow",
        84: "cancelEscrow",
        90: "joinJury", 91: "leaveJury", 92: "withdrawJury", 93: "openDispute",
        94: "answerDispute", 95: "revealDispute", 96: "castVote", 97: "openVote", 98: "appeal",
        99: "claimBond",
    ]
}
