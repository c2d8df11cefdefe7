import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// People who do whatever comes to their minds, right and wrong, from one seed.
///
/// What they know of the market is what the auditor knows; they never ask the ledger.
struct Crowd {
    var random: SplitMix64
    private var counter: UInt64 = 0
    private var isCareful = false

    /// Whether the token was issued on this chain.
    private let hasTokens: Bool

    /// How many of two messages are about stake.
    private let stakingShare: Int

    init(seed: UInt64, hasTokens: Bool = true, stakingShare: Int = 0) {
        random = SplitMix64(seed: seed)
        self.hasTokens = hasTokens
        self.stakingShare = stakingShare
    }

    /// True when somebody errs: seldom, or nobody would ever get anything done.
    mutating func slips(_ n: Int) -> Bool { !isCareful && random.once(in: 4 * n) }

    /// What everybody does first: sell something, put up a bond, and pay the neighbours.
    mutating func opening(_ auditor: AuditorLedger, _ index: Int) -> [UInt8] {
        isCareful = true
        defer { isCareful = false }
        let person = Person.all[index]
        let neighbours = [1, 2].map { Person.all[(index + $0) % Person.all.count] }
        let asset = Asset.id(owner: person.id, name: "first")
        let publication = AssetPublication(
            name: "first",
            kind: .model,
            licence: "MIT",
            version: AssetVersion(content: digest(1), metadataLink: "")
        )
        let second = hasTokens ? LedgerHarness.token : .native
        let offers = [Denomination.native, second].map { denomination in
            counter += 1
            return Offer(
                seller: person.id,
                receiptKey: person.receiptKey.publicKey,
                asset: asset,
                assetVersion: 1,
                weights: digest(1),
                model: "first",
                interface: .chat,
                endpoint: "http://first",
                denomination: denomination,
                prices: prices(),
                limits: limits(),
                verification: .receipt,
                bond: .zero,
                version: 1,
                supersedes: nil,
                expiresAt: Timestamp(milliseconds: 1_000_000 + counter)
            )
        }
        let openings = zip(neighbours, offers).map { neighbour, offer in
            Message.openChannel(
                ChannelOpening(
                    payee: neighbour.id,
                    denomination: offer.denomination,
                    deposit: Amount(obol: 4000),
                    voucherKey: person.voucherKey.publicKey,
                    lanes: 3
                )
            )
        }
        let messages =
            [.publishAsset(publication), .depositBond(Amount(obol: 9000))]
            + offers.map { .publishOffer($0) } + openings
        let transaction = Transaction(
            chain: auditor.chain,
            sender: person.id,
            sequence: 1,
            fee: Amount(obol: 9000),
            validUntil: BlockHeight(.max),
            messages: messages
        )
        return person.key.sign(transaction).signed.canonicalBytes
    }

    /// The bytes of somebody's next transaction.
    mutating func transaction(_ auditor: AuditorLedger) -> (bytes: [UInt8], messages: Int) {
        let actor = random.pick(Person.all) ?? .alice
        let count = random.once(in: 12) ? 6 : 1 + random.below(4)
        let messages = (0..<count).map { _ in message(of: actor, auditor) }
        let holder = auditor.holders[actor.id] ?? AuditorLedger.Holder()
        func made(
            fee: UInt128,
            sequence: UInt64? = nil,
            chain: ChainID? = nil,
            sender: AccountID? = nil,
            validUntil: UInt64 = .max
        ) -> Transaction {
            Transaction(
                chain: chain ?? auditor.chain,
                sender: sender ?? actor.id,
                sequence: sequence ?? holder.sequence + 1,
                fee: Amount(obol: fee),
                validUntil: BlockHeight(validUntil),
                messages: messages
            )
        }
        func sealed(_ transaction: Transaction) -> [UInt8] {
            actor.key.sign(transaction).signed.canonicalBytes
        }
        let size = made(fee: 0).canonicalBytes.count + 33 + 69
        let fee = auditor.parameters.fee(bytes: size).obol
        let good = made(fee: fee + UInt128(random.below(3)))
        guard random.once(in: 12) else { return (sealed(good), count) }
        let stranger = random.pick(Person.all) ?? .bob
        var tampered = sealed(good)
        tampered[tampered.count - 1 - random.below(tampered.count)] ^= 1 << random.next() % 8
        let wrong: [[UInt8]] = [
            sealed(made(fee: fee - 1)), sealed(made(fee: holder.balance + 1)),
            sealed(made(fee: fee, sequence: holder.sequence)),
            sealed(made(fee: fee, sequence: holder.sequence + 2)),
            sealed(made(fee: fee, sequence: .max)),
            sealed(made(fee: fee, chain: ChainID(digest(0x01)))),
            sealed(made(fee: fee, sender: stranger.id)),
            sealed(made(fee: fee, validUntil: UInt64(random.below(40)))), tampered,
            Array(sealed(good).dropLast(random.below(9))), sealed(good) + [0],
        ]
        return (random.pick(wrong) ?? [], count)
    }

