import CanonicalCoding
import Identity
import LedgerCore
import LedgerStore
import Logging
import MarketTypes
import Testing

@testable import Consensus

@Suite("Sequencer", .timeLimit(.minutes(1)))
struct SequencerTests {
    /// A channel of Alice's that pays Bob.
    private static let opening = ChannelOpening(
        payee: Market.bob.accountID,
        denomination: .native,
        deposit: Amount(obol: 100),
        voucherKey: Market.key("voucher").publicKey,
        lanes: 1
    )

    @Test(
        "a transaction that cannot enter a block is refused with its reason, and nothing is written"
    )
    func refusals() async throws {
        let market = try Market()
        let application = try market.application()
        let before = try application.store.last()
        try await market.running(try market.sequencer(application)) { sequencer in
            let alice = Market.alice
            var broken = market.transfer(alice, 1, to: Market.bob)
            broken[broken.count - 1] ^= 1
            let cases: [([UInt8], TransactionRefusal)] = [
                ([], .malformed),
                ([UInt8](repeating: 0, count: Transaction.bytesMax + 1), .tooLarge),
                (
                    market.transfer(alice, 1, to: Market.bob, chain: ChainID(.zero)), .wrongChain
                ),
                (broken, .invalidSignature),
                (market.transfer(alice, 1, to: Market.bob, validUntil: 0), .expired),
                (market.transfer(alice, 0, to: Market.bob), .staleSequence),
                (market.transfer(alice, 2, to: Market.bob), .sequenceGap),
                (market.transfer(alice, 1, to: Market.bob, fee: 9), .feeTooLow),
                (market.transfer(Market.key("nobody"), 1, to: Market.bob), .cannotPayFee),
            ]
            for (bytes, refusal) in cases {
                await #expect(throws: refusal) { try await sequencer.submit(bytes) }
            }
        }
        #expect(try application.store.last() == before)
    }

    @Test("P4: what was answered is there after the process is gone")
    func durableBeforeAnswered() async throws {
        let market = try Market()
        do {
            let application = try market.application()
            try await market.running(try market.sequencer(application)) { sequencer in
                let done = try await sequencer.submit(
                    market.transfer(Market.alice, 1, to: Market.bob)
                )
                #expect(done.result.isAccepted)
                #expect(done.height == BlockHeight(1))
            }
        }
        let again = try market.application()
        #expect(try again.account(Market.alice).sequence == 1)
        #expect(try again.account(Market.bob).balance.obol == 1_000_000_000_005)
        try await market.running(try market.sequencer(again)) { sequencer in
            let done = try await sequencer.submit(market.transfer(Market.alice, 2, to: Market.bob))
            #expect(done.height == BlockHeight(2))
        }
    }

    @Test("the same bytes give the same answer, at once and later, and take effect once")
    func idempotent() async throws {
        let market = try Market()
        let application = try market.application()
        try await market.running(try market.sequencer(application)) { sequencer in
            let bytes = market.transfer(Market.alice, 1, to: Market.bob)
            async let first = sequencer.submit(bytes)
            async let second = sequencer.submit(bytes)
            let answers = try await [first, second, sequencer.submit(bytes)]
            #expect(Set(answers).count == 1)
        }
        #expect(try application.account(Market.bob).balance.obol == 1_000_000_000_005)
    }

    @Test("the same bytes give the same answer while their block is being written")
    func idempotentWhileWritten() async throws {
        let market = try Market()
        let application = try market.application()
        try await market.running(try market.sequencer(application)) { sequencer in
            for sequence in UInt64(1)...60 {
                let bytes = market.transfer(Market.alice, sequence, to: Market.bob)
                try await withThrowingTaskGroup(of: CommittedTransaction.self) { group in
                    for place in 0..<12 {
                        group.addTask {
                            try await Task.sleep(for: .microseconds(150 * place))
                            return try await sequencer.submit(bytes)
                        }
                    }
                    var answers: Set<CommittedTransaction> = []
                    for try await answer in group { answers.insert(answer) }
                    #expect(answers.count == 1)
                }
            }
        }
    }

