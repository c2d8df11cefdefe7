import CanonicalCoding
import HTTPTypes
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import Testing
import WebServing

@testable import MarketAPI

@Suite("REST-12: what is said of a transaction before it is signed")
struct PlainWordsTests {
    let market: MarketFixture

    init() async throws {
        market = try await MarketFixture()
    }

    private var transfer: String {
        #"{"type":"transfer","to":"\#(Person.bob.id)","amount":"1500000000"}"#
    }

    private func prepared(_ person: Person, _ message: String) async throws -> JSON {
        try await market.ask(
            "/transactions/prepare",
            method: .post,
            body: #"{"key":"\#(person.key.publicKey)","messages":[\#(message)]}"#
        ).document
    }

    private func texts(_ document: JSON, _ member: String) -> [String] {
        (document[member]?.elements ?? []).compactMap(\.string)
    }

    @Test("what is signed stands in plain words too, with what the ledger knows of it")
    func plainWords() async throws {
        let sent = try await prepared(.alice, transfer)
        #expect(texts(sent, "plain") == ["Send 1.5 STOA to \(Person.bob.id)."])
        #expect(texts(sent, "obstacles") == [])
        let channel = try #require(market.names.paths["channel"])
        let closing = try await prepared(
            .alice,
            #"{"type":"closeChannel","channel":"\#(channel)"}"#
        )
        let closed = try #require(texts(closing, "plain").first)
        let bob = "\(Person.bob.id)".prefix(10)
        #expect(closed.hasPrefix("Close the payment channel to \(bob)…"))
        #expect(closed.contains(" STOA is locked in it"))
        let session = #"""
            {"type":"grantSession","session":"\#(Person.carol.id)","messages":[6,7,9,10],
            "limits":[{"denomination":"native","amount":"2500000000"}],"periodBlocks":86400,
            "validUntil":600000}
            """#
        let granted = try #require(texts(try await prepared(.alice, session), "plain").first)
        #expect(granted.contains("the key of \(Person.carol.id) pay at most 2.5 STOA of yours"))
        #expect(granted.contains("to anybody, through payment channels and fees included"))
        let named = session.replacing(
            #""validUntil""#,
            with: #""payees":["\#(Person.bob.id)"],"validUntil""#
        )
        let narrow = try #require(texts(try await prepared(.alice, named), "plain").first)
        #expect(narrow.contains("of yours to \(Person.bob.id), through"))
        #expect(granted.contains("86,400 blocks") && granted.contains("until block 600,000"))
        // A name of an asset is anybody's: its owner stands there too.
        let shares = try await prepared(
            .bob,
            #"""
            {"type":"transfer","to":"\#(Person.carol.id)","amount":"3",
            "denomination":"\#(ShareUnit.unit(of: market.names.tune))"}
            """#
        )
        let handed = try #require(texts(shares, "plain").first)
        #expect(handed.hasPrefix("Send 3 shares of ") && handed.contains("(an asset of stoa1"))
        #expect(!handed.contains("…"))
        // What has no words of its own is said whole.
        let other = try await prepared(.alice, #"{"type":"unbond","amount":"5"}"#)
        #expect(texts(other, "plain") == texts(other, "summary"))
        // A session for anything else, too.
        let more = session.replacing("[6,7,9,10]", with: "[1,6]")
        let whole = try await prepared(.alice, more)
        #expect(texts(whole, "plain") == texts(whole, "summary"))
    }

    @Test("a pass is named with its price, and one that cannot be had is said not to be")
    func plainPasses() async throws {
        let plan = try #require(market.names.paths["plan"])
        func buying(_ person: Person, _ priceMax: String) async throws -> JSON {
            try await prepared(
                person,
                #"{"type":"buyPass","plan":"\#(plan)","priceMax":"\#(priceMax)"}"#
            )
        }
        let fair = try await buying(.carol, "1000000000")
        let words = try #require(texts(fair, "plain").first)
        #expect(words.hasPrefix("Pay 1 STOA for a pass of the plan “monthly” of "))
        #expect(words.contains("1,000 blocks"))
        #expect(texts(fair, "obstacles") == [])
        let wide = try await buying(.carol, "2000000000")
        let most = try #require(texts(wide, "plain").first)
        #expect(most.hasPrefix("Pay 1 STOA now, and never more than 2 STOA, for a pass"))
        let poor = try await buying(.carol, "5")
        #expect(texts(poor, "obstacles").first?.contains("costs 1 STOA now") == true)
        // Alice has one.
        let held = try await buying(.alice, "1000000000")
        #expect(texts(held, "obstacles").first?.contains("already") == true)
    }

    @Test("what takes more than there is is said before it is signed")
    func shortages() async throws {
        let amount = "\(UInt128(1) << 100)"
        let much = #"{"type":"transfer","to":"\#(Person.bob.id)","amount":"\#(amount)"}"#
        let obstacle = try #require(texts(try await prepared(.alice, much), "obstacles").first)
        #expect(obstacle.contains("With the fee of ") && obstacle.contains("this account has "))
        let unit = "\(market.names.unit)"
        let more = #"""
            {"type":"transfer","to":"\#(Person.bob.id)","amount":"\#(amount)",
            "denomination":"\#(unit)"}
            """#
        let issued = try #require(texts(try await prepared(.carol, more), "obstacles").first)
        #expect(issued.hasPrefix("It takes ") && issued.contains("EURC (issued by "))
        // What may bring money in first is left to the ledger.
        let channel = try #require(market.names.paths["channel"])
        let both = #"{"type":"withdrawChannel","channel":"\#(channel)"},"# + much
        #expect(texts(try await prepared(.alice, both), "obstacles") == [])
    }

    @Test(
        "about how long blocks take",
        arguments: [
            (UInt64(1), "about a second"), (90, "about 90 seconds"), (150, "about 3 minutes"),
            (86_400, "about 24 hours"), (100_000, "about 28 hours"), (604_800, "about 7 days"),
        ]
    )
    func durations(blocks: UInt64, text: String) {
        #expect(BlockPace(blocks: 1000, milliseconds: 1_000_000).duration(of: blocks) == text)
        #expect(BlockPace(blocks: 1, milliseconds: .max).duration(of: .max) == nil)
    }

    @Test("an amount in words is exact")
    func amounts() {
        #expect(Amount(obol: 1_234_567_000_000_001).words(decimals: 9, "STOA")
            == "1,234,567.000000001 STOA")
        #expect(Amount(obol: 0).words(decimals: 9, "STOA") == "0 STOA")
        #expect(Amount(obol: 100).words(decimals: 0, "shares") == "100 shares")
        #expect(Amount(obol: 5).words(decimals: 2, "EURC") == "0.05 EURC")
    }
}
