import MarketTypes
import Testing

@testable import Portal

@Suite("PRT-79: used, locked and free in words")
struct ChannelUseTests {
    private func digits(_ fill: Fill, _ name: String) -> String? {
        (fill.values[name] as? [String: Any])?["digits"] as? String
    }

    private func fill(used: UInt128, promised: UInt128, claimed: UInt128) -> Fill {
        ChannelUse(used: Amount(obol: used), promised: Amount(obol: promised)).fill(
            deposit: Amount(obol: 190_000_000),
            claimed: Amount(obol: claimed),
            .native
        )
    }

    @Test("what was used and not claimed is told, and what is left of the deposit")
    func parts() {
        let fill = fill(used: 1_440, promised: 8_560, claimed: 440)
        #expect(digits(fill, "used") == "0.00000144")
        #expect(digits(fill, "unclaimed") == "0.000001")
        #expect(digits(fill, "promised") == "0.00000856")
        #expect(digits(fill, "free") == "0.18999")
    }

    @Test("what is nothing is not told; a claim that is not known here counts as used")
    func none() {
        let fill = fill(used: 0, promised: 0, claimed: 1_440)
        #expect(digits(fill, "used") == "0.00000144")
        #expect(digits(fill, "unclaimed") == nil && digits(fill, "promised") == nil)
    }

    @Test("a call that may cost all that is left leaves nothing free")
    func all() {
        let fill = fill(used: 100, promised: 900_000_000, claimed: 0)
        #expect(digits(fill, "free") == "0")
    }

    @Test("spans of blocks are said in the unit that says enough")
    func spans() {
        #expect(BlockText.span(1) == "about 1 second")
        #expect(BlockText.span(600) == "about 10 minutes")
        #expect(BlockText.span(100_000) == "about 28 hours")
        #expect(BlockText.span(604_800) == "about 7 days")
    }
}
