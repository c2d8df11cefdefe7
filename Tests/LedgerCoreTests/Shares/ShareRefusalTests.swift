import CanonicalCoding
import Identity
import MarketTypes
import Testing

@testable import LedgerCore

/// One message about shares that must be refused, who sends it, and why.
struct RefusedShares: Sendable, CustomTestStringConvertible {
    let refusal: Refusal
    let name: String
    let sender: Person
    let message: @Sendable (inout ShareTown) -> Message

    var testDescription: String { "\(refusal.name): \(name)" }

    init(
        _ refusal: SharesRefusal,
        _ name: String,
        from sender: Person = .bob,
        _ message: @escaping @Sendable (inout ShareTown) -> SharesMessage
    ) {
        self.init(other: .shares(refusal), name, from: sender) { .shares(message(&$0)) }
    }

    init(
        other refusal: Refusal,
        _ name: String,
        from sender: Person = .bob,
        _ message: @escaping @Sendable (inout ShareTown) -> Message
    ) {
        (self.refusal, self.name, self.sender) = (refusal, name, sender)
        self.message = message
    }

    private static let asset = ShareTown.asset
    private static let token = LedgerHarness.token

    private static func issue(
        _ count: UInt64 = 1,
        _ income: [Denomination] = [],
        of asset: AssetID = asset
    ) -> SharesMessage {
        .issueShares(asset, count: count, income: income)
    }

    /// Makes units of Bob's, in ascending order.
    private static func units(_ count: Int, _ town: inout ShareTown) -> [Denomination] {
        var units: [Denomination] = []
        for number in 0..<count {
            let ticker = "UNIT\(number)"
            town.passes.harness.send(.bob, TermsDraft { $0.ticker = ticker }.message)
            units.append(.issued(UnitRecord.unit(issuer: Person.bob.id, ticker: ticker)))
        }
        return units.sorted()
    }

    private static let issues: [RefusedShares] = [
        RefusedShares(.invalidCount, "none") { _ in issue(0) },
        RefusedShares(.invalidCount, "one too many") { _ in issue((1 << 48) + 1) },
        RefusedShares(.invalidIncome, "income in STOA twice") { _ in issue(1, [.native]) },
        RefusedShares(.invalidIncome, "income in the shares") { _ in
            issue(1, [ShareTown.shares])
        },
        RefusedShares(.invalidIncome, "a unit twice") { _ in issue(1, [token, token]) },
        RefusedShares(.invalidIncome, "units in no order") { town in
            issue(1, units(2, &town).reversed())
        },
        RefusedShares(.invalidIncome, "a fourth unit besides STOA") { town in
            issue(1, units(4, &town))
        },
        RefusedShares(.unknownDenomination, "income in nothing") { _ in
            issue(1, [.issued(digest(1))])
        },
        RefusedShares(other: .assets(.unknownAsset), "of nothing") { _ in
            .shares(issue(of: AssetID(digest(1))))
        },
        RefusedShares(other: .assets(.notOwner), "of another's asset", from: .alice) { _ in
            .shares(issue())
        },
        RefusedShares(other: .lineage(.retired), "of a retired asset") { town in
            town.passes.harness.send(.bob, .lineage(.retireAsset(asset)))
            return .shares(issue())
        },
        RefusedShares(.alreadyIssued, "a second time") { _ in issue() },
    ]

