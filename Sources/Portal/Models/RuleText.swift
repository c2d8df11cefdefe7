import LedgerCore
import MarketTypes

/// The numbers of the rules for people who vote: what each is for, and what it is in units that
/// mean something.
enum RuleText {
    /// What a number counts; its name says it.
    enum Unit {
        case stoa, percent, blocks, smallestUnits, count
    }

    static func unit(_ number: GovernedNumber) -> Unit {
        let name = number.name
        if name == "exchange.orderValueMin" { return .smallestUnits }
        // Consecutive blocks that were missed, and days of nothing: these are counts.
        if name == "staking.missedBlocksMax" { return .count }
        if name.hasSuffix("Obol") { return .stoa }
        if name.hasSuffix("BasisPoints") { return .percent }
        return name.contains("Blocks") || name.hasSuffix("blocksMax") ? .blocks : .count
    }

    /// A value of a number, with its unit.
    static func value(_ value: UInt64, of number: GovernedNumber) -> String {
        switch unit(number) {
        case .stoa: MoneyText.stoa(Amount(obol: UInt128(value)))
        case .percent: NumberText.percent(basisPoints: value)
        case .blocks: BlockTime.span(value)
        case .smallestUnits: NumberText.grouped(value) + " of the unit’s smallest part"
        case .count: NumberText.grouped(value)
        }
    }

    /// What no vote can leave.
    static func bounds(of number: GovernedNumber) -> String {
        let (least, most) = (number.bounds.lowerBound, number.bounds.upperBound)
        guard unit(number) == .blocks else {
            return "\(value(least, of: number)) to \(value(most, of: number))"
        }
        return NumberText.grouped(least) + " to " + BlockTime.span(most)
    }

    /// The subject that a number belongs to.
    static func subject(_ number: GovernedNumber) -> String {
        switch number.name.prefix(while: { $0 != "." }) {
        case "ledger": "Fees"
        case "channels": "Payment channels"
        case "bonds": "Stakes of sellers"
        case "staking": "Validators"
        case "units": "Issued units"
        case "passes": "Passes"
        case "exchange": "Exchange"
        case "escrows": "Jobs"
        case "disputes": "Disputes"
        case "governance": "Votes and treasury"
        case "authorization": "Keys and permissions"
        default: "More"
        }
    }

    /// A number's title, and what it does in a sentence; its name if nobody wrote one.
    static func text(_ number: GovernedNumber) -> (title: String, sentence: String) {
        texts[number.name] ?? (number.name, "")
    }

