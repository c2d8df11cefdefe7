import Identity
import MarketTypes
import SettlementCore

extension Message {
    /// What the message does, in one line: everything that it says stands there, so that nothing
    /// is signed unseen.
    ///
    /// A machine without a network shows this before it signs. There is no `default` anywhere in
    /// it: a message that is new must be given words before it compiles.
    public var words: String {
        switch self {
        case .transfer(let account, let denomination, let amount):
            "pay \(amount.words(of: denomination)) to \(account)"
        case .publishAsset(let publication): "publish \(publication.words)"
        case .publishAssetVersion(let asset, let version):
            "publish a version of asset \(asset.digest): \(version.words)"
        case .publishOffer(let offer): "offer \(offer.words)"
        case .withdrawOffer(let offer): "withdraw offer \(offer.digest)"
        case .openChannel(let opening): "open a channel: \(opening.words)"
        case .topUpChannel(let channel, let amount):
            "lock \(amount.words(ofUnit: "the channel's")) more in channel \(channel.digest)"
        case .claimChannel(let claim): "claim from \(claim.words)"
        case .closeChannel(let channel): "close channel \(channel.digest)"
        case .withdrawChannel(let channel):
            "take back what is left in channel \(channel.digest)"
        case .depositBond(let amount): "put \(amount.stoaWords) at risk as a bond"
        case .unbond(let amount): "begin to take back \(amount.stoaWords) of the bond"
        case .withdrawBond: "take back what is free of the bond"
        case .reportFraud(let proof): "report fraud: \(proof.words)"
        case .staking(let message): message.words
        case .lineage(let message): message.words
        case .shares(let message): message.words
        case .units(let message): message.words
        case .passes(let message): message.words
        case .exchange(let message): message.words
        case .escrows(let message): message.words
        case .disputes(let message): message.words
        case .governance(let message): message.words
        case .authorization(let message): message.words
        }
    }
}

extension AssetVersion {
    var words: String { "content \(content), described at \(metadataLink.quotedWords)" }
}

extension AssetPublication {
    var words: String {
        "\(kind.name) \(name.quotedWords) under licence \(licence.quotedWords): \(version.words)"
    }
}

extension Offer {
    fileprivate var words: String {
        .joined(
            "\(interface.name) calls of model \(model.quotedWords) at \(endpoint.quotedWords)",
            "asset \(asset.digest) version \(assetVersion) with weights \(weights)",
            "sold by \(seller) whose receipts are signed by key \(receiptKey)",
            priceWords,
            "promised bond \(bond.stoaWords)",
            limits.words,
            verification == .repeatable ? "answers can be repeated" : "answers have receipts only",
            "version \(version) of the offer",
            supersedes.map { "in place of offer \($0.digest)" },
            "until \(expiresAt.milliseconds) ms after 1970"
        )
    }

    private var priceWords: String {
        let prices = prices.prices.entries.map { unit, price in
            "\(price.amount.words(of: denomination)) for \(price.perUnits) \(unit.name)"
        }
        return prices.isEmpty ? "free of charge" : prices.joined(separator: " and ")
    }
}

extension OfferLimits {
    fileprivate var words: String {
        .joined(
            "at most \(requestBytesMax) bytes a request",
            "\(inputTokensMax) input tokens",
            "\(outputTokensMax) output tokens",
            "\(templateTokensMax) tokens of the template",
            "\(callMillisecondsMax) ms a call"
        )
    }
}

extension ChannelOpening {
    fileprivate var words: String {
        .joined(
            "lock \(deposit.words(of: denomination)) for \(payee)",
            "in \(lanes) lanes",
            "to be spent by whoever holds the voucher key \(voucherKey)"
        )
    }
}

extension ChannelClaim {
    fileprivate var words: String {
        let calls = lanes.map { lane in
            let receipt = lane.receipt.document
            let total = receipt.total.words(ofUnit: "the channel's")
            return "\(total) in all by lane \(receipt.lane.rawValue)"
        }
        return .joined(
            "channel \(channel.digest)",
            calls.isEmpty ? "nothing new" : calls.joined(separator: " and "),
            "\(receiptsCount) receipts under the root \(receiptsRoot)",
            release ? "and release the rest to the payer" : nil
        )
    }
}

extension FraudProof {
    fileprivate var words: String {
        let subject = subject
        let place =
            "channel \(subject.channel.digest), lane \(subject.lane.rawValue), "
            + "call \(subject.sequence)"
        return switch self {
        case .equivocation: "two receipts for one call, \(place)"
        case .wrongCharge: "a receipt with a wrong charge, \(place)"
        case .overclaim: "a claim of more than the receipt says, \(place)"
        }
    }
}

extension StakingMessage {
    fileprivate var words: String {
        switch self {
        case .registerValidator(let registration):
            .joined(
                "become validator \(registration.proof.document.validator)",
                "of chain \(registration.proof.document.chain.digest)",
                "whose consensus key is \(registration.proof.key)",
                "stake \(registration.selfBond.stoaWords)",
                registration.commission.words
            )
        case .delegate(let validator, let amount):
            "stake \(amount.stoaWords) with validator \(validator)"
        case .undelegate(let validator, let amount):
            "begin to take back \(amount.stoaWords) of the stake with validator \(validator)"
        case .withdrawStake(let validator):
            "take back what is free of the stake with validator \(validator)"
        case .withdrawRewards(let validator):
            "take the rewards of the stake with validator \(validator)"
        case .setCommission(let basisPoints):
            "keep \(basisPoints.percentWords) of the delegators' rewards"
        case .unjail: "let this account's validator vote again"
        }
    }
}

extension Commission {
    fileprivate var words: String {
        .joined(
            "commission \(basisPoints.percentWords)",
            "never more than \(basisPointsMax.percentWords)",
            "changed by at most \(changeMax.percentWords) at a time"
        )
    }
}
