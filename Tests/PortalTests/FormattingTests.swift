import CanonicalCoding
import Foundation
import Identity
import LedgerIndex
import MarketTypes
import Testing

@testable import Portal

@Suite("PRT-20 to PRT-24: numbers, money, times and names for people")
struct FormattingTests {
    @Test(
        "money is exact, without zeros that say nothing",
        arguments: [
            (0, "0"), (1, "0.000000001"), (1_000_000_000, "1"), (1_500_000_000, "1.5"),
            (1_000_003, "0.001000003"), (1_234_567_000_000_000, "1,234,567"),
            (999_999_999, "0.999999999"), (80_000_000_000_010, "80,000.00000001"),
        ] as [(UInt128, String)]
    )
    func money(obol: UInt128, text: String) {
        #expect(MoneyText.exact(Amount(obol: obol), decimals: 9) == text)
    }

    @Test(
        "a size is never more than it is",
        arguments: [
            (0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_000, "1 kB"), (1_999, "1.9 kB"),
            (999_999, "999 kB"), (26_214_400, "26.2 MB"), (268_435_456, "268 MB"),
            (8 << 30, "8.5 GB"), (.max, "9,223,372 TB"),
        ] as [(Int, String)]
    )
    func sizes(bytes: Int, text: String) {
        #expect(SizeText.short(bytes) == text)
    }

    @Test("every digit comes back: nothing is rounded")
    func roundTrip() throws {
        for _ in 0..<500 {
            let obol = UInt128.random(in: 0 ... .max) >> UInt128.random(in: 0..<128)
            let amount = Amount(obol: obol)
            let text = MoneyText.typed(amount, decimals: 9)
            #expect(try Amount(stoa: text) == amount)
        }
    }

    @Test("what fills a field can be sent as it stands")
    func typed() {
        let amount = Amount(obol: 1_234_500_000_000)
        #expect(MoneyText.exact(amount, decimals: 9) == "1,234.5")
        #expect(MoneyText.typed(amount, decimals: 9) == "1234.5")
    }

    @Test("units with other decimals")
    func decimals() {
        #expect(MoneyText.exact(Amount(obol: 1250), decimals: 2) == "12.5")
        #expect(MoneyText.exact(Amount(obol: 1250), decimals: 0) == "1,250")
        #expect(MoneyText.exact(Amount(obol: 5), decimals: 18) == "0.000000000000000005")
        #expect(MoneyText.exact(Amount(obol: .max), decimals: 0).hasPrefix("340,282,366,920"))
    }

    @Test(
        "a price is cut behind the point only, and never rounded up",
        arguments: [
            (2_000_000_000, 9, "2"), (3_146_781_947, 9, "3.146781"),
            (123_456_789_999, 9, "123.4567"), (12_345_678_999_999, 9, "12,345.67"),
            (1_234_567_891, 0, "1,234,567,891"), (999_999_999, 9, "0.9999999"),
            (0, 9, "0"), (1, 27, "0.000000000000000000000000001"),
        ] as [(UInt128, Int, String)]
    )
    func price(number: UInt128, places: Int, text: String) {
        #expect(MoneyText.price(number, by: places) == text)
    }

    @Test("counts in few characters are never more than there is")
    func compact() {
        #expect(NumberText.compact(9_999) == "9,999")
        #expect(NumberText.compact(12_345) == "12.3k")
        #expect(NumberText.compact(999_999) == "999k")
        #expect(NumberText.compact(1_000_000) == "1M")
        #expect(NumberText.compact(45_990_000_000) == "45.9B")
    }

    @Test("percentages")
    func percent() {
        #expect(NumberText.percent(basisPoints: 500) == "5%")
        #expect(NumberText.percent(basisPoints: 1250) == "12.5%")
        #expect(NumberText.percent(basisPoints: 3340) == "33.4%")
        #expect(NumberText.percent(basisPoints: 5) == "0.05%")
        #expect(NumberText.percent(1, of: 3) == "33.3%")
        #expect(NumberText.percent(5, of: 0) == "0%")
        #expect(NumberText.percent(0, of: 5_000) == "0%")
        #expect(NumberText.percent(1, of: 5_000) == "<0.1%")
        #expect(NumberText.percent(.max, of: .max) == "100%")
        #expect(NumberText.percent(.max / 2, of: .max) == "49.9%")
    }

