import CanonicalCoding
import Foundation
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import Provider
import ServiceLifecycle
import SettlementCore
import Testing

@Suite("Getting paid", .timeLimit(.minutes(1)))
struct ClaimTests {
    private func buy(_ door: Door, lanes: Range<UInt16>, sequence: UInt64 = 1) async throws {
        for lane in lanes {
            let voucher = door.voucher(lane: lane, sequence: sequence)
            #expect(try await door.call(voucher: voucher).status == 200)
        }
    }

    /// Serves two calls, and ends while the ledger is away.
    private func leaveUnpaid(
        _ market: Market,
        _ configuration: ProviderConfiguration
    ) async throws {
        try await market.serving(configuration) { door in
            try await buy(door, lanes: 0..<2)
            market.ledger.fault = .unreachable
        }
        market.ledger.fault = nil
        #expect(try await market.paid() == .zero)
    }

    @Test("a shutdown claims everything that is owed, with the root over all receipts")
    func shutdown() async throws {
        let market = try await Market.make()
        var leaves: [Digest] = []
        try await market.serving { door, upstream in
            upstream.behaviour = .answer(Texts.completion())
            for lane in 0..<3 as Range<UInt16> {
                let answer = try await door.call(voucher: door.voucher(lane: lane))
                leaves.append(try answer.receipt().digest)
            }
            #expect(try await market.paid() == .zero)
        }
        #expect(try await market.paid() == Amount(obol: 93))
        let record = try await market.ledger.read(
            ClaimRecord.self,
            .claim(market.channel, 0)
        )
        #expect(record?.receiptsCount == 3)
        #expect(record?.receiptsRoot == MerkleTree.root(of: leaves))
        #expect(try await market.ledger.channel(market.channel)?.status == .open)
    }

    @Test("what is owed is claimed at once when it is enough")
    func threshold() async throws {
        let market = try await Market.make()
        try await market.serving(change: { $0.claims.amount = Amount(obol: 60) }) {
            door,
            upstream in
            upstream.behaviour = .answer(Texts.completion())
            try await buy(door, lanes: 0..<2)
            try await eventually { try await market.paid() == Amount(obol: 62) }
        }
        #expect(try await market.paid() == Amount(obol: 62))
        #expect(try await market.ledger.channel(market.channel)?.claims == 1)
    }

    @Test("what is owed is claimed after a while, however little it is")
    func interval() async throws {
        let market = try await Market.make()
        try await market.serving(change: { $0.claims.intervalSeconds = 1 }) { door, upstream in
            upstream.behaviour = .answer(Texts.completion())
            try await buy(door, lanes: 0..<1)
            try await eventually { try await market.paid() == Amount(obol: 31) }
        }
    }

