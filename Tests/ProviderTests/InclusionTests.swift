import CanonicalCoding
import Foundation
import Identity
import Journal
import LedgerClient
import LedgerCore
import MarketTypes
import OpenAIWire
import SettlementCore
import Testing

@testable import Provider

@Suite("receipts are anchored", .timeLimit(.minutes(2)))
struct InclusionTests {
    /// A claim at every second: what is owed is claimed as soon as the loop looks.
    private func eager(_ configuration: inout ProviderConfiguration) {
        configuration.claims.amount = Amount(obol: 1)
    }

    private func inclusion(_ door: Door, _ receipt: Digest) async throws -> Answer {
        try await door.get("/stoa/v1/receipts/\(receipt)/inclusion")
    }

    private func buy(_ door: Door, lane: UInt16, sequence: UInt64 = 1) async throws -> Digest {
        let cap = 100 * sequence + 1_000
        let voucher = door.voucher(lane: lane, sequence: sequence, cap: cap)
        let answer = try await door.call(voucher: voucher)
        #expect(answer.status == 200)
        return try answer.receipt().digest
    }

    /// Checks an answer against what the ledger has of the claim.
    private func check(_ answer: Answer, _ receipt: Digest, _ market: Market) async throws {
        #expect(answer.status == 200)
        let document = try JSONDecoder().decode(Inclusion.self, from: Data(answer.body))
        #expect(document.channel == market.channel.digest.description)
        let record = try #require(
            try await market.ledger.read(
                ClaimRecord.self,
                .claim(market.channel, document.claim)
            )
        )
        let siblings = try document.siblings.map { try #require(Digest(hex: $0)) }
        let root = MerkleTree.root(
            leaf: receipt,
            at: try #require(UInt64(document.index)),
            of: record.receiptsCount,
            path: siblings
        )
        #expect(root == record.receiptsRoot)
        #expect(document.root == record.receiptsRoot.description)
        #expect(document.count == String(record.receiptsCount))
    }

    private struct Inclusion: Decodable {
        let channel, index, count, root: String
        let claim: UInt32
        let siblings: [String]
    }