    @Test("a refused transaction keeps its fee and number, and nothing else changes")
    func refusedInBlock() async throws {
        let market = try Market()
        let application = try market.application()
        try await market.running(try market.sequencer(application)) { sequencer in
            let bytes = market.transfer(Market.alice, 1, to: Market.bob, 2_000_000_000_000)
            let done = try await sequencer.submit(bytes)
            #expect(done.result.refusal == .accounts(.insufficientBalance))
        }
        #expect(try application.account(Market.alice).balance.obol == 999_999_999_990)
        #expect(try application.account(Market.bob).balance.obol == 1_000_000_000_000)
    }

    @Test("an idle market writes nothing")
    func idle() async throws {
        let market = try Market()
        let application = try market.application()
        try await market.running(try market.sequencer(application)) { _ in
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try application.store.last().height == BlockHeight(0))
    }

    @Test("while a deadline is pending blocks go on by themselves, and then stop")
    func deadlines() async throws {
        let market = try Market(closingDelayBlocks: 5)
        let application = try market.application()
        try await market.running(try market.sequencer(application)) { sequencer in
            _ = try await sequencer.submit(
                market.sign(Market.alice, 1, [.openChannel(Self.opening)])
            )
            let id = Channel.id(payer: Market.alice.accountID, sequence: 1, messageIndex: 0)
            let closed = try await sequencer.submit(
                market.sign(Market.alice, 2, [.closeChannel(id)])
            )
            #expect(closed.result.events == [.channelClosing(id, closesAt: BlockHeight(7))])
            _ = try await sequencer.block(after: BlockHeight(6))
            let back = try await sequencer.submit(
                market.sign(Market.bob, 1, [.withdrawChannel(id)])
            )
            #expect(back.result.isAccepted)
            let height = try application.store.last().height
            try await Task.sleep(for: .milliseconds(100))
            #expect(try application.store.last().height == height)
        }
    }

    @Test("SEQ: while a deadline is pending, a hurry of transactions makes no hurry of blocks")
    func pace() async throws {
        let market = try Market(closingDelayBlocks: 40)
        let application = try market.application()
        let sequencer = try market.sequencer(application) {
            $0.tick = .seconds(60)
            $0.blocksBurst = 4
            $0.blockInterval = .milliseconds(200)
        }
        try await market.running(sequencer) { sequencer in
            // Nothing is counted in blocks yet: they come as fast as they are wanted.
            for sequence in 1...20 as ClosedRange<UInt64> {
                _ = try await sequencer.submit(
                    market.transfer(Market.bob, sequence, to: Market.alice)
                )
            }
            _ = try await sequencer.submit(
                market.sign(Market.alice, 1, [.openChannel(Self.opening)])
            )
            let id = Channel.id(payer: Market.alice.accountID, sequence: 1, messageIndex: 0)
            let begun = ContinuousClock.now
            _ = try await sequencer.submit(market.sign(Market.alice, 2, [.closeChannel(id)]))
            for sequence in 21...25 as ClosedRange<UInt64> {
                _ = try await sequencer.submit(
                    market.transfer(Market.bob, sequence, to: Market.alice)
                )
            }
            #expect(ContinuousClock.now - begun >= .milliseconds(700))
            // All that came meanwhile share the next block.
            let last = try application.store.last().height
            try await withThrowingTaskGroup(of: Void.self) { group in
                for sequence in 3...12 as ClosedRange<UInt64> {
                    group.addTask {
                        _ = try await sequencer.submit(
                            market.transfer(Market.alice, sequence, to: Market.bob)
                        )
                    }
                    // In order, so that each is admitted.
                    try await Task.sleep(for: .milliseconds(2))
                }
                try await group.waitForAll()
            }
            #expect(try application.store.last().height.rawValue <= last.rawValue + 4)
        }
    }

