import CanonicalCoding
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("What components share")
struct MarketLawTests {
    private static func name(_ number: Int) -> Digest {
        Digest(sha256: [UInt8(truncatingIfNeeded: number), UInt8(number >> 8)])
    }

    private let now = BlockHeight(10)

    @Test("LAW-3: what is due comes once, in the order in which it was scheduled")
    func order() throws {
        var state = StagedState(base: EmptyState())
        let height = BlockHeight(20)
        for number in [3, 1, 2] {
            let place = try state.schedule(
                Deadline(.escrow, Self.name(number)),
                at: height,
                from: now
            )
            #expect(place == height)
        }
        #expect(state.takeDue(at: BlockHeight(19)).isEmpty)
        #expect(state.takeDue(at: height).map(\.name) == [3, 1, 2].map(Self.name))
        #expect(state.takeDue(at: height).isEmpty)
    }

    @Test("LAW-3: what is taken back leaves its place to the last, and room for another")
    func takenBack() throws {
        var state = StagedState(base: EmptyState())
        let height = BlockHeight(20)
        func deadline(_ number: Int) -> Deadline { Deadline(.keyRotation, Self.name(number)) }
        for number in 0..<Int(DeadlineKind.keyRotation.countMax) {
            try state.schedule(deadline(number), at: height, from: now)
        }
        state.unschedule(deadline(1), at: height)
        state.unschedule(deadline(1), at: height)
        state.unschedule(Deadline(.escrow, Self.name(2)), at: height)
        state.unschedule(deadline(2), at: BlockHeight(19))
        let place = try state.schedule(deadline(1000), at: height, from: now)
        #expect(place == height)
        let next = try state.schedule(deadline(1001), at: height, from: now)
        #expect(next.rawValue == 21, "it made room for one")
        let due = state.takeDue(at: height).map(\.name)
        #expect(Array(due.prefix(3)) == [0, 447, 2].map(Self.name))
        #expect(Array(due.suffix(2)) == [446, 1000].map(Self.name))
        state.unschedule(deadline(1001), at: next)
        #expect(state.takeDue(at: next).isEmpty)
    }

