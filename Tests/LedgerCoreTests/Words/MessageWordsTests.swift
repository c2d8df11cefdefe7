import CanonicalCoding
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("what a signer without a network is shown")
struct MessageWordsTests {
    private let euro = digest(0x2c)
    private let account = AccountID(digest(0x41))

    @Test("STOA has its decimals, any other unit is counted in its smallest part")
    func amounts() throws {
        let amount = Amount(obol: 100_000_000)
        let paid = Message.transfer(to: account, denomination: .native, amount: amount)
        #expect(paid.words == "pay 0.100000000 STOA to \(account)")
        let terms = JobTerms(
            seller: account,
            asset: nil,
            denomination: .issued(euro),
            amount: amount,
            document: digest(0x77),
            acceptBy: BlockHeight(100),
            deliverBy: BlockHeight(200),
            reviewBlocks: 50
        )
        let words = Message.escrows(.lock(terms)).words
        #expect(words.contains("100000000 of the smallest part of unit \(euro)"), "\(words)")
        #expect(!words.contains("0.1"))
    }

    /// The other side of a swap, a channel's and a plan's unit stand on the ledger alone.
    @Test("an amount whose unit the message does not name is no STOA either")
    func unnamedUnits() {
        let amount = Amount(obol: 8_086_207_599_676_997)
        let swap = PoolSwap(
            PoolID(digest(1)),
            given: .native,
            amount: Amount(obol: 1),
            wantedMin: amount,
            until: BlockHeight(9)
        )
        let messages: [Message] = [
            .exchange(.swap(swap)),
            .exchange(.buyFromSale(SaleID(digest(2)), amount: amount, payMax: amount)),
            .topUpChannel(channel: ChannelID(digest(3)), amount: amount),
            .passes(.buyPass(PlanID(digest(4)), priceMax: amount)),
            .passes(.renewPass(PlanID(digest(4)), priceMax: amount)),
            .units(.burnUnit(euro, amount)),
            .units(.redeemUnit(euro, amount, reference: .zero)),
            .units(.mintUnit(euro, amount, to: account)),
            .governance(.fundTreasury(.issued(euro), amount)),
        ]
        for message in messages {
            let words = message.words
            #expect(words.contains("8086207599676997 of the smallest part of "), "\(words)")
            #expect(!words.contains("8086207.599676997"), "\(words)")
        }
    }

    @Test("a text of somebody else's cannot look like a line of its own")
    func quotation() {
        #expect("café – 100 %".quotedWords == "“café – 100 %”")
        #expect("a\nfee 0".quotedWords == "“a\\u{a}fee 0”")
        #expect("\u{1b}[2K\u{202e}”\\".quotedWords == "“\\u{1b}[2K\\u{202e}\\u{201d}\\u{5c}”")
    }

    @Test("a session says whom it may pay, how much and with which messages")
    func session() {
        let grant = SessionGrant(
            session: account,
            scope: SessionScope(messages: [1, 6, 130]),
            limits: [SessionLimit(.native, Amount(obol: 2_000_000_000))],
            periodBlocks: 1000,
            validUntil: BlockHeight(5000)
        )
        #expect(
            Message.authorization(.grantSession(grant)).words
                == "let key \(account) act for this account until block 5000, with the messages "
                + "1 transfer and 6 openChannel and 130, which this program does not know, "
                + "paying anybody, spending 2.000000000 STOA at most in every 1000 blocks"
        )
    }

    @Test("every message that a key can be allowed has a name, and no other tag has")
    func names() {
        for tag in 1...UInt8(101) {
            #expect((SessionGrant.kinds[tag] != nil) == isKnown(tag), "tag \(tag)")
        }
        #expect(SessionGrant.kinds.keys.allSatisfy { $0 <= 101 })
    }

    /// Whether there is such a message: version and tag alone then fail for what is missing.
    private func isKnown(_ tag: UInt8) -> Bool {
        do {
            _ = try Message(canonicalBytes: [1, tag])
            return true
        } catch {
            return error != .unknownTag
        }
    }
}