    @Test("dates are those of the calendar, for any day to the year 9999")
    func dates() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        let days: [UInt64] =
            [0, 59, 60, 789, 10_956, 11_016, 20_787]
            + (0..<300).map { _ in
                UInt64.random(in: 0...2_932_896)
            }
        for day in days {
            let date = Date(timeIntervalSince1970: Double(day) * 86_400 + 5)
            let parts = calendar.dateComponents([.year, .month, .day], from: date)
            let found = TimeText.date(day: day)
            #expect(Int(found.year) == parts.year)
            #expect(found.month == parts.month)
            #expect(found.day == parts.day)
        }
    }

    @Test("spans of blocks say about how long they are")
    func blocks() {
        #expect(BlockTime.about(1) == "about 1 s")
        #expect(BlockTime.about(600) == "about 10 min")
        #expect(BlockTime.about(86_400) == "about 24 h")
        #expect(BlockTime.about(2_592_000) == "about 30 days")
        #expect(BlockTime.span(7_200) == "7,200 blocks, about 2 h")
        #expect(BlockTime.span(0) == "0 blocks")
        #expect(BlockTime.about(.max).hasPrefix("about 213"))
        let now = BlockHeight(100)
        #expect(BlockTime.ahead(BlockHeight(160), from: now) == "in about 60 s")
        #expect(BlockTime.ahead(now, from: now) == nil)
    }

    @Test("times")
    func times() {
        let time = Timestamp(milliseconds: 1_796_045_659_123)
        #expect(TimeText.iso(time) == "2026-11-30T13:34:19Z")
        #expect(TimeText.full(time) == "30 Nov 2026, 13:34 UTC")
        #expect(TimeText.iso(Timestamp(milliseconds: .max)) == "9999-12-31T23:59:59Z")
        func ago(_ seconds: UInt64) -> String {
            TimeText.ago(time, now: Timestamp(milliseconds: time.milliseconds + seconds * 1000))
        }
        #expect(ago(0) == "now")
        #expect(ago(59) == "59 s ago")
        #expect(ago(61) == "1 min ago")
        #expect(ago(86_400) == "1 day ago")
        #expect(ago(86_400 * 40) == "30 Nov 2026")
        #expect(TimeText.ago(time, now: Timestamp(milliseconds: 0)) == "now", "a clock behind")
    }

    @Test("long names are short with the whole of them beside")
    func names() {
        let digest = Digest(sha256: [1])
        let fill = NameText.fill(digest)
        #expect(fill.text("full") == "\(digest)")
        #expect(fill.text("short")?.count == 13)
        let account = NameText.fill(AccountID(digest))
        #expect(account.text("href") == "/accounts/\(AccountID(digest))")
    }
}

@Suite("PRT-11, PRT-12: links")
struct LinkTests {
    @Test("parameters are encoded, and empty ones left out")
    func query() {
        let path = PortalPaths.query(
            "/search",
            [("text", "a&b=c \"<ü"), ("kind", nil), ("sort", ""), ("cursor", "ab-_")]
        )
        #expect(path == "/search?text=a%26b%3Dc%20%22%3C%C3%BC&cursor=ab-_")
        #expect(PortalPaths.query("/search", [("kind", nil)]) == "/search")
    }

    @Test(
        "an address is read as a browser's form writes it",
        arguments: [
            ("text=a+b%2Bc&kind=", "a b+c"), ("text=%C3%BC", "ü"), ("text=100%", "100%"),
            ("text=%zz%4", "%zz%4"), ("text=a=b&text=c", "a=b"), ("kind=x", nil), ("text", ""),
            ("text=%ff", "\u{FFFD}"),
        ] as [(String, String?)]
    )
    func query(query: String, text: String?) {
        #expect(FormQuery(query)["text"] == text)
        #expect(FormQuery(String(repeating: "a=b&", count: 5000))["text"] == nil)
    }

    @Test("a form's parameters name the same search again")
    func form() {
        let values = [
            "text": "llama 8b", "kind": "model", "interface": "chat", "unit": "input_token",
            "max": "0.5", "sort": "price", "seller": "",
        ]
        var form = SearchForm { values[$0] }
        let search = form.search()
        #expect(search.order == .price(.inputToken))
        #expect(search.priceLimit?.perMillion == Amount(obol: 500_000_000))
        let again = Dictionary(uniqueKeysWithValues: form.parameters.map { ($0.0, $0.1 ?? "") })
        var second = SearchForm { again[$0] }
        #expect(second.search() == search)
        #expect(form.faults.isEmpty)
    }

    @Test("what means nothing is said, not silently taken for everything")
    func faults() {
        let values = ["max": "-1", "seller": "somebody", "sort": "random", "kind": "boat"]
        var form = SearchForm { values[$0] }
        let search = form.search()
        #expect(form.faults.count == 2)
        #expect(search.kind == nil)
        #expect(search.order == .relevance)
    }
}
