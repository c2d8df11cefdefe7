import Identity
import MarketTypes
import SettlementCore

@testable import LedgerCore

extension RefusedMessage {
    /// The next call of lane 0 with something wrong in it, claimed by Bob.
    private static func call(
        _ refusal: SettlementRefusal,
        _ name: String,
        _ change: @escaping @Sendable (inout CallDraft) -> Void
    ) -> RefusedMessage {
        RefusedMessage(.settlement(refusal), name, from: .bob) { town in
            town.claim([town.call(0, 2, change)])
        }
    }

    static let claims: [RefusedMessage] =
        places + [
            call(.wrongChain, "a receipt of another chain") {
                $0.receipt.chain = ChainID(digest(1))
            },
            call(.wrongChannel, "a voucher of another channel") {
                $0.voucher.channel = ChannelID(digest(1))
            },
            call(.wrongSigner, "a voucher that the seller signed") {
                $0.voucher.signer = Person.bob.receiptKey
            },
            call(.wrongSigner, "a voucher that the payer's account signed") {
                $0.voucher.signer = Person.alice.key
            },
            call(.wrongSigner, "a receipt that the seller's account signed") {
                $0.receipt.signer = Person.bob.key
            },
            call(.wrongOffer, "an offer that was never published") {
                ($0.receipt.offer, $0.voucher.offer) = (OfferID(digest(1)), OfferID(digest(1)))
            },
            call(.offerExpired, "a call after the offer's end") {
                $0.receipt.startedAt = Timestamp(milliseconds: 50_000_001)
            },
            call(.voucherExpired, "a call after the voucher's end") {
                $0.voucher.expiresAt = Timestamp(milliseconds: 4999)
            },
            call(.laneOutOfRange, "a lane that the channel does not have") {
                ($0.receipt.lane, $0.voucher.lane) = (4, 4)
            },
            call(.staleSequence, "a number that was settled") {
                ($0.receipt.sequence, $0.voucher.sequence) = (1, 1)
            },
            call(.wrongRequest, "another request") { $0.receipt.request = digest(1) },
            call(.wrongVoucher, "an answer to another voucher") {
                $0.receipt.voucher = digest(1)
            },
            call(.wrongWeights, "other weights") { $0.receipt.weights = digest(2) },
            call(.unpricedUnit, "a unit without a price") { $0.receipt.units[.second] = 1 },
            call(.wrongCharge, "an obol too much") { $0.receipt.charge += 1 },
            call(.chargedForFailure, "a charge for failed work") {
                $0.receipt.status = .failed
            },
            call(.wrongTotal, "a total below what was settled") {
                $0.receipt.units = UnitCounts()
                ($0.receipt.charge, $0.receipt.total) = (0, 99)
            },
            call(.wrongTotal, "a total that hides a charge") { $0.receipt.total = 199 },
            call(.overCap, "a total above the cap") { $0.voucher.cap = 199 },
            call(.wrongTimes, "an end before the start") {
                $0.receipt.finishedAt = Timestamp(milliseconds: 4999)
            },
            call(.insufficientDeposit, "an obol more than is locked") {
                ($0.voucher.cap, $0.receipt.total) = (1001, 1001)
            },
        ]

    private static let places: [RefusedMessage] = [
        RefusedMessage(.channels(.unknownChannel), "a claim on nothing", from: .bob) { town in
            town.claim([], of: ChannelID(digest(1)))
        },
        RefusedMessage(.channels(.notParty), "the payer claims", from: .alice) { town in
            town.claim([town.call(0, 2)])
        },
        RefusedMessage(.channels(.notParty), "a stranger releases", from: .carol) { town in
            .claimChannel(town.release(town.open))
        },
        RefusedMessage(.channels(.closed), "a claim on what is closed", from: .bob) { town in
            town.claim([town.call(0, 2)], of: town.closed)
        },
        RefusedMessage(.channels(.tooLate), "a claim at the closing height", from: .bob) { town in
            town.harness.endBlock(blocks: 4)
            return town.claim([town.call(0, 2)], of: town.closing)
        },
        RefusedMessage(.channels(.tooLate), "a release at the closing height", from: .bob) { town in
            town.harness.endBlock(blocks: 4)
            return .claimChannel(town.release(town.closing))
        },
        RefusedMessage(.channels(.invalidClaim), "a claim of nothing", from: .bob) { town in
            town.claim([])
        },
        RefusedMessage(.channels(.lanesNotAscending), "a lane twice", from: .bob) { town in
            town.claim([town.call(0, 2), town.call(0, 3)])
        },
        RefusedMessage(.channels(.lanesNotAscending), "lanes downwards", from: .bob) { town in
            town.claim([town.call(1, 1), town.call(0, 2)])
        },
        RefusedMessage(.channels(.tooManyClaims), "one claim too many", from: .bob) { town in
            guard var channel = town.harness.ledger.state.read(Channel.self, .channel(town.open))
            else { return .withdrawBond }
            channel.claims = .max
            town.harness.plant(channel, .channel(town.open))
            return town.claim([town.call(0, 2)])
        },
        RefusedMessage(.settlement(.insufficientDeposit), "a lane too many", from: .bob) { town in
            func call(_ lane: UInt16, _ sequence: UInt64) -> CallDraft {
                town.call(lane, sequence) {
                    ($0.voucher.cap, $0.receipt.total) = (600, 600)
                }
            }
            return town.claim([call(0, 2), call(1, 1)])
        },
        RefusedMessage(.settlement(.wrongOffer), "another seller's offer", from: .bob) { town in
            let theirs = town.sellAsCarol()
            return town.claim([
                town.call(0, 2) {
                    ($0.voucher.offer, $0.receipt.offer) = (theirs.id, theirs.id)
                    $0.receipt.signer = Person.carol.receiptKey
                }
            ])
        },
        RefusedMessage(.settlement(.wrongOffer), "an offer in another unit", from: .bob) { town in
            let other = Town.offer(of: town.asset) {
                $0.denomination = LedgerHarness.token
                $0.model = "tokens"
            }
            town.harness.send(.bob, .publishOffer(other))
            return town.claim([
                town.call(0, 2) { ($0.voucher.offer, $0.receipt.offer) = (other.id, other.id) }
            ])
        },
        RefusedMessage(.settlement(.arithmetic), "a charge that does not fit", from: .bob) { town in
            let other = Town.offer(of: town.asset) {
                var prices = SortedMap<Unit, Price>()
                prices[.call] = Price(amount: Amount(obol: .max), perUnits: 1)
                $0.prices = PriceTable(prices)
                $0.model = "dear"
            }
            town.harness.send(.bob, .publishOffer(other))
            return town.claim([
                town.call(0, 2) {
                    ($0.voucher.offer, $0.receipt.offer) = (other.id, other.id)
                    $0.receipt.units[.call] = 2
                }
            ])
        },
    ]
}
