import CanonicalCoding
import Foundation
import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import Gateway

/// CALL-16: each denomination has a budget of its own, and none pays for another.
@Suite("Denominations")
struct DenominationTests {
    private static let euro = Denomination.issued(Digest(sha256: [1]))
    private static let franc = Denomination.issued(Digest(sha256: [2]))

    private func key(_ number: UInt8) throws -> SigningKey {
        try #require(SigningKey(seed: Array(repeating: number, count: SigningKey.seedBytes)))
    }

    private func offer(_ denomination: Denomination) throws -> Offer {
        let price = try #require(Price(amount: Amount(obol: 100), perUnits: 1))
        return Offer(
            seller: try key(1).accountID,
            receiptKey: try key(2).publicKey,
            asset: AssetID(Digest(sha256: [3])),
            assetVersion: 1,
            weights: Digest(sha256: [4]),
            model: "small",
            interface: .json,
            endpoint: "http://127.0.0.1:1",
            denomination: denomination,
            prices: PriceTable(try #require(SortedMap([(.call, price)]))),
            limits: OfferLimits(
                requestBytesMax: 4096,
                inputTokensMax: 1,
                outputTokensMax: 1,
                templateTokensMax: 1,
                callMillisecondsMax: 1000
            ),
            verification: .receipt,
            bond: .zero,
            version: 1,
            supersedes: nil,
            expiresAt: Timestamp(milliseconds: 2_000_000)
        )
    }

    private func ask(_ denomination: Denomination) throws -> LaneAsk {
        LaneAsk(
            offer: try offer(denomination),
            unitsMax: try #require(UnitCounts([(.call, 1)])),
            chargeMax: Amount(obol: 100),
            request: Digest(sha256: [5]),
            now: Timestamp(milliseconds: 1_000_000),
            expiresAt: Timestamp(milliseconds: 1_100_000)
        )
    }

    private func units(_ change: (inout GatewayConfiguration) -> Void = { _ in }) -> GatewayUnits {
        var configuration = GatewayConfiguration()
        configuration.budget.totalObol = 1000
        configuration.budget.channelDepositObol = 1000
        configuration.unitBudgets = [
            UnitBudget(
                unit: Digest(sha256: [1]),
                name: "EURC",
                decimals: 2,
                total: Amount(obol: 250)
            )
        ]
        change(&configuration)
        return GatewayUnits(configuration)
    }

    @Test("fundings of two denominations towards one seller count against their own budgets")
    func budgets() throws {
        let limits = WalletLimits(units: units().limits, channelsPerSellerMax: 4)
        var wallet = WalletState(limits: limits)
        guard case .fund(let native) = wallet.decide(try ask(.native)) else {
            Issue.record("STOA was not locked")
            return
        }
        #expect((native.denomination, native.amount) == (.native, Amount(obol: 1000)))
        guard case .fund(let euro) = wallet.decide(try ask(Self.euro)) else {
            Issue.record("a funding in STOA must not stand in the way of one in euros")
            return
        }
        #expect((euro.denomination, euro.amount) == (Self.euro, Amount(obol: 100)))
        #expect(wallet.locked(.native) == Amount(obol: 1000))
        #expect(wallet.locked(Self.euro) == Amount(obol: 100))
        #expect(wallet.budgetLeft(.native) == .zero)
        #expect(wallet.budgetLeft(Self.euro) == Amount(obol: 150))
        // One under way is waited for, and only that one.
        guard case .wait = wallet.decide(try ask(Self.euro)) else {
            Issue.record("two fundings of one kind are under way")
            return
        }
        wallet.endFunding(euro, isUncertain: true)
        #expect(wallet.locked(Self.euro) == Amount(obol: 100), "what is uncertain stays counted")
        #expect(wallet.isFunding(Purse(seller: native.seller, denomination: .native)))
    }

    @Test("a denomination without a budget locks nothing")
    func noBudget() throws {
        let limits = WalletLimits(units: units().limits, channelsPerSellerMax: 4)
        var wallet = WalletState(limits: limits)
        guard case .refused(.budget(let unit, let needed, let available)) = wallet.decide(
            try ask(Self.franc)
        ) else {
            Issue.record("francs were locked")
            return
        }
        #expect(unit == Self.franc)
        #expect((needed, available) == (Amount(obol: 100), .zero))
    }

    @Test("STOA goes first if it has a budget, then the units in their order")
    func preference() {
        let all = units {
            $0.unitBudgets.append(
                UnitBudget(
                    unit: Digest(sha256: [2]),
                    name: "CHFC",
                    decimals: 2,
                    total: Amount(obol: 1)
                )
            )
        }
        #expect(all.all.map(\.denomination) == [.native, Self.euro, Self.franc])
        #expect(units { $0.budget.totalObol = 0 }.all.map(\.denomination) == [Self.euro])
    }

    @Test("amounts are written in their unit's decimals")
    func text() {
        let euro = units().unit(Self.euro)
        #expect(euro.text(Amount(obol: 5)) == "0.05 EURC")
        #expect(euro.text(Amount(obol: 12_345)) == "123.45 EURC")
        #expect(units().unit(.native).text(Amount(obol: 1)) == "0.000000001 STOA")
        #expect(units().unit(Self.franc).text(Amount(obol: 7)).hasPrefix("7 of "))
    }

    @Test("a budget of a unit that cannot be used is named, with its place")
    func faults() {
        var configuration = GatewayConfiguration()
        configuration.budget.totalObol = 0
        configuration.budget.channelDepositObol = 0
        configuration.budget.topUpBelowObol = 0
        let faults = ["budget.totalObol is zero", "budget.channelDepositObol is zero"]
        #expect(configuration.validate() == faults)
        let euro = UnitBudget(
            unit: Digest(sha256: [1]),
            name: "EURC",
            decimals: 2,
            total: Amount(obol: 250)
        )
        configuration.unitBudgets = [euro]
        #expect(configuration.validate().isEmpty, "a budget in euros is one")
        configuration.unitBudgets[0].channelDeposit = Amount(obol: 251)
        #expect(configuration.validate() == ["unitBudgets[0].channelDeposit exceeds total"])
        configuration.unitBudgets = [euro, euro]
        #expect(configuration.validate() == ["unitBudgets names \(euro.unit) twice"])
    }

    @Test("a budget is read from a file with its amounts as text, and written so")
    func file() throws {
        let text = #"{"unitBudgets":[{"unit":"UNIT","name":"EURC","decimals":2,"total":"250"}]}"#
        let unit = Digest(sha256: [1])
        let data = Data(text.replacing("UNIT", with: unit.description).utf8)
        let read = try JSONDecoder().decode(GatewayConfiguration.self, from: data)
        let budget = try #require(read.unitBudgets.first)
        let total = Amount(obol: 250)
        #expect(budget == UnitBudget(unit: unit, name: "EURC", decimals: 2, total: total))
        #expect(budget.channelDeposit == Amount(obol: 25))
        let again = try JSONDecoder().decode(
            UnitBudget.self,
            from: try JSONEncoder().encode(budget)
        )
        #expect(again == budget)
    }
}
