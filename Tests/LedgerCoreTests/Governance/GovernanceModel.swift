import MarketTypes

@testable import LedgerCore

/// What somebody does about votes at random; people are numbers, amounts STOA.
enum RandomVote {
    case lock(Int)
    case unlock(Int)
    case withdraw
    case delegate(to: Int?)
    case propose
    case vote(on: Int, VoteChoice)
}

/// The rules of votes as somebody would write them who has all history in memory: no checkpoints,
/// no sums that are kept, every vote counted anew person by person.
struct GovernanceModel {
    struct Standing: Equatable {
        var own = 0
        var delegate: Int?
    }

    struct Vote {
        let proposer: Int
        let opensAt: UInt64
        var choices: [VoteChoice?]
        /// Everybody's standing when the vote began; nil until it does.
        var standings: [Standing]?
        var outcome: ProposalOutcome?
        var isDone = false
        var endsAt: UInt64 { opensAt + Assembly.votingPeriod }
        var executesAt: UInt64 { endsAt + Assembly.timelock }

        /// Who speaks for the stake of `person`: itself, else its delegate.
        private func speaker(for person: Int, in standings: [Standing]) -> Int? {
            if choices[person] != nil { return person }
            guard let delegate = standings[person].delegate, choices[delegate] != nil else {
                return nil
            }
            return delegate
        }

        func tally() -> [VoteChoice: Int] {
            guard let standings else { return [:] }
            var sums: [VoteChoice: Int] = [:]
            for person in standings.indices {
                guard let speaker = speaker(for: person, in: standings),
                    let choice = choices[speaker]
                else { continue }
                sums[choice, default: 0] += standings[person].own
            }
            return sums
        }

        /// What `person` would vote with now.
        func weight(of person: Int) -> Int {
            guard let standings else { return 0 }
            let others = standings.indices.filter {
                standings[$0].delegate == person && choices[$0] == nil
            }
            return standings[person].own + others.reduce(0) { $0 + standings[$1].own }
        }
    }

    private(set) var height: UInt64
    private(set) var standings: [Standing]
    private(set) var unlocking: [[(stoa: Int, at: UInt64)]]
    private(set) var votes: [Vote] = []
    private(set) var treasury = 0
    let votesMin: Double

    init(people: Int, height: UInt64, supplyStoa: Int) {
        standings = Array(repeating: Standing(), count: people)
        unlocking = Array(repeating: [], count: people)
        self.height = height
        votesMin = Double(supplyStoa) / 1000
    }

    /// Goes to the next block.
    mutating func next() {
        height += 1
        for index in votes.indices {
            if votes[index].opensAt == height { votes[index].standings = standings }
            if votes[index].endsAt == height { end(index) }
            if votes[index].executesAt == height, votes[index].outcome == .passed {
                votes[index].isDone = true
            }
        }
    }

    private mutating func end(_ index: Int) {
        let sums = votes[index].tally()
        func sum(_ choice: VoteChoice) -> Double { Double(sums[choice] ?? 0) }
        let cast = VoteChoice.allCases.reduce(0) { $0 + sum($1) }
        let total = Double(votes[index].standings?.reduce(0) { $0 + $1.own } ?? 0)
        let outcome: ProposalOutcome
        if cast == 0 || cast < votesMin || cast / total < 0.334 {
            outcome = .noQuorum
        } else if sum(.veto) / cast >= 0.334 {
            outcome = .vetoed
        } else {
            outcome = sum(.yes) > sum(.no) + sum(.veto) ? .passed : .rejected
        }
        votes[index].outcome = outcome
        if outcome == .vetoed { treasury += 1 }
        if outcome != .passed { votes[index].isDone = true }
    }

    /// Does it, or says why not.
    mutating func apply(_ act: RandomVote, by person: Int) -> GovernanceRefusal? {
        switch act {
        case .lock(let stoa):
            guard stoa > 0 else { return .invalidNumber }
            standings[person].own += stoa
        case .unlock(let stoa):
            guard stoa > 0 else { return .invalidNumber }
            guard stoa <= standings[person].own else { return .insufficientStake }
            guard unlocking[person].count < 8 else { return .tooManyUnlockings }
            standings[person].own -= stoa
            unlocking[person].append((stoa, height + Assembly.unlockDelay))
        case .withdraw:
            guard unlocking[person].contains(where: { $0.at <= height }) else {
                return .nothingToWithdraw
            }
            unlocking[person].removeAll { $0.at <= height }
        case .delegate(let delegate):
            guard delegate != person else { return .selfDelegation }
            standings[person].delegate = delegate
        case .propose: return propose(by: person)
        case .vote(let index, let choice): return vote(choice, on: index, by: person)
        }
        return nil
    }

    private mutating func propose(by person: Int) -> GovernanceRefusal? {
        guard votes.count(where: { $0.proposer == person && !$0.isDone }) < 3 else {
            return .tooManyOfAccount
        }
        votes.append(
            Vote(
                proposer: person,
                opensAt: height + Assembly.votingDelay,
                choices: Array(repeating: nil, count: standings.count)
            )
        )
        return nil
    }

    private mutating func vote(
        _ choice: VoteChoice,
        on index: Int,
        by person: Int
    ) -> GovernanceRefusal? {
        guard votes.indices.contains(index) else { return .unknownProposal }
        guard height >= votes[index].opensAt else { return .tooEarly }
        guard height < votes[index].endsAt else { return .tooLate }
        guard votes[index].weight(of: person) > 0 else { return .noVotes }
        votes[index].choices[person] = choice
        return nil
    }
}