    @Test("the pace lets a burst through, then one block in each interval, and forgets a pause")
    func paceValue() {
        var pace = BlockPace(burst: 3, intervalMilliseconds: 100)
        for _ in 0..<3 {
            #expect(pace.wait(at: 1000) == 0)
            pace.made(at: 1000)
        }
        #expect(pace.wait(at: 1000) == 100)
        #expect(pace.wait(at: 1100) == 0)
        pace.made(at: 1100)
        #expect(pace.wait(at: 1100) == 100)
        for _ in 0..<50 { pace.made(at: 1100) }
        #expect(pace.wait(at: 1100) == 100)
        // After a pause there is one burst, not more.
        for _ in 0..<3 {
            #expect(pace.wait(at: 900_000) == 0)
            pace.made(at: 900_000)
        }
        #expect(pace.wait(at: 900_000) == 100)
    }

    @Test("P9: the mempool refuses what exceeds its limits")
    func limits() async throws {
        let market = try Market()
        let application = try market.application()
        let sequencer = try market.sequencer(application) { $0.mempool.transactionsMax = 0 }
        try await market.running(sequencer) { sequencer in
            await #expect(throws: SequencerError.overloaded) {
                try await sequencer.submit(market.transfer(Market.alice, 1, to: Market.bob))
            }
        }
    }

    @Test("another key than the one genesis names cannot seal blocks")
    func wrongKey() throws {
        let market = try Market()
        let application = try market.application()
        #expect(throws: SequencerError.wrongKey) {
            try Sequencer(
                application: application,
                key: Market.alice,
                configuration: .init(),
                logger: .init(label: "test"),
                now: { Timestamp(milliseconds: 0) }
            )
        }
    }
}

@Suite("Blocks", .timeLimit(.minutes(1)))
struct BlockTests {
    @Test("blocks chain by hash, are sealed, and commit to transactions, results and state")
    func chain() async throws {
        let market = try Market()
        let application = try market.application()
        try await market.running(try market.sequencer(application)) { sequencer in
            for sequence in 1...3 {
                _ = try await sequencer.submit(
                    market.transfer(Market.alice, UInt64(sequence), to: Market.bob)
                )
            }
        }
        var parent = Digest.zero
        for height in 1...3 {
            let block = try #require(try application.block(at: BlockHeight(UInt64(height))))
            let sealed = try block.block.header.verified()
            #expect(sealed.key == Market.sequencer.publicKey)
            let header = sealed.document
            #expect(header.parent == parent)
            #expect(header.resultsRoot == MerkleTree.root(of: block.results.map(\.digest)))
            parent = sealed.digest
        }
        let last = try application.store.last()
        let header = try #require(try application.block(at: last.height)).block.header.document
        #expect(header.stateRoot == last.root)
    }

    @Test("a follower gets every block in order, from wherever it starts")
    func follow() async throws {
        let market = try Market()
        let application = try market.application()
        try await market.running(try market.sequencer(application)) { sequencer in
            async let third = sequencer.block(after: BlockHeight(2))
            for sequence in 1...3 {
                _ = try await sequencer.submit(
                    market.transfer(Market.alice, UInt64(sequence), to: Market.bob)
                )
            }
            #expect(try await third.block.header.document.height == BlockHeight(3))
            let first = try await sequencer.block(after: BlockHeight(0))
            #expect(first.block.header.document.height == BlockHeight(1))
        }
    }

