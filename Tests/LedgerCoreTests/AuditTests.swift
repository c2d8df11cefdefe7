import Identity
import MarketTypes
import Testing

@testable import LedgerCore

@Suite("The ledger and its auditor agree")
struct AuditTests {
    /// P1, P12, LED-6: codes, balances, supply and, in the end, every byte of the state.
    ///
    /// That a refused transaction changes nothing but sequence number and fee, and that no money is
    /// made or lost, is checked by the harness after every transaction.
    @Test("whatever people do", arguments: Soak.seeds)
    func agree(seed: UInt64) {
        var harness = LedgerHarness()
        var auditor = AuditorLedger(harness)
        var crowd = Crowd(seed: seed)
        for index in Person.all.indices {
            let bytes = crowd.opening(auditor, index)
            #expect(harness.apply(bytes).isAccepted)
            #expect(auditor.apply(bytes, at: harness.context) == (0, 0))
        }
        var messages = 0
        while messages < 150 {
            for _ in 0...crowd.random.below(3) {
                let next = crowd.transaction(auditor)
                messages += next.messages
                let result = harness.apply(next.bytes)
                let (code, index) = auditor.apply(next.bytes, at: harness.context)
                #expect(result.code == code)
                #expect(result.messageIndex == index)
                for actor in Person.all {
                    #expect(
                        harness.account(actor).balance.obol == auditor.holders[actor.id]?.balance
                    )
                }
                guard result.code == code else { return }
            }
            harness.endBlock(blocks: crowd.random.once(in: 5) ? 4 : 1)
        }
        compare(harness, auditor)
    }

    /// The same where stake orders the blocks, with everything an engine can say of them.
    ///
    /// The harness checks every update of the set against an engine's rules, too.
    @Test("whatever validators, those behind them and their engine do", arguments: Soak.seeds)
    func agreeOnStake(seed: UInt64) {
        var harness = LedgerHarness(
            staking: LedgerHarness.staking,
            validators: [
                Person.alice.validator(staking: 6_000_000_000),
                Person.bob.validator(staking: 4_000_000_000),
            ]
        )
        var auditor = AuditorLedger(harness)
        var crowd = Crowd(seed: seed, stakingShare: 2 - Int(seed % 2))
        for _ in 0..<60 {
            for _ in 0..<crowd.random.below(4) {
                let bytes = crowd.transaction(auditor).bytes
                let result = harness.apply(bytes)
                let (code, index) = auditor.apply(bytes, at: harness.context)
                #expect(result.code == code)
                #expect(result.messageIndex == index)
                guard result.code == code else { return }
            }
            let updates = auditor.end()
            let blocks: UInt64 = crowd.random.once(in: 5) ? 4 : 1
            let report = crowd.report(auditor, next: harness.context.height.rawValue + blocks)
            let before = harness.engine.set
            harness.endBlock(blocks: blocks, report: report)
            auditor.begin(report, at: harness.context)
            let changed = harness.engine.set.filter { before[$0.key] != $0.value }
            let removed = before.keys.filter { harness.engine.set[$0] == nil }
            #expect(
                updates.filter { $0.value > 0 }
                    == Dictionary(uniqueKeysWithValues: changed.map { ($0.key.bytes, $0.value) })
            )
            #expect(Set(updates.filter { $0.value == 0 }.keys) == Set(removed.map(\.bytes)))
        }
        _ = auditor.end()
        harness.endBlock()
        compare(harness, auditor)
    }

    /// The test above is worth what the crowd comes up with; here it is alone with the auditor.
    @Test("and people find nearly every way to be refused")
    func coverage() {
        var counts: [UInt32: Int] = [:]
        for seed in UInt64(0)..<120 {
            let harness = LedgerHarness()
            var auditor = AuditorLedger(harness)
            var crowd = Crowd(seed: seed)
            var context = harness.context
            for index in Person.all.indices {
                #expect(auditor.apply(crowd.opening(auditor, index), at: context) == (0, 0))
            }
            for _ in 0..<80 {
                let bytes = crowd.transaction(auditor).bytes
                counts[auditor.apply(bytes, at: context).0, default: 0] += 1
                let blocks = UInt64(crowd.random.once(in: 8) ? 4 : crowd.random.below(2))
                context = BlockContext(
                    height: BlockHeight(context.height.rawValue + blocks),
                    time: Timestamp(milliseconds: context.time.milliseconds + 1000 * blocks)
                )
            }
        }
        #expect(counts[0, default: 0] > 1000, "hardly anything was accepted")
        #expect(counts.count > 60, "hardly anything was refused: \(counts.keys.sorted())")
    }

    @Test("and validators find every way to be refused, and to be punished")
    func stakingCoverage() {
        var codes: [UInt32: Int] = [:]
        var (jailed, punished, rewarded, changed) = (0, 0, 0, 0)
        for seed in UInt64(0)..<60 {
            var harness = LedgerHarness(
                staking: LedgerHarness.staking,
                validators: [Person.alice.validator(staking: 6_000_000_000)]
            )
            var auditor = AuditorLedger(harness)
            var crowd = Crowd(seed: seed, stakingShare: 2)
            for _ in 0..<80 {
                let bytes = crowd.transaction(auditor).bytes
                codes[harness.apply(bytes).code, default: 0] += 1
                _ = auditor.apply(bytes, at: harness.context)
                if !auditor.end().isEmpty { changed += 1 }
                let report = crowd.report(auditor, next: harness.context.height.rawValue + 1)
                harness.endBlock(report: report)
                auditor.begin(report, at: harness.context)
            }
            for case .staking(let event) in harness.blockEvents {
                switch event {
                case .jailed: jailed += 1
                case .slashed: punished += 1
                case .rewardEarned: rewarded += 1
                default: break
                }
            }
        }
        #expect(codes[0, default: 0] > 500, "hardly anything was accepted")
        for refusal in StakingRefusal.allCases {
            let code = Refusal.staking(refusal).code
            #expect(codes[code, default: 0] > 0, "nobody was refused: \(refusal)")
        }
        #expect(jailed > 20)
        #expect(punished > 20)
        #expect(rewarded > 500)
        #expect(changed > 300)
    }

    private func compare(_ harness: LedgerHarness, _ auditor: AuditorLedger) {
        var expected = auditor.entries
        for entry in harness.base.sorted {
            let value = expected.removeValue(forKey: entry.key.bytes)
            #expect(value == entry.value, "\(Hex.encode(entry.key.bytes))")
        }
        #expect(expected.isEmpty, "the ledger lacks entries")
        for denomination in [Denomination.native, LedgerHarness.token] {
            let counted = harness.base.recount(denomination)
            #expect(counted == harness.base.total[denomination], "P1")
        }
    }
}