    private mutating func message(of actor: Person, _ auditor: AuditorLedger) -> Message {
        if stakingShare > 0, random.below(2) < stakingShare {
            return .staking(staking(actor, auditor))
        }
        return switch random.below(28) {
        case 0...2: transfer()
        case 3: publishAsset()
        case 4: publishVersion(actor, auditor)
        case 5...7: publishOffer(actor, auditor)
        case 8: .withdrawOffer(pickOffer(auditor, of: mostly(actor))?.id ?? OfferID(digest(9)))
        case 9...11: open(actor)
        case 12: .topUpChannel(channel: channel(auditor, payer: mostly(actor)), amount: amount())
        case 13...20: claim(actor, auditor)
        case 21: .closeChannel(channel(auditor, payer: mostly(actor)))
        case 22: .withdrawChannel(channel(auditor, payer: nil))
        case 23: .depositBond(amount())
        case 24, 25: .unbond(unbonding(actor, auditor))
        case 26: withdrawBond(actor, auditor)
        default: fraud(auditor)
        }
    }

    private mutating func withdrawBond(_ actor: Person, _ auditor: AuditorLedger) -> Message {
        let parts = auditor.stakes[actor.id]?.parts ?? []
        let isDue = parts.contains { $0.height <= auditor.height }
        return isDue || slips(2) ? .withdrawBond : transfer()
    }

    /// This actor, or now and then another.
    private mutating func mostly(_ actor: Person) -> Person {
        slips(6) ? random.pick(Person.all) ?? actor : actor
    }

    /// An amount that is sometimes nothing, and sometimes far too much.
    private mutating func amount() -> Amount {
        switch random.below(80) {
        case 0: .zero
        case 1: Amount(obol: .max)
        case 2: Amount(obol: 1_000_000_000_001)
        default: Amount(obol: UInt128(1 + random.below(5000)))
        }
    }

    private mutating func denomination() -> Denomination {
        switch random.below(40) {
        case 0: .issued(digest(0x66))
        case 1...13: hasTokens ? LedgerHarness.token : .native
        default: .native
        }
    }

    private mutating func transfer() -> Message {
        let known = (random.pick(Person.all) ?? .alice).id
        let to = slips(3) ? AccountID(digest(UInt8(random.below(4)))) : known
        return .transfer(to: to, denomination: denomination(), amount: amount())
    }

    private mutating func text(_ right: String) -> String {
        let wrong = ["", "é", "a b", "\n", String(repeating: "x", count: 64)]
        return slips(10) ? random.pick(wrong) ?? right : right
    }

    private mutating func version() -> AssetVersion {
        AssetVersion(content: digest(UInt8(random.below(3))), metadataLink: text("http://a"))
    }

    private mutating func publishAsset() -> Message {
        .publishAsset(
            AssetPublication(
                name: text("asset-\(random.below(40))"),
                kind: random.pick(AssetKind.allCases) ?? .model,
                licence: text("MIT"),
                version: version()
            )
        )
    }

    private mutating func asset(_ auditor: AuditorLedger, of owner: Person) -> AssetID {
        let ids = auditor.works.filter { $0.value.owner == owner.id }.map(\.key).sorted()
        return random.pick(ids) ?? AssetID(digest(8))
    }

    private mutating func publishVersion(_ actor: Person, _ auditor: AuditorLedger) -> Message {
        .publishAssetVersion(asset: asset(auditor, of: mostly(actor)), version: version())
    }

    private mutating func unbonding(_ actor: Person, _ auditor: AuditorLedger) -> Amount {
        let active = auditor.stakes[actor.id]?.active ?? 0
        let part = max(1, min(active, UInt128(1 + random.below(900))))
        return slips(5) ? amount() : Amount(obol: part)
    }

