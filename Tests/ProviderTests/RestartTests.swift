import CanonicalCoding
import Foundation
import Identity
import Journal
import LedgerCore
import MarketTypes
import OpenAIWire
import SettlementCore
import Testing

@testable import Provider

@Suite("After a restart", .timeLimit(.minutes(1)))
struct RestartTests {
    /// Copies a journal as a crash at this moment would leave it.
    private func crashCopy(_ directory: String) throws -> String {
        let copy = try Market.temporaryDirectory() + "/copy"
        try FileManager.default.copyItem(atPath: directory, toPath: copy)
        return copy
    }

    @Test("CALL-10: a voucher that was open gets a failed receipt, and its lane goes on")
    func openVoucher() async throws {
        let market = try await Market.make()
        try await FakeUpstream.run { upstream, url in
            let configuration = try market.configuration(upstream: url)
            var restarted = configuration
            let voucher = try await interrupted(market, configuration, upstream)
            restarted.journalDirectory = voucher.directory
            try await market.serving(restarted) { door in
                let lane = try await door.lane()
                #expect(try lane.unsigned("sequence") == 2)
                #expect(try lane.unsigned("open") == nil)
                let receipt = try Door.receipt(try #require(try lane.string("receipt")))
                try await door.expectRight(
                    receipt,
                    for: voucher.open,
                    chunks: [],
                    status: .failed
                )
                #expect(receipt.document.charge == .zero)
                #expect(receipt.document.total == Amount(obol: 31))
                upstream.behaviour = .answer(Texts.completion())
                let answer = try await door.call(voucher: door.voucher(sequence: 3))
                #expect(answer.status == 200)
                #expect(try answer.receipt().document.total == Amount(obol: 62))
            }
        }
    }

    /// Serves one call, and crashes during the second.
    private func interrupted(
        _ market: Market,
        _ configuration: ProviderConfiguration,
        _ upstream: FakeUpstream
    ) async throws -> (open: Verified<Voucher>, directory: String) {
        var left: (Verified<Voucher>, String)?
        try await market.serving(configuration) { door in
            upstream.behaviour = .answer(Texts.completion())
            #expect(try await door.call().status == 200)
            upstream.behaviour = .held(Texts.completion())
            let voucher = door.voucher(sequence: 2)
            async let cut = door.call(voucher: voucher)
            try await eventually { upstream.asked.count == 2 }
            left = (voucher, try crashCopy(configuration.journalDirectory))
            upstream.release()
            _ = try await cut
        }
        return try #require(left)
    }

    @Test("a provider that starts again knows every lane, and answers no voucher twice")
    func continuation() async throws {
        let market = try await Market.make()
        try await FakeUpstream.run { upstream, url in
            let configuration = try market.configuration(upstream: url)
            upstream.behaviour = .answer(Texts.completion())
            try await market.serving(configuration) { door in
                for lane in 0..<4 as Range<UInt16> {
                    let answer = try await door.call(voucher: door.voucher(lane: lane))
                    #expect(answer.status == 200)
                }
            }
            try await market.serving(configuration) { door in
                let again = try await door.call(voucher: door.voucher(lane: 3))
                #expect(try again.error("stoa_code") == "710")
                let next = try await door.call(voucher: door.voucher(lane: 3, sequence: 2))
                #expect(try next.receipt().document.total == Amount(obol: 62))
            }
        }
    }

    @Test("two providers never share a journal")
    func locked() async throws {
        let market = try await Market.make()
        let configuration = try market.configuration(upstream: "http://127.0.0.1:1")
        try await market.serving(configuration) { _ in
            #expect(ClaimArchive(directory: configuration.journalDirectory).isInUse)
            await #expect(throws: ProviderError.journal(.inUse)) {
                try await market.serving(configuration) { _ in }
            }
        }
    }

