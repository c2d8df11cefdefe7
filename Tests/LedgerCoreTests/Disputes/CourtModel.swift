import CanonicalCoding
import Identity
import MarketTypes

@testable import LedgerCore

/// What jobs, disputes and claims to bonds should be, told once more and in another way: one
/// balance for each person, one amount for each thing that holds money, and at every height a look
/// at everything whose time may be over.
struct CourtModel {
    enum Status: Equatable {
        case offered, accepted, disputed
        case delivered(until: UInt64)
        case ended(UInt8)
    }

    struct Job {
        let id: EscrowID
        let buyer, seller: AccountID
        let isToken: Bool
        let pay: UInt128
        let acceptBy, deliverBy, review: UInt64
        var held: UInt128
        var status = Status.offered
        var turn = 0
    }

    struct Seat {
        let juror: AccountID
        var sealed: Digest?
        var vote: UInt8?
    }

    struct Case {
        let id: DisputeID
        /// The job's place, or nil if it is about a bond.
        let job: Int?
        let buyer, seller: AccountID
        let speak: UInt64
        var opener: AccountID
        var bound: Digest
        var answer = Digest.zero
        var round = 0
        /// From 1: answering, revealing, voting, opening, decided, ended.
        var phase: UInt8 = 1
        var until: UInt64
        var seats: [Seat] = []
        var verdict: UInt8?
        /// What the parties staked, and what is claimed and deposited.
        var held: UInt128 = 0
        var claimed: UInt128 = 0
        var deposited: UInt128 = 0
        var releasedAt: UInt64 = 0
        var isAwarded = false
        var isUnsettled = false
        var turn = 0
        var claimTurn = 0
        var jurorsAt: UInt64?

        func other(_ party: AccountID) -> AccountID { party == buyer ? seller : buyer }
        var stake: UInt128 { Court.bond << UInt128(round) }
    }

    struct Bond {
        var active: UInt128 = 0
        var parts: [(amount: UInt128, at: UInt64)] = []
        var all: UInt128 { parts.reduce(active) { $0 + $1.amount } }
    }

    var native: [AccountID: UInt128] = [:]
    var tokens: [AccountID: UInt128] = [:]
    var jobs: [Job] = []
    var cases: [Case] = []
    var bonds: [AccountID: Bond] = [:]
    var stakes: [AccountID: UInt128] = [:]
    var exits: [AccountID: (amount: UInt128, at: UInt64)] = [:]
    var channels: [ChannelID: (payer: AccountID, payee: AccountID)] = [:]
    var punished: [UInt64] = []
    var treasury: UInt128 = 0
    /// What leaves the model for the fee pool.
    var fees: UInt128 = 0
    /// The jurors of a height, and how many rounds still need them.
    private var jurorsAt: [UInt64: (rounds: Int, stakes: [AccountID: UInt128])] = [:]
    private var turns = 0
    var height: UInt64 = 1

    mutating func nextTurn() -> Int {
        turns += 1
        return turns
    }

    func has(_ account: AccountID) -> UInt128 { native[account, default: 0] }

    mutating func pay(_ account: AccountID, _ amount: UInt128) {
        native[account, default: 0] += amount
    }

    mutating func take(_ account: AccountID, _ amount: UInt128) -> Bool {
        guard has(account) >= amount else { return false }
        native[account, default: 0] -= amount
        return true
    }

    // MARK: jobs

    mutating func apply(_ message: EscrowMessage, by sender: AccountID, _ name: EscrowID) -> UInt32
    {
        if case .lock(let terms) = message { return lock(terms, by: sender, name) }
        let id: EscrowID =
            switch message {
            case .accept(let id), .deliver(let id, _), .approve(let id), .cancel(let id): id
            case .lock: name
            }
        guard let place = jobs.firstIndex(where: { $0.id == id }) else { return 1406 }
        let job = jobs[place]
        switch message {
        case .lock: return 0
        case .accept:
            guard job.seller == sender else { return 1407 }
            guard job.status == .offered else { return 1408 }
            jobs[place].status = .accepted
            jobs[place].turn = nextTurn()
        case .deliver:
            guard job.seller == sender else { return 1407 }
            guard job.status == .accepted else { return 1408 }
            jobs[place].status = .delivered(until: height + job.review)
            jobs[place].turn = nextTurn()
        case .approve:
            var isOverdue = false
            if case .delivered(let until) = job.status { isOverdue = height > until }
            guard job.buyer == sender || (job.seller == sender && isOverdue) else { return 1407 }
            switch job.status {
            case .accepted, .delivered: end(place, 1)
            default: return 1408
            }
        case .cancel:
            guard job.buyer == sender || job.seller == sender else { return 1407 }
            switch (job.status, job.seller == sender) {
            case (.offered, _), (.accepted, true), (.delivered, true): end(place, 2)
            default: return 1408
            }
        }
        return 0
    }

