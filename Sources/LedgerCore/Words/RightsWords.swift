import MarketTypes

extension LineageMessage {
    var words: String {
        switch self {
        case .publishAssetWithTerms(let publication, let terms, let metadata):
            .joined(
                "publish \(publication.words)",
                terms.words,
                metadata.map { "described by document \($0)" }
            )
        case .setMetadata(let asset, let version, let metadata):
            "describe version \(version) of asset \(asset.digest) by document \(metadata)"
        case .offerAsset(let asset, let account):
            "let \(account) become the owner of asset \(asset.digest)"
        case .acceptAsset(let asset): "become the owner of asset \(asset.digest)"
        case .cancelAssetOffer(let asset):
            "take back, or decline, the offer of asset \(asset.digest)"
        case .retireAsset(let asset): "retire asset \(asset.digest) for ever"
        }
    }
}

extension AssetTerms {
    fileprivate var words: String {
        let uses = use.entries.map { "\($0.name) \($0.permission.name)" }
        let parents = parents.map { parent in
            "\(parent.shareBasisPoints.percentWords) to asset \(parent.asset.digest) version "
                + "\(parent.version), its \(parent.role.name)"
        }
        return .joined(
            licenceText.map { "the licence's text is \($0)" },
            uses.joined(separator: " and "),
            royaltyMinBasisPoints.map { "children owe at least \($0.percentWords)" }
                ?? "no children",
            parents.isEmpty ? "owes no royalties" : "owes " + parents.joined(separator: " and ")
        )
    }
}

extension SharesMessage {
    var words: String {
        switch self {
        case .issueShares(let asset, let count, let income):
            .joined(
                "divide asset \(asset.digest) into \(count) shares for ever",
                "which share its income in "
                    + ([.native] + income).map(\.words).joined(separator: " and ")
            )
        case .admitIncome(let asset, let denomination):
            "share the income of asset \(asset.digest) in \(denomination.words) too"
        case .withdrawDividends(let asset, let denomination):
            "take the dividends of asset \(asset.digest) in \(denomination.words)"
        }
    }
}

extension UnitMessage {
    var words: String {
        switch self {
        case .issueUnit(let terms):
            .joined(
                "issue unit \(terms.ticker.quotedWords), called \(terms.name.quotedWords)",
                "\(terms.decimals) decimals",
                "at most \(terms.supplyMax.obol) of its smallest part",
                "with the terms \(terms.document) at \(terms.link.quotedWords)"
            )
        case .mintUnit(let unit, let amount, let account):
            "make \(amount.words(of: .issued(unit))) for \(account)"
        case .burnUnit(let unit, let amount): "destroy \(amount.words(of: .issued(unit)))"
        case .redeemUnit(let unit, let amount, let reference):
            "redeem \(amount.words(of: .issued(unit))), by the reference \(reference)"
        case .settleRedemption(let id): "destroy what redemption \(id) locked, as its issuer"
        case .cancelRedemption(let id): "give what redemption \(id) locked back to its holder"
        }
    }
}

extension PassMessage {
    var words: String {
        switch self {
        case .publishPlan(let terms): "sell \(terms.words)"
        case .retirePlan(let plan): "end the sale and renewal of plan \(plan.digest)"
        case .buyPass(let plan, let priceMax):
            "buy a pass of plan \(plan.digest) for at most \(priceMax.words(ofUnit: "the plan's"))"
        case .renewPass(let plan, let priceMax):
            "pay a further period of plan \(plan.digest) with at most "
                + priceMax.words(ofUnit: "the plan's")
        case .startTrial(let plan):
            "try plan \(plan.digest), and leave the bond that it asks for meanwhile"
        case .authorizeRenewal(let plan, let renewal):
            .joined(
                "let the ledger renew the pass of plan \(plan.digest)",
                "up to \(renewal.renewals) times until block \(renewal.until.rawValue)",
                "each for at most \(renewal.priceMax.words(ofUnit: "the plan's"))"
            )
        case .cancelRenewal(let plan): "do not renew the pass of plan \(plan.digest) any more"
        case .transferPass(let plan, let account):
            "give the pass of plan \(plan.digest) to \(account)"
        }
    }
}

extension PlanTerms {
    fileprivate var words: String {
        .joined(
            "plan \(name.quotedWords), a \(kind.name) of asset \(asset.digest)",
            "\(price.words(of: denomination)) for \(periodBlocks) blocks",
            "including \(includedUnits.words) under offer \(includedOffer.digest)",
            overageOffer.map { "more under offer \($0.digest)" },
            isTransferable ? "passes can be given away" : "passes cannot be given away",
            salesMax.map { "at most \($0) passes" },
            "bond of whoever tries it \(trialBond.stoaWords)"
        )
    }
}

extension GovernanceMessage {
    var words: String {
        switch self {
        case .lockVotes(let amount): "lock \(amount.stoaWords) to vote with"
        case .unlockVotes(let amount): "begin to unlock \(amount.stoaWords) of the voting stake"
        case .withdrawVotes: "take back what is free of the voting stake"
        case .delegateVotes(let account?): "let \(account) vote with this account's stake"
        case .delegateVotes(nil): "let nobody else vote with this account's stake"
        case .propose(let content, let deposit):
            "propose \(content.words), with a deposit of \(deposit.stoaWords)"
        case .vote(let proposal, let choice): "vote \(choice.word) on proposal \(proposal.digest)"
        case .fundTreasury(let denomination, let amount):
            "give \(amount.words(of: denomination)) to the treasury"
        }
    }
}

extension VoteChoice {
    fileprivate var word: String {
        switch self {
        case .yes: "yes"
        case .no: "no"
        case .abstain: "abstain"
        case .veto: "veto"
        }
    }
}

extension ProposalContent {
    fileprivate var words: String {
        .joined(
            title.quotedWords,
            "document \(document) at \(link.quotedWords)",
            action.words
        )
    }
}

extension ProposalAction {
    fileprivate var words: String {
        switch self {
        case .text: return "a text that changes nothing"
        case .numbers(let changes):
            let changed = changes.map { change in
                let name = GovernedNumber(id: change.number)?.name
                return "\(name ?? "number \(change.number)") becomes \(change.value)"
            }
            return changed.joined(separator: " and ")
        case .payment(let payment):
            return "pay \(payment.amount.words(of: payment.denomination)) of the treasury to "
                + "\(payment.recipient)"
        }
    }
}
