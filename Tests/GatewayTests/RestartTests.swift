import AsyncHTTPClient
import CanonicalCoding
import Foundation
import Identity
import Journal
import LedgerClient
import LedgerCore
import MarketTypes
import OpenAIWire
import ServiceLifecycle
import SettlementCore
import Synchronization
import Testing

@testable import Gateway

/// P4: what a gateway finds and does after a restart, a crash or a failing disk.
@Suite("Restarts", .timeLimit(.minutes(2)))
struct RestartTests {
    /// Leaves one voucher open in the journal, without a chance to look it up.
    private func leaveOpen(_ market: Market, _ conduct: FakeProvider.Conduct) async throws {
        market.sellers[0].conduct = conduct
        market.sellers[0].state.withLock { $0.answersLanes = false }
        try await market.withGateway { buyer in
            let answer = try await buyer.chat()
            #expect(answer.status == 502)
            let channels = try await buyer.status().objects("channels")
            #expect(try channels.first?.number("lanes_busy") == 1)
        }
        market.sellers[0].state.withLock { $0.answersLanes = true }
        market.sellers[0].conduct = .honest
    }

    @Test("P4: after a restart, an open voucher that was served gets its receipt")
    func restartServed() async throws {
        try await withMarket { market in
            try await leaveOpen(market, .dropAfter)
            try await market.withGateway { buyer in
                try await buyer.eventually("the receipt is found") { status in
                    try status.number("spent_obol") == 240
                }
                let next = try await buyer.chat()
                #expect(next.status == 200)
            }
            #expect(market.sellers[0].earned == 480)
            #expect(try JournalContents(market.journalDirectory).withdrawals.isEmpty)
        }
    }

    @Test("P4: after a restart, an open voucher that never arrived frees its lane and number")
    func restartNeverHad() async throws {
        try await withMarket { market in
            try await leaveOpen(market, .dropBefore)
            market.sellers[0].state.withLock { $0.lanesAsked = 0 }
            try await market.withGateway { buyer in
                try await buyer.eventually("the lane is free") { status in
                    try status.objects("channels").first?.number("lanes_busy") == 0
                }
                // One denial is not enough: the request could still have been on its way.
                #expect(market.sellers[0].state.withLock { $0.lanesAsked } >= 2)
                let next = try await buyer.chat()
                #expect(next.status == 200)
            }
            let stored = try ReceiptArchive(directory: market.journalDirectory).recent(limit: 9)
            #expect(stored.map(\.receipt.document.sequence) == [1])
            #expect(try JournalContents(market.journalDirectory).withdrawals.count == 1)
        }
    }