    private mutating func lock(
        _ terms: JobTerms,
        by sender: AccountID,
        _ name: EscrowID
    ) -> UInt32 {
        guard terms.amount.obol > 0 else { return 1401 }
        guard terms.seller != sender else { return 1402 }
        let isToken = terms.denomination != .native
        let (accept, deliver) = (terms.acceptBy.rawValue, terms.deliverBy.rawValue)
        guard height < accept, accept < deliver, terms.reviewBlocks >= 20 else { return 1405 }
        if isToken {
            guard tokens[sender, default: 0] >= terms.amount.obol else { return 202 }
            tokens[sender, default: 0] -= terms.amount.obol
        } else {
            guard take(sender, terms.amount.obol) else { return 202 }
        }
        jobs.append(
            Job(
                id: name,
                buyer: sender,
                seller: terms.seller,
                isToken: isToken,
                pay: terms.amount.obol,
                acceptBy: accept,
                deliverBy: deliver,
                review: terms.reviewBlocks,
                held: terms.amount.obol,
                turn: nextTurn()
            )
        )
        return 0
    }

    /// 1 paid, 2 refunded, 3 split.
    mutating func end(_ place: Int, _ outcome: UInt8) {
        let job = jobs[place]
        let toSeller = outcome == 1 ? job.pay : outcome == 2 ? 0 : job.pay / 2
        for (account, amount) in [(job.seller, toSeller), (job.buyer, job.pay - toSeller)] {
            if job.isToken { tokens[account, default: 0] += amount } else { pay(account, amount) }
            jobs[place].held -= amount
        }
        jobs[place].status = .ended(outcome)
    }

    // MARK: what comes by itself

    /// Begins a block: what was asked for first is done first.
    mutating func begin(_ height: UInt64) {
        self.height = height
        enum Due { case job(Int), phase(Int), award(Int) }
        var due: [(turn: Int, what: Due)] = []
        for (place, job) in jobs.enumerated() {
            let last: UInt64? =
                switch job.status {
                case .offered: job.acceptBy
                case .accepted: job.deliverBy
                case .delivered(let until): until
                case .disputed, .ended: nil
                }
            if let last, last < height { due.append((job.turn, .job(place))) }
        }
        for (place, one) in cases.enumerated() {
            if one.phase < 6, one.until < height { due.append((one.turn, .phase(place))) }
            if one.isUnsettled, one.releasedAt <= height {
                due.append((one.claimTurn, .award(place)))
            }
        }
        for (_, what) in due.sorted(by: { $0.turn < $1.turn }) {
            switch what {
            case .job(let place):
                if case .delivered = jobs[place].status { end(place, 1) } else { end(place, 2) }
            case .phase(let place): expire(place)
            case .award(let place): if cases[place].isAwarded { payAward(place) }
            }
        }
    }

    private mutating func expire(_ place: Int) {
        let one = cases[place]
        switch one.phase {
        case 1:
            giveBack(place, one.stake, to: one.opener)
            finish(place, one.opener == one.buyer ? 1 : 2)
        case 2:
            giveBack(place, 2 * one.stake, to: one.other(one.opener))
            finish(place, one.opener == one.buyer ? 2 : 1)
        case 3 where one.seats.contains { $0.sealed != nil }: enter(place, 4)
        case 3, 4: decide(place)
        default: finish(place, one.verdict ?? 0)
        }
    }

    // MARK: what disputes share

    mutating func giveBack(_ place: Int, _ amount: UInt128, to account: AccountID) {
        cases[place].held -= amount
        pay(account, amount)
    }

    mutating func enter(_ place: Int, _ phase: UInt8) {
        let blocks =
            switch phase {
            case 1, 2: cases[place].speak
            case 3, 4: Court.vote
            default: Court.appeal
            }
        cases[place].phase = phase
        cases[place].until = height + blocks
        cases[place].turn = nextTurn()
    }