    private static let texts: [String: (title: String, sentence: String)] = [
        "ledger.feeMinimumObol": ("Least fee", "Of any transaction."),
        "ledger.feePerByteObol": ("Fee per byte", "On top of it, for each byte of a transaction."),
        "channels.closingDelayBlocks": (
            "Wait for a channel to close",
            "So that the seller can still claim; it counts for channels that open later."
        ),
        "bonds.unbondingDelayBlocks": (
            "Wait for a seller’s stake", "It stays at risk that long after it is asked back."
        ),
        "staking.validatorsMax": ("Most validators", "That make blocks at a time."),
        "staking.candidatesMax": ("Most candidates", "That can be validators."),
        "staking.selfBondMinObol": ("Least stake of a validator", "Of its own."),
        "staking.unbondingDelayBlocks": (
            "Wait for a validator’s stake", "It stays at risk that long after it is asked back."
        ),
        "staking.missedBlocksMax": (
            "Most blocks missed", "A validator that missed more is sent out for a while."
        ),
        "staking.jailBlocks": ("Time out of a validator", "Before it can come back."),
        "units.redemptionBlocks": (
            "Time to redeem", "After it a holder takes back what no issuer redeemed."
        ),
        "passes.periodBlocksMin": ("Shortest period of a pass", "That a plan can sell."),
        "passes.periodBlocksMax": ("Longest period of a pass", "That a plan can sell."),
        "passes.renewalsMax": ("Most renewals", "That can be allowed at once."),
        "passes.trialBondMinObol": ("Least bond for a trial", "That a seller may ask for."),
        "passes.trialBondMaxObol": ("Most bond for a trial", "That a seller may ask for."),
        "exchange.orderBlocksMax": ("Longest order", "An order can be open that long."),
        "exchange.saleBlocksMax": ("Longest sale", "A sale of shares can be open that long."),
        "exchange.orderValueMin": ("Least order", "What an order must be worth at its limit."),
        "escrows.reviewBlocksMin": ("Shortest review of a job", "For the buyer, after delivery."),
        "escrows.blocksMax": ("Longest job", "Money is locked no longer than that."),
        "disputes.jurorStakeMinObol": ("Least stake of a juror", "Jurors are drawn by stake."),
        "disputes.jurorExitBlocks": (
            "Wait for a juror’s stake", "It stays at risk that long after the juror left."
        ),
        "disputes.jurorPenaltyObol": (
            "What a juror loses", "For a vote with the minority, or none at all."
        ),
        "disputes.bondObol": (
            "Stake of each side in a dispute", "In its first round; who loses, loses it."
        ),
        "disputes.speakBlocks": ("Time to speak in a dispute", "For each side."),
        "disputes.voteBlocks": ("Time for the jury", "To vote, and again to open its votes."),
        "disputes.appealBlocks": ("Time to appeal", "For each side, after a verdict."),
        "disputes.claimSpeakBlocks": (
            "Time to speak about a bond", "Longer: a seller may not expect a claim."
        ),
        "disputes.claimMinObol": ("Least claim", "Of a seller’s bond."),
        "disputes.claimDepositBasisPoints": (
            "Deposit of a claim", "The part of a claim that the claimant leaves for the seller."
        ),
        "governance.depositObol": ("Deposit of a proposal", "Lost if the proposal is vetoed."),
        "governance.votingDelayBlocks": (
            "Wait before a vote", "For others to lock stake, which only then counts."
        ),
        "governance.votingPeriodBlocks": ("Length of a vote", "For votes to be cast and changed."),
        "governance.quorumBasisPoints": ("Quorum", "The part of all locked stake that must vote."),
        "governance.supplyQuorumBasisPoints": (
            "Quorum of the supply", "The part of all STOA that must vote, however little is locked."
        ),
        "governance.thresholdBasisPoints": (
            "Threshold", "What yes must exceed of the yes, no and veto votes."
        ),
        "governance.vetoBasisPoints": ("Veto", "The part of all votes that ends a proposal."),
        "governance.timelockBlocks": (
            "Wait before execution", "For those who disagree to leave first."
        ),
        "governance.unlockDelayBlocks": ("Wait for locked votes", "To come back once unlocked."),
        "governance.treasuryBasisPoints": ("Treasury’s part", "Of the fees of each block."),
        "authorization.rotationDelayBlocks": (
            "Wait for another key", "Between asking for it and its taking effect."
        ),
        "authorization.sessionBlocksMax": (
            "Longest permission", "A permission to act for an account ends by then."
        ),
    ]

    /// Every number that a vote can change, by subject; `values` are in the order of all of them.
    static func groups(_ values: [UInt64?]) -> [Fill] {
        var groups: [(subject: String, numbers: [Fill])] = []
        for (number, value) in zip(GovernedNumber.all, values) {
            let subject = subject(number)
            let place = groups.firstIndex { $0.subject == subject } ?? groups.endIndex
            if place == groups.endIndex { groups.append((subject, [])) }
            groups[place].numbers.append(fill(number, value))
        }
        return groups.map { group in
            var fill = Fill(["subject": group.subject])
            fill.put("numbers", group.numbers)
            return fill
        }
    }

    private static func fill(_ number: GovernedNumber, _ value: UInt64?) -> Fill {
        let text = text(number)
        var fill = Fill(["numberTitle": text.title, "numberSentence": text.sentence])
        fill.put("numberName", number.name)
        fill.put("numberValue", value.map { self.value($0, of: number) } ?? "damaged")
        fill.put("numberStandard", self.value(number.standard, of: number))
        fill.put("numberBounds", bounds(of: number))
        fill.put("isChanged", value != number.standard)
        return fill
    }

    /// What a proposal makes of a number; `current` is what it is before that, if that is known.
    static func change(_ number: UInt16, to value: UInt64, from current: UInt64?) -> Fill {
        guard let known = GovernedNumber(id: number) else {
            return Fill([
                "action": "number \(number) becomes \(NumberText.grouped(value))",
            ])
        }
        var fill = Fill(["action": text(known).title, "actionName": known.name])
        fill.put("actionFrom", current.map { self.value($0, of: known) })
        fill.put("actionTo", self.value(value, of: known))
        fill.put("actionBounds", bounds(of: known))
        return fill
    }
}
