import Identity
import MarketTypes
import SettlementCore

@testable import LedgerCore

extension RefusedMessage {
    private static func offer(
        _ refusal: OfferRefusal,
        _ name: String,
        _ change: @escaping @Sendable (inout OfferDraft) -> Void
    ) -> RefusedMessage {
        RefusedMessage(.offers(refusal), name, from: .bob) { town in
            .publishOffer(
                Town.offer(of: town.asset) {
                    $0.model = "new"
                    change(&$0)
                }
            )
        }
    }

    private static let forms: [RefusedMessage] =
        ["", "a", "A1", "a b", "-a"].map { model in
            offer(.invalidModel, "model \(model)") { $0.model = model }
        }
        + [
            "", "http://", "https://", "ftp://a", "HTTP://a", "http://a b", "http:// a",
            "http://é", "http://-a", "http:///a", "//a", "http://a\n",
        ].map { endpoint in
            offer(.invalidEndpoint, "endpoint \(endpoint)") { $0.endpoint = endpoint }
        } + [
            offer(.invalidPrices, "nothing has a price") { $0.prices = OfferDraft.table([]) },
            offer(.invalidPrices, "output of embeddings") {
                $0.interface = .embeddings
                $0.prices = OfferDraft.table([.call, .outputToken])
            },
            offer(.invalidPrices, "tokens of JSON") {
                $0.interface = .json
                $0.prices = OfferDraft.table([.inputToken])
            },
            offer(.invalidPrices, "output of images") {
                $0.interface = .images
                $0.prices = OfferDraft.table([.call, .outputToken])
            },
            offer(.invalidPrices, "tokens of speech") {
                $0.interface = .speech
                $0.prices = OfferDraft.table([.inputToken])
            },
            offer(.invalidPrices, "tokens of a transcription") {
                $0.interface = .transcription
                $0.prices = OfferDraft.table([.second, .inputToken])
            },
            offer(.invalidLimits, "no request") { $0.limits = OfferDraft.limits(request: 0) },
            offer(.invalidLimits, "no output") { $0.limits = OfferDraft.limits(output: 0) },
            offer(.invalidLimits, "no time") {
                $0.limits = OfferDraft.limits(milliseconds: 0)
            },
            offer(.unsupportedKey, "a reserved scheme") { $0.receiptKey = reservedKey },
        ]

    static let offers: [RefusedMessage] =
        forms + [
            offer(.notSeller, "another's offer") { $0.seller = Person.carol.id },
            offer(.unknownDenomination, "a unit nobody issued") {
                $0.denomination = .issued(digest(1))
            },
            offer(.unknownAsset, "no such asset") { $0.asset = AssetID(digest(1)) },
            offer(.unknownAsset, "no such version") { $0.assetVersion = 2 },
            offer(.unknownAsset, "version 0") { $0.assetVersion = 0 },
            offer(.unknownAsset, "other weights") { $0.weights = digest(2) },
            offer(.alreadyExpired, "the end is now") { $0.expiresAt = 4000 },
            offer(.bondTooSmall, "a bond an obol too small") { $0.bond = 1_000_001 },
            offer(.unknownOffer, "after no offer") { $0.supersedes = OfferID(digest(1)) },
            offer(.invalidVersion, "version 2 of nothing") { $0.version = 2 },
            offer(.invalidVersion, "version 0") { $0.version = 0 },
            RefusedMessage(.offers(.notOwner), "another's asset", from: .carol) { town in
                .publishOffer(
                    Town.offer(of: town.asset) {
                        $0.seller = Person.carol.id
                        $0.bond = 0
                    }
                )
            },
            RefusedMessage(.offers(.alreadyPublished), "the same again", from: .bob) { town in
                .publishOffer(town.offer)
            },
            RefusedMessage(.offers(.invalidVersion), "the same version", from: .bob) { town in
                .publishOffer(town.successor { $0.version = 2 })
            },
            RefusedMessage(.offers(.invalidVersion), "a version too far", from: .bob) { town in
                .publishOffer(town.successor { $0.version = 4 })
            },
            RefusedMessage(.offers(.invalidVersion), "after a replaced one", from: .bob) { town in
                let older = town.older.id
                return .publishOffer(
                    town.successor {
                        $0.supersedes = older
                        $0.version = 2
                        $0.model = "twin"
                    }
                )
            },
            RefusedMessage(.offers(.invalidVersion), "after a withdrawn one", from: .bob) { town in
                town.harness.send(.bob, .withdrawOffer(town.offer.id))
                return .publishOffer(town.successor { _ in })
            },
            RefusedMessage(.offers(.invalidVersion), "after another's", from: .bob) { town in
                let theirs = town.sellAsCarol()
                return .publishOffer(
                    town.successor {
                        $0.supersedes = theirs.id
                        $0.version = 2
                    }
                )
            },
            RefusedMessage(.offers(.unknownOffer), "withdraw nothing", from: .bob) { _ in
                .withdrawOffer(OfferID(digest(1)))
            },
            RefusedMessage(.offers(.notSeller), "withdraw another's", from: .carol) { town in
                .withdrawOffer(town.offer.id)
            },
            RefusedMessage(.offers(.notCurrent), "withdraw a replaced one", from: .bob) { town in
                .withdrawOffer(town.older.id)
            },
            RefusedMessage(.offers(.notCurrent), "withdraw twice", from: .bob) { town in
                town.harness.send(.bob, .withdrawOffer(town.offer.id))
                return .withdrawOffer(town.offer.id)
            },
        ]

