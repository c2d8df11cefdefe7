import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// Assets, offers and bonds: LED-20 to LED-31, LED-50 to LED-53.
///
/// Actors here publish only well-formed text, so the rules about text are not written down again:
/// a refusal of one would be a difference, and be found.
extension Auditor {
    mutating func publish(_ publication: AssetPublication) throws(AuditorRefusal) {
        var named = CanonicalEncoder()
        named.encode(sender.digest)
        named.encode(publication.name)
        let id = AssetID(Digest(.asset, named.bytes))
        guard works[id] == nil else { throw AuditorRefusal(303) }
        works[id] = Work(
            owner: sender,
            publication: publication,
            versions: [publication.version]
        )
    }

    mutating func publish(_ version: AssetVersion, of id: AssetID) throws(AuditorRefusal) {
        guard let work = works[id] else { throw AuditorRefusal(304) }
        guard work.owner == sender else { throw AuditorRefusal(305) }
        works[id]?.versions.append(version)
    }

    mutating func publish(_ offer: Offer) throws(AuditorRefusal) {
        guard offer.seller == sender else { throw AuditorRefusal(401) }
        let versions = works[offer.asset]?.versions ?? []
        guard offer.assetVersion >= 1, Int(offer.assetVersion) <= versions.count,
            versions[Int(offer.assetVersion) - 1].content == offer.weights
        else { throw AuditorRefusal(408) }
        guard works[offer.asset]?.owner == sender else { throw AuditorRefusal(409) }
        guard offer.expiresAt.milliseconds > time else { throw AuditorRefusal(410) }
        guard stakes[sender]?.active ?? 0 >= offer.bond.obol else { throw AuditorRefusal(411) }
        guard listings[offer.id] == nil else { throw AuditorRefusal(412) }
        guard offer.version == 1, offer.supersedes == nil else { throw AuditorRefusal(414) }
        listings[offer.id] = Listing(offer: offer, height: height, standing: 1)
    }

    mutating func withdraw(_ id: OfferID) throws(AuditorRefusal) {
        guard let listing = listings[id] else { throw AuditorRefusal(413) }
        guard listing.offer.seller == sender else { throw AuditorRefusal(401) }
        guard listing.standing == 1 else { throw AuditorRefusal(415) }
        listings[id]?.standing = 3
    }

    mutating func deposit(_ amount: UInt128) throws(AuditorRefusal) {
        guard amount > 0 else { throw AuditorRefusal(601) }
        try debit(sender, amount)
        stakes[sender, default: Stake()].active += amount
    }

    mutating func unbond(_ amount: UInt128) throws(AuditorRefusal) {
        guard amount > 0 else { throw AuditorRefusal(601) }
        guard var stake = stakes[sender], amount <= stake.active else { throw AuditorRefusal(602) }
        guard stake.parts.count < 8 else { throw AuditorRefusal(603) }
        stake.active -= amount
        stake.parts.append((amount, wait(parameters.unbondingDelayBlocks)))
        stakes[sender] = stake
    }

    mutating func withdrawBond() throws(AuditorRefusal) {
        guard var stake = stakes[sender] else { throw AuditorRefusal(604) }
        let due = stake.parts.filter { $0.height <= height }
        guard !due.isEmpty else { throw AuditorRefusal(604) }
        stake.parts.removeAll { $0.height <= height }
        stakes[sender] = stake
        for part in due { credit(sender, part.amount) }
    }

    mutating func report(_ proof: FraudProof) throws(AuditorRefusal) {
        let papers = proof.receipts
        guard let pot = pots[papers[0].document.channel] else { throw AuditorRefusal(605) }
        var offers: [Offer] = []
        for paper in papers {
            guard let listing = listings[paper.document.offer] else { throw AuditorRefusal(605) }
            offers.append(listing.offer)
        }
        try check(proof, papers, offers, pot)
        let crime = Crime(papers[0].document)
        guard !crimes.contains(crime) else { throw AuditorRefusal(606) }
        let stake = stakes[pot.payee] ?? Stake()
        let all = stake.active + stake.parts.reduce(0) { $0 + $1.amount }
        guard all > 0 else { throw AuditorRefusal(607) }
        stakes[pot.payee] = nil
        crimes.insert(crime)
        credit(pot.payer, all / 4)
        credit(sender, all / 8)
        pool += all - all / 4 - all / 8
    }

    /// SET-12.
    private func check(
        _ proof: FraudProof,
        _ papers: [Signed<Receipt>],
        _ offers: [Offer],
        _ pot: Pot
    ) throws(AuditorRefusal) {
        for (paper, offer) in zip(papers, offers) {
            guard paper.document.chain == chain else { throw AuditorRefusal(701) }
            guard paper.document.channel == papers[0].document.channel else {
                throw AuditorRefusal(702)
            }
            guard paper.key == offer.receiptKey else { throw AuditorRefusal(704) }
            guard offer.seller == pot.payee else { throw AuditorRefusal(706) }
        }
        let one = papers[0].document
        let isProven: Bool
        switch proof {
        case .wrongCharge: isProven = chargeFault(one, offers[0]) != nil
        case .equivocation(_, let second):
            let two = second.document
            isProven =
                one.lane == two.lane && one.sequence == two.sequence
                && one.canonicalBytes != two.canonicalBytes
        case .overclaim(_, let held):
            let two = held.document
            isProven =
                one.lane == two.lane && one.sequence <= two.sequence
                && one.total.obol > two.total.obol
        }
        guard isProven else { throw AuditorRefusal(730) }
    }
}

extension Auditor.Crime {
    init(_ receipt: Receipt) {
        channel = receipt.channel
        lane = receipt.lane.rawValue
        sequence = receipt.sequence
    }
}
