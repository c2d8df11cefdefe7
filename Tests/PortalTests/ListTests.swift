import CanonicalCoding
import Foundation
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import Testing

@testable import Portal

/// A ledger of entries that nobody made by its rules, which answers with some at once.
private final class EntryLedger: LedgerConnection {
    /// The most entries of one answer; it may be fewer than were asked for.
    static let listingsMax = 100

    let genesis: Genesis
    let entries: [StateKey: [UInt8]]

    init(_ entries: [StateKey: [UInt8]]) throws {
        let key = try #require(SigningKey(seed: [UInt8](repeating: 1, count: 32)))
        genesis = try #require(
            Genesis(
                name: "lists",
                time: Timestamp(milliseconds: 1_700_000_000_000),
                sequencer: key.publicKey,
                parameters: .standard,
                allocations: []
            )
        )
        self.entries = entries
    }

    func status() async throws(LedgerClientError) -> LedgerStatus {
        LedgerStatus(
            chain: genesis.chain,
            name: genesis.name,
            height: BlockHeight(5),
            time: genesis.time,
            stateRoot: .zero,
            parameters: genesis.parameters
        )
    }

    func submit(_ transaction: [UInt8]) async throws(LedgerClientError) -> TransactionOutcome {
        throw LedgerClientError(.unreachable, "it only answers")
    }

    func entry(_ key: StateKey, proven: Bool) async throws(LedgerClientError) -> StateEntry {
        StateEntry(value: entries[key], height: BlockHeight(5), proof: nil, header: nil)
    }

    func entries(
        prefix: StateKey,
        after: StateKey?,
        limit: Int
    ) async throws(LedgerClientError) -> [StateListing] {
        entries.filter { entry in
            entry.key.bytes.starts(with: prefix.bytes) && after.map { entry.key > $0 } ?? true
        }
        .sorted { $0.key < $1.key }.prefix(min(limit, Self.listingsMax))
        .map { StateListing(key: $0.key, value: $0.value) }
    }

    func blocks(from height: BlockHeight) -> AsyncThrowingStream<BlockSummary, any Error> {
        AsyncThrowingStream { nil }
    }
}

/// Where pages get what they show from such entries; there is nothing in its index.
private final class EntrySource {
    let directory: URL
    let pages: PageSource

    init(_ entries: [StateKey: [UInt8]]) throws {
        let ledger = try EntryLedger(entries)
        directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("stoa-lists-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        let database = try IndexDatabase(
            writing: directory.appendingPathComponent("index.sqlite").path,
            chain: ledger.genesis.chain
        )
        pages = PageSource(
            ledger: ledger,
            index: IndexReader(database),
            now: ledger.genesis.time
        )
    }

    deinit { try? FileManager.default.removeItem(at: directory) }
}

/// A number in `bytes` bytes, as entries have it.
private func number(_ value: UInt64, bytes: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: bytes - 8)
        + (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
}

private func name(_ number: UInt64) -> Digest { Digest(words: (number, 0, 0, 0)) }

@Suite("PRT-11: lists and sums of the ledger's entries")
struct ListTests {
    private let alice = AccountID(Digest(sha256: [1]))
    private let bob = AccountID(Digest(sha256: [2]))

    /// Channels in each of which Alice has locked so many STOA for Bob.
    private func channels(_ count: Int, stoa: UInt64) throws -> [StateKey: [UInt8]] {
        let key = try #require(SigningKey(seed: [UInt8](repeating: 2, count: 32)))
        var channel = [1] + Array(alice.digest.bytes) + Array(bob.digest.bytes) + [0]
        channel += number(stoa * 1_000_000_000, bytes: 16) + number(0, bytes: 16)
        channel += key.publicKey.canonicalBytes.dropFirst()
        // One lane, no claim, open.
        channel += [0, 1, 0, 0, 0, 0, 1] + number(100, bytes: 8)
        var entries: [StateKey: [UInt8]] = [:]
        for place in 0..<UInt64(count) {
            let id = ChannelID(name(place))
            let index = StateKey.channels(ofPayer: alice).bytes + Array(id.digest.bytes)
            entries[StateKey(bytes: index)] = [1]
            entries[.channel(id)] = channel
        }
        return entries
    }

    @Test("what is locked in channels is the sum of all, or said to be the least")
    func lockedMoney() async throws {
        let few = try EntrySource(channels(12, stoa: 1))
        let all = try await LockedMoney.load(alice, few.pages)
        #expect(all.sum == Amount(obol: 12_000_000_000))
        #expect(!all.isCut)
        #expect(try await LockedMoney.load(bob, few.pages).sum == .zero)
        let many = try EntrySource(channels(201, stoa: 2))
        let some = try await LockedMoney.load(alice, many.pages)
        #expect(some.sum == Amount(obol: 400_000_000_000))
        #expect(some.isCut)
    }

