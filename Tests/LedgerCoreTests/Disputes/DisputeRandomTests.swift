import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore
import Testing

@testable import LedgerCore

/// People who have jobs done, quarrel, judge, cheat and claim each other's bonds as it comes.
private struct Quarrels {
    var random: SplitMix64
    var court = Court()
    var model = CourtModel()
    private let offer: Offer
    private var channels: [ChannelID] = []
    private var calls: UInt64 = 0
    private static let numbers = (UInt8(0)..<6).map { digest($0) }
    private static let salt = digest(7)
    /// What was answered to messages, by tag and code, and what happened besides.
    private(set) var seen: Set<String> = []

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        offer = court.offer()
        let pairs: [(Person, Person)] = [
            (.alice, .bob), (.carol, .bob), (.erin, .bob), (.bob, .alice),
        ]
        for (payer, seller) in pairs {
            let id = court.channel(payer, to: seller)
            channels.append(id)
            model.channels[id] = (payer.id, seller.id)
        }
        court.bond(150_000_000_000)
        court.bond(30_000_000_000, .alice)
        model.bonds[Person.bob.id] = .init(active: 150_000_000_000)
        model.bonds[Person.alice.id] = .init(active: 30_000_000_000)
        for person in Person.all {
            model.native[person.id] = court.balance(person)
            model.tokens[person.id] = court.harness.tokens(person)
        }
        for juror in court.state.jurors.jurors { model.stakes[juror.account] = juror.stake.obol }
        model.height = court.height
    }

    private mutating func somebody() -> Person { random.pick(Person.all) ?? .alice }
    private mutating func number() -> Digest { random.pick(Self.numbers) ?? digest(0) }
    private mutating func amount(_ all: UInt128) -> UInt128 {
        let choices = [0, 1, Court.claimMin - 1, Court.claimMin, all / 2, all, all + 1, all / 3]
        return random.pick(choices) ?? 0
    }

    // MARK: what somebody says

    private mutating func lock() -> (Person, Message) {
        let terms = court.terms(
            seller: somebody(),
            denomination: random.once(in: 4) ? LedgerHarness.token : .native,
            amount: random.once(in: 10) ? 0 : random.once(in: 3) ? 5 : UInt128(random.below(9_000)),
            acceptIn: UInt64(random.below(7)),
            deliverIn: UInt64(4 + random.below(12)),
            review: UInt64(19 + random.below(8))
        )
        return (somebody(), .escrows(.lock(terms)))
    }

    private mutating func work() -> (Person, Message) {
        guard let job = random.pick(model.jobs) else { return lock() }
        let isLost = random.once(in: 6)
        let seller = isLost ? somebody() : Person.of(job.seller) ?? .bob
        let buyer = isLost ? somebody() : Person.of(job.buyer) ?? .alice
        switch (job.status, random.below(8)) {
        case (_, 0): return (seller, .escrows(.cancel(job.id)))
        case (_, 1): return (buyer, .escrows(.approve(job.id)))
        case (_, 2): return (buyer, .escrows(.cancel(job.id)))
        case (_, 3) where isLost: return (seller, .escrows(.accept(job.id)))
        case (_, 4) where isLost: return (seller, .escrows(.deliver(job.id, content: digest(2))))
        case (.offered, _): return (seller, .escrows(.accept(job.id)))
        case (.accepted, 3...5): return (seller, .escrows(.deliver(job.id, content: digest(2))))
        default:
            let id = random.once(in: 12) ? EscrowID(digest(1)) : job.id
            let bound = Dispute.commitment(to: number())
            return (buyer, .disputes(.open(id, evidence: digest(3), commitment: bound)))
        }
    }

    /// What a dispute needs next from whoever is to speak.
    private mutating func quarrel() -> (Person, Message) {
        let open = model.cases.filter { $0.phase < 6 }
        let isLost = random.once(in: 10)
        guard let one = random.pick(isLost ? model.cases : open) else { return work() }
        let opener = Person.of(one.opener) ?? .alice
        let other = Person.of(one.other(one.opener)) ?? .bob
        let who = isLost ? somebody() : nil
        let id = random.once(in: 40) ? DisputeID(digest(1)) : one.id
        switch isLost ? UInt8(1 + random.below(5)) : one.phase {
        case 1:
            let message = DisputeMessage.answer(id, evidence: digest(4), number: number())
            return (who ?? other, .disputes(message))
        case 2:
            let bound = Self.numbers.first { Dispute.commitment(to: $0) == one.bound }
            let shown = random.once(in: 10) ? number() : bound ?? digest(0)
            return (who ?? opener, .disputes(.reveal(id, number: shown)))
        case 3, 4: return vote(one, id, who)
        default:
            let bound = Dispute.commitment(to: number())
            let loser = random.once(in: 2) ? opener : other
            let message = DisputeMessage.appeal(id, evidence: digest(5), commitment: bound)
            return (who ?? loser, .disputes(message))
        }
    }

    private mutating func vote(
        _ one: CourtModel.Case,
        _ id: DisputeID,
        _ who: Person?
    ) -> (Person, Message) {
        let seat = random.pick(one.seats)
        let juror = who ?? seat.flatMap { Person.of($0.juror) } ?? .carol
        func sealed(_ vote: Verdict) -> Digest {
            let round = UInt8(one.round)
            return Dispute.sealedVote(vote, salt: Self.salt, by: juror.id, in: id, round: round)
        }
        // Most agree, so that there are majorities.
        let likely: Verdict = id.digest.bytes[0] % 2 == 0 ? .buyer : .seller
        let vote = random.once(in: 3) ? random.pick(Verdict.allCases) ?? .split : likely
        guard one.phase == 4 else {
            return (juror, .disputes(.castVote(id, sealed: sealed(vote))))
        }
        let said = Verdict.allCases.first { sealed($0) == seat?.sealed } ?? vote
        return (juror, .disputes(.openVote(id, said, salt: Self.salt)))
    }

    private mutating func message() -> (Person, Message) {
        switch random.below(24) {
        case 0...1: return lock()
        case 2...6: return work()
        case 7...8:
            let channel = random.once(in: 12) ? ChannelID(digest(1)) : random.pick(channels)
            let name = channel ?? ChannelID(digest(1))
            let parties = model.channels[name]
            let claimed = parties.flatMap { model.bonds[$0.payee]?.all } ?? 0
            let payer = parties.flatMap { Person.of($0.payer) } ?? .alice
            let sender = random.once(in: 10) ? somebody() : payer
            return (sender, Court.claim(name, amount(claimed), number: number()))
        case 9:
            let stake = random.once(in: 4) ? Court.stake - 1 : Court.stake
            return (somebody(), .disputes(.joinJury(Amount(obol: stake))))
        case 10: return (somebody(), .disputes(random.once(in: 2) ? .leaveJury : .withdrawJury))
        case 11:
            let person: Person = random.once(in: 4) ? .alice : .bob
            let active = model.bonds[person.id]?.active ?? 0
            switch random.below(3) {
            case 0: return (person, .depositBond(Amount(obol: amount(20_000_000_000))))
            case 1: return (person, .unbond(Amount(obol: amount(active))))
            default: return (person, .withdrawBond)
            }
        default: return quarrel()
        }
    }

    // MARK: what comes of it

    mutating func talk() {
        let (person, message) = random.once(in: 60) ? report() : message()
        let sequence = court.harness.account(person).sequence + 1
        let fee = court.harness.transaction(person, [message]).fee.obol
        guard court.balance(person) >= fee else { return }
        let result = court.harness.send(person, message)
        model.native[person.id, default: 0] -= fee
        let expected: UInt32 =
            switch message {
            case .escrows(let escrow):
                model.apply(
                    escrow,
                    by: person.id,
                    EscrowID(buyer: person.id, sequence: sequence, messageIndex: 0)
                )
            case .disputes(let dispute):
                model.apply(
                    dispute,
                    by: person.id,
                    DisputeID(opener: person.id, sequence: sequence, messageIndex: 0)
                )
            case .depositBond(let amount): model.deposit(person.id, amount.obol)
            case .unbond(let amount): model.unbond(person.id, amount.obol)
            case .withdrawBond: model.withdrawBond(person.id)
            default:
                model.report(
                    calls,
                    by: person.id,
                    payer: Person.alice.id,
                    seller: Person.bob.id
                )
            }
        #expect(result.code == expected, "\(message) of \(person.name)")
        note(message, result)
    }

    private mutating func note(_ message: Message, _ result: TransactionResult) {
        var bytes = CanonicalEncoder()
        bytes.encode(message)
        seen.insert("\(bytes.bytes[0]) \(result.code)")
        note(result.events)
    }

    private mutating func note(_ events: [Event]) {
        for event in events {
            switch event {
            case .disputes(.decided(_, let verdict, let round)): seen.insert("\(verdict) \(round)")
            case .disputes(.claimEnded(_, let awarded, let restored)):
                seen.insert("claim \(awarded.isZero) \(restored.isZero)")
            case .escrows(.ended(_, let outcome)): seen.insert("\(outcome)")
            case .bondSlashed:
                if !court.held().isEmpty { seen.insert("slashed under a jury") }
            default: seen.insert(event.record.name)
            }
        }
    }

    private mutating func report() -> (Person, Message) {
        if calls == 0 || !random.once(in: 4) { calls += 1 }
        let proof = court.fraud(channels[0], offer, call: calls)
        return (random.once(in: 2) ? .dave : somebody(), proof)
    }

    mutating func endBlock() {
        court.harness.blockEvents = []
        court.pass(1)
        model.begin(court.height)
        note(court.harness.blockEvents)
    }

    mutating func compare() {
        for person in Person.all {
            let id = person.id
            #expect(court.balance(person) == model.native[id], "\(person.name)")
            #expect(court.harness.tokens(person) == model.tokens[id], "\(person.name)")
            #expect(court.state.jurors.stake(of: id)?.obol == model.stakes[id])
            let exit = court.state.read(JurorExit.self, .jurorExit(id))
            #expect(exit?.amount.obol == model.exits[id]?.amount)
            let staked = model.stakes[id, default: 0] + (model.exits[id]?.amount ?? 0)
            #expect(court.state.amount(in: .juror(id)).obol == staked)
            let bond = court.bond(person)
            #expect(bond.active.obol == model.bonds[id]?.active ?? 0)
            let parts = bond.unbonding.map { [$0.amount.obol, UInt128($0.releasedAt.rawValue)] }
            let expected = (model.bonds[id]?.parts ?? []).map { [$0.amount, UInt128($0.at)] }
            #expect(parts == expected)
            let held = court.held(person)
            let claims = model.cases.filter { $0.isUnsettled && $0.seller == id }
            #expect(held.map(\.dispute) == claims.map(\.id))
            #expect(held.map(\.amount.obol) == claims.map(\.claimed))
            #expect(held.map(\.isAwarded) == claims.map(\.isAwarded))
        }
        #expect(court.state.amount(in: .treasury(.native)).obol == model.treasury)
        for job in model.jobs { compare(job) }
        for one in model.cases { compare(one) }
    }

    private func compare(_ job: CourtModel.Job) {
        let unit: Denomination = job.isToken ? LedgerHarness.token : .native
        #expect(court.state.amount(in: .escrow(job.id, unit)).obol == job.held)
        let status: CourtModel.Status? =
            switch court.escrow(job.id)?.status {
            case .offered: .offered
            case .accepted: .accepted
            case .delivered(_, let until): .delivered(until: until.rawValue)
            case .disputed: .disputed
            case .ended(let outcome): .ended(outcome.rawValue)
            case nil: nil
            }
        #expect(status == job.status)
        let isListed: Bool = if case .ended = job.status { false } else { true }
        for party in [job.buyer, job.seller] {
            #expect(court.state.contains(.escrow(job.id, of: party)) == isListed)
        }
    }

    private func compare(_ one: CourtModel.Case) {
        guard let found = court.dispute(one.id) else {
            Issue.record("a dispute is gone")
            return
        }
        #expect(found.phase.rawValue == one.phase)
        #expect(Int(found.round) == one.round)
        #expect(found.opener == one.opener)
        #expect(found.verdict?.rawValue == one.verdict)
        #expect(found.until.rawValue == one.until)
        #expect(found.seats.map(\.juror) == one.seats.map(\.juror))
        #expect(found.seats.map(\.commitment) == one.seats.map(\.sealed))
        #expect(found.seats.map(\.vote?.rawValue) == one.seats.map(\.vote))
        #expect(court.state.amount(in: .dispute(one.id)).obol == one.held)
        #expect(court.pot(one.id) == one.claimed + one.deposited)
        if one.phase == 6 { #expect(one.held == 0 && one.deposited == 0) }
        #expect(court.state.contains(.juryHeight(one.id)) == (one.jurorsAt != nil))
    }
}