    @Test("finalize writes nothing and can be repeated")
    func finalizeIsRepeatable() throws {
        let market = try Market()
        let application = try market.application()
        let context = BlockContext(height: BlockHeight(1), time: Timestamp(milliseconds: 2000))
        let transactions = [market.transfer(Market.alice, 1, to: Market.bob), [1, 2, 3]]
        let first = try application.finalize(transactions, at: context)
        let second = try application.finalize(transactions, at: context)
        #expect(first.stateRoot == second.stateRoot)
        #expect(first.results == second.results)
        #expect(first.results.map(\.code) == [0, 101])
        #expect(try application.store.last().height == BlockHeight(0))
        #expect(!application.process(transactions, bytesMax: 1 << 20))
        #expect(application.process([transactions[0]], bytesMax: 1 << 20))
        let fitting = application.prepare(transactions, at: context, bytesMax: 1 << 20)
        #expect(fitting == [transactions[0]])
        #expect(application.prepare(transactions, at: context, bytesMax: 10).isEmpty)
    }

    @Test("P9, LIN-32: what a block's income could reach is bounded, whatever it will be")
    func royaltyWork() throws {
        let market = try Market()
        let application = try market.application()
        let context = BlockContext(height: BlockHeight(1), time: Timestamp(milliseconds: 2000))
        // A kilobyte of purchases could pay along a thousand edges, with two events each.
        let purchase = Message.passes(.buyPass(PlanID(.zero), priceMax: .zero))
        let purchases = [Message](repeating: purchase, count: 16)
        let most = Block.royaltyEdgesMax / 1024
        let many = (0..<UInt64(most + 1)).map { market.sign(Market.alice, 1 + $0, purchases) }
        let fitting = application.prepare(many, at: context, bytesMax: Block.bytesMax)
        #expect(fitting == Array(many.dropLast()))
        #expect(application.process(fitting, bytesMax: Block.bytesMax))
        #expect(!application.process(many, bytesMax: Block.bytesMax))
    }

    @Test("P9, EXC-34: a block holds so many orders, counted before any is placed")
    func orderWork() throws {
        let market = try Market()
        let application = try market.application()
        let context = BlockContext(height: BlockHeight(1), time: Timestamp(milliseconds: 2000))
        // Sixteen in a kilobyte, each of which can decode and encode a full book.
        let cancel = Message.exchange(.cancelOrder(OrderID(.zero)))
        let cancels = [Message](repeating: cancel, count: 32)
        let most = Block.ordersMax / 32
        let many = (0..<UInt64(most + 1)).map { market.sign(Market.alice, 1 + $0, cancels) }
        let fitting = application.prepare(many, at: context, bytesMax: Block.bytesMax)
        #expect(fitting == Array(many.dropLast()))
        #expect(application.process(fitting, bytesMax: Block.bytesMax))
        #expect(!application.process(many, bytesMax: Block.bytesMax))
    }

    @Test("a transaction is found at its own place, though one before it could not enter the block")
    func placesInBlock() throws {
        let market = try Market()
        let application = try market.application()
        let context = BlockContext(height: BlockHeight(1), time: Timestamp(milliseconds: 2000))
        let late = market.transfer(Market.alice, 2, to: Market.bob)
        let good = market.transfer(Market.alice, 1, to: Market.bob)
        let block = try application.finalize([[1, 2, 3], late, good], at: context)
        #expect(block.results.map(\.code) == [101, 108, 0])
        try application.commit(block: nil)
        let digest = try CheckedTransaction(canonicalBytes: good, chain: application.chain).digest
        #expect(try application.committed(digest)?.result.isAccepted == true)
        let other = try CheckedTransaction(canonicalBytes: late, chain: application.chain).digest
        #expect(try application.committed(other) == nil)
    }

    @Test("a query answers from one block with its proof")
    func queryWithProof() async throws {
        let market = try Market()
        let application = try market.application()
        try await market.running(try market.sequencer(application)) { sequencer in
            _ = try await sequencer.submit(market.transfer(Market.alice, 1, to: Market.bob))
        }
        let key = StateKey.account(Market.bob.accountID)
        let answer = try application.query(key, proven: true)
        let header = try #require(answer.header).verified().document
        let proof = try #require(answer.proof)
        try proof.verify(key: key, value: answer.value, root: header.stateRoot)
    }
}