    @Test("a journal of another chain is refused, and is good for its own afterwards")
    func otherChain() async throws {
        let market = try await Market.make()
        // The same accounts and numbers, so the buyer's channel has the same name.
        let other = try await Market.make(closingDelayBlocks: 601)
        #expect(other.channel == market.channel)
        let (ours, theirs) = (market.ledger.genesis.chain, other.ledger.genesis.chain)
        try await FakeUpstream.run { upstream, url in
            let configuration = try market.configuration(upstream: url)
            upstream.behaviour = .answer(Texts.completion())
            #expect(try ClaimArchive(directory: configuration.journalDirectory).chain() == nil)
            try await market.serving(configuration) { door in
                let answer = try await door.call()
                #expect(answer.status == 200)
            }
            await #expect(throws: ProviderError.otherChain(journal: ours, ledger: theirs)) {
                try await other.serving(configuration) { _ in }
            }
            #expect(try ClaimArchive(directory: configuration.journalDirectory).chain() == ours)
            try await market.serving(configuration) { door in
                let next = try await door.call(voucher: door.voucher(sequence: 2))
                #expect(next.status == 200)
            }
        }
    }

    @Test("replaying a journal restores the book exactly, claims and all")
    func exactReplay() async throws {
        let market = try await Market.make(lanes: 4)
        var random = SplitMix64(seed: 42)
        for _ in 0..<20 {
            let made = try BookHistory(market, steps: 60, random: &random)
            var replayed = ChannelBook()
            for change in made.changes {
                try replayed.apply(try BookChange(canonicalBytes: change.canonicalBytes))
            }
            #expect(replayed == made.book)
            #expect(made.changes.contains { if case .claimPaid = $0 { true } else { false } })
        }
    }

    @Test("a record that contradicts those before it stops the start")
    func contradiction() async throws {
        let market = try await Market.make(lanes: 4)
        var random = SplitMix64(seed: 7)
        let made = try BookHistory(market, steps: 60, random: &random)
        let receipts = made.changes.filter { if case .receipt = $0 { true } else { false } }
        var replayed = made.book
        #expect(throws: BookRefusal.settlement(.wrongVoucher)) {
            try replayed.apply(try #require(receipts.first))
        }
    }
}

/// A random but right sequence of changes, and the book that they lead to.
struct BookHistory {
    private(set) var book = ChannelBook()
    private(set) var changes: [BookChange] = []
    private let market: Market

    init(_ market: Market, steps: Int, random: inout SplitMix64) throws {
        self.market = market
        try make(.offer(market.offer))
        try make(.terms(terms(deposit: 100_000)))
        for step in 0..<steps {
            switch random.next() % 8 {
            case 0: try make(.terms(terms(deposit: 100_000 + UInt128(step))))
            case 1: try claim(isPaid: random.next() % 3 > 0)
            default: try serve(lane: Int(random.next() % 4), tokens: random.next() % 50)
            }
        }
        try claim(isPaid: true)
    }

    private mutating func make(_ change: BookChange) throws {
        try book.apply(change)
        changes.append(change)
    }

    private func terms(deposit: UInt128) -> ChannelTerms {
        ChannelTerms(
            chain: market.ledger.genesis.chain,
            id: market.channel,
            payer: market.buyer.accountID,
            payee: market.seller.accountID,
            denomination: .native,
            deposit: Amount(obol: deposit),
            voucherKey: market.voucherKey.publicKey,
            lanes: 4,
            isOpen: true
        )
    }

    private mutating func claim(isPaid: Bool) throws {
        try make(.claimBegun(market.channel))
        try serve(lane: 0, tokens: 1)
        try make(isPaid ? .claimPaid(market.channel) : .claimDropped(market.channel))
    }

    private mutating func serve(lane index: Int, tokens: UInt64) throws {
        let lane = try #require(book.accounts[market.channel]).channel.lanes[index]
        guard lane.open == nil else { return }
        let voucher = market.voucherKey.sign(
            Voucher(
                chain: market.ledger.genesis.chain,
                channel: market.channel,
                lane: LaneID(UInt16(index)),
                sequence: lane.sequence + 1,
                cap: Amount(obol: lane.total.obol + 400),
                offer: market.offer.id,
                request: .zero,
                expiresAt: Market.now
            )
        )
        try make(.voucher(voucher))
        let outcome = CallOutcome(
            status: tokens == 0 ? .failed : .delivered,
            units: UnitCounts([(.outputToken, tokens)]) ?? UnitCounts(),
            response: ResponseChain(voucher: voucher.digest),
            parameters: [],
            startedAt: Market.now,
            finishedAt: Market.now
        )
        let receipt = try book.draft(voucher, under: market.offer, outcome: outcome)
        try make(.receipt(market.receiptKey.sign(receipt)))
    }
}

/// A small generator whose numbers are the same everywhere (Steele, Lea and Flood, 2014).
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