    @Test("CALL-13: a receipt that nobody claimed, or nobody wrote, has no path")
    func unclaimed() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .answer(Texts.completion())
            let receipt = try await buy(door, lane: 0)
            for digest in [receipt, .zero] {
                let answer = try await inclusion(door, digest)
                #expect(answer.status == 404)
                #expect(answer.type == "application/problem+json")
                #expect(String(decoding: answer.body, as: UTF8.self).contains("not_anchored"))
            }
            let paths = ["xyz/inclusion", "\(receipt)", "\(receipt)/exclusion", "/inclusion"]
            for path in paths {
                #expect(try await door.get("/stoa/v1/receipts/\(path)").status == 404)
            }
        }
    }

    @Test("CALL-13: each receipt of a paid claim has a path to the root on the ledger")
    func claimed() async throws {
        let market = try await Market.make()
        try await market.serving(change: eager) { door, upstream in
            upstream.behaviour = .answer(Texts.completion())
            var receipts: [Digest] = []
            for lane in 0..<5 as Range<UInt16> {
                receipts.append(try await buy(door, lane: lane))
            }
            receipts.append(try await buy(door, lane: 0, sequence: 2))
            for receipt in receipts {
                try await eventually { try await inclusion(door, receipt).status == 200 }
                try await check(try await inclusion(door, receipt), receipt, market)
            }
        }
    }

    @Test("CALL-13: paths are there again after a restart, also of older claims")
    func restarted() async throws {
        let market = try await Market.make()
        try await FakeUpstream.run { upstream, url in
            upstream.behaviour = .answer(Texts.completion())
            let configuration = try market.configuration(upstream: url)
            var receipts: [Digest] = []
            for sequence in 1...3 as ClosedRange<UInt64> {
                // Each shutdown claims what is owed.
                try await market.serving(configuration) { door in
                    for lane in 0..<3 as Range<UInt16> {
                        receipts.append(try await buy(door, lane: lane, sequence: sequence))
                    }
                }
            }
            #expect(try await market.ledger.channel(market.channel)?.claims == 3)
            try await market.serving(configuration) { door in
                for receipt in receipts {
                    try await check(try await inclusion(door, receipt), receipt, market)
                }
            }
            let archive = ClaimArchive(directory: configuration.journalDirectory)
            for (index, receipt) in receipts.enumerated() {
                let call = try #require(try archive.find(digestPrefix: "\(receipt)").first)
                let anchor = try #require(call.anchor)
                #expect(call.receipt.document.signingDigest == receipt)
                #expect(anchor.claim == UInt32(index / 3) && anchor.count == 3)
            }
        }
    }

    @Test("CALL-13: a claim whose answer was lost anchors its receipts once it is known to be paid")
    func lostAnswer() async throws {
        let market = try await Market.make()
        try await FakeUpstream.run { upstream, url in
            upstream.behaviour = .answer(Texts.completion())
            var configuration = try market.configuration(upstream: url)
            configuration.claims.shutdownTimeoutSeconds = 1
            var receipts: [Digest] = []
            try await market.serving(configuration) { door in
                receipts.append(try await buy(door, lane: 0))
                market.ledger.fault = .answersLost
            }
            market.ledger.fault = nil
            try await market.serving(configuration) { door in
                #expect(try await inclusion(door, receipts[0]).status == 404)
                receipts.append(try await buy(door, lane: 0, sequence: 2))
            }
            try await market.serving(configuration) { door in
                for receipt in receipts {
                    try await check(try await inclusion(door, receipt), receipt, market)
                }
            }
        }
    }

    @Test("P9: beyond the limit the oldest claims are forgotten, and the journal still proves them")
    func limit() async throws {
        let market = try await Market.make()
        try await FakeUpstream.run { upstream, url in
            upstream.behaviour = .answer(Texts.completion())
            var configuration = try market.configuration(upstream: url)
            configuration.anchoredReceiptsMax = 3
            var receipts: [Digest] = []
            for lane in 0..<3 as Range<UInt16> {
                try await market.serving(configuration) { door in
                    receipts.append(try await buy(door, lane: lane))
                    receipts.append(try await buy(door, lane: lane, sequence: 2))
                }
            }
            try await market.serving(configuration) { door in
                #expect(try await inclusion(door, receipts[0]).status == 404)
                let last = try #require(receipts.last)
                try await check(try await inclusion(door, last), last, market)
            }
            let archive = ClaimArchive(directory: configuration.journalDirectory)
            #expect(try archive.find(digestPrefix: "\(receipts[0])").first?.anchor?.claim == 0)
        }
    }

    @Test("CALL-13: calls of other channels in between are no part of a claim")
    func interleaved() async throws {
        let market = try await Market.make()
        let second = try await Market.openChannel(
            market.ledger,
            market.buyer,
            market.seller.accountID,
            market.voucherKey.publicKey,
            deposit: 1_000_000,
            lanes: 2
        )
        try await FakeUpstream.run { upstream, url in
            upstream.behaviour = .answer(Texts.completion())
            let configuration = try market.configuration(upstream: url)
            var receipts: [Digest] = []
            try await market.serving(configuration) { door in
                for sequence in 1...2 as ClosedRange<UInt64> {
                    receipts.append(try await buy(door, lane: 0, sequence: sequence))
                    let other = door.voucher(
                        sequence: sequence,
                        cap: 5000,
                        change: { $0.with(channel: second) }
                    )
                    #expect(try await door.call(voucher: other).status == 200)
                }
            }
            try await market.serving(configuration) { door in
                for receipt in receipts {
                    try await check(try await inclusion(door, receipt), receipt, market)
                }
            }
        }
    }

    @Test("PRF-17: a claim that was given up anchors nothing, and the next one anchors all")
    func dropped() async throws {
        var journal = try await AnchoredBook(Market.make())
        let first = try journal.sell(lane: 0)
        try journal.write(.claimBegun(journal.channel))
        let second = try journal.sell(lane: 1)
        try journal.write(.claimDropped(journal.channel))
        #expect(journal.anchors.place(of: first) == nil)
        try journal.write(.claimBegun(journal.channel))
        let third = try journal.sell(lane: 2)
        try journal.write(.claimPaid(journal.channel))
        #expect(journal.anchors.place(of: first)?.leaf == 0)
        #expect(journal.anchors.place(of: second)?.leaf == 1)
        #expect(journal.anchors.place(of: third) == nil, "it came after the claim was drawn up")
        #expect(journal.anchors.place(of: second)?.claim.count == 2)
        try journal.write(.claimBegun(journal.channel))
        try journal.write(.claimPaid(journal.channel))
        let place = try #require(journal.anchors.place(of: third))
        #expect(place.leaf == 0 && place.claim.index == 1 && place.claim.count == 1)
    }

    @Test("PRF-17: a release without lanes is no claim: it anchors nothing, and has no number")
    func released() async throws {
        var journal = try await AnchoredBook(Market.make())
        let failed = try journal.sell(lane: 0, .failed)
        try journal.write(.claimBegun(journal.channel))
        try journal.write(.claimPaid(journal.channel))
        #expect(journal.anchors.place(of: failed) == nil)
        let sold = try journal.sell(lane: 1)
        try journal.write(.claimBegun(journal.channel))
        try journal.write(.claimPaid(journal.channel))
        let place = try #require(journal.anchors.place(of: sold))
        #expect(place.leaf == 0 && place.claim.index == 0 && place.claim.count == 1)
    }

    @Test("PRF-17: a channel that is forgotten leaves its paid claims, and nothing that waits")
    func forgotten() async throws {
        var journal = try await AnchoredBook(Market.make())
        let claimed = try journal.sell(lane: 0)
        try journal.write(.claimBegun(journal.channel))
        try journal.write(.claimPaid(journal.channel))
        try journal.write(.forgotten(journal.channel))
        #expect(journal.anchors.place(of: claimed)?.leaf == 0)
    }
}