    /// What holds where nobody says anything: the last verdict, half a job's pay, or the bond.
    func standing(_ place: Int) -> UInt8 {
        cases[place].verdict ?? (cases[place].job == nil ? 2 : 3)
    }

    mutating func keepJurors(_ place: Int) {
        if jurorsAt[height] == nil { jurorsAt[height] = (0, stakes) }
        jurorsAt[height]?.rounds += 1
        cases[place].jurorsAt = height
    }

    private mutating func keptJurors(_ place: Int) -> [AccountID: UInt128] {
        guard let at = cases[place].jurorsAt, let kept = jurorsAt[at] else { return [:] }
        cases[place].jurorsAt = nil
        jurorsAt[at] = kept.rounds == 1 ? nil : (kept.rounds - 1, kept.stakes)
        return kept.stakes
    }

    mutating func draw(_ place: Int, _ number: Digest) {
        let one = cases[place]
        var left = keptJurors(place).filter { $0.key != one.buyer && $0.key != one.seller }
            .sorted { $0.key < $1.key }
        let round = [UInt8(one.round)]
        let seed = Digest(
            .disputeSeed,
            one.id.digest.bytes + round + number.bytes + one.answer.bytes
        )
        var seats: [Seat] = []
        var index: UInt8 = 0
        while seats.count < [3, 7, 15][one.round], !left.isEmpty {
            let bytes = Digest(.disputeSeed, seed.bytes + [0, 0, 0, index]).bytes
            index += 1
            let sum = left.reduce(0) { $0 + $1.value }
            // Stakes here are below 2^50, so that no product exceeds 128 bits.
            var point = bytes.reduce(UInt128(0)) { ($0 * 256 + UInt128($1)) % sum }
            var chosen = 0
            while point >= left[chosen].value {
                point -= left[chosen].value
                chosen += 1
            }
            let account = left.remove(at: chosen).key
            if stakes[account] != nil { seats.append(Seat(juror: account)) }
        }
        cases[place].seats = seats
    }

    mutating func decide(_ place: Int) {
        let one = cases[place]
        func said(_ vote: UInt8) -> Int { one.seats.count { $0.vote == vote } }
        let most = [said(1), said(2), said(3)].max() ?? 0
        guard most > 0 else {
            for seat in one.seats { treasury += fine(seat.juror) }
            giveBack(place, one.stake, to: one.buyer)
            giveBack(place, one.stake, to: one.seller)
            return close(place, standing(place))
        }
        let first = ([1, 2, 3] as [UInt8]).filter { said($0) == most }
        let verdict = first.count == 1 ? first[0] : 3
        let right = one.seats.filter { seat in
            guard let vote = seat.vote else { return false }
            return first.count > 1 || vote == verdict
        }
        var reward: UInt128 = 0
        for seat in one.seats where !right.contains(where: { $0.juror == seat.juror }) {
            let lost = fine(seat.juror)
            cases[place].held += lost
            reward += lost
        }
        switch verdict {
        case 1: giveBack(place, one.stake, to: one.buyer)
        case 2: giveBack(place, one.stake, to: one.seller)
        default:
            giveBack(place, one.stake / 2, to: one.buyer)
            giveBack(place, one.stake / 2, to: one.seller)
        }
        reward = cases[place].held
        for (order, seat) in right.enumerated() {
            let rest = order < Int(reward % UInt128(right.count)) ? 1 : 0
            giveBack(place, reward / UInt128(right.count) + UInt128(rest), to: seat.juror)
        }
        close(place, verdict)
    }

    private mutating func fine(_ juror: AccountID) -> UInt128 {
        if let stake = stakes[juror] {
            let lost = min(stake, Court.penalty)
            stakes[juror] = stake == lost ? nil : stake - lost
            return lost
        }
        guard let exit = exits[juror] else { return 0 }
        let lost = min(exit.amount, Court.penalty)
        exits[juror] = exit.amount == lost ? nil : (exit.amount - lost, exit.at)
        return lost
    }

    private mutating func close(_ place: Int, _ verdict: UInt8) {
        cases[place].verdict = verdict
        if cases[place].round == 2 { finish(place, verdict) } else { enter(place, 5) }
    }

    mutating func finish(_ place: Int, _ verdict: UInt8) {
        cases[place].verdict = verdict
        cases[place].phase = 6
        _ = keptJurors(place)
        if let job = cases[place].job {
            end(job, [2, 1, 3][Int(verdict) - 1])
        } else {
            settle(place, verdict)
        }
    }
}
