import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

/// One message about units that must be refused, who sends it, and why.
struct RefusedUnit: Sendable, CustomTestStringConvertible {
    let refusal: Refusal
    let name: String
    let sender: Person
    let message: @Sendable (inout UnitTown) -> UnitMessage

    var testDescription: String { "\(refusal.name): \(name)" }

    init(
        _ refusal: UnitRefusal,
        _ name: String,
        from sender: Person = .carol,
        _ message: @escaping @Sendable (inout UnitTown) -> UnitMessage
    ) {
        self.init(other: .units(refusal), name, from: sender, message)
    }

    init(
        other refusal: Refusal,
        _ name: String,
        from sender: Person,
        _ message: @escaping @Sendable (inout UnitTown) -> UnitMessage
    ) {
        (self.refusal, self.name, self.sender) = (refusal, name, sender)
        self.message = message
    }

    /// Terms in which one thing is wrong.
    private static func draft(
        _ refusal: UnitRefusal,
        _ name: String,
        _ change: @escaping @Sendable (inout TermsDraft) -> Void
    ) -> RefusedUnit {
        RefusedUnit(refusal, name) { _ in
            .issueUnit(
                TermsDraft {
                    $0.ticker = "OTHER"
                    change(&$0)
                }.terms
            )
        }
    }

    private static let unit = UnitTown.unit
    private static let one = Amount(obol: 1)

    /// Tickers of more than 12 bytes cannot be decoded, so they never get as far as a rule.
    private static let tickers = ["", "AB", "eur", "EU R", "1EU", "EUR-C", "ÄÖÜ", "STOA", "OBOL"]

    private static let forms: [RefusedUnit] =
        tickers.map { ticker in draft(.invalidTicker, "of ticker \(ticker)") { $0.ticker = ticker }
        }
        + [
            draft(.invalidText, "no name") { $0.name = "" },
            draft(.invalidText, "a name with a line") { $0.name = "a\nb" },
            draft(.invalidText, "a name beyond ASCII") { $0.name = "€" },
            draft(.invalidText, "a name that begins with nothing") { $0.name = " a" },
            draft(.invalidText, "a name that ends with nothing") { $0.name = "a " },
            draft(.invalidText, "a link with a space") { $0.link = "https://a b" },
            draft(.invalidText, "a link with a line") { $0.link = "https://a\n" },
            draft(.invalidDecimals, "a digit too much") { $0.decimals = 19 },
            draft(.invalidSupply, "none of it") { $0.supplyMax = 0 },
            draft(.invalidSupply, "one too much") { $0.supplyMax = (1 << 96) + 1 },
            draft(.alreadyIssued, "a ticker twice") { $0.ticker = "CHFC" },
        ]

    private static let changes: [RefusedUnit] = [
        RefusedUnit(.zeroAmount, "nothing minted") { _ in
            .mintUnit(unit, .zero, to: Person.bob.id)
        },
        RefusedUnit(.zeroAmount, "nothing burned", from: .bob) { _ in .burnUnit(unit, .zero) },
        RefusedUnit(.zeroAmount, "nothing redeemed", from: .bob) { _ in
            .redeemUnit(unit, .zero, reference: .zero)
        },
        RefusedUnit(.unknownUnit, "minted of no unit") { _ in
            .mintUnit(digest(1), one, to: Person.bob.id)
        },
        RefusedUnit(.unknownUnit, "a unit that has a supply and no issuer", from: .bob) { _ in
            .burnUnit(digest(0x77), one)
        },
        RefusedUnit(.unknownUnit, "redeemed of no unit", from: .bob) { _ in
            .redeemUnit(digest(0x77), one, reference: .zero)
        },
        RefusedUnit(.unknownUnit, "the native unit, minted") { _ in
            .mintUnit(.zero, one, to: Person.carol.id)
        },
        RefusedUnit(.notIssuer, "minted by a holder", from: .bob) { _ in
            .mintUnit(unit, one, to: Person.bob.id)
        },
        RefusedUnit(.supplyExceeded, "one too many") { _ in
            .mintUnit(unit, Amount(obol: 1_000_000 - 6700 + 1), to: Person.bob.id)
        },
        RefusedUnit(.supplyExceeded, "all that can be written") { _ in
            .mintUnit(unit, Amount(obol: .max), to: Person.bob.id)
        },
        RefusedUnit(.supplyExceeded, "more than can be counted") { town in
            let record = UnitRecord(
                issuer: Person.carol.id,
                terms: TermsDraft().terms,
                minted: Amount(obol: .max),
                burned: Amount(obol: .max - 6700),
                issuedAt: BlockHeight(1)
            )
            town.harness.plant(record, .unit(unit))
            return .mintUnit(unit, one, to: Person.bob.id)
        },
        RefusedUnit(
            other: .accounts(.insufficientBalance),
            "burned more than one has",
            from: .bob
        ) { _ in .burnUnit(unit, Amount(obol: 1001)) },
        RefusedUnit(
            other: .accounts(.insufficientBalance),
            "redeemed more than one has",
            from: .bob
        ) { _ in .redeemUnit(unit, Amount(obol: 1001), reference: .zero) },
        RefusedUnit(.ownUnit, "redeemed by the issuer") { town in
            town.send(.carol, .mintUnit(unit, one, to: Person.carol.id))
            return .redeemUnit(unit, one, reference: .zero)
        },
    ]

    private static let redemptions: [RefusedUnit] = [
        RefusedUnit(.unknownRedemption, "nothing to settle") { _ in .settleRedemption(digest(1)) },
        RefusedUnit(.unknownRedemption, "nothing to take back") { _ in
            .cancelRedemption(digest(1))
        },
        RefusedUnit(.unknownRedemption, "settled twice") { town in
            town.send(.carol, .settleRedemption(town.redemption))
            return .settleRedemption(town.redemption)
        },
        RefusedUnit(.unknownRedemption, "settled and taken back", from: .alice) { town in
            town.send(.carol, .settleRedemption(town.redemption))
            return .cancelRedemption(town.redemption)
        },
        RefusedUnit(.notIssuer, "settled by the holder", from: .alice) {
            .settleRedemption($0.redemption)
        },
        RefusedUnit(.notParty, "taken by somebody else", from: .bob) { town in
            town.harness.endBlock(blocks: UnitTown.blocks)
            return .cancelRedemption(town.redemption)
        },
        RefusedUnit(.tooEarly, "a block too early", from: .alice) { town in
            town.harness.endBlock(blocks: UnitTown.blocks - 2)
            return .cancelRedemption(town.redemption)
        },
    ]

    static let all = forms + changes + redemptions
}

@Suite("The ledger refuses of units")
struct UnitRefusalTests {
    /// That nothing but sequence number and fee changes is checked by the harness.
    @Test("a message that breaks a rule, with its number", arguments: RefusedUnit.all)
    func message(_ refused: RefusedUnit) {
        var town = UnitTown.start
        let message = refused.message(&town)
        let result = town.send(refused.sender, message)
        #expect(result.refusal == refused.refusal)
        #expect(result.messageIndex == 0)
    }

    @Test("every refusal that there is stands in the table")
    func covered() {
        let codes = Set(RefusedUnit.all.map(\.refusal.code))
        let missing = UnitRefusal.allCases.filter { !codes.contains(Refusal.units($0).code) }
        #expect(missing.isEmpty)
    }
}