    private static let incomes: [RefusedShares] = [
        RefusedShares(other: .assets(.unknownAsset), "income of nothing") { _ in
            .shares(.admitIncome(AssetID(digest(1)), token))
        },
        RefusedShares(other: .assets(.notOwner), "by a shareholder", from: .alice) { _ in
            .shares(.admitIncome(asset, token))
        },
        RefusedShares(.noShares, "of an asset without shares") { town in
            let publication = AssetPublication(
                name: "second",
                kind: .model,
                licence: "MIT",
                version: AssetVersion(content: digest(1), metadataLink: "")
            )
            town.passes.harness.send(.bob, .publishAsset(publication))
            return .admitIncome(Asset.id(owner: Person.bob.id, name: "second"), token)
        },
        RefusedShares(.invalidIncome, "the shares themselves") { _ in
            .admitIncome(asset, ShareTown.shares)
        },
        RefusedShares(.unknownDenomination, "a unit nobody issued") { _ in
            .admitIncome(asset, .issued(digest(1)))
        },
        RefusedShares(.alreadyAdmitted, "STOA") { _ in .admitIncome(asset, .native) },
        RefusedShares(.alreadyAdmitted, "tokens") { _ in .admitIncome(asset, token) },
        RefusedShares(.tooManyIncomes, "a fifth") { town in
            let more = units(3, &town)
            for unit in more.dropLast() { town.send(.bob, .admitIncome(asset, unit)) }
            return .admitIncome(asset, more[2])
        },
        RefusedShares(other: .shares(.incomeNotShared), "an offer that pays them nothing") {
            town in
            let unit = units(1, &town)[0]
            return .publishOffer(
                Town.offer(of: asset) {
                    $0.bond = 0
                    $0.denomination = unit
                }
            )
        },
        RefusedShares(other: .shares(.incomeNotShared), "a plan that pays them nothing") { town in
            let unit = units(1, &town)[0]
            return PlanDraft {
                $0.included = PassTown.included(4)
                $0.denomination = unit
            }.message
        },
    ]

    private static let withdrawals: [RefusedShares] = [
        RefusedShares(.noShares, "of nothing", from: .alice) { _ in
            .withdrawDividends(AssetID(digest(1)), .native)
        },
        RefusedShares(.nothingToWithdraw, "before there is any", from: .alice) { _ in
            .withdrawDividends(asset, .native)
        },
        RefusedShares(.nothingToWithdraw, "without a share", from: .erin) { town in
            town.passes.buy(.dave, town.passes.monthly)
            return .withdrawDividends(asset, .native)
        },
        RefusedShares(.nothingToWithdraw, "in a unit that is not shared", from: .alice) { _ in
            .withdrawDividends(asset, .issued(digest(1)))
        },
        RefusedShares(.nothingToWithdraw, "less than an obol", from: .alice) { town in
            _ = town.earn(3)
            return .withdrawDividends(asset, .native)
        },
        RefusedShares(
            other: .accounts(.insufficientBalance),
            "a share too many",
            from: .alice
        ) { _ in
            .transfer(
                to: Person.erin.id,
                denomination: ShareTown.shares,
                amount: Amount(obol: 301)
            )
        },
        RefusedShares(other: .units(.unknownUnit), "shares that are burned", from: .alice) { _ in
            .units(.burnUnit(ShareTown.unit, Amount(obol: 1)))
        },
        RefusedShares(other: .units(.unknownUnit), "shares that are minted") { _ in
            .units(.mintUnit(ShareTown.unit, Amount(obol: 1), to: Person.bob.id))
        },
    ]

    static let all = issues + incomes + withdrawals
}

@Suite("The ledger refuses of shares")
struct ShareRefusalTests {
    /// That nothing but sequence number and fee changes is checked by the harness.
    @Test("a message that breaks a rule, with its number", arguments: RefusedShares.all)
    func message(_ refused: RefusedShares) {
        var town = ShareTown.start
        let message = refused.message(&town)
        let result = town.passes.harness.send(refused.sender, message)
        #expect(result.refusal == refused.refusal)
        #expect(result.messageIndex == 0)
    }

    @Test("every refusal that there is stands in the table")
    func covered() {
        let codes = Set(RefusedShares.all.map(\.refusal.code))
        let missing = SharesRefusal.allCases.filter { !codes.contains(Refusal.shares($0).code) }
        #expect(missing.isEmpty)
    }
}
