import AsyncHTTPClient
import CanonicalCoding
import Foundation
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import OpenAIWire
import SettlementCore
import Testing

@testable import Provider

/// A plan of the market's seller, and the offer under which its included units are served.
private struct Club {
    let plan: PlanID
    let included: Offer

    /// Publishes a plan like the market's offer, for nothing.
    static func found(
        _ market: Market,
        _ units: [(MarketTypes.Unit, UInt64)],
        blocks: UInt64 = 1000
    ) async throws -> Club {
        let included = included(market.offer)
        var counts = UnitCounts()
        for (unit, count) in units { counts[unit] = count }
        let terms = PlanTerms(
            name: "club",
            asset: included.asset,
            kind: .subscription,
            denomination: .native,
            price: Amount(obol: 1000),
            periodBlocks: blocks,
            includedUnits: counts,
            includedOffer: included.id,
            overageOffer: market.offer.id,
            isTransferable: true,
            salesMax: nil,
            trialBond: .zero
        )
        let done = try await AccountSession(key: market.seller, ledger: market.ledger)
            .execute([.publishOffer(included), .passes(.publishPlan(terms))])
        let plan = Plan.id(
            seller: market.seller.accountID,
            sequence: done.sequence,
            messageIndex: 1
        )
        return Club(plan: plan, included: included)
    }

    private static func included(_ offer: Offer) -> Offer {
        var free = SortedMap<MarketTypes.Unit, Price>()
        for unit in [MarketTypes.Unit.inputToken, .outputToken, .call] {
            free[unit] = Price(amount: .zero, perUnits: 1)
        }
        return Offer(
            seller: offer.seller,
            receiptKey: offer.receiptKey,
            asset: offer.asset,
            assetVersion: offer.assetVersion,
            weights: offer.weights,
            model: offer.model,
            interface: offer.interface,
            endpoint: offer.endpoint,
            denomination: offer.denomination,
            prices: PriceTable(free),
            limits: offer.limits,
            verification: offer.verification,
            bond: offer.bond,
            version: 1,
            supersedes: nil,
            expiresAt: offer.expiresAt
        )
    }

    func send(_ market: Market, _ message: PassMessage) async throws {
        let session = AccountSession(key: market.buyer, ledger: market.ledger)
        try await session.execute([.passes(message)])
    }

    func join(_ market: Market) async throws {
        try await send(market, .buyPass(plan, priceMax: Amount(obol: 1000)))
    }

    /// The buyer's pass, by name.
    func pass(_ market: Market) async throws -> PassID {
        try #require(try await market.ledger.pass(of: market.buyer.accountID, plan)).id
    }

    /// Calls under the included offer, with a cap that leaves no room for any charge.
    func call(
        _ door: Door,
        lane: UInt16 = 0,
        _ sequence: UInt64 = 1
    ) async throws -> Answer {
        let voucher = door.voucher(
            lane: lane,
            sequence: sequence,
            cap: 0,
            change: { plain in
                Voucher(
                    chain: plain.chain,
                    channel: plain.channel,
                    lane: plain.lane,
                    sequence: plain.sequence,
                    cap: plain.cap,
                    offer: included.id,
                    request: plain.request,
                    expiresAt: plain.expiresAt
                )
            }
        )
        return try await door.call(voucher: voucher)
    }

    /// Waits until the provider knows of a pass, or knows of none; a number that was skipped is
    /// refused in any case, and for a reason of its own where there is a pass.
    func wait(_ door: Door, isMember: Bool) async throws {
        let code = isMember ? "712" : "1290"
        try await eventually {
            try await call(door, lane: 9, 9).error("stoa_code") == code
        }
    }

    /// What the provider says was used, for each period it remembers.
    func used(_ door: Door, _ pass: PassID, _ unit: String = "call") async throws -> [UInt64] {
        struct Page: Decodable {
            struct Period: Decodable { let used: [String: UInt64] }
            let periods: [Period]
        }
        let answer = try await door.get("/stoa/v1/passes/\(pass.digest)")
        let page = try JSONDecoder().decode(Page.self, from: Data(answer.body))
        return page.periods.map { $0.used[unit] ?? 0 }
    }
}

