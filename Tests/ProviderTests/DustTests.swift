import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import SettlementCore
import Testing

@testable import Provider

@Suite("Channels with next to nothing in them", .timeLimit(.minutes(1)))
struct DustTests {
    /// A market in which a stranger opened a channel that the provider hears of first.
    private func market() async throws -> Market {
        let market = try await Market.make()
        let stranger = try #require(SigningKey(seed: [UInt8](repeating: 77, count: 32)))
        try await AccountSession(key: market.buyer, ledger: market.ledger).execute([
            .transfer(
                to: stranger.accountID,
                denomination: .native,
                amount: Amount(obol: 1_000_000)
            )
        ])
        for _ in 0..<64 {
            let dust = try await Market.openChannel(
                market.ledger,
                stranger,
                market.seller.accountID,
                market.voucherKey.publicKey,
                deposit: 1,
                lanes: 1
            )
            if dust < market.channel { return market }
        }
        throw MarketError.never
    }

    private enum MarketError: Error { case never }

    @Test("whoever wants to buy is served though the book is full of channels that nobody used")
    func served() async throws {
        let market = try await market()
        try await market.serving(change: { $0.channelsMax = 1 }) { door, upstream in
            upstream.behaviour = .answer(Texts.completion())
            let answer = try await door.call()
            #expect(answer.status == 200)
        }
    }

    private func terms(_ market: Market, _ id: ChannelID, deposit: UInt128) -> ChannelTerms {
        ChannelTerms(
            chain: market.ledger.genesis.chain,
            id: id,
            payer: market.buyer.accountID,
            payee: market.seller.accountID,
            denomination: .native,
            deposit: Amount(obol: deposit),
            voucherKey: market.voucherKey.publicKey,
            lanes: 1,
            isOpen: true
        )
    }

    @Test("a channel that was used stays, whoever comes; and what the journal says is the same")
    func used() async throws {
        let market = try await Market.make()
        var random = SplitMix64(seed: 4)
        let history = try BookHistory(market, steps: 10, random: &random)
        var book = history.book
        #expect(book.removeUnused() == nil)
        let ids = [
            Channel.id(payer: market.buyer.accountID, sequence: 900, messageIndex: 0),
            Channel.id(payer: market.buyer.accountID, sequence: 901, messageIndex: 0),
        ]
        for (id, deposit) in zip(ids, [7, 5] as [UInt128]) {
            try book.apply(.terms(terms(market, id, deposit: deposit)))
        }
        // The least first.
        #expect(book.removeUnused() == ids[1])
        // A deposit that grew meanwhile, written before it left, does not bring it back: a voucher
        // would stand behind its end in the journal.
        try book.apply(.terms(terms(market, ids[1], deposit: 9)))
        #expect(book.accounts[ids[1]] == nil)
        try book.apply(.forgotten(ids[1]))
        #expect(book.removeUnused() == ids[0])
        #expect(book.removeUnused() == nil)
        try book.apply(.forgotten(ids[0]))
        #expect(book == history.book)
        // Afterwards it may come again.
        try book.apply(.terms(terms(market, ids[1], deposit: 9)))
        #expect(book.accounts[ids[1]] != nil)
    }
}