    private static func opening(
        _ refusal: Refusal,
        _ name: String,
        _ change: @escaping @Sendable (inout OpeningDraft) -> Void
    ) -> RefusedMessage {
        RefusedMessage(refusal, name, from: .alice) { _ in .openChannel(Town.opening(change)) }
    }

    private static let openings: [RefusedMessage] = [
        opening(.channels(.zeroDeposit), "no deposit") { $0.deposit = 0 },
        opening(.channels(.invalidLanes), "no lanes") { $0.lanes = 0 },
        opening(.channels(.invalidLanes), "a lane too many") { $0.lanes = 1025 },
        opening(.channels(.unsupportedKey), "a reserved scheme") { $0.key = reservedKey },
        opening(.channels(.sameParty), "to oneself") { $0.payee = Person.alice.id },
        opening(.channels(.unknownDenomination), "a unit nobody issued") {
            $0.denomination = .issued(digest(1))
        },
        opening(.accounts(.insufficientBalance), "more than there is") { $0.deposit = .max },
        opening(.accounts(.insufficientBalance), "more of a unit than there is") {
            $0.denomination = LedgerHarness.token
            $0.deposit = 1_000_001
        },
    ]

    static let channels: [RefusedMessage] =
        openings + [
            RefusedMessage(.channels(.zeroDeposit), "add nothing", from: .alice) { town in
                .topUpChannel(channel: town.open, amount: .zero)
            },
            RefusedMessage(.channels(.unknownChannel), "add to nothing", from: .alice) { _ in
                .topUpChannel(channel: ChannelID(digest(1)), amount: Amount(obol: 1))
            },
            RefusedMessage(.channels(.notParty), "add to another's", from: .carol) { town in
                .topUpChannel(channel: town.open, amount: Amount(obol: 1))
            },
            RefusedMessage(.channels(.notOpen), "add while it closes", from: .alice) { town in
                .topUpChannel(channel: town.closing, amount: Amount(obol: 1))
            },
            RefusedMessage(.channels(.notOpen), "add when it is closed", from: .alice) { town in
                .topUpChannel(channel: town.closed, amount: Amount(obol: 1))
            },
            RefusedMessage(.channels(.depositOverflow), "add too much", from: .alice) { town in
                .topUpChannel(channel: town.open, amount: Amount(obol: .max))
            },
            RefusedMessage(.accounts(.insufficientBalance), "add a fortune", from: .alice) { town in
                .topUpChannel(channel: town.open, amount: Amount(obol: 1 << 100))
            },
            RefusedMessage(.channels(.unknownChannel), "close nothing", from: .alice) { _ in
                .closeChannel(ChannelID(digest(1)))
            },
            RefusedMessage(.channels(.notParty), "the payee closes", from: .bob) { town in
                .closeChannel(town.open)
            },
            RefusedMessage(.channels(.notOpen), "close twice", from: .alice) { town in
                .closeChannel(town.closing)
            },
            RefusedMessage(.channels(.notOpen), "close what is closed", from: .alice) { town in
                .closeChannel(town.closed)
            },
            RefusedMessage(.channels(.unknownChannel), "withdraw nothing", from: .alice) { _ in
                .withdrawChannel(ChannelID(digest(1)))
            },
            RefusedMessage(.channels(.tooEarly), "withdraw before closing", from: .alice) { town in
                .withdrawChannel(town.open)
            },
            RefusedMessage(.channels(.tooEarly), "withdraw a block early", from: .alice) { town in
                town.harness.endBlock(blocks: 3)
                return .withdrawChannel(town.closing)
            },
            RefusedMessage(.channels(.closed), "withdraw twice", from: .alice) { town in
                .withdrawChannel(town.closed)
            },
        ]
}

extension Town {
    /// Version 3 of ``offer``, with changes.
    func successor(_ change: (inout OfferDraft) -> Void) -> Offer {
        Self.offer(of: asset) {
            $0.supersedes = offer.id
            $0.version = 3
            change(&$0)
        }
    }
}
