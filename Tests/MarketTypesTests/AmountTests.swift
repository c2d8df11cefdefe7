import MarketTypes
import Testing

@Suite("Amount")
struct AmountTests {
    @Test(
        "refuses text that is not a decimal number of STOA",
        arguments: [
            "", ".", "1.", ".5", "-1", "+1", "1e3", "1,0", "0.0000000001", " 1", "1 ", "١", "1.2.3",
            "0x10", "1_000", "½", "1.-5", "1.+5", "NaN", "\u{0}1", "1.０",
        ]
    )
    func refusesText(_ text: String) {
        #expect(throws: AmountError.malformed(text)) { try Amount(stoa: text) }
    }

    @Test(
        "refuses text that is not a whole number of obol",
        arguments: ["", "-1", "+1", "1.0", "1e3", " 1", "١", "0x1"]
    )
    func refusesObolText(_ text: String) {
        #expect(throws: AmountError.malformed(text)) { try Amount(obolText: text) }
    }

    @Test(
        "refuses text above 128 bits",
        arguments: [
            "340282366920938463463374607431.768211456", "340282366920938463463374607432",
            "99999999999999999999999999999999999999999999999999",
        ]
    )
    func refusesLargeText(_ text: String) {
        #expect(throws: AmountError.overflow) { try Amount(stoa: text) }
    }

    @Test("refuses obol above 128 bits")
    func refusesLargeObol() {
        let text = "340282366920938463463374607431768211456"
        #expect(throws: AmountError.overflow) { try Amount(obolText: text) }
    }

    @Test(
        "parses STOA exactly",
        arguments: [
            ("0", 0), ("0.000000001", 1), ("1", 1_000_000_000), ("12.5", 12_500_000_000),
            ("00.10", 100_000_000), ("340282366920938463463374607431.768211455", UInt128.max),
        ]
    )
    func parses(_ text: String, _ obol: UInt128) throws {
        #expect(try Amount(stoa: text).obol == obol)
    }

    @Test("P1: what is printed parses to the same amount", arguments: UInt64(0)..<64)
    func printsWhatItParses(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let amount = Amount(obol: random.wide())
        #expect(try Amount(stoa: amount.description) == amount)
        #expect(try Amount(obolText: String(amount.obol)) == amount)
    }

    @Test("P1: sums and differences are exact or refused")
    func sums() throws {
        let most = Amount(obol: .max)
        let one = Amount(obol: 1)
        #expect(throws: AmountError.overflow) { try most.adding(one) }
        #expect(throws: AmountError.insufficient(available: .zero, required: one)) {
            try Amount.zero.subtracting(one)
        }
        #expect(try most.subtracting(most).isZero)
        #expect(try most.subtracting(one).adding(one) == most)
    }

    @Test("P1: scaling equals long arithmetic, bit for bit", arguments: UInt64(0)..<100)
    func scales(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let (amount, numerator, denominator) = (random.wide(), random.wide(), random.wide())
        let product = SlowNumber(amount) * SlowNumber(numerator)
        do {
            let quotient = try Amount(obol: amount).scaled(by: numerator, over: denominator).obol
            // quotient × denominator ≤ product < (quotient + 1) × denominator
            let floor = SlowNumber(quotient) * SlowNumber(denominator)
            #expect(!(product < floor))
            #expect(product < floor + SlowNumber(denominator))
        } catch {
            #expect(error == .overflow)
            let most = (SlowNumber(.max) + SlowNumber(1)) * SlowNumber(denominator)
            #expect(!(product < most), "refused although the quotient fits")
        }
    }

    @Test("scaling over nothing is refused, not a trap")
    func scalesOverZero() {
        #expect(throws: AmountError.overflow) { try Amount.zero.scaled(by: 0, over: 0) }
        #expect(throws: AmountError.overflow) { try Amount(obol: 1).scaled(by: 1, over: 0) }
    }
}