    private mutating func open(_ actor: Person) -> Message {
        let others = Person.all.filter { $0.id != actor.id }
        let payee = slips(15) ? actor : random.pick(others) ?? .bob
        let lanes: UInt16 = slips(12) ? random.pick([0, 1024, 1025, .max]) ?? 0 : 3
        let odd = PublicKey(scheme: .secp256k1, bytes: [UInt8](repeating: 2, count: 33))
        let key = actor.voucherKey.publicKey
        return .openChannel(
            ChannelOpening(
                payee: payee.id,
                denomination: denomination(),
                deposit: amount(),
                voucherKey: slips(15) ? odd ?? key : key,
                lanes: lanes
            )
        )
    }

    private mutating func channel(_ auditor: AuditorLedger, payer: Person?) -> ChannelID {
        let isAny = slips(3)
        let all = auditor.pots.filter { _, pot in
            if isAny { return true }
            guard let payer else { return pot.closesAt != nil && !pot.isClosed }
            return pot.payer == payer.id && pot.closesAt == nil && !pot.isClosed
        }
        return random.pick(all.map(\.key).sorted()) ?? ChannelID(digest(7))
    }

    /// An offer of `seller`'s, or nil.
    mutating func pickOffer(
        _ auditor: AuditorLedger,
        of seller: Person,
        in denomination: Denomination? = nil
    ) -> Offer? {
        let own = auditor.listings.values.map(\.offer).filter {
            $0.seller == seller.id && (denomination == nil || $0.denomination == denomination)
        }
        return random.pick(own.sorted { $0.id < $1.id })
    }

    private mutating func publishOffer(_ actor: Person, _ auditor: AuditorLedger) -> Message {
        counter += 1
        let older = random.once(in: 3) ? pickOffer(auditor, of: actor) : nil
        let seller = mostly(actor)
        let asset = asset(auditor, of: mostly(actor))
        let versions = auditor.works[asset]?.versions ?? []
        let version = 1 + random.below(versions.count + (slips(9) ? 1 : 0) + 1)
        let index = min(max(versions.count, 1), version)
        let content = index <= versions.count ? versions[index - 1].content : digest(0)
        let skip = slips(9) ? 1 : 0
        let odd = PublicKey(scheme: .p256WebAuthn, bytes: [UInt8](repeating: 2, count: 33))
        let key = actor.receiptKey.publicKey
        return .publishOffer(
            Offer(
                seller: seller.id,
                receiptKey: slips(20) ? odd ?? key : key,
                asset: asset,
                assetVersion: UInt32(index),
                weights: slips(15) ? digest(0x55) : content,
                model: text("model-\(random.below(3))"),
                interface: interface(),
                endpoint: slips(15)
                    ? random.pick(["http://", "ftp://a", "http://-", "https://a b", ""]) ?? ""
                    : random.pick(["http://a", "https://B", "http://[::1]:80"]) ?? "http://a",
                denomination: denomination(),
                prices: prices(),
                limits: limits(),
                verification: .receipt,
                bond: Amount(obol: UInt128(random.below(2) * 700)),
                version: UInt32(Int(older?.version ?? 0) + 1 + skip),
                supersedes: older?.id,
                expiresAt: Timestamp(
                    milliseconds: slips(15) ? 1500 : 900_000 + counter
                )
            )
        )
    }

    private mutating func interface() -> CallInterface {
        random.once(in: 8) ? random.pick(CallInterface.allCases) ?? .chat : .chat
    }

    private mutating func limits() -> OfferLimits {
        func limit(_ value: UInt32) -> UInt32 { slips(30) ? 0 : value }
        return OfferLimits(
            requestBytesMax: limit(1000),
            inputTokensMax: limit(1000),
            outputTokensMax: limit(1000),
            templateTokensMax: limit(10),
            callMillisecondsMax: limit(1000)
        )
    }

    private mutating func prices() -> PriceTable {
        var prices = SortedMap<Unit, Price>()
        if slips(30) { return PriceTable(prices) }
        let most: UInt128 = slips(20) ? .max : 40
        prices[.call] = Price(amount: Amount(obol: most), perUnits: 1)
        if random.once(in: 2) {
            prices[.outputToken] = Price(amount: Amount(obol: 7), perUnits: 3)
        }
        if random.once(in: 2) {
            prices[.inputToken] = Price(amount: Amount(obol: 1), perUnits: 10)
        }
        if random.once(in: 2) { prices[.byte] = Price(amount: .zero, perUnits: 1) }
        return PriceTable(prices)
    }
}
