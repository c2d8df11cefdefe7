import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// Assets, offers and bonds: LED-20 to LED-31, LED-50 to LED-53.
extension AuditorLedger {
    private func isName(_ text: String) -> Bool {
        let letters = Set("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
        let bytes = Array(text.utf8)
        guard bytes.count >= 2, bytes.count <= 64 else { return false }
        guard letters.contains(bytes[0]), letters.contains(bytes[bytes.count - 1]) else {
            return false
        }
        return bytes.allSatisfy { letters.union("._-".utf8).contains($0) }
    }

    private func isPrintable(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 32 && $0 <= 126 }
    }

    mutating func publish(_ publication: AssetPublication) throws(AuditorRefusal) {
        guard isName(publication.name) else { throw AuditorRefusal(301) }
        guard publication.licence != "", isPrintable(publication.licence),
            isPrintable(publication.version.metadataLink)
        else { throw AuditorRefusal(302) }
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
        guard isPrintable(version.metadataLink) else { throw AuditorRefusal(302) }
        guard let work = works[id] else { throw AuditorRefusal(304) }
        guard work.owner == sender else { throw AuditorRefusal(305) }
        works[id]?.versions.append(version)
    }

    mutating func publish(_ offer: Offer) throws(AuditorRefusal) {
        guard offer.seller == sender else { throw AuditorRefusal(401) }
        try checkForm(offer)
        guard exists(offer.denomination) else { throw AuditorRefusal(407) }
        let versions = works[offer.asset]?.versions ?? []
        guard offer.assetVersion >= 1, Int(offer.assetVersion) <= versions.count,
            versions[Int(offer.assetVersion) - 1].content == offer.weights
        else { throw AuditorRefusal(408) }
        guard works[offer.asset]?.owner == sender else { throw AuditorRefusal(409) }
        guard offer.expiresAt.milliseconds > time else { throw AuditorRefusal(410) }
        guard stakes[sender]?.active ?? 0 >= offer.bond.obol else { throw AuditorRefusal(411) }
        guard listings[offer.id] == nil else { throw AuditorRefusal(412) }
        if let older = offer.supersedes {
            guard let listing = listings[older] else { throw AuditorRefusal(413) }
            guard listing.offer.seller == sender, listing.standing == 1,
                UInt64(offer.version) == UInt64(listing.offer.version) + 1
            else { throw AuditorRefusal(414) }
            listings[older]?.standing = 2
        } else {
            guard offer.version == 1 else { throw AuditorRefusal(414) }
        }
        listings[offer.id] = Listing(offer: offer, height: height, standing: 1)
    }

    private func checkForm(_ offer: Offer) throws(AuditorRefusal) {
        guard isName(offer.model) else { throw AuditorRefusal(402) }
        let url = Array(offer.endpoint.utf8)
        let isWeb = ["http://", "https://"].contains { scheme in
            guard url.starts(with: scheme.utf8), url.count > scheme.utf8.count else {
                return false
            }
            let first = Character(UnicodeScalar(url[scheme.utf8.count]))
            return first == "[" || first.isLetter || first.isNumber
        }
        guard isPrintable(offer.endpoint), !url.contains(32), isWeb else {
            throw AuditorRefusal(403)
        }
        let units = Set(offer.prices.prices.entries.map(\.key.rawValue))
        let countable: Set<UInt8> =
            switch offer.interface {
            case .chat: [1, 2, 3, 4, 5]
            case .embeddings: [1, 3, 4, 5]
            case .json, .images, .speech, .transcription: [3, 4, 5]
            }
        guard !units.isEmpty, units.isSubset(of: countable) else { throw AuditorRefusal(404) }
        guard offer.limits.requestBytesMax != 0, offer.limits.callMillisecondsMax != 0,
            offer.interface != .chat || offer.limits.outputTokensMax != 0
        else { throw AuditorRefusal(405) }
        guard offer.receiptKey.scheme.rawValue == 1 else { throw AuditorRefusal(406) }
    }

    mutating func withdraw(_ id: OfferID) throws(AuditorRefusal) {
        guard let listing = listings[id] else { throw AuditorRefusal(413) }
        guard listing.offer.seller == sender else { throw AuditorRefusal(401) }
        guard listing.standing == 1 else { throw AuditorRefusal(415) }
        listings[id]?.standing = 3
    }

    mutating func deposit(_ amount: UInt128) throws(AuditorRefusal) {
        guard amount > 0 else { throw AuditorRefusal(601) }
        let (sum, overflow) = (stakes[sender]?.active ?? 0).addingReportingOverflow(amount)
        guard !overflow else { throw AuditorRefusal(608) }
        try debit(sender, amount, .native)
        stakes[sender, default: Stake()].active = sum
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
        for part in due { try credit(sender, part.amount, .native) }
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
        let first = papers[0].document
        let crime = Crime(
            channel: first.channel,
            lane: first.lane.rawValue,
            sequence: first.sequence
        )
        guard !crimes.contains(crime) else { throw AuditorRefusal(606) }
        let stake = stakes[pot.payee] ?? Stake()
        let all = stake.active + stake.parts.reduce(0) { $0 + $1.amount }
        guard all > 0 else { throw AuditorRefusal(607) }
        stakes[pot.payee] = nil
        crimes.insert(crime)
        try credit(pot.payer, all / 4, .native)
        try credit(sender, all / 8, .native)
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
