import MarketTypes
import Probes
import Testing

@testable import Portal

@Suite("TEL-15: how the market has been, in words")
struct ProbeTextTests {
    @Test("a share is rounded down: one fault in a million looks is not “100 %”")
    func shares() {
        func share(_ good: UInt64, _ looks: UInt64) -> String {
            ProbeText.share(ProbeCount(looks: looks, good: good))
        }
        #expect(share(0, 0) == "–")
        #expect(share(5, 5) == "100 %")
        #expect(share(999_999, 1_000_000) == "99.99 %")
        #expect(share(1, 3) == "33.33 %")
        #expect(share(0, 3) == "0.00 %")
        #expect(share(9_905, 10_000) == "99.05 %")
    }

    @Test("of a time that nobody has looked at yet nothing is said")
    func early() {
        func share(_ looks: UInt64, within minutes: UInt64) -> String {
            ProbeText.share(ProbeCount(looks: looks, good: looks), within: minutes)
        }
        #expect(share(2, within: 1_440) == "100 % of 2 minutes")
        #expect(share(1_400, within: 1_440) == "100 %")
        #expect(share(2_880, within: 129_600) == "100 % of 2 days")
        #expect(share(0, within: 1_440) == "–")
    }
}
