import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore

@testable import LedgerCore

/// A small market in the middle of its life, which every refusal starts from.
///
/// Bob sells "small" under a bond; Alice has an open channel to him, whose lane 0 was claimed once
/// for 100 obol, one that is closing and one that is closed. Dave is a validator, with stake of
/// Alice's behind him.
struct Town: Sendable {
    var harness = LedgerHarness(staking: LedgerHarness.staking)
    let asset = Asset.id(owner: Person.bob.id, name: "small")
    var offer: Offer
    /// An offer that ``offer`` replaced.
    var older: Offer
    var open = ChannelID(digest(0))
    var closing = ChannelID(digest(0))
    var closed = ChannelID(digest(0))

    /// The town as it stands; made once.
    static let start = Town()

    private init() {
        older = Self.offer(of: asset)
        offer = Self.offer(of: asset) { $0.version = 2 }
        let publication = AssetPublication(
            name: "small",
            kind: .model,
            licence: "MIT",
            version: AssetVersion(content: digest(1), metadataLink: "")
        )
        offer = Self.offer(of: asset) { [older] draft in
            draft.version = 2
            draft.supersedes = older.id
        }
        harness.send(.bob, .publishAsset(publication), .depositBond(Amount(obol: 1_000_000)))
        harness.send(.bob, .publishOffer(older), .publishOffer(offer))
        open = openChannel()
        closing = openChannel()
        closed = openChannel()
        harness.send(.bob, claim([call(0, 1)]))
        harness.send(.bob, .claimChannel(release(closed)))
        harness.send(.dave, RegistrationDraft(.dave, harness.chain).message)
        let stake = Amount(obol: 3_000_000_000)
        harness.send(.alice, .staking(.delegate(validator: Person.dave.id, amount: stake)))
        harness.endBlock()
        harness.send(.alice, .closeChannel(closing))
        harness.endBlock()
    }

    private mutating func openChannel() -> ChannelID {
        let sequence = harness.account(.alice).sequence + 1
        harness.send(.alice, .openChannel(Self.opening()))
        return Channel.id(payer: Person.alice.id, sequence: sequence, messageIndex: 0)
    }

    static func opening(_ change: (inout OpeningDraft) -> Void = { _ in }) -> ChannelOpening {
        var draft = OpeningDraft()
        change(&draft)
        return ChannelOpening(
            payee: draft.payee,
            denomination: draft.denomination,
            deposit: Amount(obol: draft.deposit),
            voucherKey: draft.key,
            lanes: draft.lanes
        )
    }

    static func offer(
        of asset: AssetID,
        _ change: (inout OfferDraft) -> Void = { _ in }
    ) -> Offer {
        var draft = OfferDraft(asset: asset)
        change(&draft)
        return Offer(
            seller: draft.seller,
            receiptKey: draft.receiptKey,
            asset: draft.asset,
            assetVersion: draft.assetVersion,
            weights: draft.weights,
            model: draft.model,
            interface: draft.interface,
            endpoint: draft.endpoint,
            denomination: draft.denomination,
            prices: draft.prices,
            limits: draft.limits,
            verification: .receipt,
            bond: Amount(obol: draft.bond),
            version: draft.version,
            supersedes: draft.supersedes,
            expiresAt: Timestamp(milliseconds: draft.expiresAt)
        )
    }

    /// The next call of a lane, of one unit for 100 obol; `total` 100 × `sequence`.
    func call(
        _ lane: UInt16,
        _ sequence: UInt64,
        _ change: (inout CallDraft) -> Void = { _ in }
    ) -> CallDraft {
        var units = UnitCounts()
        units[.call] = 1
        let before = LaneSettlement(
            sequence: sequence - 1,
            total: Amount(obol: 100 * UInt128(sequence - 1))
        )
        var draft = CallDraft(
            chain: harness.chain,
            channel: open,
            lane: lane,
            after: before,
            under: offer,
            units: units,
            payer: .alice,
            payee: .bob
        )
        change(&draft)
        return draft
    }

    func claim(_ calls: [CallDraft], of channel: ChannelID? = nil) -> Message {
        .claimChannel(
            ChannelClaim(
                channel: channel ?? open,
                lanes: calls.map(\.claim),
                receiptsRoot: digest(5),
                receiptsCount: 3,
                release: false
            )
        )
    }

    func release(_ channel: ChannelID) -> ChannelClaim {
        ChannelClaim(
            channel: channel,
            lanes: [],
            receiptsRoot: .zero,
            receiptsCount: 0,
            release: true
        )
    }

    /// Two receipts of Bob's for one call, one of them for an obol more.
    func fraud(_ change: (inout CallDraft) -> Void = { _ in }) -> FraudProof {
        var second = call(1, 1)
        second.receipt.total += 1
        change(&second)
        return .equivocation(call(1, 1).claim.receipt, second.claim.receipt)
    }
}

/// An offer whose every field can be set.
struct OfferDraft {
    var seller = Person.bob.id
    var receiptKey = Person.bob.receiptKey.publicKey
    var asset: AssetID
    var assetVersion: UInt32 = 1
    var weights = digest(1)
    var model = "small"
    var interface = CallInterface.chat
    var endpoint = "https://bob.example"
    var denomination = Denomination.native
    var prices = OfferDraft.table([.call])
    var limits = OfferDraft.limits()
    var bond: UInt128 = 1_000_000
    var version: UInt32 = 1
    var supersedes: OfferID?
    var expiresAt: UInt64 = 50_000_000

    static func table(_ units: [Unit]) -> PriceTable {
        var prices = SortedMap<Unit, Price>()
        for unit in units { prices[unit] = Price(amount: Amount(obol: 100), perUnits: 1) }
        return PriceTable(prices)
    }

    static func limits(
        request: UInt32 = 1000,
        output: UInt32 = 100,
        milliseconds: UInt32 = 1000
    ) -> OfferLimits {
        OfferLimits(
            requestBytesMax: request,
            inputTokensMax: 0,
            outputTokensMax: output,
            templateTokensMax: 0,
            callMillisecondsMax: milliseconds
        )
    }
}

/// A channel's opening whose every field can be set.
struct OpeningDraft {
    var payee = Person.bob.id
    var denomination = Denomination.native
    var deposit: UInt128 = 1000
    var key = Person.alice.voucherKey.publicKey
    var lanes: UInt16 = 4
}

/// A key that can be encoded and that no node verifies.
var reservedKey: PublicKey {
    let bytes = [UInt8](repeating: 2, count: 33)
    guard let key = PublicKey(scheme: .secp256k1, bytes: bytes) else {
        preconditionFailure("the length is right")
    }
    return key
}