    @Test("P4: after a restart, a voucher still being served is waited for")
    func restartServing() async throws {
        try await withMarket { market in
            let seller = market.sellers[0]
            seller.conduct = .hold
            try await market.withGateway { buyer in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { _ = try? await buyer.chat() }
                    while seller.state.withLock({ $0.inProgress }) == 0 {
                        try await Task.sleep(for: .milliseconds(5))
                    }
                    group.cancelAll()
                }
            }
            try await market.withGateway { buyer in
                let channels = try await buyer.status().objects("channels")
                #expect(try channels.first?.number("lanes_busy") == 1)
                seller.release()
                try await buyer.eventually("the call has an end") { status in
                    try status.number("spent_obol") == 240
                }
            }
        }
    }

    @Test("a restart rebuilds every channel exactly, and goes on in it")
    func restartContinues() async throws {
        try await withMarket { market in
            let before = try await market.withGateway { buyer in
                for _ in 0..<5 {
                    let answer = try await buyer.chat()
                    #expect(answer.status == 200)
                }
                return try await buyer.status()
            }
            let transactions = market.ledger.submissions
            try await market.withGateway { buyer in
                let after = try await buyer.status()
                for key in ["promised_obol", "available_obol", "lanes_busy", "deposit_obol"] {
                    let numbers = try [before, after].map {
                        try $0.objects("channels").first?.number(key)
                    }
                    #expect(numbers[0] == numbers[1])
                }
                #expect(try after.number("spent_obol") == 1200)
                #expect(try after.number("calls") == 5)
                let next = try await buyer.chat()
                #expect(next.status == 200)
            }
            #expect(market.ledger.submissions == transactions)
        }
    }

    @Test("a channel that was opened but not written down is used after a restart")
    func adopts() async throws {
        try await withMarket { market in
            let session = AccountSession(key: market.buyer, ledger: market.ledger)
            try await session.execute([
                .openChannel(
                    .init(
                        payee: market.sellers[0].account.accountID,
                        denomination: .native,
                        deposit: Amount(obol: 50_000),
                        voucherKey: market.voucherKey.publicKey,
                        lanes: 4
                    )
                )
            ])
            let transactions = market.ledger.submissions
            try await market.withGateway { buyer in
                try await buyer.eventually("the channel is usable") { status in
                    try status.objects("channels").first?.bool("usable") == true
                }
                let answer = try await buyer.chat()
                #expect(answer.status == 200)
            }
            #expect(market.ledger.submissions == transactions)
        }
    }

    @Test("a channel that another journal used is left alone")
    func doesNotAdoptUsed() async throws {
        try await withMarket { market in
            _ = try await market.withGateway { try await $0.chat() }
            let other = market.configuration { $0.journalDirectory += "-other" }
            defer { try? FileManager.default.removeItem(atPath: other.journalDirectory) }
            try await market.withGateway(other) { buyer in
                let answer = try await buyer.chat()
                #expect(answer.status == 200)
                let usable = try await buyer.status().objects("channels").map {
                    try $0.bool("usable")
                }
                #expect(usable.count == 2)
                #expect(usable.contains(false))
            }
            #expect(market.sellers[0].earned == 480)
        }
    }

    @Test("a journal of another chain is refused before anything is promised, and left as it is")
    func otherChain() async throws {
        try await withMarket { market in
            _ = try await market.withGateway { try await $0.chat() }
            let other = ChainID(Digest(sha256: [1]))
            let theirs = market.configuration { $0.journalDirectory += "-theirs" }
            defer { try? FileManager.default.removeItem(atPath: theirs.journalDirectory) }
            let journal = try Journal.open(
                JournalConfiguration(directory: theirs.journalDirectory)
            ) { _, _ in }
            for record in try JournalContents(market.journalDirectory).records {
                guard case .channel(let id, let channel, _) = record else { continue }
                let record = JournalRecord.channel(id, channel, chain: other)
                _ = try await journal.append(record.canonicalBytes)
            }
            journal.close()
            let transactions = market.ledger.submissions
            let chain = market.ledger.genesis.chain
            await #expect(throws: GatewayError.otherChain(journal: other, ledger: chain)) {
                try await market.withGateway(theirs) { _ in }
            }
            #expect(market.ledger.submissions == transactions)
            #expect(try ReceiptArchive(directory: theirs.journalDirectory).chain() == other)
            #expect(try ReceiptArchive(directory: market.journalDirectory).chain() == chain)
        }
    }

    @Test("a graceful shutdown lets the calls under way finish, and then ends")
    func gracefulShutdown() async throws {
        try await withMarket { market in
            let seller = market.sellers[0]
            seller.conduct = .hold
            let (ports, listening) = AsyncStream<Int>.makeStream()
            let service = market.service(market.configuration()) { listening.yield($0) }
            let services = ServiceGroup(services: [service], logger: quietLogger)
            try await withThrowingTaskGroup(of: Answer?.self) { group in
                group.addTask {
                    try await services.run()
                    return nil
                }
                var iterator = ports.makeAsyncIterator()
                let first = await iterator.next()
                let port = try #require(first)
                let buyer = Buyer(client: market.client, base: "http://127.0.0.1:\(port)")
                group.addTask { try await buyer.chat() }
                group.addTask { try await buyer.chat(Buyer.stream) }
                while seller.state.withLock({ $0.inProgress }) < 1
                    || seller.state.withLock({ $0.calls }) < 2
                {
                    try await Task.sleep(for: .milliseconds(5))
                }
                await services.triggerGracefulShutdown()
                seller.release()
                var answers: [Answer] = []
                for try await answer in group { if let answer { answers.append(answer) } }
                #expect(answers.map(\.status) == [200, 200])
                #expect(answers.contains { $0.text.hasSuffix("data: [DONE]\n\n") })
            }
            #expect(seller.earned == 480)
        }
    }

    @Test("a seller that closes the channel during a call is still paid for it, and not struck off")
    func releasedDuringCall() async throws {
        try await withMarket { market in
            let seller = market.sellers[0]
            seller.conduct = .hold
            try await market.withGateway { buyer in
                try await withThrowingTaskGroup(of: Answer.self) { group in
                    group.addTask { try await buyer.chat() }
                    try await buyer.eventually("the call is under way") { _ in
                        seller.state.withLock { $0.inProgress } == 1
                    }
                    let channel = try #require(
                        seller.state.withLock { $0.channels.keys.first }
                    )
                    let session = AccountSession(key: seller.account, ledger: market.ledger)
                    try await session.execute([
                        .claimChannel(
                            .init(
                                channel: channel,
                                lanes: [],
                                receiptsRoot: .zero,
                                receiptsCount: 0,
                                release: true
                            )
                        )
                    ])
                    try await buyer.eventually("the gateway knows") { status in
                        try status.objects("channels").isEmpty
                    }
                    seller.release()
                    for try await answer in group { #expect(answer.status == 200) }
                }
                let spent = try await buyer.spent()
                #expect(spent == 240)
                seller.conduct = .honest
                let next = try await buyer.chat()
                #expect(next.status == 200)
            }
        }
    }

    @Test("P4: whatever part of a busy journal a crash leaves, it replays")
    func everyPrefix() async throws {
        try await withMarket(sellers: 2) { market in
            let configuration = market.configuration {
                $0.budget.totalObol = 60_000
                $0.budget.channelDepositObol = 9_000
                $0.lanesPerChannel = 8
            }
            try await market.withGateway(configuration) { buyer in
                let conducts: [FakeProvider.Conduct] = [
                    .honest, .dieMidStream, .dropBefore, .dropAfter, .upstreamFails, .honest,
                ]
                for conduct in conducts {
                    market.sellers[0].conduct = conduct
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for index in 0..<12 {
                            group.addTask {
                                let body = index % 2 == 0 ? Buyer.chat : Buyer.stream
                                _ = try await buyer.chat(body)
                            }
                        }
                        try await group.waitForAll()
                    }
                }
            }
            let records = try JournalContents(market.journalDirectory).records
            #expect(records.count > 60)
            let limits = WalletLimits(
                budget: Amount(obol: 60_000),
                deposit: .zero,
                topUpBelow: .zero,
                channelsPerSellerMax: 8
            )
            var replay = GatewayReplay(limits: limits, recent: RecentReceipts(countMax: 1))
            for record in records {
                try replay.take(record)
                for channel in replay.wallet.channels.values {
                    let exposure = channel.lanes.reduce(UInt128(0)) { $0 + $1.exposure.obol }
                    #expect(channel.committed.obol == exposure)
                    #expect(channel.committed <= channel.terms.deposit)
                }
            }
        }
    }

    @Test("a journal that fails for good ends the gateway, a full queue does not")
    func journalFailure() async throws {
        let directory = NSTemporaryDirectory() + "/gateway-\(UInt64.random(in: .min ... .max))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let journal = try Journal.open(JournalConfiguration(directory: directory)) { _, _ in }
        let limits = WalletLimits(
            budget: .zero,
            deposit: .zero,
            topUpBelow: .zero,
            channelsPerSellerMax: 1
        )
        let book = CallBook(
            wallet: Wallet(WalletState(limits: limits), waitersMax: 1),
            journal: journal,
            recent: RecentReceipts(countMax: 1),
            storedOffers: [],
            logger: quietLogger,
            now: testNow
        )
        book.note(.overloaded)
        book.note(.failed(errno: 28))
        await #expect(throws: GatewayError.journal(.failed(errno: 28))) {
            try await JournalGuard(book: book).run()
        }
    }
}