@Suite("Jobs, disputes and claims, whatever happens")
struct DisputeRandomTests {
    @Test("are what a model of them says", arguments: Soak.seeds)
    func random(_ seed: UInt64) {
        var quarrels = Quarrels(seed: seed)
        for _ in 0..<120 {
            if quarrels.random.once(in: 4) { quarrels.endBlock() } else { quarrels.talk() }
            quarrels.compare()
        }
        for _ in 0..<150 { quarrels.endBlock() }
        quarrels.compare()
        let model = quarrels.model
        #expect(model.jobs.allSatisfy { if case .ended = $0.status { true } else { false } })
        #expect(model.cases.allSatisfy { $0.phase == 6 && !$0.isUnsettled })
        // Nothing is left anywhere but jurors' stakes and the treasury.
        let entries = quarrels.court.harness.base.entries.filter { $0.key.money == .pot }
        let stakes = Person.all.count { person in
            model.stakes[person.id] != nil || model.exits[person.id] != nil
        }
        #expect(entries.count == stakes + (model.treasury > 0 ? 1 : 0))
        let kept = quarrels.court.harness.base.entries.keys.filter { key in
            (0x7b...0x7d).contains(key.bytes[0])
        }
        #expect(kept.isEmpty)
    }

    @Test("come to every end and every refusal")
    func coverage() {
        var seen: Set<String> = []
        for seed in UInt64(0)..<60 {
            var quarrels = Quarrels(seed: seed)
            for _ in 0..<120 {
                if quarrels.random.once(in: 4) { quarrels.endBlock() } else { quarrels.talk() }
            }
            seen.formUnion(quarrels.seen)
        }
        let codes: [UInt8: [UInt32]] = [
            11: [0, 601], 12: [0, 601, 602], 13: [0, 604], 14: [0, 606, 607],
            80: [0, 1401, 1402, 1405], 81: [0, 1407, 1408], 82: [0, 1407, 1408],
            83: [0, 1407, 1408], 84: [0, 1407, 1408], 90: [0, 1501, 1503], 91: [0, 1504],
            92: [0, 1505], 93: [0, 1406, 1506, 1507], 94: [0, 1506, 1508, 1509],
            95: [0, 1506, 1508, 1509, 1511], 96: [0, 1508, 1509, 1512, 1513],
            97: [0, 1508, 1512, 1513, 1514], 98: [0, 1506, 1508, 1509, 1515],
            99: [0, 506, 1506, 1516, 1517, 1519],
        ]
        for (tag, answers) in codes {
            for code in answers { #expect(seen.contains("\(tag) \(code)"), "\(tag): \(code)") }
        }
        for verdict in Verdict.allCases {
            for round in 0...2 { #expect(seen.contains("\(verdict) \(round)")) }
        }
        for end in EscrowOutcome.allCases { #expect(seen.contains("\(end)")) }
        for nothing in ["claim false false", "claim false true", "claim true false"] {
            #expect(seen.contains(nothing))
        }
        #expect(seen.contains("claim true true"), "fraud took what was claimed")
        #expect(seen.contains("slashed under a jury"))
        #expect(seen.contains("disputes.claimPaid"))
    }
}