    @Test("LAW-3, P9: more than one height holds waits for the next ones, and ends somewhere")
    func limits() throws {
        var state = StagedState(base: EmptyState())
        let each = Int(DeadlineKind.order.countMax)
        let places = 1 + Int(Deadline.spillBlocksMax)
        for number in 0..<(places * each) {
            let place = try state.schedule(
                Deadline(.order, Self.name(number)),
                at: BlockHeight(20),
                from: now
            )
            #expect(place.rawValue == 20 + UInt64(number / each))
        }
        #expect(throws: Refusal.deadlines(.tooManyDue)) {
            try state.schedule(Deadline(.order, .zero), at: BlockHeight(20), from: now)
        }
        #expect(state.takeDue(at: BlockHeight(21)).count == each)
    }

    @Test("LAW-3, P9: what costs nothing to schedule leaves room for what must not be kept away")
    func reserved() throws {
        var state = StagedState(base: EmptyState())
        func fill(_ kind: DeadlineKind) throws -> Int {
            for number in 0... {
                do throws(Refusal) {
                    try state.schedule(
                        Deadline(kind, Self.name(number)),
                        at: BlockHeight(20),
                        from: now
                    )
                } catch {
                    #expect(error == .deadlines(.tooManyDue))
                    return number
                }
            }
            return 0
        }
        let places = 1 + Int(Deadline.spillBlocksMax)
        var before = 0
        for kind in [DeadlineKind.order, .pass, .escrow, .keyRotation, .dispute] {
            let room = try fill(kind)
            #expect(room >= 64 * places, "\(kind) finds room after all of the kinds before it")
            before += room
        }
        #expect(before == places * Int(Deadline.countMax))
        #expect(DeadlineKind.proposal.countMax == Deadline.countMax)
        let more = try fill(.proposal)
        #expect(more == 0)
    }

    @Test("LAW-3: nothing becomes due now, in the past, or beyond all heights")
    func heights() {
        var state = StagedState(base: EmptyState())
        for height in [BlockHeight(10), BlockHeight(9), BlockHeight(0)] {
            #expect(throws: Refusal.deadlines(.invalidHeight)) {
                try state.schedule(Deadline(.pass, .zero), at: height, from: now)
            }
        }
        state.dropTransaction()
        #expect(throws: Never.self) {
            try state.schedule(Deadline(.pass, .zero), at: BlockHeight(.max), from: now)
        }
    }

    @Test("LAW-4: an idle chain goes on until the last deadline, one that had to wait included")
    func waiting() throws {
        var state = StagedState(base: EmptyState())
        for number in 0...Int(Deadline.countMax) {
            try state.schedule(
                Deadline(.dispute, Self.name(number)),
                at: BlockHeight(20),
                from: now
            )
        }
        let last = state.read(StoredHeight.self, .lastDeadline)
        #expect(last?.height == BlockHeight(21))
    }

    @Test("LAW-1, P1: a pot holds what is put in, by kind, name and denomination, and then nothing")
    func pots() throws {
        var state = StagedState(base: EmptyState())
        let (one, other) = (AccountID(Self.name(1)), AccountID(Self.name(2)))
        state.write(Account(sequence: 0, balance: Amount(obol: 100)), .account(one))
        let pot = Pot(.escrow, Self.name(3))
        try state.move(Amount(obol: 70), from: one, to: pot)
        state.keepTransaction()
        for empty in [
            Pot(.order, Self.name(3)), Pot(.escrow, Self.name(4)),
            Pot(.escrow, Self.name(3), .issued(Self.name(5))),
        ] {
            #expect(state.amount(in: empty) == .zero)
        }
        #expect(throws: Refusal.accounts(.insufficientBalance)) {
            try state.move(Amount(obol: 31), from: one, to: pot)
        }
        state.dropTransaction()
        try state.move(Amount(obol: 70), from: pot, to: other)
        state.keepTransaction()
        #expect(state.account(one).balance.obol == 30)
        #expect(state.account(other).balance.obol == 70)
        #expect(!state.contains(.pot(pot)))
    }

    @Test("LAW-1: a key says which pot it is, and no other key does")
    func potKeys() {
        for kind in PotKind.allCases {
            for unit in [Denomination.native, .issued(Self.name(8))] {
                let pot = Pot(kind, Self.name(7), unit)
                #expect(Pot(key: .pot(pot)) == pot)
                #expect(StateKey.pot(pot).denomination == unit)
                #expect(StateKey.pot(pot).money == .pot)
            }
        }
        let bytes = StateKey.pot(Pot(.escrow, Self.name(7))).bytes
        for wrong in [Array(bytes.dropLast()), bytes + [0], [0x06] + bytes.dropFirst()] {
            #expect(Pot(key: StateKey(bytes: wrong)) == nil)
        }
        #expect(Pot(key: StateKey(bytes: [bytes[0], 0xff] + bytes.dropFirst(2))) == nil)
    }

    @Test("LAW-5: a number is what the rules say until a vote has changed it")
    func numbers() {
        var state = StagedState(base: EmptyState())
        let number = GovernedNumber(9999, "tests.number", standard: 7, bounds: 1...9)
        #expect(state.value(of: number) == 7)
        state.write(StoredNumber(9), .governedNumber(number))
        #expect(state.value(of: number) == 9)
    }

    @Test("LAW-5: a channel closes after the delay it opened with")
    func closingDelay() throws {
        var harness = LedgerHarness()
        let id = Channel.id(payer: Person.alice.id, sequence: 1, messageIndex: 0)
        harness.send(.alice, .openChannel(Town.opening()))
        let old = LedgerHarness.parameters
        let longer = LedgerParameters(
            feeMinimum: old.feeMinimum,
            feePerByte: old.feePerByte,
            closingDelayBlocks: old.closingDelayBlocks + 50,
            unbondingDelayBlocks: old.unbondingDelayBlocks
        )
        harness.plant(longer, .parameters)
        let opened = harness.context.height.rawValue
        harness.send(.alice, .closeChannel(id))
        let channel = try #require(harness.ledger.state.read(Channel.self, .channel(id)))
        let closesAt = BlockHeight(opened + old.closingDelayBlocks)
        #expect(channel.status == .closing(at: closesAt))
    }
}