/// A book and its anchors, fed as a journal would.
private struct AnchoredBook {
    let market: Market
    var book = ChannelBook()
    var anchors = ReceiptAnchors()
    private var offset: UInt64 = 40

    var channel: ChannelID { market.channel }

    init(_ market: Market) async throws {
        self.market = market
        let channel = try #require(try await market.ledger.channel(market.channel))
        let chain = market.ledger.genesis.chain
        try write(.terms(channel.terms(id: market.channel, chain: chain)))
        try write(.offer(market.offer))
    }

    mutating func write(_ change: BookChange) throws {
        offset += 1
        let position = RecordPosition(segment: 1, offset: offset)
        anchors.take(change, at: position, before: book)
        try book.apply(change)
    }

    /// Sells the first call of a lane.
    mutating func sell(lane: UInt16, _ status: CallStatus = .delivered) throws -> Digest {
        let voucher = market.voucherKey.sign(
            Voucher(
                chain: market.ledger.genesis.chain,
                channel: market.channel,
                lane: LaneID(lane),
                sequence: 1,
                cap: Amount(obol: 1_000),
                offer: market.offer.id,
                request: .zero,
                expiresAt: Market.now
            )
        )
        try write(.voucher(voucher))
        let outcome = CallOutcome(
            status: status,
            units: try #require(UnitCounts([(.inputToken, 5)])),
            response: ResponseChain(voucher: voucher.digest),
            parameters: [],
            startedAt: Market.now,
            finishedAt: Market.now
        )
        let receipt = try book.draft(voucher, under: market.offer, outcome: outcome)
        let signed = market.receiptKey.sign(receipt)
        try write(.receipt(signed))
        return signed.digest
    }
}
