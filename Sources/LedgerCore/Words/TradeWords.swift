import MarketTypes

extension ExchangeMessage {
    var words: String {
        switch self {
        case .createPool(let opening):
            .joined(
                "make a pool with \(opening.base.words(of: opening.market.base))",
                "and \(opening.quote.words(of: opening.market.quote))",
                "whose fee is \(opening.feeBasisPoints.percentWords)"
            )
        case .addLiquidity(let change):
            .joined(
                "give pool \(change.pool.digest) up to \(change.base.words(ofUnit: "its base"))",
                "and up to \(change.quote.words(ofUnit: "its quote"))",
                "for at least \(change.shares) of its shares"
            )
        case .removeLiquidity(let change):
            .joined(
                "give \(change.shares) shares of pool \(change.pool.digest) back",
                "for at least \(change.base.words(ofUnit: "its base"))",
                "and at least \(change.quote.words(ofUnit: "its quote"))"
            )
        case .swap(let swap):
            .joined(
                "exchange \(swap.amount.words(of: swap.given)) with pool \(swap.pool.digest)",
                "for at least \(swap.wantedMin.words(ofUnit: "its other"))",
                "until block \(swap.until.rawValue)"
            )
        case .openSale(let opening): "sell \(opening.words)"
        case .buyFromSale(let sale, let amount, let payMax):
            .joined(
                "buy \(amount.words(ofUnit: "the given")) from sale \(sale.digest)",
                "for at most \(payMax.words(ofUnit: "the wanted"))"
            )
        case .closeSale(let sale): "end sale \(sale.digest)"
        case .placeOrder(let placement): placement.words
        case .cancelOrder(let order): "take back order \(order.digest)"
        }
    }
}

extension SaleOpening {
    fileprivate var words: String {
        .joined(
            amount.words(of: given),
            "\(rate.wanted.words(of: wanted)) for each \(rate.given.words(of: given))",
            "until block \(until.rawValue)"
        )
    }
}

extension OrderPlacement {
    fileprivate var words: String {
        let bound =
            switch side {
            case .buy: "at most"
            case .sell: "at least"
            }
        return .joined(
            "\(side.name) \(amount.words(of: market.base))",
            "at \(bound) \(price) of the smallest part of \(market.quote.words) for each "
                + "\(OrderPrice.scale) of the smallest part of \(market.base.words)",
            "until block \(expiresAt.rawValue)"
        )
    }
}

extension EscrowMessage {
    var words: String {
        switch self {
        case .lock(let terms): "lock \(terms.words)"
        case .accept(let id): "accept job \(id.digest)"
        case .deliver(let id, let content): "deliver \(content) for job \(id.digest)"
        case .approve(let id): "pay the seller of job \(id.digest)"
        case .cancel(let id): "give up job \(id.digest): the pay goes back to the buyer"
        }
    }
}

extension JobTerms {
    fileprivate var words: String {
        .joined(
            "\(amount.words(of: denomination)) for the job of \(seller)",
            asset.map { "as income of asset \($0.digest)" },
            "described by document \(document)",
            "to be accepted until block \(acceptBy.rawValue)",
            "delivered until block \(deliverBy.rawValue)",
            "with \(reviewBlocks) blocks to look at it"
        )
    }
}

extension DisputeMessage {
    var words: String {
        switch self {
        case .joinJury(let amount): "stake \(amount.stoaWords) to be drawn as a juror"
        case .leaveJury: "be drawn as a juror no more"
        case .withdrawJury: "take back what is free of the juror's stake"
        case .open(let escrow, let evidence, let commitment):
            "ask a jury about job \(escrow.digest), evidence \(evidence), "
                + "number sealed as \(commitment)"
        case .answer(let id, let evidence, let number):
            "answer in dispute \(id.digest), evidence \(evidence), number \(number)"
        case .reveal(let id, let number):
            "draw the jury of dispute \(id.digest) by number \(number)"
        case .castVote(let id, let sealed): "vote in dispute \(id.digest), sealed as \(sealed)"
        case .openVote(let id, let verdict, let salt):
            "open the vote for \(verdict.word) in dispute \(id.digest), salt \(salt)"
        case .appeal(let id, let evidence, let commitment):
            "ask a larger jury in dispute \(id.digest), evidence \(evidence), "
                + "number sealed as \(commitment)"
        case .claimBond(let channel, let amount, let evidence, let commitment):
            "ask a jury about \(amount.stoaWords) of the bond of the payee of channel "
                + "\(channel.digest), evidence \(evidence), number sealed as \(commitment)"
        }
    }
}

extension Verdict {
    fileprivate var word: String {
        switch self {
        case .buyer: "the buyer"
        case .seller: "the seller"
        case .split: "half each"
        }
    }
}
