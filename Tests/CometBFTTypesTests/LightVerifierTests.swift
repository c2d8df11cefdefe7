import CometBFTTypes
import MarketTypes
import Testing

@Suite("LGT-6: a later block follows from a trusted one, or is refused")
struct LightVerifierTests {
    private let rules = TrustRules(periodSeconds: 1000, clockDriftSeconds: 10)

    private func now(_ block: LightBlock, after seconds: UInt32 = 1) -> BlockTime {
        block.header.time.advanced(bySeconds: seconds)
    }

    private func refused(
        _ block: LightBlock,
        from trusted: LightBlock,
        at now: BlockTime? = nil
    ) -> LightRefusal? {
        refusal {
            try LightVerifier.verify(block, from: trusted, rules: rules, at: now ?? self.now(block))
        }
    }

    @Test("each block follows from the one before, through changes of the set")
    func sequential() throws {
        for height in 2...5 {
            let trusted = try LightVectors.block(height - 1)
            let block = try LightVectors.block(height)
            #expect(refused(block, from: trusted) == nil)
        }
    }

    @Test("a block may be skipped if more than a third of the trusted power signed")
    func skipping() throws {
        let first = try LightVectors.block(1)
        // Two of the first set signed the third block, 20 of 40; one the fourth; none the fifth.
        let third = try LightVectors.block(3)
        let fourth = try LightVectors.block(4)
        let fifth = try LightVectors.block(5)
        #expect(refused(fourth, from: first) == .tooLittleOverlap(signed: 10, total: 40))
        #expect(refused(fifth, from: first) == .tooLittleOverlap(signed: 0, total: 40))
        #expect(refused(third, from: first) == nil)
        let second = try LightVectors.block(2)
        // Validators 3 and 5, 10 and 25 of 55, signed the fourth; 6 and 8 the fifth.
        #expect(refused(fifth, from: third) == .tooLittleOverlap(signed: 0, total: 55))
        #expect(refused(fourth, from: second) == .tooLittleOverlap(signed: 10, total: 40))
    }

    @Test("trust that is as old as the trust period is over, to the nanosecond")
    func expired() throws {
        let first = try LightVectors.block(1)
        let second = try LightVectors.block(2)
        let end = first.header.time.advanced(bySeconds: 1000)
        let before = try #require(
            BlockTime(seconds: end.seconds, nanoseconds: end.nanoseconds - 1)
        )
        #expect(refused(second, from: first, at: before) == nil)
        #expect(refused(second, from: first, at: end) == .trustExpired)
    }

    @Test("a block further ahead of our clock than the drift is refused")
    func future() throws {
        let first = try LightVectors.block(1)
        let second = try LightVectors.block(2)
        let time = second.header.time
        let early = try #require(
            BlockTime(seconds: time.seconds - 10, nanoseconds: time.nanoseconds)
        )
        #expect(refused(second, from: first, at: early) == .fromTheFuture)
        let late = try #require(
            BlockTime(seconds: time.seconds - 10, nanoseconds: time.nanoseconds + 1)
        )
        #expect(refused(second, from: first, at: late) == nil)
    }

    @Test("height and time only grow, and the chain stays")
    func monotone() throws {
        let first = try LightVectors.block(1)
        let second = try LightVectors.block(2)
        #expect(refused(first, from: second, at: now(second)) == .heightNotLater)
        #expect(refused(second, from: second) == .heightNotLater)
        let late = try first.header.changed { place, _ in place.time = second.header.time }
        #expect(refused(second, from: first.with(header: late)) == .timeNotLater)
        let other = try first.header.changed { place, _ in place.chainName = "stoa-other" }
        #expect(refused(second, from: first.with(header: other)) == .otherChain)
    }

    @Test("the next block must have the validators that were announced")
    func announced() throws {
        let third = try LightVectors.block(3)
        let fourth = try LightVectors.block(4)
        let silent = try third.header.changed { _, hashes in
            hashes.nextValidators = third.header.validatorsHash
        }
        #expect(refused(fourth, from: third.with(header: silent)) == .unannouncedValidators)
    }

    @Test("a validator whose vote stands twice is counted for no overlap")
    func repeated() throws {
        let block = try LightVectors.block(1)
        let votes = [CommitVote](repeating: block.commit.votes[0], count: 4)
        let found = refusal {
            try CommitVerifier.verifyOverlap(
                block.commit.with(votes: votes),
                with: block.validators,
                above: .third,
                chainName: block.header.chainName
            )
        }
        #expect(found == .repeatedVote(1))
    }

    @Test("the overlap must pass the level, not only reach it")
    func level() throws {
        let block = try LightVectors.block(1)
        let level = try #require(TrustLevel(1, of: 2))
        func overlap(_ count: Int, _ level: TrustLevel) -> LightRefusal? {
            let absent = [CommitVote](repeating: .absent, count: 4 - count)
            let votes = Array(block.commit.votes.prefix(count)) + absent
            return refusal {
                try CommitVerifier.verifyOverlap(
                    block.commit.with(votes: votes),
                    with: block.validators,
                    above: level,
                    chainName: block.header.chainName
                )
            }
        }
        #expect(overlap(2, level) == .tooLittleOverlap(signed: 20, total: 40))
        #expect(overlap(3, level) == nil)
        #expect(overlap(1, .third) == .tooLittleOverlap(signed: 10, total: 40))
        #expect(overlap(2, .third) == nil)
        #expect(TrustLevel(1, of: 4) == nil)
        #expect(TrustLevel(2, of: 1) == nil)
        #expect(TrustLevel(0, of: 0) == nil)
        #expect(TrustLevel(17, of: 17) == nil)
    }
}