@Suite("Passes at a provider", .timeLimit(.minutes(1)))
struct PassTests {
    @Test("PAS-40, PAS-42: pay for what they include, and not a call more")
    func included() async throws {
        let market = try await Market.make()
        let club = try await Club.found(market, [(.call, 3)])
        try await FakeUpstream.run { upstream, url in
            upstream.behaviour = .answer(Texts.completion())
            try await market.serving(try market.configuration(upstream: url)) { door in
                let stranger = try await club.call(door)
                #expect(stranger.status == 402)
                #expect(try stranger.error("stoa_code") == "1290")
                try await club.join(market)
                try await eventually { try await club.call(door).status == 200 }
                for sequence in 2...3 as ClosedRange<UInt64> {
                    let answer = try await club.call(door, sequence)
                    #expect(answer.status == 200)
                    #expect(try answer.receipt().document.charge == .zero)
                    #expect(try answer.receipt().document.units[.call] == 1)
                }
                let refused = try await club.call(door, 4)
                #expect(refused.status == 402)
                #expect(try refused.error("stoa_code") == "1291")
                #expect(try refused.error("money_moved") == "false")
                #expect(try await door.lane().unsigned("sequence") == 3)
                let paid = try await door.call(voucher: door.voucher(sequence: 4))
                #expect(try paid.receipt().document.charge == Amount(obol: 31))
                #expect(try await club.used(door, club.pass(market)) == [3])
            }
        }
    }

    @Test("PAS-42: calls under way count for the most that they can use")
    func reserved() async throws {
        let market = try await Market.make()
        let club = try await Club.found(market, [(.call, 5), (.outputToken, 100)])
        try await club.join(market)
        try await FakeUpstream.run { upstream, url in
            upstream.behaviour = .held(Texts.completion())
            try await market.serving(try market.configuration(upstream: url)) { door in
                async let first = club.call(door, lane: 0)
                try await eventually { upstream.asked.count == 1 }
                // The first may yet use 64 of 100 tokens, and so may this one.
                let second = try await club.call(door, lane: 1)
                #expect(try second.error("stoa_code") == "1291")
                upstream.release()
                #expect(try await first.status == 200)
                upstream.behaviour = .answer(Texts.completion())
                let third = try await club.call(door, lane: 1)
                #expect(third.status == 200, "seven tokens were used, not 64")
                #expect(try await club.used(door, club.pass(market), "output_token") == [14])
            }
        }
    }

    @Test("PAS-42: never give more than they include, however many calls come at once")
    func crowd() async throws {
        let market = try await Market.make()
        let club = try await Club.found(market, [(.call, 9)])
        try await club.join(market)
        try await FakeUpstream.run { upstream, url in
            upstream.behaviour = .answer(Texts.completion())
            try await market.serving(try market.configuration(upstream: url)) { door in
                let served = try await withThrowingTaskGroup(of: Int.self) { group in
                    for lane in 0..<32 as Range<UInt16> {
                        group.addTask { try await club.call(door, lane: lane).status }
                    }
                    return try await group.reduce(0) { $0 + ($1 == 200 ? 1 : 0) }
                }
                #expect(served == 9)
                #expect(try await club.used(door, club.pass(market)) == [9])
            }
        }
    }

