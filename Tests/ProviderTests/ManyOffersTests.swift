import Identity
import LedgerCore
import MarketTypes
import SettlementCore
import Testing

@testable import Provider

@Suite("A seller of many models")
struct ManyOffersTests {
    private static let offers: UInt64 = 20

    @Test("LIN-32: no claim ends with more offers than the ledger pays royalties of at once")
    func offersOfAClaim() async throws {
        let market = try await Market.make()
        var book = try self.book(market)
        var lanes: [Int] = []
        for _ in 0..<2 {
            try book.apply(.claimBegun(market.channel))
            let draft = try #require(book.accounts[market.channel]?.claim)
            let offers = Set(draft.calls.map(\.receipt.document.offer))
            #expect(offers.count * Lineage.edgesMax <= Lineage.edgesPerTransactionMax)
            #expect(draft.isComplete == (lanes.count == 1))
            // What is not in it would be lost by giving the rest back.
            #expect(draft.message(release: true).release == draft.isComplete)
            lanes.append(draft.calls.count)
            try book.apply(.claimPaid(market.channel))
        }
        #expect(lanes == [32, 8])
        #expect(book.accounts[market.channel]?.unclaimed == .zero)
    }

    /// A book with forty lanes, each of which earned by the next of twenty offers.
    private func book(_ market: Market) throws -> ChannelBook {
        var book = ChannelBook()
        let terms = ChannelTerms(
            chain: market.ledger.genesis.chain,
            id: market.channel,
            payer: market.buyer.accountID,
            payee: market.seller.accountID,
            denomination: .native,
            deposit: Amount(obol: 100_000),
            voucherKey: market.voucherKey.publicKey,
            lanes: 40,
            isOpen: true
        )
        try book.apply(.terms(terms))
        for lane in 0..<UInt16(40) {
            let offer = try Market.makeOffer(
                .chat,
                [(.outputToken, 1 + UInt64(lane) % Self.offers)],
                seller: market.seller.accountID,
                receiptKey: market.receiptKey.publicKey
            )
            if lane < Self.offers { try book.apply(.offer(offer)) }
            let voucher = market.voucherKey.sign(
                Voucher(
                    chain: market.ledger.genesis.chain,
                    channel: market.channel,
                    lane: LaneID(lane),
                    sequence: 1,
                    cap: Amount(obol: 400),
                    offer: offer.id,
                    request: .zero,
                    expiresAt: Market.now
                )
            )
            try book.apply(.voucher(voucher))
            let outcome = CallOutcome(
                status: .delivered,
                units: try #require(UnitCounts([(.outputToken, 1)])),
                response: ResponseChain(voucher: voucher.digest),
                parameters: [],
                startedAt: Market.now,
                finishedAt: Market.now
            )
            let receipt = try book.draft(voucher, under: offer, outcome: outcome)
            try book.apply(.receipt(market.receiptKey.sign(receipt)))
        }
        return book
    }
}