    /// Sales of a unit for STOA, under names from a number on.
    private func sales(of unit: Digest, _ names: Range<UInt64>) -> [StateKey: [UInt8]] {
        var sale = [1] + Array(alice.digest.bytes) + [1] + Array(unit.bytes) + [0]
        sale += number(3, bytes: 16) + number(2, bytes: 16) + number(99, bytes: 8)
        return Dictionary(
            uniqueKeysWithValues: names.map { (StateKey.sale(SaleID(name($0))), sale) }
        )
    }

    @Test("a market's sales are found behind those of others, and a list that is cut says so")
    func sales() async throws {
        let unit = name(7)
        let market = try #require(Market(.issued(unit), .native))
        let others = sales(of: name(8), 0..<300)
        let own = sales(of: unit, 300..<310)
        let few = try EntrySource(others.merging(own) { first, _ in first })
        let found = try await MarketPage.sales(market, few.pages)
        #expect(found.items.map(\.id) == (300..<310).map { SaleID(name($0)) })
        #expect(!found.isCut)
        let late = sales(of: unit, 1100..<1101).merging(sales(of: name(8), 0..<1100)) { $1 }
        let none = try await MarketPage.sales(market, try EntrySource(late).pages)
        #expect(none.items.isEmpty)
        #expect(none.isCut)
    }

    @Test("the ballots that are shown are those that count for most")
    func ballots() async throws {
        let id = ProposalID(name(1))
        var proposal = [1] + Array(alice.digest.bytes) + number(1, bytes: 8).suffix(4)
        proposal += Array("a".utf8) + Array(Digest.zero.bytes) + [0, 0, 0, 0] + [0]
        // Deposit, three heights, four rules, no total yet, no votes counted, open.
        proposal += number(9, bytes: 16) + number(1, bytes: 8) + number(9, bytes: 8)
        proposal += number(12, bytes: 8) + number(1, bytes: 8) + number(0, bytes: 16)
        proposal += number(1, bytes: 8) + number(1, bytes: 8) + [0]
        proposal += [UInt8](repeating: 0, count: 64) + [1]
        var entries: [StateKey: [UInt8]] = [.proposal(id): proposal]
        for place in 0..<UInt64(300) {
            let ballot = [1, 1] + number(place, bytes: 16) + number(0, bytes: 16)
            entries[.ballot(id, AccountID(name(place)))] = ballot
        }
        let source = try EntrySource(entries)
        let page = try await ProposalPage.load(id, source.pages)
        #expect(page.ballots.count == ProposalPage.ballotsMax)
        #expect(page.ballots.first?.ballot.weight == Amount(obol: 299))
        #expect(page.ballots.last?.ballot.weight == Amount(obol: 200))
        #expect(page.fill().text("ballotsCut") == "300")
        // No block comes after the highest there can be, of which a node may tell.
        let end = ProposalPage(
            id: id,
            proposal: page.proposal,
            height: BlockHeight(.max),
            ballots: [],
            ballotsLookedAt: nil,
            units: [:]
        )
        #expect(end.fill().text("standing") == "Voting")
        // Nobody voted, so nobody has counted yet what is locked: that is said as what it is now.
        let open = ProposalPage(
            id: id,
            proposal: page.proposal,
            height: BlockHeight(2),
            ballots: [],
            ballotsLookedAt: nil,
            units: [:],
            locked: Amount(obol: 6_000_500_000_000)
        ).fill()
        let total = open.values["total"] as? [String: Any]
        #expect(total?["digits"] as? String == "6,000.5")
        #expect(open.values["isCounted"] as? Bool == false)
        #expect(open.text("timing") == "Voting: about 6 s left, until block 9")
        #expect(open.text("resultText") == "Nobody voted yet")
    }

    @Test("PRT-52: every number that a vote can change has a title, a sentence and a unit")
    func rules() throws {
        let texts = GovernedNumber.all.map { RuleText.text($0) }
        #expect(Set(texts.map(\.title)).count == GovernedNumber.all.count)
        #expect(texts.allSatisfy { !$0.sentence.isEmpty && !$0.title.contains(".") })
        #expect(GovernedNumber.all.allSatisfy { RuleText.subject($0) != "More" })
        func said(_ name: String, _ value: UInt64) throws -> String {
            RuleText.value(value, of: try #require(GovernedNumber(name: name)))
        }
        #expect(try said("disputes.bondObol", 5_000_000_000) == "5 STOA")
        #expect(try said("governance.quorumBasisPoints", 3_340) == "33.4%")
        #expect(try said("channels.closingDelayBlocks", 600) == "600 blocks, about 10 min")
        #expect(try said("escrows.blocksMax", 86_400) == "86,400 blocks, about 24 h")
        #expect(try said("staking.validatorsMax", 100) == "100")
        #expect(try said("staking.missedBlocksMax", 500) == "500")
        let bond = try #require(GovernedNumber(name: "disputes.bondObol"))
        let change = RuleText.change(bond.id, to: 5_000_000_000, from: 10_000_000_000)
        #expect(change.text("action") == "Stake of each side in a dispute")
        #expect(change.text("actionFrom") == "10 STOA")
        #expect(change.text("actionTo") == "5 STOA")
        #expect(change.text("actionBounds") == "0.1 STOA to 1,000,000 STOA")
    }
}
