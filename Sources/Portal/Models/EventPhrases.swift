/// What events mean, in words; `{field}` stands for a field of the event.
enum EventPhrases {
    static let all: [String: String] = money.merging(ownership) { first, _ in first }
        .merging(exchange) { first, _ in first }.merging(rules) { first, _ in first }

    /// What events mean that lack a field which theirs may lack.
    static let lacking: [String: (field: String, phrase: String)] = [
        "governance.delegated": ("to", "{account} lets nobody vote for it any more"),
        // Events of channels name neither party nor the unit: somebody looks these up, or no amount
        // is told.
        "channels.opened": ("deposit", "{payer} opened a channel to {payee}"),
        "channels.toppedUp": ("payer", "the channel {channel} was topped up"),
        "channels.claimed": ("payer", "paid calls were claimed from the channel {channel}"),
        "channels.closing": ("payer", "the channel {channel} closes at block {closesAt}"),
        "channels.closed": ("payer", "the channel {channel} was closed"),
    ]

    /// How a verb behind “You” is said.
    static let secondPerson = [
        " has ": " have ", " changes ": " change ", " keeps ": " keep ", " lets ": " let ",
        " sells ": " sell ", " claims ": " claim ", " sits ": " sit ", " unlocks ": " unlock ",
    ]

    /// The phrase for an event with the fields that it has; nil if nobody wrote one.
    static func phrase(of event: String, has: (String) -> Bool) -> String? {
        if let lacking = lacking[event], !has(lacking.field) { return lacking.phrase }
        return all[event]
    }

    private static let money = [
        "accounts.transferred": "{from} paid {amount} to {to}",
        "bonds.changed": "{account} has {active} at stake as a seller",
        "bonds.slashed": "{account} lost {amount} of its stake for a proven fraud",
        "channels.opened": "{payer} locked {deposit} in a channel to {payee}",
        "channels.toppedUp": "{payer} topped the channel to {payee} up to {deposit}",
        "channels.claimed": "{payee} claimed {paid} for calls, of what {payer} had locked",
        "channels.closing": "the channel of {payer} to {payee} closes at block {closesAt}",
        "channels.closed": "the channel to {payee} was closed: {refunded} went back to {payer}",
        "staking.registered": "{validator} registered as a validator",
        "staking.delegationChanged": "{delegator} changed its stake with {validator}",
        "staking.stakeWithdrawn": "{delegator} took {amount} back from {validator}",
        "staking.rewardsPaid": "{to} took {amount} of rewards from {validator}",
        "staking.rewardEarned": "{validator} earned {amount}",
        "staking.jailed": "{validator} was jailed until block {until}",
        "staking.unjailed": "{validator} is back",
        "staking.slashed": "{validator} lost {amount} of its stake",
    ]

    private static let ownership = [
        "assets.published": "version {version} of {asset} was published",
        "offers.published": "the offer {offer} was published",
        "offers.withdrawn": "the offer {offer} was withdrawn",
        "lineage.termsPublished": "{asset} has terms",
        "lineage.parentNamed": "{asset} names {parent} as its {role}",
        "lineage.metadataSet": "version {version} of {asset} is described",
        "lineage.assetOffered": "{asset} is offered to {to}",
        "lineage.assetOfferEnded": "{asset} is not offered any more",
        "lineage.assetTransferred": "{asset} went from {from} to {to}",
        "lineage.assetRetired": "{asset} was retired",
        "lineage.royaltyPaid": "{earner} earned a royalty of {amount} from {sold}",
        "lineage.incomeKept": "{earner} kept {amount} of the sales of {sold}",
        "shares.issued": "{asset} was divided into {count} shares for {owner}",
        "shares.incomeShared": "{amount} of income of {asset} was shared",
        "shares.incomeNotShared": "{amount} of income of {asset} went to {to}",
        "shares.dividendsWithdrawn": "{to} took {amount} that shares of {asset} had earned",
        "units.issued": "{issuer} issued a unit",
        "units.minted": "{amount} was made for {to}",
        "units.burned": "{by} burned {amount}",
        "passes.planPublished": "{seller} published a plan for {asset}",
        "passes.planRetired": "the plan {plan} is not sold any more",
        "passes.bought": "{holder} bought a pass of the plan {plan} for {paid}",
        "passes.renewed": "the pass {pass} of {holder} was renewed for {paid}",
    ]

    private static let exchange = [
        "exchange.poolCreated": "a pool was made in the market {market}",
        "exchange.liquidityAdded": "{account} put {baseAmount} and {quoteAmount} into a pool",
        "exchange.liquidityRemoved": "{account} took {baseAmount} and {quoteAmount} out of a pool",
        "exchange.trade": "{taker} traded {baseAmount} for {quoteAmount}",
        "exchange.saleOpened": "{seller} sells {amount} at a fixed price",
        "exchange.saleClosed": "a sale of {owner} ended; {returned} went back",
        "exchange.orderPlaced": "{owner} placed an order to {side} {amount}",
        "exchange.orderFilled": "an order of {owner} to {side} was filled: {baseAmount} for "
            + "{quoteAmount}",
        "exchange.orderClosed": "an order of {owner} ended; {returned} went back",
    ]

    private static let rules = [
        "escrows.locked": "{buyer} locked {amount} for a job by {seller}",
        "escrows.accepted": "the job {escrow} was accepted",
        "escrows.delivered": "the job {escrow} was delivered",
        "escrows.disputed": "the job {escrow} is disputed",
        "escrows.ended": "the job {escrow} ended: {outcome}",
        "disputes.jurorChanged": "{juror} has {stake} at stake as a juror",
        "disputes.opened": "{by} opened the dispute {dispute}",
        "disputes.answered": "{by} answered in the dispute {dispute}",
        "disputes.seated": "{juror} sits in the jury of {dispute}",
        "disputes.moved": "the dispute {dispute} came to its phase “{phase}”",
        "disputes.decided": "the jury of {dispute} decided for: {verdict}",
        "disputes.jurorPaid": "{juror} was paid {amount} as a juror",
        "disputes.jurorFined": "{juror} lost {amount} as a juror",
        "disputes.claimOpened": "{by} claims a part of a bond in the dispute {dispute}",
        "disputes.claimHeld": "{amount} of the bond of {seller} is held for a claim",
        "disputes.claimEnded": "a claim ended: {awarded} was awarded, {restored} restored",
        "disputes.claimPaid": "{to} was paid {amount} of a bond",
        "governance.votesChanged": "{account} can vote with {own} of its own",
        "governance.unlockBegan": "{account} unlocks {amount} at block {releasedAt}",
        "governance.votesWithdrawn": "{account} took back {amount}",
        "governance.delegated": "{account} lets {to} vote for it",
        "governance.treasuryFunded": "{amount} went to the treasury",
        "governance.proposed": "{account} made the proposal {proposal}",
        "governance.voted": "{account} voted {choice} on {proposal} with {weight}",
        "governance.ended": "the vote on {proposal} ended: {outcome}",
        "governance.executed": "the proposal {proposal} was executed",
        "governance.executionFailed": "the proposal {proposal} could not be executed",
        "governance.numberChanged": "{number} went from {from} to {to}",
        "governance.treasuryPaid": "the treasury paid {amount} to {account}",
        "authorization.sessionGranted": "{account} let another key act until block {validUntil}",
        "authorization.sessionRevoked": "{account} took a key's rights back",
        "authorization.rotationStarted": "{account} changes its key at block {effectiveAt}",
        "authorization.rotationCancelled": "{account} keeps its key",
        "authorization.keyRotated": "{account} has a new key",
    ]
}
