import Foundation
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore
import Synchronization
import Testing

@testable import Gateway

/// What many calls at once may lock, and how they share it.
@Suite("Budget", .timeLimit(.minutes(2)))
struct BudgetTests {
    private func statuses(_ buyer: Buyer, calls: Int) async throws -> [Int] {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<calls { group.addTask { try await buyer.chat().status } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test("32 first calls at once open one channel")
    func singleOpening() async throws {
        try await withMarket { market in
            let before = market.ledger.submissions
            try await market.withGateway { buyer in
                let found = try await statuses(buyer, calls: 32)
                #expect(found == Array(repeating: 200, count: 32))
            }
            #expect(market.ledger.submissions == before + 1)
            #expect(market.sellers[0].earned == 32 * 240)
        }
    }

    @Test("64 calls at once keep within the budget, and all are served in turn")
    func budgetUnderLoad() async throws {
        try await withMarket { market in
            // Room for about five calls at a time: each may cost up to 1,800 obol.
            let configuration = market.configuration {
                $0.budget.totalObol = 26_000
                $0.budget.channelDepositObol = 9_000
                $0.concurrentCallsMax = 64
            }
            try await market.withGateway(configuration) { buyer in
                let found = try await statuses(buyer, calls: 64)
                #expect(found == Array(repeating: 200, count: 64))
                let locked = try await buyer.status().number("budget", "locked_obol")
                #expect(locked <= 26_000)
            }
            let account = try await market.ledger.account(market.buyer.accountID)
            #expect(account.balance.obol >= 1_000_000 - 26_000 - 100)
            #expect(market.sellers[0].earned == 64 * 240)
        }
    }

    @Test("when the budget runs out, calls fail with 402 and nothing more is locked")
    func budgetRunsOut() async throws {
        try await withMarket { market in
            let configuration = market.configuration {
                $0.budget.totalObol = 4_000
                $0.budget.channelDepositObol = 4_000
            }
            try await market.withGateway(configuration) { buyer in
                var statuses: [Int] = []
                for _ in 0..<14 { statuses.append(try await buyer.chat().status) }
                // 4,000 obol: a call is made while 1,770 or so are left, and costs 240.
                #expect(statuses.prefix(10).allSatisfy { $0 == 200 })
                #expect(statuses.last == 402)
                let status = try await buyer.status()
                #expect(try status.number("budget", "locked_obol") <= 4_000)
            }
        }
    }

    @Test("money that was never sent is not counted as locked")
    func neverSent() async throws {
        try await withMarket { market in
            let configuration = market.configuration {
                $0.budget.totalObol = 4_000
                $0.budget.channelDepositObol = 4_000
            }
            try await market.withGateway(configuration) { buyer in
                let before = market.ledger.submissions
                // The state and the balance are read; the number of the transaction is not.
                market.ledger.loseRead(after: 2)
                let first = try await buyer.chat()
                #expect(first.status == 503)
                #expect(market.ledger.submissions == before)
                let status = try await buyer.status()
                #expect(try status.number("budget", "locked_obol") == 0)
                let second = try await buyer.chat()
                #expect(second.status == 200)
            }
        }
    }

    @Test("a channel that runs low is topped up in the background")
    func topUp() async throws {
        try await withMarket { market in
            let configuration = market.configuration {
                $0.budget.channelDepositObol = 5_000
                $0.budget.topUpBelowObol = 5_000
            }
            try await market.withGateway(configuration) { buyer in
                let answer = try await buyer.chat()
                #expect(answer.status == 200)
                try await buyer.eventually("the deposit grows") { status in
                    try status.objects("channels").first?.number("deposit_obol") == 10_000
                }
                let next = try await buyer.chat()
                #expect(next.status == 200)
            }
            try await market.withGateway { buyer in
                let spent = try await buyer.spent()
                #expect(spent == 480)
            }
        }
    }

    @Test("calls beyond the limit wait, and beyond the queue are refused with retry-after")
    func queue() async throws {
        try await withMarket { market in
            market.sellers[0].conduct = .hold
            let configuration = market.configuration {
                $0.concurrentCallsMax = 2
                $0.queuedCallsMax = 3
            }
            try await market.withGateway(configuration) { buyer in
                try await withThrowingTaskGroup(of: Answer.self) { group in
                    for _ in 0..<5 { group.addTask { try await buyer.chat() } }
                    try await buyer.eventually("the queue is full") { status in
                        try status.number("calls_waiting") == 3
                    }
                    try await buyer.eventually("two calls are at the seller") { _ in
                        market.sellers[0].state.withLock { $0.inProgress } == 2
                    }
                    let refused = try await buyer.chat()
                    #expect(refused.status == 429)
                    #expect(refused.header("retry-after") != nil)
                    market.sellers[0].release()
                    for try await answer in group { #expect(answer.status == 200) }
                }
            }
            #expect(market.sellers[0].state.withLock { $0.inProgressMax } == 2)
        }
    }

    @Test("calls wait for a free lane, and not longer than allowed")
    func lanes() async throws {
        try await withMarket { market in
            market.sellers[0].conduct = .hold
            let configuration = market.configuration {
                $0.lanesPerChannel = 2
                $0.concurrentCallsMax = 2
                $0.queueTimeoutMilliseconds = 300
            }
            try await market.withGateway(configuration) { buyer in
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<2 { group.addTask { try await buyer.chat().status } }
                    try await buyer.eventually("both lanes are busy") { status in
                        try status.objects("channels").first?.number("lanes_busy") == 2
                    }
                    let late = try await buyer.chat()
                    #expect(late.status == 503)
                    market.sellers[0].release()
                    for try await status in group { #expect(status == 200) }
                }
            }
        }
    }

    @Test("closing asks the ledger for the rest of every deposit")
    func closing() async throws {
        try await withMarket(sellers: 2) { market in
            try await market.withGateway { buyer in
                let first = try await buyer.chat()
                #expect(first.status == 200)
                market.sellers[0].conduct = .busy
                let second = try await buyer.chat()
                #expect(second.status == 200)
            }
            let service = market.service(market.configuration())
            let closing = try await service.closeChannels()
            #expect(closing.count == 2)
            let again = try await service.closeChannels()
            #expect(again.isEmpty)
        }
    }

    @Test("a channel that is closing is not used any more")
    func closingChannel() async throws {
        try await withMarket { market in
            let service = market.service(market.configuration())
            try await market.withGateway { buyer in
                let first = try await buyer.chat()
                #expect(first.status == 200)
                try await service.closeChannels()
                try await buyer.eventually("the gateway knows") { status in
                    try status.objects("channels").first?.bool("open") == false
                }
                let next = try await buyer.chat()
                #expect(next.status == 200)
                let channels = try await buyer.status().objects("channels")
                #expect(channels.count == 2)
            }
        }
    }

    @Test("an offer that is withdrawn is not bought from, and a new one is, without a restart")
    func followsOffers() async throws {
        try await withMarket { market in
            try await market.withGateway { buyer in
                let seller = market.sellers[0]
                let session = AccountSession(key: seller.account, ledger: market.ledger)
                let offer = try #require(
                    seller.offers.withLock { $0.values.first { $0.model == "stoa-small" } }
                )
                try await session.execute([.withdrawOffer(offer.id)])
                try await buyer.eventually("the model is gone") { _ in
                    try await buyer.get("/v1/models/stoa-small").status == 404
                }
                let port = try #require(Int(offer.endpoint.split(separator: ":").last ?? ""))
                try await market.publish(seller, port: port, model: "stoa-new")
                try await buyer.eventually("the new model is there") { _ in
                    try await buyer.get("/v1/models/stoa-new").status == 200
                }
            }
        }
    }

    @Test("denied sellers, and sellers with too small a bond, are not bought from")
    func sellerSelection() async throws {
        try await withMarket { market in
            let seller = market.sellers[0].account.accountID
            let denied = market.configuration { $0.sellers.deny = [seller.description] }
            let bonded = market.configuration { $0.sellers.minimumBondObol = 1 }
            for configuration in [denied, bonded] {
                let answer = try await market.withGateway(configuration) { try await $0.chat() }
                #expect(answer.status == 404)
            }
            let allowed = market.configuration { $0.sellers.allow = [seller.description] }
            let answer = try await market.withGateway(allowed) { try await $0.chat() }
            #expect(answer.status == 200)
        }
    }
}
