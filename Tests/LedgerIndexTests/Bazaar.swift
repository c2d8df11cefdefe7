import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import SettlementCore

/// Random blocks of people who publish, sell, give away, retire and get refused.
struct Bazaar {
    let ledger: ChainLedger
    private var random: SplitMix64
    private(set) var assets: [(id: AssetID, owner: Person)] = []
    private(set) var offers: [(offer: Offer, seller: Person)] = []
    private var names = 0

    static let words = ["llama", "qwen2.5", "smol-lm", "mistral", "whisper", "embed", "code"]
    static let licences = ["Apache-2.0", "MIT", "LicenseRef-own", "CC-BY-4.0"]

    init(_ ledger: ChainLedger, seed: UInt64) {
        self.ledger = ledger
        random = SplitMix64(seed: seed)
    }

    /// Makes a block of a few transactions; some are refused, some are none.
    mutating func block() {
        var bytes: [[UInt8]] = []
        var ahead: [AccountID: UInt64] = [:]
        for _ in 0..<random.below(5) {
            guard let person = random.pick(Person.all) else { continue }
            if random.once(in: 20) {
                bytes.append([1, 2, 3])
                continue
            }
            let count = 1 + random.below(3)
            let messages = (0..<count).map { _ in message(person) }
            bytes.append(ledger.sign(person, messages, ahead: ahead[person.id, default: 0]))
            ahead[person.id, default: 0] += 1
        }
        let seconds = [0, 1, 30, 90, 4000, 90_000][random.below(6)]
        ledger.commit(bytes, seconds: UInt64(seconds))
    }

    mutating func blocks(_ count: Int) {
        for _ in 0..<count { block() }
    }

    private mutating func message(_ person: Person) -> Message {
        switch random.below(12) {
        case 0, 1: publishAsset(person)
        case 2, 3, 4: publishOffer(person)
        case 5: supersede(person)
        case 6: withdraw(person)
        case 7: give(person)
        case 8: version(person)
        case 9: openChannel(person)
        default: transfer()
        }
    }

    private mutating func transfer() -> Message {
        let to = random.pick(Person.all)?.id ?? Person.alice.id
        let amount: UInt128 = random.once(in: 8) ? 1 << 100 : UInt128(random.below(1000))
        return .transfer(to: to, denomination: .native, amount: Amount(obol: amount))
    }

    private mutating func publishAsset(_ person: Person) -> Message {
        names += 1
        let name = "\(random.pick(Self.words) ?? "x")-\(names)"
        assets.append((Asset.id(owner: person.id, name: name), person))
        return .publishAsset(
            AssetPublication(
                name: name,
                kind: random.pick(AssetKind.allCases) ?? .model,
                licence: random.pick(Self.licences) ?? "MIT",
                version: AssetVersion(
                    content: digest(7),
                    metadataLink: "https://a.example/\(names)"
                )
            )
        )
    }

    private mutating func publishOffer(_ person: Person) -> Message {
        let mine = assets.filter { $0.owner.id == person.id }
        let asset = random.pick(mine)?.id ?? AssetID(digest(9))
        let offer = offer(of: asset, person, version: 1, supersedes: nil)
        offers.append((offer, person))
        return .publishOffer(offer)
    }

    private mutating func supersede(_ person: Person) -> Message {
        let mine = offers.filter { $0.seller.id == person.id }
        guard let old = random.pick(mine)?.offer else { return transfer() }
        let offer = offer(
            of: old.asset,
            person,
            version: old.version + 1,
            supersedes: old.id
        )
        offers.append((offer, person))
        return .publishOffer(offer)
    }

    private mutating func withdraw(_ person: Person) -> Message {
        guard let offer = random.pick(offers)?.offer else { return transfer() }
        return .withdrawOffer(offer.id)
    }

    private mutating func version(_ person: Person) -> Message {
        guard let asset = random.pick(assets)?.id else { return transfer() }
        let version = AssetVersion(content: digest(8), metadataLink: "v\(random.below(9))")
        return .publishAssetVersion(asset: asset, version: version)
    }

    private mutating func give(_ person: Person) -> Message {
        guard let asset = random.pick(assets)?.id, let to = random.pick(Person.all) else {
            return transfer()
        }
        switch random.below(6) {
        case 0: return .lineage(.retireAsset(asset))
        case 1: return .lineage(.cancelAssetOffer(asset))
        case 2, 3: return .lineage(.acceptAsset(asset))
        default: return .lineage(.offerAsset(asset, to: to.id))
        }
    }

    private mutating func openChannel(_ person: Person) -> Message {
        .openChannel(
            ChannelOpening(
                payee: random.pick(Person.all)?.id ?? Person.bob.id,
                denomination: .native,
                deposit: Amount(obol: UInt128(1 + random.below(100))),
                voucherKey: Person.carol.key.publicKey,
                lanes: 4
            )
        )
    }

    private mutating func offer(
        of asset: AssetID,
        _ person: Person,
        version: UInt32,
        supersedes: OfferID?
    ) -> Offer {
        Self.offer(
            of: asset,
            person,
            model: "\(random.pick(Self.words) ?? "x")-\(random.below(40))b",
            price: UInt128(random.below(5000)),
            version: version,
            supersedes: supersedes,
            lifeMilliseconds: UInt64(1 + random.below(1 << 30))
        )
    }

    static func offer(
        of asset: AssetID,
        _ person: Person,
        model: String,
        price: UInt128,
        denomination: Denomination = .native,
        version: UInt32 = 1,
        supersedes: OfferID? = nil,
        lifeMilliseconds: UInt64 = 1 << 40
    ) -> Offer {
        var prices = SortedMap<Unit, Price>()
        prices[.outputToken] = Price(amount: Amount(obol: price), perUnits: 3)
        if price % 2 == 0 { prices[.call] = Price(amount: Amount(obol: price + 1), perUnits: 1) }
        return Offer(
            seller: person.id,
            receiptKey: Person.carol.key.publicKey,
            asset: asset,
            assetVersion: 1,
            weights: digest(7),
            model: model,
            interface: .chat,
            endpoint: "http://127.0.0.1:9/\(price)",
            denomination: denomination,
            prices: PriceTable(prices),
            limits: OfferLimits(
                requestBytesMax: 1000,
                inputTokensMax: 1000,
                outputTokensMax: 1000,
                templateTokensMax: 10,
                callMillisecondsMax: 1000
            ),
            verification: .receipt,
            bond: .zero,
            version: version,
            supersedes: supersedes,
            expiresAt: Timestamp(milliseconds: 1_700_000_000_000 + lifeMilliseconds)
        )
    }
}