    @Test("PAS-43: have used after a crash what they had used before it")
    func restart() async throws {
        let market = try await Market.make()
        let club = try await Club.found(market, [(.call, 3)])
        try await club.join(market)
        try await FakeUpstream.run { upstream, url in
            var configuration = try market.configuration(upstream: url)
            let copy = try Market.temporaryDirectory() + "/copy"
            let journal = configuration.journalDirectory
            try await market.serving(configuration) { door in
                upstream.behaviour = .answer(Texts.completion())
                for sequence in 1...2 as ClosedRange<UInt64> {
                    #expect(try await club.call(door, sequence).status == 200)
                }
                upstream.behaviour = .held(Texts.completion())
                async let cut = club.call(door, 3)
                try await eventually { upstream.asked.count == 3 }
                #expect(try await club.call(door, lane: 1).status == 402)
                try FileManager.default.copyItem(atPath: journal, toPath: copy)
                upstream.release()
                _ = try await cut
            }
            configuration.journalDirectory = copy
            upstream.behaviour = .answer(Texts.completion())
            try await market.serving(configuration) { door in
                #expect(try await club.used(door, club.pass(market)) == [2])
                #expect(try await club.call(door, 4).status == 200, "the third call had failed")
                let refused = try await club.call(door, 5)
                #expect(try refused.error("stoa_code") == "1291")
            }
        }
    }

    @Test("PAS-2: keep what was used when they are given away, and end with their period")
    func given() async throws {
        let market = try await Market.make()
        let club = try await Club.found(market, [(.call, 2)], blocks: 12)
        try await club.join(market)
        try await FakeUpstream.run { upstream, url in
            upstream.behaviour = .answer(Texts.completion())
            try await market.serving(try market.configuration(upstream: url)) { door in
                #expect(try await club.call(door).status == 200)
                let pass = try await club.pass(market)
                let other = try Market.key(7)
                let gift = Message.transfer(
                    to: other.accountID,
                    denomination: .native,
                    amount: Amount(obol: 100_000)
                )
                let buyer = AccountSession(key: market.buyer, ledger: market.ledger)
                try await buyer.execute([gift])
                try await club.send(market, .transferPass(club.plan, to: other.accountID))
                try await club.wait(door, isMember: false)
                let back = AccountSession(key: other, ledger: market.ledger)
                try await back.execute([
                    .passes(.transferPass(club.plan, to: market.buyer.accountID))
                ])
                try await club.wait(door, isMember: true)
                #expect(try await club.call(door, 2).status == 200)
                let over = try await club.call(door, 3)
                #expect(try over.error("stoa_code") == "1291")
                #expect(try await club.used(door, pass) == [2])
                for _ in 0..<9 { try await buyer.execute([gift]) }
                try await club.wait(door, isMember: false)
            }
        }
    }

    @Test("PAS-3: count anew in the period that follows")
    func anew() async throws {
        let market = try await Market.make()
        let club = try await Club.found(market, [(.call, 1)], blocks: 12)
        try await club.join(market)
        try await club.send(market, .renewPass(club.plan, priceMax: Amount(obol: 1000)))
        try await FakeUpstream.run { upstream, url in
            upstream.behaviour = .answer(Texts.completion())
            try await market.serving(try market.configuration(upstream: url)) { door in
                #expect(try await club.call(door).status == 200)
                let refused = try await club.call(door, 2)
                #expect(try refused.error("stoa_code") == "1291")
                for _ in 0..<11 {
                    try await club.send(
                        market,
                        .authorizeRenewal(
                            club.plan,
                            StandingRenewal(
                                priceMax: Amount(obol: 1000),
                                renewals: 1,
                                until: BlockHeight(.max)
                            )
                        )
                    )
                }
                try await club.wait(door, isMember: true)
                #expect(try await club.call(door, 2).status == 200)
                #expect(try await club.used(door, club.pass(market)) == [1, 1])
            }
        }
    }

    @Test("PAS-40: of a plan that is published while the provider runs are served")
    func published() async throws {
        let market = try await Market.make()
        try await FakeUpstream.run { upstream, url in
            upstream.behaviour = .answer(Texts.completion())
            let configuration = try market.configuration(upstream: url)
            var founded: Club?
            try await market.serving(configuration) { door in
                let club = try await Club.found(market, [(.call, 2)])
                try await club.join(market)
                try await eventually { try await club.call(door).status == 200 }
                founded = club
            }
            let club = try #require(founded)
            try await market.serving(configuration) { door in
                #expect(try await club.call(door, 2).status == 200)
                let last = try await club.call(door, 3)
                #expect(try last.error("stoa_code") == "1291")
            }
        }
    }
}