    @Test("a payer that closes gets the rest at once, after the call in progress")
    func closing() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .held(Texts.completion())
            async let last = door.call()
            try await eventually { upstream.asked.count == 1 }
            let buyer = AccountSession(key: market.buyer, ledger: market.ledger)
            try await buyer.execute([.closeChannel(market.channel)])
            try await eventually {
                try await door.call(voucher: door.voucher(lane: 1)).error("stoa_code") == "703"
            }
            upstream.release()
            #expect(try await last.status == 200)
            try await eventually {
                try await market.ledger.channel(market.channel)?.status == .closed
            }
            #expect(try await market.paid() == Amount(obol: 31))
        }
        let balance = try await market.ledger.account(market.buyer.accountID).balance
        #expect(balance.obol > 10_000_000_000 - 1000, "all but fees and the price came back")
    }

    @Test("a claim whose answer got lost is looked up and not sent twice")
    func lostAnswer() async throws {
        let market = try await Market.make()
        try await FakeUpstream.run { upstream, url in
            upstream.behaviour = .answer(Texts.completion())
            var configuration = try market.configuration(upstream: url)
            configuration.claims.shutdownTimeoutSeconds = 1
            try await market.serving(configuration) { door in
                try await buy(door, lanes: 0..<2)
                market.ledger.fault = .answersLost
            }
            #expect(try await market.paid() == Amount(obol: 62))
            market.ledger.fault = nil
            let claims = try await market.ledger.channel(market.channel)?.claims
            try await market.serving(configuration) { door in
                try await buy(door, lanes: 0..<1, sequence: 2)
            }
            #expect(try await market.paid() == Amount(obol: 93))
            let record = try await market.ledger.read(
                ClaimRecord.self,
                .claim(market.channel, 1)
            )
            #expect(claims == 1)
            #expect(record?.receiptsCount == 1, "only the receipt since the claim that was lost")
        }
    }

    @Test("an old claim that was never paid does not close the channel over newer receipts")
    func oldClaim() async throws {
        let market = try await Market.make()
        try await FakeUpstream.run { upstream, url in
            upstream.behaviour = .answer(Texts.completion())
            var configuration = try market.configuration(upstream: url)
            configuration.claims.shutdownTimeoutSeconds = 1
            try await leaveUnpaid(market, configuration)
            try await market.serving(configuration) { door in
                try await buy(door, lanes: 0..<1, sequence: 2)
                let buyer = AccountSession(key: market.buyer, ledger: market.ledger)
                try await buyer.execute([.closeChannel(market.channel)])
                try await eventually {
                    try await market.ledger.channel(market.channel)?.status == .closed
                }
            }
            #expect(try await market.paid() == Amount(obol: 93))
        }
    }

    @Test("a ledger that is away costs nothing: the claim waits")
    func ledgerAway() async throws {
        let market = try await Market.make()
        try await FakeUpstream.run { upstream, url in
            upstream.behaviour = .answer(Texts.completion())
            var configuration = try market.configuration(upstream: url)
            configuration.claims.shutdownTimeoutSeconds = 0
            try await leaveUnpaid(market, configuration)
            configuration.claims.shutdownTimeoutSeconds = 5
            try await market.serving(configuration) { _ in }
            #expect(try await market.paid() == Amount(obol: 62))
        }
    }

    @Test("a journal from before a claim is reconciled with the ledger, and nothing is lost")
    func oldJournal() async throws {
        let market = try await Market.make()
        try await FakeUpstream.run { upstream, url in
            upstream.behaviour = .answer(Texts.completion())
            var configuration = try market.configuration(upstream: url)
            var old = configuration
            try await market.serving(configuration) { door in
                try await buy(door, lanes: 0..<2)
                old.journalDirectory = try Market.temporaryDirectory() + "/copy"
                try FileManager.default.copyItem(
                    atPath: configuration.journalDirectory,
                    toPath: old.journalDirectory
                )
            }
            #expect(try await market.paid() == Amount(obol: 62))
            configuration = old
            try await market.serving(configuration) { door in
                try await buy(door, lanes: 2..<3)
            }
            #expect(try await market.paid() == Amount(obol: 62), "the claim was refused whole")
            try await market.serving(configuration) { _ in }
            #expect(try await market.paid() == Amount(obol: 93))
        }
    }

    @Test("more lanes than fit one claim are claimed in several")
    func manyLanes() async throws {
        let market = try await Market.make(lanes: 200)
        try await FakeUpstream.run { upstream, url in
            upstream.behaviour = .answer(Texts.completion())
            var configuration = try market.configuration(upstream: url)
            configuration.concurrentCallsMax = 256
            configuration.services[0].concurrentCallsMax = 256
            try await market.serving(configuration) { door in
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for lane in 0..<200 as Range<UInt16> {
                        group.addTask {
                            try await door.call(voucher: door.voucher(lane: lane)).status
                        }
                    }
                    for try await status in group { #expect(status == 200) }
                }
            }
            #expect(try await market.paid() == Amount(obol: 200 * 31))
            #expect(try await market.ledger.channel(market.channel)?.claims == 2)
        }
    }

    @Test("several channels are claimed from in one transaction")
    func sharedTransaction() async throws {
        let market = try await Market.make()
        let second = try await Market.openChannel(
            market.ledger,
            market.buyer,
            market.seller.accountID,
            market.voucherKey.publicKey,
            deposit: 1_000_000,
            lanes: 2
        )
        let before = market.ledger.submissions.count
        try await market.serving { door, upstream in
            upstream.behaviour = .answer(Texts.completion())
            try await buy(door, lanes: 0..<1)
            let other = door.voucher(cap: 5000, change: { $0.with(channel: second) })
            #expect(try await door.call(voucher: other).status == 200)
        }
        #expect(try await market.paid() == Amount(obol: 31))
        #expect(try await market.paid(from: second) == Amount(obol: 31))
        let sent = market.ledger.submissions.dropFirst(before)
        #expect(sent.map(\.messages.count) == [2])
    }

    @Test("blocks are followed again after the connection broke")
    func reconnect() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .answer(Texts.completion())
            try await buy(door, lanes: 0..<1)
            try await eventually { market.ledger.followerCount == 1 }
            market.ledger.dropFollowers()
            let buyer = AccountSession(key: market.buyer, ledger: market.ledger)
            try await buyer.execute([.closeChannel(market.channel)])
            try await eventually {
                try await market.ledger.channel(market.channel)?.status == .closed
            }
        }
    }

    @Test("a shutdown lets a call under way finish, and claims it")
    func gracefulShutdown() async throws {
        let market = try await Market.make()
        try await FakeUpstream.run { upstream, url in
            let configuration = try market.configuration(upstream: url)
            upstream.behaviour = .held(Texts.completion())
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await market.serving(configuration) { door in
                    group.addTask {
                        let answer = try await door.call()
                        #expect(answer.status == 200)
                    }
                    try await eventually { upstream.asked.count == 1 }
                    await door.services.triggerGracefulShutdown()
                    upstream.release()
                }
                try await group.waitForAll()
            }
        }
        #expect(try await market.paid() == Amount(obol: 31))
    }

    @Test("a shutdown does not wait for ever: what was sent by then is charged")
    func boundedShutdown() async throws {
        let market = try await Market.make()
        try await FakeUpstream.run { upstream, url in
            var configuration = try market.configuration(upstream: url)
            configuration.claims.shutdownTimeoutSeconds = 1
            upstream.behaviour = .held(Texts.completion())
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await market.serving(configuration) { door in
                    group.addTask {
                        let answer = try await door.call()
                        #expect(answer.status == 503)
                        #expect(try answer.receipt().document.status == .failed)
                    }
                    try await eventually { upstream.asked.count == 1 }
                }
                try await group.waitForAll()
            }
        }
    }
}
